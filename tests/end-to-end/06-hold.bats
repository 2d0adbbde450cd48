#!/usr/bin/env bats
# The clock alone ends a hold.

load helper

setup_file() {
    stack_start sale.hold_s=2 sale.items_per_sale=20
}

has_item() {
    post "/checkout?user_id=$1&id=$2"
    [[ $HTTP_STATUS == 200 ]]
}

@test "a hold runs out: the item is sold to another user, the first user's code gets 404" {
    first=$(hold amy 5)
    post '/checkout?user_id=bob&id=5'
    expect_problem 412 held
    [[ $(header Retry-After) -ge 1 && $(header Retry-After) -le 2 ]]
    wait_until 4000 has_item bob 5
    second=$(json .code)
    [[ $second != "$first" ]]
    post "/purchase?code=$first"
    expect_problem 404 unknown_code
    post "/purchase?code=$second"
    expect 200
    same "$(json .user)" bob
    post "/purchase?code=$first"
    expect_problem 404 unknown_code
    same "$(sql 'SELECT held_by FROM flashsale.item WHERE sale_id = 1 AND number = 5')" bob
}

@test "a purchase in time stays, and its code gets the same reply after the hold's end" {
    code=$(hold cat 6)
    post "/purchase?code=$code"
    expect 200
    cp "$BODY" "$BATS_TEST_TMPDIR/first"
    sleep 2.1
    post "/purchase?code=$code"
    expect 200
    cmp "$BODY" "$BATS_TEST_TMPDIR/first"
    post '/checkout?user_id=dan&id=6'
    expect_problem 412 sold
}

@test "any item: all are held, then all become free, each once" {
    result=$(crowd same-item --url "$URL" --clients 40 --item any --prefix early)
    same "$(jq --compact-output .checkout <<<"$result")" '{"200":18,"412 held":22}'
    all_came_back() {
        same "$(sql 'SELECT count(*) FROM flashsale.item WHERE sale_id = 1
                     AND purchased_at IS NULL AND held_until <= now()')" 18
    }
    wait_until 4000 all_came_back
    result=$(crowd same-item --url "$URL" --clients 40 --item any --prefix late)
    same "$(jq --compact-output .checkout <<<"$result")" '{"200":18,"412 held":22}'
}

@test "another checkout by the holder does not prolong the hold" {
    wait_until 4000 has_item eve 8
    until=$(json .expires_at)
    sleep 0.5
    post '/checkout?user_id=eve&id=8'
    expect 200
    same "$(json .expires_at)" "$until"
}
