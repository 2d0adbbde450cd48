#!/usr/bin/env bats
# Requests as the clients of five earlier flash-sale services send them. The replies are as those services documented
# them; each client reads only those members.

load helper

setup_file() {
    stack_start sale.items_per_sale=1000 sale.unknown_item=any sale.holds_max=0
}

@test "A: checkout by user_id and item_id gives a code; purchase by code; 412, 429 and 404" {
    post '/checkout?user_id=a1&item_id=101'
    expect 200
    code=$(json .code)
    [[ -n $code && $code != null ]]
    post '/checkout?user_id=a2&item_id=101'
    expect 412
    [[ $(json .error) != null && $(json .message) != null ]]
    post "/purchase?code=$code"
    expect 200
    post '/checkout?user_id=a2&item_id=101'
    expect 412
    post '/purchase?code=never-given'
    expect 404
    for number in {111..120}; do
        post "/purchase?code=$(hold a3 "$number")"
        expect 200
    done
    post '/checkout?user_id=a3&item_id=121'
    expect 429
}

@test "B: POST /checkout?user_id&id, POST /purchase?code; more than ten checkouts, ten purchases" {
    codes=()
    for number in {201..211}; do
        post "/checkout?user_id=b1&id=$number"
        expect 200
        codes+=("$(json .code)")
    done
    for code in "${codes[@]:0:10}"; do
        post "/purchase?code=$code"
        expect 200
    done
    post "/purchase?code=${codes[10]}"
    expect 429
    same "$(sql "SELECT count(*) FROM flashsale.attempt WHERE user_id = 'b1'")" 11
    same "$(sql "SELECT count(*) FROM flashsale.item WHERE held_by = 'b1'
                 AND purchased_at IS NOT NULL")" 10
}

@test "C: ids such as item456, message and code, message and user, the counters of /status" {
    post '/checkout?user_id=user123&id=item456'
    expect 200
    same "$(json .message)" success
    code=$(json .code)
    post "/purchase?code=$code"
    expect 200
    same "$(json '[.message, .user] | join(" ")')" 'success user123'
    [[ $(json .item_id) == *-456 ]]
    same "$(json .item.number)" 456
    request GET /status
    expect 200
    for member in seconds_remaining successful_checkouts failed_checkouts successful_purchases \
        failed_purchases scheduled_goods purchased_goods; do
        same "$member $(json ".$member | type")" "$member number"
    done
    same "$(json .sale_status)" active
}

@test "D: item_id; the code in a JSON body; expiry, price, purchase_id, user_purchases; /health and /" {
    request GET /health
    expect 200
    request GET /
    expect 200
    same "$(header Content-Type)" application/json
    post '/checkout?user_id=user1&item_id=item1'
    expect 200
    same "$(json .success)" true
    code=$(json .checkout_code)
    [[ $(date --date="$(json .expires_at)" +%s) -gt $EPOCHSECONDS ]]
    same "$(json '.item | [(.id, .name, .description | type), (.price | type)] | join(" ")')" \
        'string string string number'
    cents=$(json '.item.price * 100 | round')
    post /purchase --header 'Content-Type: application/json' --data "{\"checkout_code\": \"$code\"}"
    expect 200
    same "$(json '[.success, .user_purchases, (.purchase_id | type), (.total_price * 100 | round)] | join(" ")')" \
        "true 1 number $cents"
    same "$(json '.item.price * 100 | round')" "$cents"
    [[ $(date --date="$(json .purchased_at)" +%s) -le $((EPOCHSECONDS + 1)) ]]
    post /purchase --header 'Content-Type: application/json' --data '{"checkout_code": "CHK_abc123_456"}'
    expect 404
}

@test "E: an id of the client's own, item-abc, gets an item; purchase by code; remaining_items" {
    request GET /sale/status
    expect 200
    same "$(json '.remaining_items | type')" number
    post '/checkout?user_id=user-123&id=item-abc'
    expect 200
    code=$(json .code)
    post "/purchase?code=$code"
    expect 200
    same "$(json .success)" true
    wait_until 3000 sale_status_agrees
    # Nobody else gets a sold item.
    post '/checkout?user_id=user-124&id=item-abc'
    expect 200
    [[ $(json .code) != "$code" ]]
}

@test "E: the same user and id get the same code while it lives" {
    post '/checkout?user_id=e2&id=item-abc'
    expect 200
    code=$(json .code) item=$(json .item_id)
    cp "$BODY" "$BATS_TEST_TMPDIR/first"
    post '/checkout?user_id=e2&id=item-abc'
    expect 200
    same "$(jq --compact-output 'del(.expires_in)' "$BODY")" \
        "$(jq --compact-output 'del(.expires_in)' "$BATS_TEST_TMPDIR/first")"
    post '/checkout?user_id=e2&id=item-abd'
    expect 200
    [[ $(json .code) != "$code" ]]
    post '/checkout?user_id=e3&id=item-abc'
    expect 200
    [[ $(json .item_id) != "$item" ]]
    post "/purchase?code=$code"
    expect 200
    post '/checkout?user_id=e2&id=item-abc'
    expect 200
    [[ $(json .item_id) != "$item" ]]
    # An id that is too long is not remembered; it still gets an item.
    long=$(printf 'ä%.0s' {1..90})
    post "/checkout?user_id=e4&id=$long"
    expect 200
}

