#!/usr/bin/env bats
# A benchmark measures what it says, or fails: quick refusals must not count as sales.

load helper

setup() {
    # Every test has a build folder of its own, with the same programs.
    build=$BATS_TEST_TMPDIR/build
    mkdir "$build"
    ln --symbolic "$BUILD_DIR"/flashsale-* "$build"
    cp "$BUILD_DIR/empty_worker" "$build"
}

teardown() {
    RUN_DIR=$BATS_TEST_TMPDIR/run/bench/stack "$TOP/deploy/private/stack" clean >/dev/null 2>&1 3>&-
}

# bench CASE: as short as possible, on ports of its own.
bench() {
    local port
    for _ in 1 2 3; do
        port=$((RANDOM % 2000 * 8 + 12000))
        BUILD_DIR=$build RUN_DIR=$BATS_TEST_TMPDIR/run HTTP_PORT=$port ROUNDS=1 SECONDS_EACH=1 timeout 120 \
            "$TOP/tests/bench/bench.py" "$@" >"$BATS_TEST_TMPDIR/output" 2>&1 3>&- && return
        grep --quiet 'in use' "$BATS_TEST_TMPDIR/output" || break
    done
    cat "$BATS_TEST_TMPDIR/output"
    return 1
}

@test "the sale and an empty worker: a ratio, and no refusals on either side" {
    bench flow
    jq --exit-status '.cases | length == 2 and all(.ratio.median > 0 and (.sides | length == 2
        and all(.refused == 0 and .errors == 0 and .rate.min > 0)))' "$BATS_TEST_TMPDIR/run/bench/figures.json"
}

@test "a storm: every answer of the sale is a refusal, no answer of the empty worker is" {
    bench storm
    jq --exit-status '.cases[0].sides | .storm.refused > 0 and .["empty worker"].refused == 0' \
        "$BATS_TEST_TMPDIR/run/bench/figures.json"
}

@test "without an empty worker: an error, and no ratio" {
    rm "$build/empty_worker"
    run ! bench flow
    [[ $output == *'/empty_worker is not there'* && $output != *'flow / empty worker'* ]] || fail "$output"
}

@test "with an empty worker that ends meanwhile: the same" {
    printf '#!/bin/sh\nexec timeout 2 %s "$@"\n' "$BUILD_DIR/empty_worker" >"$build/empty_worker"
    run ! bench flow
    [[ $output == *'of the empty worker'*'ended'* && $output != *'flow / empty worker'* ]] || fail "$output"
}

@test "with an empty worker that does not answer: the same" {
    printf '#!/bin/sh\nexec sleep 60\n' >"$build/empty_worker"
    run ! bench flow
    [[ $output == *'flow.lua at empty worker'*'these are too few'* && $output != *'flow / empty worker'* ]] ||
        fail "$output"
}

@test "answers are compared with what the case expects, and with what the sale decided" {
    # EXPECTED, answers, refusals, errors, decided, and whether that is right; "-": without a sale.
    while read -r expected requests refused errors decided right; do
        status=0
        PYTHONPATH=$TOP/tests/bench python3 -c '
import sys, bench
expected, requests, refused, errors, decided = sys.argv[1:]
class target: name = "x"
try:
    bench.check_answers(target, "y", 64, expected, {"requests": int(requests), "refused": int(refused),
                        "errors": int(errors)}, None if decided == "-" else int(decided))
except bench.Wrong as wrong:
    print(wrong)
    sys.exit(7)' "$expected" "$requests" "$refused" "$errors" "$decided" || status=$?
        same "$expected $requests $refused $errors $decided: $status" \
            "$expected $requests $refused $errors $decided: $right"
    done <<'END'
accepted 1000 0 0 - 0
accepted 1000 0 0 1064 0
accepted 1000 1 0 1000 7
accepted 1000 0 1 1000 7
accepted 1000 0 0 999 7
accepted 1000 0 0 1065 7
accepted 319 0 0 - 7
accepted 0 0 0 - 7
refused 1000 1000 0 1000 0
refused 1000 999 0 1000 7
refused 1000 1000 0 0 7
decided 1000 500 0 1010 0
decided 1000 500 0 500 7
decided 1000 500 2 1010 7
END
}
