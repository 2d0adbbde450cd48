#!/usr/bin/env bats
# Ten times what can be sold, offered all the same: many are refused at once, the others sell as ever.
#
# OVERLOAD_S (8): how long. What can be sold in a second is made little, by a disk that is slow and batches
# of one, so that the client has time for ten times as much.

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

# What is sold in a second when nothing is too much.
peak() {
    crowd steady --url "$URL" --prefix "$1" --connections 32 --seconds 3 | jq '.checkout["200"] / 3 | floor'
}

@test "ten times too much: answered in bounded time, refused quickly with Retry-After, sold as fast as ever" {
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
    # A sanitizer keeps for a while what was freed.
    [[ $BUILD_DIR =~ asan|tsan|valgrind || $(resident_kib) -lt $((memory + 16384)) ]]
    same "$(cat "$RUN_DIR"/pid/worker-*)" "$workers"
}
