#!/usr/bin/env bats
# A thousand viewers who poll cost PostgreSQL a few reads a second, and buyers no more than the processors
# that they take.

load helper

setup_file() {
    [[ ${WEB_SERVER:-nginx} == nginx ]] || skip 'only nginx keeps what viewers read'
    stack_start sale.items_per_sale=100000 sale.sales_ahead=0
}

# view SECONDS: a thousand of them, for so long; leaves how many requests, refusals and errors in `viewed`.
view() {
    wrk --threads 1 --connections 1000 --duration "$1s" --timeout 10s \
        --script "$TOP/tests/bench/viewers.lua" "$URL/" 3>&- | sed --quiet 's/^RESULT //p' >"$BATS_TEST_TMPDIR/viewed"
}

transactions() {
    # What a session did is counted when it is idle for a while.
    sleep 1.1
    sql "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = 'flashsale'"
}

# How many checkouts and purchases a crowd gets in three seconds.
bought_beside() {
    crowd steady --url "$URL" --connections 32 --seconds 3 --prefix "$1" --pause-ms 0 |
        jq '[.checkout, .purchase | to_entries[].value] | add'
}

@test "1,000 viewers for 10 s: PostgreSQL sees a few reads a second" {
    local before after requests refused errors
    before=$(transactions)
    view 10
    after=$(transactions)
    read -r requests refused errors <"$BATS_TEST_TMPDIR/viewed"
    printf '%s requests, %s refused, %s errors; %s transactions\n' "$requests" "$refused" "$errors" \
        "$((after - before))" | tee /dev/stderr
    [[ $requests -ge $((5000 / TEST_SLOWNESS)) ]]
    same "$refused $errors" '0 0'
    # Two paths, each at most once a second for all, and what the test itself asks.
    [[ $((after - before)) -le $((100 * TEST_SLOWNESS)) ]]
}

@test "buyers beside them: what they lose is what viewers take of the processors" {
    local alone beside viewers_ms cpu
    alone=$(bought_beside alone)
    # The processors' time of nginx and the client of the viewers, without any buyer.
    before=$(cpu_ms)
    view 4
    viewers_ms=$(($(cpu_ms) - before))
    view 6 &
    sleep 1
    beside=$(bought_beside beside)
    wait
    cpu=$(($(nproc) * 4000))
    printf '%s alone, %s beside viewers who take %s ms of %s\n' "$alone" "$beside" "$viewers_ms" "$cpu" |
        tee /dev/stderr
    # As many as the rest of the processors can serve, give or take a fifth for other things that run here.
    [[ $((beside * cpu * 10)) -ge $((alone * (cpu - viewers_ms) * 8)) ]]
}

# All processors' busy time since the start.
cpu_ms() {
    awk '/^cpu / { print int(($2 + $3 + $4 + $7 + $8) * 10) }' /proc/stat
}
