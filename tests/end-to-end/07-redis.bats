#!/usr/bin/env bats
# Redis may be emptied, killed, started again or stopped: it costs speed alone.

load helper

setup_file() {
    # More than a load can buy while the tests last.
    stack_start sale.items_per_sale=200000 sale.sales_ahead=0
}

setup() {
    history=$BATS_TEST_TMPDIR/history
    stop=$BATS_TEST_TMPDIR/stop
}

# What a failed test left behind must not fail the next one.
teardown() {
    touch "$stop"
    [[ -z ${crowd_pid:-} ]] || wait "$crowd_pid" || true
    if [[ ${BATS_TEST_COMPLETED:-} != 1 ]]; then
        kill -CONT "$(pid_of redis)" || stack start-part redis || true
    fi
    after_test
}

redis() {
    timeout 10 redis-cli -s "$RUN_DIR/redis.sock" "$@"
}

# load_begin PREFIX, something happens, load_end: nothing was refused with 5xx, and sales went on.
load_begin() {
    crowd steady --url "$URL" --connections 16 --seconds 60 --pause-ms 20 --stop-file "$stop" \
        --prefix "$1" --history "$history" >"$BATS_TEST_TMPDIR/result" &
    crowd_pid=$!
    wait_until 3000 test -s "$history"
}

load_end() {
    touch "$stop"
    wait "$crowd_pid"
    cat "$BATS_TEST_TMPDIR/result"
    same "$(jq .status_5xx+.unknown+.not_sent "$BATS_TEST_TMPDIR/result")" 0
    [[ $(jq '.purchase["200"]' "$BATS_TEST_TMPDIR/result") -gt 20 ]]
}

# Sales since this moment, so many.
sales_go_on() {
    local enough=$(($(sold) + 30))
    more_sold() {
        [[ $(sold) -ge $enough ]]
    }
    wait_until 5000 more_sold
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
    load_begin flushed
    for _ in {1..20}; do
        redis flushall
        sleep 0.05
    done
    refusals_hold 9901
    load_end
}

@test "killed, and started again, under load" {
    load_begin killed
    kill -KILL "$(pid_of redis)"
    sales_go_on
    wait_until 3000 health_says 'degraded down'
    refusals_hold 9902
    stack start-part redis
    wait_until 10000 health_says 'ok ok'
    sales_go_on
    refusals_hold 9903
    load_end
}

@test "stopped in an orderly way, and started again, under load" {
    load_begin ended
    stack stop-part redis
    sales_go_on
    stack start-part redis
    wait_until 10000 health_says 'ok ok'
    sales_go_on
    load_end
}

@test "hanging (SIGSTOP), and waking up, under load" {
    load_begin hanging
    kill -STOP "$(pid_of redis)"
    sales_go_on
    refusals_hold 9904
    wait_until 3000 health_says 'degraded down'
    # A hang costs its time limit now and then, not each batch.
    within 1000 sales_go_on
    kill -CONT "$(pid_of redis)"
    wait_until 10000 health_says 'ok ok'
    sales_go_on
    refusals_hold 9905
    load_end
}

@test "facts of a sale made another time, or nonsense, let nothing through and refuse nothing wrong" {
    code=$(hold carl 9906)
    redis --scan | while read -r key; do
        redis set "$key" nonsense px 60000
    done
    post '/checkout?user_id=dora&id=9906'
    expect_problem 412 held
    post "/purchase?code=$code"
    expect 200
    redis flushall
    post '/checkout?user_id=dora&id=9906'
    expect_problem 412 sold
}
