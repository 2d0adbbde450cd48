#!/usr/bin/env bats
# Many concurrent requests for the same item, the same code, the same user's limit.

load helper

setup_file() {
    stack_start sale.items_per_sale=200 sale.holds_max=0
}

# The codes of 15 items, held by one user.
hold_fifteen() {
    codes=()
    for ((i = 0; i < 15; i++)); do
        codes+=("$(hold "$1")")
    done
}

@test "500 clients check out one item at once: one gets it, 499 are refused, 500 are logged" {
    result=$(crowd same-item --url "$URL" --clients 500 --item 7)
    same "$(jq --compact-output .checkout <<<"$result")" '{"200":1,"412 held":499}'
    same "$(jq .unknown+.not_sent+.retried <<<"$result")" 0
    same "$(sql "SELECT outcome, count(*) FROM flashsale.attempt WHERE number = 7
                 GROUP BY 1 ORDER BY 1")" $'accepted|1\nheld|499'
}

@test "one user purchases 15 items at once: 10 are bought, 5 refused" {
    hold_fifteen amy
    result=$(crowd purchase-all --url "$URL" "${codes[@]}")
    same "$(jq --compact-output .purchase <<<"$result")" '{"200":10,"429 user_limit":5}'
    same "$(sql "SELECT cardinality(numbers) FROM flashsale.buyer WHERE user_id = 'amy'")" 10
    post '/checkout?user_id=amy'
    expect_problem 429 user_limit
    [[ $(header Retry-After) -gt 0 ]]
}

@test "the same, through two workers" {
    hold_fifteen bob
    result=$(crowd purchase-all --url "unix://$RUN_DIR/worker-1.sock" \
        --url "unix://$RUN_DIR/worker-2.sock" "${codes[@]}")
    same "$(jq --compact-output .purchase <<<"$result")" '{"200":10,"429 user_limit":5}'
    same "$(sql "SELECT cardinality(numbers) FROM flashsale.buyer WHERE user_id = 'bob'")" 10
}

@test "one code purchased 20 times at once: one sale, one body" {
    code=$(hold cat)
    before=$(sold)
    result=$(crowd purchase-all --url "$URL" --times 20 "$code")
    same "$(jq --compact-output .purchase <<<"$result")" '{"200":20}'
    same "$(jq .bodies <<<"$result")" 1
    same "$(sold)" "$((before + 1))"
    post "/purchase?code=$code"
    cp "$BODY" "$BATS_TEST_TMPDIR/again"
    crowd purchase-all --url "unix://$RUN_DIR/worker-1.sock" --url "unix://$RUN_DIR/worker-2.sock" \
        --times 20 --history "$BATS_TEST_TMPDIR/history" "$code" >"$BATS_TEST_TMPDIR/result"
    same "$(jq .bodies "$BATS_TEST_TMPDIR/result")" 1
    post "/purchase?code=$code"
    cmp "$BODY" "$BATS_TEST_TMPDIR/again"
    same "$(sold)" "$((before + 1))"
}

@test "500 clients want any item and one is left: one gets it, 499 are refused, 500 are logged" {
    free=$(sql 'SELECT count(*) FROM flashsale.item
                WHERE sale_id = 1 AND purchased_at IS NULL AND held_until <= now()')
    crowd buy --url "$URL" --users "$((free - 1))" --each 1 --connections 16 --prefix early
    result=$(crowd same-item --url "$URL" --clients 500 --item any --prefix late)
    same "$(jq --compact-output .checkout <<<"$result")" '{"200":1,"412 held":499}'
    same "$(sql "SELECT outcome, count(*) FROM flashsale.attempt WHERE user_id LIKE 'late%'
                 GROUP BY 1 ORDER BY 1")" $'accepted|1\nheld|499'
}
