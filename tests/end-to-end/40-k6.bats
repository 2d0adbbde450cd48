#!/usr/bin/env bats
# The scenarios in k6/, with an installed k6 or one that "make test" fetched with Go.

load helper

setup_file() {
    # No stack yet: teardown has nothing to end.
    unset RUN_DIR
    export K6 MISSING=
    K6=$("$TOP/k6/run" find 2>&1) || {
        MISSING=$K6
        return 0
    }
    # Small enough to be sold out. No limits of latency: other tests run beside this one.
    stack_start sale.items_per_sale=300
    export BASE_URL=$URL CHECKOUT_P95_MS=10000 PURCHASE_P95_MS=10000 HEALTH_P95_MS=10000
    export STATUS_P95_MS=10000 SALE_STATUS_P95_MS=10000 ITEMS_P95_MS=10000 DROPPED_MAX=1000
}

setup() {
    [[ -z $MISSING ]] || skip "$MISSING"
}

k6() {
    "$TOP/k6/run" "$@" 3>&-
}

# failed_threshold SCENARIO METRIC: whether the last run's report says that it broke.
failed_threshold() {
    [[ $(jq --arg metric "$2" '[.thresholds[] | select(.metric == $metric and (.ok | not))] | length' \
        "$RUN_DIR/k6/$1.json") -gt 0 ]]
}

@test "smoke: one user walks through the contract" {
    run -0 k6 smoke
    report=$RUN_DIR/k6/smoke
    same "$(jq --compact-output '[.scenario, .passed, .failed, .settings.BASE_URL]' "$report.json")" \
        "[\"smoke\",true,0,\"$URL\"]"
    same "$(jq '[.checks[].fails] | unique == [0]' "$report.json")" true
    same "$(jq '[.checks[].passes] | length' "$report.json")" 10
    same "$(sold)" 3
    grep --quiet '<title>smoke: passed</title>' "$report.html"
    # The page loads no other file.
    run -1 grep --extended-regexp '<(script|link|img|iframe)|@import|url\(' "$report.html"
}

@test "smoke: other names of parameters, in JSON bodies and in forms" {
    run -0 env PARAMETERS_IN=json ITEM_PARAMETER=item_id CODE_PARAMETER=checkout_code \
        CODE_MEMBER=checkout_code ITERATIONS=1 "$TOP/k6/run" smoke
    run -0 env PARAMETERS_IN=form ITERATIONS=1 STATUS_PATH= "$TOP/k6/run" smoke
    same "$(jq '[.durations[] | select(.label == "status")] | length' "$RUN_DIR/k6/smoke.json")" 0
}

@test "smoke fails if the service's answer is not the expected one" {
    UNKNOWN_CODE_STATUS=403 ITERATIONS=1 run -99 k6 smoke
    failed_threshold smoke checks
    grep --quiet '<title>smoke: FAILED</title>' "$RUN_DIR/k6/smoke.html"
}

@test "flow, spike and soak: all requests are served; a latency over its limit fails" {
    RATE=10 DURATION=2s run -0 k6 flow
    PEAK=20 HOLD=1s run -0 k6 spike
    RATE=5 VIEWERS=6 DURATION=2s run -0 k6 soak
    RATE=10 DURATION=1s PURCHASE_P95_MS=0.01 run -99 k6 flow
    failed_threshold flow 'http_req_duration{name:purchase}'
}

@test "sellout: exactly the stock; another stock fails" {
    left=$((300 - $(sold)))
    STOCK=$((left - 1)) BUYERS=10 run -99 k6 sellout
    failed_threshold sellout purchases_answered_minus_stock
    failed_threshold sellout items_sold_minus_stock
    same "$(sold)" 300
    # A sale with nothing left is an error.
    run ! k6 sellout
    same "$(jq .passed "$RUN_DIR/k6/sellout.json")" false
}

@test "spike: arrivals without a free virtual user are dropped, and fail the run" {
    PEAK=5000 HOLD=10ms MAX_VUS=1 DROPPED_MAX=0 run -99 k6 spike
    failed_threshold spike dropped_iterations
}

# After sellout, because this one's reservations would keep the sale from being sold out.
@test "storm: every refusal is counted; an uncounted one fails" {
    RATE=20 DURATION=1s ITEMS=10 FIRST_ITEM=281 run -0 k6 storm
    # The count of sold items has no refusals.
    RATE=20 DURATION=1s ITEMS=10 FIRST_ITEM=281 FAILED_MEMBER=purchased_goods run -99 k6 storm
    failed_threshold storm checkouts_counted_minus_answered
}
