#!/usr/bin/env bats
# tests/fairness in small: programs get far more than their share without a draw, and not with one.

load helper

# fairness [OPTION...]: of 2,000 users 200 are programs, and 400 get an item. The sale takes 5 s with a draw of 20 s.
fairness() {
    local port
    for _ in 1 2 3; do
        port=$((RANDOM % 2000 * 8 + 12000))
        RUN_DIR=$BATS_TEST_TMPDIR/run HTTP_PORT=$port timeout 120 "$TOP/tests/fairness/fairness.py" --items 400 \
            --users 2000 --programs 0.1 --draw-s 20 --come-s 1 --read-s 1 --json "$BATS_TEST_TMPDIR/figures" "$@" \
            >"$BATS_TEST_TMPDIR/output" 2>&1 3>&- && return
        grep --quiet 'in use' "$BATS_TEST_TMPDIR/output" || break
    done
    cat "$BATS_TEST_TMPDIR/output"
    return 1
}

teardown() {
    for name in no-draw draw; do
        RUN_DIR=$BATS_TEST_TMPDIR/run/bench/$name "$TOP/deploy/private/stack" clean >/dev/null 2>&1 3>&-
    done
}

@test "programs get half of the stock without a draw, and about their tenth with one" {
    # They get 11 % on average, with a standard deviation of 1.5 points.
    fairness --points 10
    cat "$BATS_TEST_TMPDIR/output"
    jq --exit-status '.is_fair and (.cases[0].points.programs > 30) and (.cases[1].points.programs | fabs < 10)
        and all(.cases[]; .seen.sold.programs + .seen.sold.people == 400)
        and .cases[1].seen.programs.outcomes.not_yet > 1000' "$BATS_TEST_TMPDIR/figures"
}

@test "a draw too short to be fair is told" {
    run ! fairness --points 10 --draw-s 1
    [[ $output == *'NOT within 10 points'* ]] || fail "$output"
}
