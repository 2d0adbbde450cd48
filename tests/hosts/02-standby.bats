#!/usr/bin/env bats
# The synchronous standby does not answer: commits wait, so nothing is sold, and no reply says that it was. Requests are
# refused in time, and waiting backends do not pile up in PostgreSQL.

bats_require_minimum_version 1.5.0
load helper

# All batchers: two hosts, two workers each, one batcher of each of two kinds.
BATCHERS=8
STATEMENT_MS=1500

setup_file() {
    hosts_setup sale.items_per_sale=20000 sale.hold_s=600 "database.statement_ms_max=$STATEMENT_MS"
}

teardown() {
    [[ -n $HINDRANCE ]] || thaw
    after_test
}

freeze() {
    # shellcheck disable=SC2046 # a word each
    kill -STOP $(ip netns pids "$HOSTS_RUN-$STANDBY")
}

thaw() {
    # shellcheck disable=SC2046 # a word each
    kill -CONT $(ip netns pids "$HOSTS_RUN-$STANDBY") 2>/dev/null || true
}

checkout() {
    ask "$1" POST "/checkout?user_id=$2"
}

sells() {
    local code
    code=$(checkout "$1" "$2" | jq --raw-output .code)
    [[ $(ask "$1" POST "/purchase?code=$code" | jq .success) == true ]]
}

waiting() {
    sql "$PRIMARY" "SELECT count(*) FROM pg_stat_activity
        WHERE usename = 'flashsale_worker' AND wait_event = 'SyncRep'${1:+ AND $1}"
}

one_waits() {
    [[ $(waiting) -ge 1 ]]
}

# purchase_while FUNCTION USER: a purchase whose commit waits for the standby until the function is called with its
# backend's pid; the answer is in a file.
purchase_while() {
    local asking
    # The standby may have been down until now.
    wait_until 5000 sells web1 "before-$2"
    code=$(checkout web1 "$2" | jq --raw-output .code)
    freeze
    ask web1 POST "/purchase?code=$code" >"$BATS_TEST_TMPDIR/answer" &
    asking=$!
    wait_until $STATEMENT_MS one_waits
    sql "$PRIMARY" "SELECT $1(pid) FROM pg_stat_activity
        WHERE usename = 'flashsale_worker' AND wait_event = 'SyncRep'"
    wait "$asking"
}

refuses_at_once() {
    local began
    began=$(now_ms)
    [[ $(checkout "$1" eve | jq --raw-output .outcome) == unavailable ]]
    [[ $(($(now_ms) - began)) -lt 300 ]]
}

is_down() {
    [[ $(ask "$1" GET /health | jq --raw-output .status) == down ]]
}

no_batcher_is_up() {
    [[ $(ask "$1" GET /metrics | awk '/^flashsale_batchers_up/ { up += $2 } END { print up }') == 0 ]]
}

@test "the standby is lost under load: refusals, soon at once; back: sales, and no acknowledged purchase is lost" {
    history=$BATS_TEST_TMPDIR/history
    sells web1 amy
    crowd steady --url "$URL" --connections 24 --seconds 60 --stop-file "$BATS_TEST_TMPDIR/stop" \
        --pause-ms 20 --prefix s --history "$history" >"$BATS_TEST_TMPDIR/result" &
    crowd_pid=$!
    wait_until 5000 test -s "$history"
    sleep 0.5
    freeze
    frozen_at=${EPOCHREALTIME/,/.}
    for host in web1 web2; do
        wait_until 8000 no_batcher_is_up "$host"
        wait_until 3000 is_down "$host"
        wait_until 5000 refuses_at_once "$host"
    done
    # statement_timeout does not end this wait. Each batcher leaves at most one waiting backend.
    sleep 2
    long=$(waiting "clock_timestamp() - state_change > '$((2 * STATEMENT_MS)) ms'")
    [[ $long -ge 1 && $(waiting) -le $BATCHERS ]]
    same "$(jq --slurp "map(select(.kind == \"purchase\" and .status == 200 and
        .sent > $frozen_at)) | length" "$history")" 0

    thaw
    for host in web1 web2; do
        wait_until 5000 sells "$host" bob
        wait_until 3000 is_healthy "$host"
    done
    touch "$BATS_TEST_TMPDIR/stop"
    wait "$crowd_pid"
    same "$(waiting "clock_timestamp() - state_change > '$STATEMENT_MS ms'")" 0
    acknowledged_is_sold "$history" "$PRIMARY" "$STANDBY"
    same "$(audit)" ''
    # Each batcher logs a line at the beginning and one at the end.
    for worker in "$HOSTS_DIR"/log/web?-worker-?.log; do
        [[ $(grep --count 'commits wait for a synchronous standby\|no answer in time' "$worker") -le 4 ]]
    done
}

@test "one waiting commit: batchers without requests go down, too, without waiting backends" {
    freeze
    same "$(checkout web1 hal | jq --raw-output .outcome)" unavailable
    for host in web1 web2; do
        wait_until 5000 no_batcher_is_up "$host"
        is_down "$host"
    done
    same "$(waiting "client_addr = '${ADDRESS[web2]}'")" 0
    thaw
    for host in web1 web2; do
        wait_until 5000 sells "$host" ida
    done
    same "$(audit)" ''
}

@test "a cancelled wait for the standby: committed on the primary only, and not answered 200" {
    purchase_while pg_cancel_backend carl
    same "$(sql "$PRIMARY" "SELECT count(*) FROM flashsale.buyer WHERE user_id = 'carl'")" 1
    same "$(jq --raw-output .outcome "$BATS_TEST_TMPDIR/answer")" unavailable
    grep --quiet 'canceling wait for synchronous replication' "$HOSTS_DIR"/log/web1-worker-?.log
    # Another request gets no 200 either, until the standby has the commit.
    same "$(ask web2 POST "/purchase?code=$code" | jq --raw-output .outcome)" unavailable
    thaw
    bought() {
        [[ $(ask web2 POST "/purchase?code=$code" | jq .success) == true ]]
    }
    wait_until 5000 bought
    same "$(sql "$STANDBY" "SELECT count(*) FROM flashsale.buyer WHERE user_id = 'carl'")" 1
    same "$(audit)" ''
}

@test "terminated backends that waited: not answered 200, and sales go on once the standby is back" {
    purchase_while pg_terminate_backend dora
    same "$(jq --raw-output .outcome "$BATS_TEST_TMPDIR/answer")" unavailable
    thaw
    wait_until 5000 sells web1 fay
    same "$(audit)" ''
}

batchers_up() {
    [[ $(ask "$1" GET /metrics | awk '/^flashsale_batchers_up/ { up += $2 } END { print up }') == 4 ]]
}

follows() {
    [[ $(sql "$2" "SELECT count(*) FROM pg_stat_activity
        WHERE usename = 'flashsale_worker' AND application_name LIKE '% batcher %'
          AND client_addr = '${ADDRESS[$1]}'") == 4 ]]
}

# The last test, since it changes the primary.
@test "the standby takes over while no request comes: the first request is served" {
    cut_off "$PRIMARY"
    promote "$STANDBY"
    for host in web1 web2; do
        wait_until 15000 follows "$host" "$STANDBY"
        batchers_up "$host"
    done
    for host in web1 web2; do
        sells "$host" gus
    done
}
