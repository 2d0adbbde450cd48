#!/usr/bin/env bats
# A thousand polling viewers cost PostgreSQL a few reads a second, and slow buyers down only by the processor time that
# they use.

load helper

setup_file() {
    [[ ${WEB_SERVER:-nginx} == nginx ]] || return 0
    stack_start sale.items_per_sale=100000 sale.sales_ahead=0
}

setup() {
    [[ ${WEB_SERVER:-nginx} == nginx ]] || skip 'only nginx keeps what viewers read'
}

# view SECONDS: runs a thousand viewers; the numbers of requests, refusals and errors go to the file `viewed`, the
# client's own CPU time, user and system, to `client`.
view() {
    local TIMEFORMAT='%U %S'
    { time LUA_PATH="$TOP/tests/bench/?.lua;;" wrk --threads 1 --connections 1000 --duration "$1s" --timeout 10s \
        --script "$TOP/tests/bench/viewers.lua" "$URL/" >"$BATS_TEST_TMPDIR/wrk" 2>&1 3>&-; } \
        2>"$BATS_TEST_TMPDIR/client"
    sed --quiet 's/^RESULT //p' "$BATS_TEST_TMPDIR/wrk" >"$BATS_TEST_TMPDIR/viewed"
}

transactions() {
    # PostgreSQL adds a session's reads to its statistics once it is idle.
    sleep 1.1
    sql "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = 'flashsale'"
}

# bought_beside: how many checkouts and purchases a crowd makes in three seconds.
bought_beside() {
    crowd steady --url "$URL" --connections 32 --seconds 3 --prefix "$1" --pause-ms 0 |
        jq '[.checkout, .purchase | to_entries[].value] | add'
}

@test "1,000 viewers for 10 s: PostgreSQL sees a few reads a second" {
    local before after requests refused errors
    before=$(transactions)
    view 10
    after=$(transactions)
    read -r requests _ _ _ _ refused errors <"$BATS_TEST_TMPDIR/viewed"
    printf '%s requests, %s refused, %s errors; %s transactions\n' "$requests" "$refused" "$errors" \
        "$((after - before))" | tee /dev/stderr
    [[ $requests -ge $((5000 / TEST_SLOWNESS)) ]]
    same "$refused $errors" '0 0'
    # Two paths, each read at most once a second for all viewers, and the test's own reads.
    [[ $((after - before)) -le $((100 * TEST_SLOWNESS)) ]]
}

# Compares purchases without and with viewers: the loss is the viewers' share of the processors, within a fifth.
loses_no_more_than_processors() {
    local alone beside viewers_ms=$1 cpu=$(($(nproc) * 4000))
    alone=$(bought_beside "alone$2")
    view 6 &
    sleep 1
    beside=$(bought_beside "beside$2")
    wait
    printf '%s alone, %s beside viewers who take %s ms of %s\n' "$alone" "$beside" "$viewers_ms" "$cpu" |
        tee /dev/stderr
    [[ $alone -gt 0 && $beside -gt 0 ]] || return
    [[ $((beside * cpu * 10)) -ge $((alone * (cpu - viewers_ms) * 8)) ]]
}

@test "buyers beside viewers lose no more than the processor time that viewers use" {
    local viewers_ms before try
    # The CPU time of the stack and of the viewers' client, without buyers.
    before=$(stack_cpu_ms)
    view 4
    viewers_ms=$(($(stack_cpu_ms) - before + $(awk '{ print int(($1 + $2) * 1000) }' "$BATS_TEST_TMPDIR/client")))
    # Other programs disturb single tries; a real loss shows in each.
    for try in {1..5}; do
        ! loses_no_more_than_processors "$viewers_ms" "$try" || return 0
    done
    false
}

# The CPU time of all of the stack's processes.
stack_cpu_ms() {
    { cat /proc/[0-9]*/stat 2>/dev/null || true; } | awk -v "root=$(pid_of stack)" '
        { name_end = index($0, ") "); split(substr($0, name_end + 2), field, " ")
          split($0, start, " "); parent[start[1]] = field[2]; cpu[start[1]] = field[12] + field[13] }
        END {
            for (pid in cpu) {
                for (at = pid; at in parent && at != root; at = parent[at]);
                if (at == root) total += cpu[pid]
            }
            print total * 10
        }'
}
