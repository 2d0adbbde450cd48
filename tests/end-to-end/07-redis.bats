#!/usr/bin/env bats
# Redis may be emptied, killed, started again or stopped: it costs speed alone.

load helper

setup_file() {
    # More than a load can buy while the tests last.
    stack_start sale.items_per_sale=200000 sale.sales_ahead=0
}

# What a failed test left behind must not fail the next one.
teardown() {
    if [[ ${BATS_TEST_COMPLETED:-} != 1 ]]; then
        kill -CONT "$(pid_of redis)" || stack start-part redis || true
    fi
    after_test
}

redis() {
    timeout 10 redis-cli -s "$RUN_DIR/redis.sock" "$@"
}

# Whatever happens to Redis under load, nobody notices, and sales go on.
buyers_begin() {
    load_begin --connections 16 --pause-ms 20 --prefix "$1"
}

nobody_noticed() {
    load_end
    same "$(result .status_5xx+.unknown+.not_sent)" 0
    [[ $(result '.purchase["200"]') -gt 20 ]]
}

health_says() {
    request GET /health
    expect 200
    same "$(json '[.status, .redis] | join(" ")')" "$1"
}

# Facts only refuse what is refused without them: what two users get, with Redis in any state.
refusals_hold() {
    local code number=$1
    code=$(hold "amy$number" "$number")
    post "/checkout?user_id=bob&id=$number"
    expect_problem 412 held
    post "/purchase?code=$code"
    expect 200
    post "/checkout?user_id=bob&id=$number"
    expect_problem 412 sold
}

@test "emptied, again and again, under load" {
    buyers_begin flushed
    for _ in {1..20}; do
        redis flushall
        sleep 0.05
    done
    refusals_hold 9901
    nobody_noticed
}

@test "killed, and started again, under load" {
    buyers_begin killed
    kill -KILL "$(pid_of redis)"
    sales_go_on 30
    wait_until 3000 health_says 'degraded down'
    refusals_hold 9902
    stack start-part redis
    wait_until 10000 health_says 'ok ok'
    sales_go_on 30
    refusals_hold 9903
    nobody_noticed
}

@test "stopped in an orderly way, and started again, under load" {
    buyers_begin ended
    stack stop-part redis
    sales_go_on 30
    stack start-part redis
    wait_until 10000 health_says 'ok ok'
    sales_go_on 30
    nobody_noticed
}

@test "hanging (SIGSTOP), and waking up, under load" {
    buyers_begin hanging
    kill -STOP "$(pid_of redis)"
    sales_go_on 30
    refusals_hold 9904
    wait_until 3000 health_says 'degraded down'
    # A hang costs its time limit now and then, not each batch.
    within 1000 sales_go_on 30
    kill -CONT "$(pid_of redis)"
    wait_until 10000 health_says 'ok ok'
    sales_go_on 30
    refusals_hold 9905
    nobody_noticed
}

hold_is_noted() {
    [[ $(redis hexists "$(redis --scan --pattern '*:held')" "$1") == 1 ]]
}

@test "facts of a sale made another time, or nonsense, let nothing through and refuse nothing wrong" {
    code=$(hold carl 9906)
    post '/checkout?user_id=dora&id=9906'
    expect_problem 412 held
    wait_until 2000 hold_is_noted 9906
    redis --scan | while read -r key; do
        redis hkeys "$key" | while read -r field; do
            redis hset "$key" "$field" nonsense
        done
    done
    post '/checkout?user_id=dora&id=9906'
    expect_problem 412 held
    post "/purchase?code=$code"
    expect 200
    redis flushall
    post '/checkout?user_id=dora&id=9906'
    expect_problem 412 sold
}

redis_lines() {
    cat "$RUN_DIR"/log/worker-*.log | grep --count 'Redis:'
}

each_says() {
    local worker
    for worker in worker-1 worker-2; do
        worker_request "$worker" GET /health ''
        [[ $(json '[.status, .redis] | join(" ")') == "$1" ]] || return
    done
}

# refuses_writes REFUSE... -- AGAIN...: commands to Redis.
refuses_writes() {
    local -a refuse=()
    while [[ $1 != -- ]]; do
        refuse+=("$1")
        shift
    done
    shift
    buyers_begin "${refuse[2]:-x}"
    redis "${refuse[@]}"
    wait_until 5000 each_says 'degraded down'
    local lines
    lines=$(redis_lines)
    for _ in {1..30}; do
        each_says 'degraded down'
        sleep 0.1
    done
    # All lanes may have told meanwhile, once each.
    [[ $(($(redis_lines) - lines)) -le 4 ]] || fail "$(($(redis_lines) - lines)) lines of the log"
    redis "$@"
    wait_until 10000 each_says 'ok ok'
    nobody_noticed
}

@test "full, and refuses writes (maxmemory): told once, left alone, and not found well before it takes writes" {
    refuses_writes config set maxmemory 1 -- config set maxmemory 0
}

@test "a replica that takes no writes: as well" {
    refuses_writes replicaof 127.0.0.1 1 -- replicaof no one
}
