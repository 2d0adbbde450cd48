#!/usr/bin/env bats
# The scripts of the five earlier services (tests/migration/), each against a stack with that service's dialect and
# settings, as docs/MIGRATING.md has them: every check passes. With a k6 that is installed or that "make test" fetched.

load helper

setup_file() {
    # Each test starts a stack of its own.
    unset RUN_DIR
    export K6 MISSING=
    K6=$("$TOP/k6/run" find 2>&1) || MISSING=$K6
}

setup() {
    [[ -z $MISSING ]] || skip "$MISSING"
}

# script SERVICE: runs its script against the stack; the counts are in COUNTS.
script() {
    COUNTS=$BATS_TEST_TMPDIR/$1.json
    BASE_URL=$URL OUT=$BATS_TEST_TMPDIR "$K6" run --quiet --no-usage-report --address '' "$TOP/tests/migration/$1.js" 3>&-
}

# passes SERVICE CHECKS: it passes, with so many different checks, each made at least once.
passes() {
    run -0 script "$1"
    printf '%s\n' "$output"
    [[ $output == *"$1: "*' checks passed'* ]]
    same "$(jq '[.passed == .made, .made > 0] | all' "$COUNTS")" true
    same "$(jq '[.checks[] | select(.passes > 0) | .name] | unique | length' "$COUNTS")" "$2"
}

# As a person who reports counts.
report() {
    psql --no-psqlrc --no-align --tuples-only --host="$RUN_DIR/postgresql" --username=flashsale_report \
        --dbname=flashsale --command="$1"
}

@test "A: the checkout storm" {
    stack_start http.dialect=a http.status_unavailable=409
    passes a 2
    [[ $(jq .made "$COUNTS") -gt 100 ]]
}

@test "B: checkout and purchase, checkout only, and the eleventh item" {
    stack_start http.dialect=b http.status_unknown_code=400
    passes b 9
    same "$(report "SELECT count(*) FROM purchases WHERE user_id LIKE 'k6\\_user\\_%'")" 40
    same "$(report "SELECT count(*) FROM checkout_attempts WHERE user_id LIKE 'k6\\_checkout\\_only\\_%'")" 30
}

@test "C: its printed script, shorter" {
    stack_start http.dialect=c
    passes c 6
}

@test "D: its documented requests, and users who arrive" {
    stack_start http.dialect=d sale.hold_s=600
    passes d 19
    [[ $(report 'SELECT COUNT(*) FROM checkout_attempts;') -ge 50 ]]
    same "$(report 'SELECT count(*) FROM sales WHERE active = true;')" 1
}

@test "E: from /sale/info to the last item: exactly 10,000" {
    stack_start http.dialect=e sale.unknown_item=any http.status_unavailable=409 http.status_limit=403 \
        http.status_unknown_code=400
    passes e 11
    same "$(report 'SELECT COUNT(*) FROM purchases;')" 10000
}

@test "a script that is told otherwise than it expects fails: B's without its dialect" {
    stack_start sale.items_per_sale=2000
    run -99 script b
    printf '%s\n' "$output"
    same "$(jq --raw-output '[.checks[] | select(.fails > 0) | .name] | unique | join("; ")' "$COUNTS")" \
        'limit: it says why; limit: the 11th checkout succeeds; limit: the 11th purchase is refused; purchase: message is "Purchase successful"'
}
