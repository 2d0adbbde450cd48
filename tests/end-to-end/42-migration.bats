#!/usr/bin/env bats
# What clients of the five earlier services rely on: every line of the service's table in docs/MIGRATING.md, and every
# check of its load script (tests/migration/), on a stack with the settings that the document has for it. The scripts
# run with an installed k6 or one that "make test" fetched.

load helper

setup_file() {
    # Each test starts a stack of its own.
    unset RUN_DIR
    export K6 MISSING=
    K6=$("$TOP/k6/run" find 2>&1) || MISSING=$K6
}

# stack_of SERVICE [SETTING=VALUE...]: starts a stack with the document's settings for it, and others.
stack_of() {
    local line
    while read -r line; do
        export "${line?}"
    done < <("$TOP/tests/migration/lines.py" "$1" settings)
    stack_start "${@:2}"
}

# lines_hold SERVICE LINES: tries all lines of the table; LINES is their number, so that none is missed.
lines_hold() {
    run "$TOP/tests/migration/lines.py" "$1" try
    printf '%s\n' "$output"
    [[ $status -eq 0 ]]
    same "${lines[-1]}" "$1: $2 of $2 lines hold"
    printf '# %s\n' "${lines[-1]}" >&3
}

# script SERVICE: runs its script against the stack.
script() {
    BASE_URL=$URL OUT=$BATS_TEST_TMPDIR "$K6" run --quiet --no-usage-report --address '' "$TOP/tests/migration/$1.js" 3>&-
}

# counts SERVICE FILTER: its script's counts, through jq.
counts() {
    jq --raw-output "$2" "$BATS_TEST_TMPDIR/$1.json"
}

# passes SERVICE CHECKS: its script passes, with so many different checks, each made at least once.
passes() {
    [[ -z $MISSING ]] || skip "$MISSING"
    run script "$1"
    printf '%s\n' "$output"
    [[ $status -eq 0 ]]
    [[ $(counts "$1" .made) -gt 0 ]]
    [[ $output == *"$1: $(counts "$1" .made) of $(counts "$1" .made) checks passed"* ]]
    printf '# %s\n' "${output%%$'\n'*}" >&3
    same "$(counts "$1" '[.checks[] | select(.passes > 0) | .name] | unique | length')" "$2"
}

# report SQL: as the role flashsale_report.
report() {
    psql --no-psqlrc --no-align --tuples-only --host="$RUN_DIR/postgresql" --username=flashsale_report \
        --dbname=flashsale --command="$1"
}

@test "A: the table" {
    stack_of a
    lines_hold a 24
}

@test "A: the checkout storm" {
    stack_of a
    passes a 2
    [[ $(counts a .made) -gt 100 ]]
}

@test "B: the table" {
    stack_of b
    lines_hold b 21
}

@test "B: checkout and purchase, checkout only, and the eleventh item" {
    stack_of b
    passes b 9
    same "$(report "SELECT count(*) FROM purchases WHERE user_id LIKE 'k6\_user\_%'")" 40
    same "$(report "SELECT count(*) FROM checkout_attempts WHERE user_id LIKE 'k6\_checkout\_only\_%'")" 30
}

@test "C: the table, then its printed script, shorter" {
    stack_of c
    lines_hold c 12
    stack_end
    stack_of c
    passes c 6
}

@test "D: the table" {
    stack_of d
    lines_hold d 13
}

@test "D: its documented requests, and users who arrive" {
    stack_of d
    passes d 19
    [[ $(report 'SELECT COUNT(*) FROM checkout_attempts;') -ge 50 ]]
    same "$(report 'SELECT count(*) FROM sales WHERE active = true;')" 1
}

@test "E: the table" {
    stack_of e
    lines_hold e 16
}

@test "E: from /sale/info to the last item: exactly 10,000" {
    stack_of e
    passes e 15
    same "$(report 'SELECT COUNT(*) FROM purchases;')" 10000
    # By README's command.
    ln --symbolic "$RUN_DIR" "$BATS_TEST_TMPDIR/run"
    cd "$BATS_TEST_TMPDIR"
    run -0 bash -c "$(sed --quiet '/^    psql --host/,/GROUP BY/p' "$TOP/README.md")"
    [[ $output == *' 1 | 10000'* ]]
}

@test "a script fails if the replies are others than it expects: B's without its dialect" {
    [[ -z $MISSING ]] || skip "$MISSING"
    stack_start sale.items_per_sale=2000
    run -99 script b
    printf '%s\n' "$output"
    same "$(counts b '[.checks[] | select(.fails > 0) | .name] | unique | join("; ")')" \
        'checkout: has a code; checkout: status is 200; limit: it says why; limit: the 11th checkout succeeds; limit: the 11th purchase is refused; purchase: message is "Purchase successful"'
}
