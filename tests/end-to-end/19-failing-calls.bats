#!/usr/bin/env bats
# Every call of a request to the allocator, to libpq and to hiredis fails once (tests/fault).

load helper

setup_file() {
    stack_start sale.holds_max=0
}

# fail_each_call NAME [OPTION]...: its output goes to NAME.out and NAME.err.
fail_each_call() {
    local name=$1
    shift
    timeout "$((400 * TEST_SLOWNESS))" "$BUILD_DIR/fault/request" -c "$TOP/conf/flashsale.conf" \
        -o "database.worker_conninfo=host=$(sql 'SHOW unix_socket_directories') dbname=flashsale user=flashsale_worker" \
        -o "database.statement_ms_max=$((200 * TEST_SLOWNESS))" "$@" \
        -o metrics.file= -o http.user_rate=0 -o sale.duration_s=604800 -o sale.hold_s=600 >"$name.out" 2>"$name.err"
}

@test "each call of a request fails in turn: the request is answered, or gets 503, and the next one is normal" {
    local status=0
    cd "$BATS_TEST_TMPDIR"
    # They wait more than they work.
    fail_each_call alone -o redis.address= &
    fail_each_call redis -o "redis.address=unix:$RUN_DIR/redis.sock" || status=$?
    wait $! || status=$?
    cat alone.out redis.out
    [[ $status -eq 0 ]] || {
        grep --invert-match --no-filename '^<' alone.err redis.err | head --lines=50
        false
    }
    # Each request makes calls for memory and to PostgreSQL; some make calls to Redis.
    run ! grep --extended-regexp '(memory|PostgreSQL): 0 calls' alone.out redis.out
    run -0 grep --count 'PostgreSQL: .* one at a time' alone.out
    run -0 grep --count ': Redis: .* one at a time' redis.out
    run ! grep --extended-regexp ': Redis: 0 calls' redis.out
}
