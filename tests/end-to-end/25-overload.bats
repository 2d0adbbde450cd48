#!/usr/bin/env bats
# Ten times as many requests as the service can decide: many are refused at once, the others are decided as fast as ever.
#
# OVERLOAD_S (8): how long. A slow disk and batches of one make the capacity small, so that the client can offer ten
# times as much.

load helper

setup_file() {
    stack_start sale.items_per_sale=100000 sale.sales_ahead=0 batch.size_max=1 batch.linger_us_max=0 \
        worker.wait_ms_max=1500 database.statement_ms_max=1000
    sql 'ALTER SYSTEM SET commit_delay = 3000'
    sql 'ALTER SYSTEM SET commit_siblings = 0'
    sql 'SELECT pg_reload_conf()'
}

offer() {
    "$TOP/tests/client/offer.py" --url "$URL" "$@" 3>&-
}

resident_kib() {
    local worker total=0
    for worker in worker-1 worker-2; do
        total=$((total + $(sed --quiet 's/^VmRSS:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$(pid_of $worker)/status")))
    done
    printf '%d' "$total"
}

# peak PREFIX: sales a second without overload.
peak() {
    crowd steady --url "$URL" --prefix "$1" --connections 32 --seconds 3 | jq '.checkout["200"] / 3 | floor'
}

@test "ten times the capacity: answers in bounded time, quick refusals with Retry-After, sales as fast as ever" {
    peak=$(peak before)
    workers=$(cat "$RUN_DIR"/pid/worker-*)
    memory=$(resident_kib)

    offer --rate "$((10 * peak))" --seconds "${OVERLOAD_S:-8}" >"$BATS_TEST_TMPDIR/result"
    within 1000 hold late >"$BATS_TEST_TMPDIR/code"
    printf 'peak %d/s; %s\n' "$peak" "$(cat "$BATS_TEST_TMPDIR/result")"
    printf 'memory %d KiB, then %d KiB\n' "$memory" "$(resident_kib)"

    same "$(jq --compact-output '.replies | keys' "$BATS_TEST_TMPDIR/result")" '["200","503"]'
    same "$(jq .unanswered+.no_retry_after "$BATS_TEST_TMPDIR/result")" 0
    # The machine may have become slower meanwhile.
    after=$(peak after)
    printf 'peak afterwards %d/s\n' "$after"
    [[ $(jq ".good_rate >= 0.8 * $((after < peak ? after : peak))" "$BATS_TEST_TMPDIR/result") == true ]]
    [[ $(jq '.good_ms.max | floor' "$BATS_TEST_TMPDIR/result") -lt $((3000 * TEST_SLOWNESS)) ]]
    [[ $(jq '.refused_ms.p50 | floor' "$BATS_TEST_TMPDIR/result") -lt $((100 * TEST_SLOWNESS)) ]]
    [[ $(jq '.refused_ms.max | floor' "$BATS_TEST_TMPDIR/result") -lt $((3000 * TEST_SLOWNESS)) ]]
    # Sanitizers keep freed memory for a while.
    [[ $BUILD_DIR =~ asan|tsan|valgrind || $(resident_kib) -lt $((memory + 16384)) ]]
    same "$(cat "$RUN_DIR"/pid/worker-*)" "$workers"
}
