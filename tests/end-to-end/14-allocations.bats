#!/usr/bin/env bats
# After its first requests the worker's own code allocates no memory, whatever it answers; json-c does, for JSON bodies.

load helper

# Workers that count their allocations (tests/fault/allocations.c).
stack_of_counting_workers() {
    local programs=$BATS_TEST_TMPDIR/programs
    mkdir "$programs"
    ln -s "$BUILD_DIR/fault/flashsale-fcgi" "$BUILD_DIR/flashsale-generator" "$programs"
    ALLOCATIONS=$BATS_TEST_TMPDIR/allocations BUILD_DIR=$programs stack_start sale.items_per_sale=20000
}

# A request of each kind without JSON: valid and invalid, small and large, by number and for any item.
each_kind() {
    local user=$1 code path
    code=$(hold "$user")
    post '/checkout' --data "user_id=$user&id=any&more=%41"
    post "/purchase?code=$code"
    post '/purchase' --data "code=$code"
    post '/purchase?code=wrong'
    post '/checkout?id=1'
    post "/checkout?user_id=$user&id=999999"
    head --bytes=60000 /dev/zero | tr '\0' 'x' | post '/checkout' --data-binary @-
    for path in / /health /status /sale/status /sale/current /sale/info /sales /items '/items?state=sold' /items/1 \
        /items/1/image.svg "/me?user_id=$user" /me /login "/users/$user/purchases" /problems /metrics /openapi.json /nothing; do
        request GET "$path"
    done
}

# Checkouts in JSON, valid and invalid.
in_json() {
    local json='Content-Type: application/json'
    post '/checkout' --header "$json" --data "{\"user_id\":\"$1\",\"more\":[1,{\"a\":null}]}"
    post '/checkout' --header "$json" --data "{\"user_id\":\"$1\","
}

# The first worker's number of allocations; it has ended.
allocations_of_worker() {
    local pid
    pid=$(pid_of worker-1)
    stack stop-part worker-1
    cat "$BATS_TEST_TMPDIR/allocations.$pid"
    stack start-part worker-1
}

@test "a load of all kinds allocates no more than the first request of each kind" {
    stack_of_counting_workers
    each_kind first
    few=$(allocations_of_worker)
    each_kind second
    crowd steady --url "unix://$RUN_DIR/worker-1.sock" --prefix load --connections 16 --seconds 2 \
        >"$BATS_TEST_TMPDIR/result"
    for number in {1..10}; do
        each_kind "later$number"
    done
    many=$(allocations_of_worker)
    printf '%d before, %d after %d checkouts\n' "$few" "$many" "$(jq .decided "$BATS_TEST_TMPDIR/result")"
    [[ $few -gt 0 && $(jq .decided "$BATS_TEST_TMPDIR/result") -gt 500 ]]
    same "$many" "$few"
}

@test "only a JSON body allocates" {
    stack_of_counting_workers
    each_kind first
    few=$(allocations_of_worker)
    each_kind second
    for number in {1..10}; do
        in_json "json$number"
    done
    more=$(allocations_of_worker)
    printf '%d without, %d with 20 bodies of JSON\n' "$few" "$more"
    [[ $more -ge $((few + 20)) ]]
}
