#!/usr/bin/env bats
# PostgreSQL stopped, restarted, hanging: a clear refusal meanwhile, and sales as soon as it is back.

load helper

setup_file() {
    # More than the load can buy during the tests; and the default limits.
    stack_start sale.items_per_sale=200000 sale.sales_ahead=0 worker.wait_ms_max=1500 \
        database.statement_ms_max=1000
}

teardown() {
    [[ ${BATS_TEST_COMPLETED:-} == 1 ]] || writable_again || true
    after_test
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
    # Refusals that need no database are the same.
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

@test "stopped under load, at once: all acknowledged purchases are in the rows, and sales go on" {
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
    acknowledged_is_sold
    same_workers
}

# The pids of PostgreSQL's postmaster and its children.
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
    # A crowd is refused in time, too: concurrently, not one request after the other.
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

@test "hanging (SIGSTOP): what needs no database is answered at once, however much waits for it" {
    local -a waiting=()
    sells amy
    mapfile -t hanging < <(postgresql_pids | tr ' ' '\n' | grep .)
    kill -STOP "${hanging[@]}"
    for number in {1..8}; do
        env --ignore-environment PATH="$PATH" REQUEST_METHOD=GET PATH_INFO=/items QUERY_STRING="page_num=$number" \
            cgi-fcgi -bind -connect "$RUN_DIR/worker-1.sock" >/dev/null 3>&- &
        waiting+=($!)
    done
    sleep 0.3
    for path in / /login /problems/held /openapi.json; do
        within 500 worker_request worker-1 GET "$path" '' && [[ $HTTP_STATUS =~ ^(200|404)$ ]] || failed=$path
    done
    kill -0 "${waiting[-1]}" || failed='nothing waited'
    kill -CONT "${hanging[@]}"
    wait "${waiting[@]}"
    same "${failed:-}" ''
    wait_until 3000 sells fay
}

@test "the batchers' connections cut off: sales go on, by the same workers" {
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

# ---- faults that a new connection may cure, and faults that it does not cure ----

postgresql_up() {
    request GET /metrics
    same "$(sed --quiet "s/^flashsale_postgresql_up{kind=\"$1\"} //p" "$BODY")" "$2"
}

# workers_are STATUS DATABASE: what /health of both workers says.
workers_are() {
    local worker
    for worker in worker-1 worker-2; do
        worker_request "$worker" GET /health ''
        [[ $HTTP_STATUS == "$1" && $(json .database) == "$2" ]] || return
    done
}

# Both workers are down, all the time.
workers_stay_down() {
    wait_until 5000 workers_are 503 down
    for _ in {1..10}; do
        workers_are 503 down
        sleep 0.1
    done
}

writable_again() {
    PGOPTIONS='-c default_transaction_read_only=off' sql 'ALTER SYSTEM RESET default_transaction_read_only'
    PGOPTIONS='-c default_transaction_read_only=off' reload
}

reload() {
    sql 'SELECT pg_reload_conf()' >/dev/null
}

@test "read-only while sessions last: refused, /health and postgresql_up say so; writable again: sales" {
    sells amy
    code=$(hold amy)
    sql 'ALTER SYSTEM SET default_transaction_read_only = on'
    reload
    wait_until 3000 refused_503 '/checkout?user_id=bob'
    workers_stay_down
    refused_503 "/purchase?code=$code"
    wait_until 3000 postgresql_up checkout 0
    wait_until 3000 postgresql_up purchase 0
    # Reading still works.
    request GET /items
    expect 200
    writable_again
    wait_until 3000 workers_are 200 ok
    sells bob
    buys "$code"
    wait_until 3000 postgresql_up checkout 1
    same_workers
}

# Without any request: the workers notice it themselves.
@test "read-only while nobody buys: /health says so" {
    sells amy
    sql 'ALTER SYSTEM SET default_transaction_read_only = on'
    reload
    workers_stay_down
    writable_again
    wait_until 4000 workers_are 200 ok
    sells bob
    same_workers
}

@test "a privilege, a table or a function is missing: refused, /health says so all the time; restored: sales" {
    local -A away=(["REVOKE EXECUTE ON FUNCTION flashsale.checkout_batch FROM flashsale_worker"]="GRANT EXECUTE ON FUNCTION flashsale.checkout_batch TO flashsale_worker"
        ['ALTER TABLE flashsale.attempt RENAME TO away']='ALTER TABLE flashsale.away RENAME TO attempt'
        ['ALTER FUNCTION flashsale.purchase_batch RENAME TO away']='ALTER FUNCTION flashsale.away RENAME TO purchase_batch')
    for change in "${!away[@]}"; do
        sells amy
        sql "$change"
        for worker in worker-1 worker-2; do # each kind of batcher of each worker has to notice it
            worker_request "$worker" POST /checkout user_id=bob
            worker_request "$worker" POST /purchase code=AAAAAQAAEmdaEFPlRVrHp0QIj-4HtYcs
        done
        workers_stay_down
        sql "${away[$change]}"
        wait_until 3000 workers_are 200 ok
        sells bob
    done
    same_workers
}

# ---- settings that sessions inherit ----

@test "hostile settings of the database and the role: a small sale is exact, without a 503" {
    hostile=("default_transaction_isolation = 'serializable'" "default_transaction_isolation = 'repeatable read'"
        "default_transaction_deferrable = on" "search_path = 'nowhere'" "search_path = ''" "DateStyle = 'German, DMY'"
        "IntervalStyle = 'sql_standard'" "TimeZone = 'Pacific/Chatham'" "bytea_output = 'escape'"
        "standard_conforming_strings = off" "synchronous_commit = off" "client_min_messages = 'debug5'"
        "client_encoding = 'LATIN1'" "statement_timeout = 1" "lock_timeout = 1" "idle_session_timeout = 1"
        "idle_in_transaction_session_timeout = 1" "plan_cache_mode = 'force_custom_plan'" "enable_indexscan = off"
        "enable_nestloop = off" "row_security = off" "extra_float_digits = -15" "array_nulls = off"
        "transform_null_equals = on" "jit_above_cost = 0" "lc_messages = 'C'" "role = 'none'"
        "max_parallel_workers_per_gather = 8" "work_mem = '64kB'" "from_collapse_limit = 1")
    [[ $(sql 'SHOW server_version_num') -lt 170000 ]] || hostile+=("transaction_timeout = 1")
    # A role's settings override the database's, for its own sessions only.
    for setting in "${hostile[@]}"; do
        sql "ALTER ROLE flashsale_worker SET $setting"
    done
    end_sessions
    hostile_sale all
    sql 'ALTER ROLE flashsale_worker RESET ALL'
    for setting in "default_transaction_isolation = 'serializable'" "synchronous_commit = off"; do
        sql "ALTER DATABASE flashsale SET $setting"
        end_sessions
        hostile_sale "${setting%% *}"
    done
    sql 'ALTER DATABASE flashsale RESET ALL'
    same_workers
}

end_sessions() {
    sql "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'flashsale_worker'" \
        >"$BATS_TEST_TMPDIR/ended"
}

hostile_sale() {
    local result
    wait_until 5000 sells "first-$1"
    wait_until 5000 health_is 200 ok
    result=$(crowd buy --url "$URL" --users 64 --each 5 --connections 64 --prefix "$1")
    printf '%s: %s\n' "$1" "$result"
    same "$(jq .status_5xx+.unknown+.not_sent <<<"$result")" 0
    same "$(jq '.purchase["200"]' <<<"$result")" 320
}
