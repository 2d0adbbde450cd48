#!/usr/bin/env bats
# A whole sale, to the last item.

load helper

setup_file() {
    stack_start
}

@test "1,000 users buy 10 each at once: exactly 10,000 are sold, and every reply is in the log" {
    result=$(crowd buy --url "$URL" --users 1000 --each 10 --connections 64)
    printf '%s\n' "$result"
    same "$(jq '.purchase["200"]' <<<"$result")" 10000
    same "$(jq .unknown+.not_sent+.status_5xx <<<"$result")" 0
    same "$(sold)" 10000
    same "$(sql 'SELECT count(*), min(cardinality(numbers)), max(cardinality(numbers))
                 FROM flashsale.buyer')" '1000|10|10'
    same "$(sql 'SELECT count(*) FROM flashsale.attempt')" "$(jq .decided <<<"$result")"
    same "$(sql 'SELECT count(*) FROM flashsale.sale_audit(1)')" 0
}

@test "the next checkout is refused: sold_out" {
    for target in '/checkout?user_id=late' '/checkout?user_id=late&id=any' '/checkout?user_id=late&id=1'; do
        post "$target"
        expect_problem 412 sold_out
    done
    # A user who bought ten may be refused by the limit, too.
    post '/checkout?user_id=user1'
    [[ $(json .outcome) == user_limit || $(json .outcome) == sold_out ]]
}

@test "/status says sold_out, in time" {
    status_is_sold_out() {
        request GET /status
        [[ $(json .sale_status) == sold_out && $(json .purchased_goods) == 10000 ]]
    }
    wait_until 2000 status_is_sold_out
}

@test "500 clients at the sold-out sale: all refused, all logged" {
    result=$(crowd same-item --url "$URL" --clients 500 --item any --prefix late)
    same "$(jq --compact-output .checkout <<<"$result")" '{"412 sold_out":500}'
    same "$(sql "SELECT count(*) FROM flashsale.attempt
                 WHERE user_id ~ '^late[0-9]' AND outcome = 'sold_out'")" 500
    same "$(sold)" 10000
}