@test "E: the same, concurrently over many connections" {
    for id in {1..6}; do
        for try in {1..6}; do
            curl --silent --request POST --output "$BATS_TEST_TMPDIR/at-once.$id.$try" \
                "$URL/checkout?user_id=e5&id=thing-$id-x" 3>&- &
        done
    done
    wait
    for id in {1..6}; do
        same "$(cat "$BATS_TEST_TMPDIR"/at-once."$id".* | jq --raw-output .code | sort --unique | wc --lines)" 1
    done
    same "$(sql "SELECT count(*) FROM flashsale.item WHERE held_by = 'e5'")" 6
}

# speaks DIALECT: restarts the workers with that dialect, at the same sale.
speaks() {
    stack stop >/dev/null
    WORKER_OPTIONS="$GENERATOR_OPTIONS -o http.dialect=$1" stack start >/dev/null
}

@test "B's dialect: its words, and an eleventh checkout after ten purchases, whose purchase is refused" {
    speaks b
    for number in {221..230}; do
        post "/purchase?code=$(hold b2 "$number")"
        expect 200
        same "$(json .message)" 'Purchase successful'
    done
    post '/checkout?user_id=b2&id=231'
    expect 200
    same "$(json .message)" success
    code=$(json .code)
    post "/purchase?code=$code"
    expect_problem 429 user_limit
    same "$(json .message)" 'User has reached the maximum of 10 items per sale'
    # In a crowd of refusals, too, when batches use the refusal cache.
    for number in {231..240}; do
        post "/checkout?user_id=b3&id=$number"
        [[ $HTTP_STATUS == 200 || $(json .outcome) == held ]]
        hold b2
    done
    same "$(sql "SELECT cardinality(numbers) FROM flashsale.buyer WHERE user_id = 'b2'")" 10
    speaks default
    post '/checkout?user_id=b2&id=241'
    expect_problem 429 user_limit
    [[ $(json .message) != *maximum* ]]
}

@test "D's dialect: what its documentation shows" {
    speaks d
    post '/checkout?user_id=d2&id=301'
    expect 200
    same "$(json '[.success, .message] | join(" ")')" 'true Checkout code generated successfully'
    code=$(json .code)
    post "/purchase?code=$code"
    expect 200
    same "$(json '[.success, .message] | join(" ")')" 'true Purchase completed successfully'
    cp "$BODY" "$BATS_TEST_TMPDIR/first"
    post "/purchase?code=$code"
    expect 200
    cmp "$BODY" "$BATS_TEST_TMPDIR/first"
    speaks default
}

# Batches as workers send them, from several connections, with the same users and ids, some of them twice. The last
# test, since these get any items, and other tests name items.
@test "E: concurrent batches give an id one item" {
    cat >"$BATS_TEST_TMPDIR/script" <<'EOF'
SELECT count(*) FROM flashsale.checkout_batch(
    ARRAY(SELECT 'e6-' || (5 * random())::integer FROM generate_series(1, 12)), array_fill(0, ARRAY[12]),
    array_fill(-1, ARRAY[12]), ARRAY(SELECT gen_random_uuid() FROM generate_series(1, 12)),
    array_fill(0, ARRAY[12])::smallint[], array_fill(now(), ARRAY[12]), array_fill(now(), ARRAY[12]), true, false,
    ARRAY(SELECT 'id-' || (20 * random())::integer FROM generate_series(1, 12)));
EOF
    pgbench --host="$RUN_DIR/postgresql" --username=postgres --no-vacuum --client=8 --jobs=2 --time=4 \
        --file="$BATS_TEST_TMPDIR/script" flashsale >"$BATS_TEST_TMPDIR/result" 2>&1 3>&-
    cat "$BATS_TEST_TMPDIR/result"
    [[ $(cat "$BATS_TEST_TMPDIR/result") != *aborted* ]]
    same "$(sql "SELECT deadlocks FROM pg_stat_database WHERE datname = 'flashsale'")" 0
    ids=$(sql "SELECT count(*) FROM flashsale.wildcard_id WHERE user_id LIKE 'e6-%'")
    [[ $ids -gt 100 ]]
    same "$(sql "SELECT count(*) FROM flashsale.item WHERE held_by LIKE 'e6-%'")" "$ids"
    same "$(sql "SELECT count(*) FROM flashsale.attempt WHERE user_id LIKE 'e6-%' AND outcome = 'accepted'")" "$ids"
    [[ $(sql "SELECT count(*) FROM flashsale.attempt WHERE user_id LIKE 'e6-%' AND outcome = 'repeated'") -gt 1000 ]]
}
