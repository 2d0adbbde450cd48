#!/usr/bin/env bats
# PostgreSQL stopped, started again, hanging: a clear refusal meanwhile, and sales as soon as it is back.

load helper

setup_file() {
    # More than a load can buy while the tests last; and the limits as they are by default.
    stack_start sale.items_per_sale=200000 sale.sales_ahead=0 worker.wait_ms_max=1500 \
        database.statement_ms_max=1000
}

setup() {
    worker_pids=$(cat "$RUN_DIR"/pid/worker-*)
}

same_workers() {
    same "$(cat "$RUN_DIR"/pid/worker-*)" "$worker_pids"
}

refused_503() {
    post "$1"
    expect_problem 503 unavailable
    [[ $(header Retry-After) -ge 1 ]]
}

health_is() {
    request GET /health
    expect "$1"
    same "$(json .database)" "$2"
    expect_common_headers
}

buys() {
    post "/purchase?code=$1" && expect 200
}

sells() {
    hold "$1" && buys "$(json .code)"
}

@test "stopped: 503 with Retry-After in time, /health 503; started again: sales, by the same workers" {
    sells amy
    code=$(hold amy)
    stack stop-part postgresql
    for target in '/checkout?user_id=bob' '/checkout?user_id=bob&id=7' "/purchase?code=$code"; do
        within 4000 refused_503 "$target"
    done
    within 2000 health_is 503 down
    same "$(json .status)" down
    [[ $(header Retry-After) -ge 1 ]]
    within 2000 request GET /status
    [[ $HTTP_STATUS == 503 || $HTTP_STATUS == 200 ]]
    # What can be refused without it still is.
    within 2000 post '/checkout?id=7'
    expect_problem 400 bad_request
    within 2000 post '/nothing'
    expect_problem 404 not_found

    stack start-part postgresql
    wait_until 2000 sells bob
    wait_until 2000 buys "$code"
    wait_until 2000 health_is 200 ok
    same_workers
}

@test "stopped under load, at once: who was told so has bought, and sales go on" {
    load_begin --connections 32 --pause-ms 5
    kill -QUIT "$(pid_of postgresql)"
    within 4000 wait_until 4000 refused_503 '/checkout?user_id=carl'
    # The supervisor has seen it too.
    wait_until 5000 test ! -e "$RUN_DIR/pid/postgresql"
    stack start-part postgresql
    wait_until 2000 sells dora
    sales_go_on
    load_end
    same "$(result .unknown+.not_sent)" 0
    told_is_sold
    same_workers
}

# PostgreSQL's own processes, the postmaster's children with it.
postgresql_pids() {
    local pid
    pid=$(pid_of postgresql)
    printf '%s\n' "$pid"
    cat "/proc/$pid/task/$pid/children"
}

@test "hanging (SIGSTOP): 503 within the limits; woken up: sales, by the same workers" {
    sells amy
    mapfile -t hanging < <(postgresql_pids | tr ' ' '\n' | grep .)
    kill -STOP "${hanging[@]}"
    for target in '/checkout?user_id=eve' '/checkout?user_id=eve&id=9'; do
        within 5000 refused_503 "$target" || failed=1
    done
    within 3000 health_is 503 down || failed=1
    # A crowd at it is refused in time as well, not one after the other.
    crowd same-item --url "$URL" --clients 100 --item 9 --prefix hanging --timeout 60 \
        >"$BATS_TEST_TMPDIR/result" &
    crowd_pid=$!
    sleep 1
    kill -CONT "${hanging[@]}"
    [[ -z ${failed:-} ]]
    wait_until 3000 sells fay
    wait_until 3000 health_is 200 ok
    wait "$crowd_pid"
    same "$(jq .unknown+.not_sent "$BATS_TEST_TMPDIR/result")" 0
    same_workers
}

@test "the lanes' connections cut off: sales go on, by the same workers" {
    cut() {
        sql "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
             WHERE usename = 'flashsale_worker'"
    }
    for _ in {1..5}; do
        [[ $(cut) -ge 1 ]]
        wait_until 2000 sells gus
    done
    same_workers
}
