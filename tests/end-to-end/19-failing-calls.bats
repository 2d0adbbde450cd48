#!/usr/bin/env bats
# Every call of a request to the allocator, to libpq and to hiredis fails once (tests/fault).

load helper

setup_file() {
    stack_start
}

@test "each call of a request fails in turn: the request is answered, or gets 503, and the next one is normal" {
    output=$BATS_TEST_TMPDIR/output
    timeout "$((400 * TEST_SLOWNESS))" "$BUILD_DIR/fault/request" -c "$TOP/conf/flashsale.conf" \
        -o "database.worker_conninfo=host=$(sql 'SHOW unix_socket_directories') dbname=flashsale user=flashsale_worker" \
        -o "database.statement_ms_max=$((200 * TEST_SLOWNESS))" \
        -o "redis.address=unix:$RUN_DIR/redis.sock" -o metrics.file= -o sale.duration_s=604800 -o sale.hold_s=600 \
        >"$output" 2>"$BATS_TEST_TMPDIR/errors" || {
        cat "$output"
        grep --invert-match '^<' "$BATS_TEST_TMPDIR/errors" | head --lines=50
        false
    }
    cat "$output"
    # Each request makes calls for memory and to PostgreSQL; some make calls to Redis.
    run ! grep --extended-regexp '(memory|PostgreSQL): 0 calls' "$output"
    run ! grep --extended-regexp ': Redis: 0 calls' "$output"
}
