#!/usr/bin/env bats
# A single worker beside the stack's: with a log that nobody reads, a path in use, no descriptors left, a database or a
# name server that does not answer.

load helper

setup_file() {
    stack_start sale.items_per_sale=20000 sale.sales_ahead=0
}

teardown() {
    local pid
    kill -CONT "$(pid_of redis)" 2>/dev/null || true
    [[ -n ${worker_pid:-} ]] && kill -KILL "$worker_pid" 2>/dev/null
    for pid in "${others[@]}"; do
        kill -KILL "$pid" 2>/dev/null || true
    done
    after_test
}

# worker_command [OPTION...]: sets `command` for a worker at $socket.
worker_command() {
    socket=$RUN_DIR/own.sock
    command=("$BUILD_DIR/flashsale-fcgi" -c "$TOP/conf/flashsale.conf"
        -o "database.worker_conninfo=host=$RUN_DIR/postgresql dbname=flashsale user=flashsale_worker"
        -o "redis.address=unix:$RUN_DIR/redis.sock" -o "worker.listen=$socket" -o metrics.file= "$@")
}

# worker_start [OPTION...]: starts a worker with the log $log.
worker_start() {
    worker_command "$@"
    log=$BATS_TEST_TMPDIR/log
    : >"$log" # without lines of an earlier worker
    "${command[@]}" 2>"$log" 3>&- &
    worker_pid=$!
    wait_until 3000 grep --quiet ready "$log"
}

worker_ends() {
    kill -TERM "$worker_pid"
    wait_until 3000 test ! -e "/proc/$worker_pid/fd/0" || fail "SIGTERM did not end it"
    wait "$worker_pid"
    worker_pid=
}

# worker_begin: the same, with the caller's standard error as its log.
worker_begin() {
    "${command[@]}" 2>"$1" 3>&- 9>&- &
    worker_pid=$!
}

worker_begin_closed() {
    "${command[@]}" 2>&- 3>&- &
    worker_pid=$!
}

is_worker() {
    worker_pid=$!
}

# Ends the last background process with the test.
ends_with_test() {
    others+=("$!")
}

# own METHOD PATH QUERY: asks the single worker.
own() {
    worker_request own "$@" || return
}

own_sells() {
    own POST /checkout "user_id=$1" && [[ $HTTP_STATUS == 200 ]] &&
        own POST /purchase "code=$(json .code)" && [[ $HTTP_STATUS == 200 ]]
}

# ---- the log ----

@test "a log that nobody reads: all is answered, SIGTERM ends it, and lost lines are counted and reported" {
    worker_command -o log.level=debug
    mkfifo "$BATS_TEST_TMPDIR/pipe"
    sleep 60 <>"$BATS_TEST_TMPDIR/pipe" 3>&- & # keeps the pipe open without reading
    ends_with_test
    worker_begin "$BATS_TEST_TMPDIR/pipe"
    wait_until 3000 own_sells first
    result=$(crowd buy --url "unix://$socket" --users 400 --each 3 --connections 16)
    same "$(jq .status_5xx+.unknown+.not_sent <<<"$result")" 0
    own GET /metrics ''
    [[ $(sed --quiet 's/^flashsale_log_lines_lost_total //p' "$BODY") -gt 0 ]]
    # A later reader gets the report.
    timeout 1 cat "$BATS_TEST_TMPDIR/pipe" >"$BATS_TEST_TMPDIR/read" || true
    grep --quiet 'lines of this log were lost' "$BATS_TEST_TMPDIR/read"
    result=$(crowd buy --url "unix://$socket" --users 400 --each 3 --connections 16 --prefix more)
    same "$(jq .status_5xx+.unknown+.not_sent <<<"$result")" 0
    within 3500 worker_ends
}

@test "a log without a reader, a full disk, a closed standard error: sales go on" {
    mkfifo "$BATS_TEST_TMPDIR/pipe"
    worker_command -o log.level=debug
    for to in "$BATS_TEST_TMPDIR/pipe" /dev/full -; do
        if [[ $to == - ]]; then
            worker_begin_closed
        elif [[ $to == /dev/full ]]; then
            worker_begin "$to"
        else
            exec 9<>"$to"
            worker_begin "$to"
            sleep 0.2
            exec 9>&-
        fi
        wait_until 3000 own_sells amy
        if [[ $to == - ]]; then
            same "$(readlink "/proc/$worker_pid/fd/2")" /dev/null
        fi
        result=$(crowd buy --url "unix://$socket" --users 20 --each 3 --connections 8 --prefix "to${#to}")
        same "$(jq .status_5xx+.unknown+.not_sent <<<"$result")" 0
        within 3500 worker_ends
    done
}

# libpq prints notices that a server sends while a session begins.
@test "what a library prints becomes a line of the log" {
    sql "ALTER DATABASE flashsale SET default_text_search_config = 'nothing'"
    worker_start
    wait_until 3000 own_sells amy
    wait_until 3000 grep --quiet '^<4>flashsale-fcgi: .*default_text_search_config' "$log"
    sql 'ALTER DATABASE flashsale RESET default_text_search_config'
    worker_ends
}

@test "a password file that is a pipe without a writer: the worker runs without Redis" {
    mkfifo "$BATS_TEST_TMPDIR/password"
    worker_start -o "redis.password_file=$BATS_TEST_TMPDIR/password"
    wait_until 5000 own_sells amy
    grep --quiet 'the password file cannot be read' "$log"
    worker_ends
}

# ---- the socket ----

refused_at() {
    local said status=0
    said=$(timeout 10 "${command[@]}" -o "worker.listen=$1" 2>&1 3>&-) || status=$?
    same "$status" 1
    [[ $said == *"worker.listen = $1: $2"* ]] || fail "$said"
}

@test "worker.listen at a file, a folder, an impossible path, a path in use: refused, and unchanged" {
    worker_start
    printf 'precious\n' >"$BATS_TEST_TMPDIR/file"
    refused_at "$BATS_TEST_TMPDIR/file" 'there is something that is no socket'
    same "$(cat "$BATS_TEST_TMPDIR/file")" precious
    ln --symbolic "$BATS_TEST_TMPDIR/file" "$BATS_TEST_TMPDIR/link"
    refused_at "$BATS_TEST_TMPDIR/link" 'there is something that is no socket'
    refused_at "$BATS_TEST_TMPDIR" 'there is something that is no socket'
    refused_at /nonexistent/folder/socket '/nonexistent/folder: No such file or directory'
    for path in "$socket" "$RUN_DIR/worker-1.sock"; do
        refused_at "$path" 'another process listens there'
    done
    # A hanging worker still has its path.
    kill -STOP "$worker_pid"
    refused_at "$socket" 'another process listens there'
    kill -CONT "$worker_pid"
    own_sells amy
    # A dead one does not: its successor starts at once.
    kill -KILL "$worker_pid"
    wait "$worker_pid" || true
    [[ -S $socket ]]
    worker_start
    own_sells bob
    worker_ends
}

tilde_sells() {
    result=$(crowd buy --url "unix://$RUN_DIR/own.soc~" --users 1 --each 1 --connections 1 --prefix tilde)
    [[ $(jq .status_5xx+.unknown+.not_sent <<<"$result") == 0 ]]
}

# A worker binds a temporary path first, with a tilde as its last byte.
@test "worker.listen beside a path in use: that one stays, whatever the names of both" {
    worker_command
    "${command[@]}" -o "worker.listen=$RUN_DIR/own.soc~" 2>"$BATS_TEST_TMPDIR/log-1" 3>&- &
    ends_with_test
    wait_until 3000 grep --quiet ready "$BATS_TEST_TMPDIR/log-1"
    run -1 timeout 3 "${command[@]}"
    [[ $output == *"worker.listen = $RUN_DIR/own.soc~: another process listens there"* ]]
    wait_until 3000 tilde_sells
}

@test "several workers that start at one path at once: one listens, the others say that it does" {
    worker_command
    for number in {1..6}; do
        "${command[@]}" 2>"$BATS_TEST_TMPDIR/log-$number" 3>&- &
        ends_with_test
    done
    wait_until 5000 own_sells amy
    sleep 0.5
    same "$(cat "$BATS_TEST_TMPDIR"/log-? | grep --count ready)" 1
    same "$(cat "$BATS_TEST_TMPDIR"/log-? | grep --count 'another process listens there')" 5
    same "$(find "$RUN_DIR" -maxdepth 1 -name 'own.soc*')" "$socket"
}

# ---- descriptors ----

cpu_ticks() {
    local -a fields
    read -r -a fields <"/proc/$worker_pid/stat"
    printf '%s' "$((fields[13] + fields[14]))"
}

@test "no descriptors left, and no connection open: it says so, does not spin, and accepts connections once it can" {
    worker_start
    own_sells amy
    sleep 0.2
    descriptors=0 # in use from 0 without a gap; more may follow after a gap
    while [[ -L /proc/$worker_pid/fd/$descriptors ]]; do
        descriptors=$((descriptors + 1))
    done
    prlimit --pid "$worker_pid" --nofile="$descriptors:1024"
    own GET /health '' &
    asking=$!
    sleep 0.3
    before=$(cpu_ticks)
    sleep 1
    spent=$(($(cpu_ticks) - before))
    kill -0 "$asking"
    [[ $spent -lt 30 ]] || fail "$spent ticks of the processor in a second"
    same "$(grep --count 'no more for now: Too many open files' "$log")" 1
    prlimit --pid "$worker_pid" --nofile=1024:1024
    wait "$asking"
    own_sells bob
    worker_ends
}

# ---- PostgreSQL's host ----

# silent_at ADDRESS: accepts connections and never sends anything.
silent_at() {
    python3 - "$1" 3>&- <<'END' &
import socket, sys, time
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen(64)
time.sleep(60)
END
    ends_with_test
    wait_until 3000 test -S "$1"
}

@test "PostgreSQL's host does not answer: constants are answered, the rest is refused at once, SIGTERM ends it" {
    mkdir "$BATS_TEST_TMPDIR/away"
    silent_at "$BATS_TEST_TMPDIR/away/.s.PGSQL.5432"
    worker_start -o "database.worker_conninfo=host=$BATS_TEST_TMPDIR/away dbname=flashsale user=flashsale_worker"
    # During the first attempts to connect, and after them.
    for round in 1 2; do
        for path in /openapi.json / /problems/held; do
            within 400 own GET "$path" ''
            expect 200
        done
        [[ $round == 2 ]] || sleep 2.5
    done
    for path in /items /sales /items /sales /status; do
        within 1000 own GET "$path" ''
        expect_problem 503 unavailable
    done
    within 400 own GET /health ''
    expect 503
    same "$(json .status)" down
    within 400 own POST /checkout user_id=amy
    expect_problem 503 unavailable
    within 2500 worker_ends
}

# A server becomes read-only, since another one took over: its sessions live on.
@test "another server takes over, and the old one is read-only: a batcher moves to the new one, and sells" {
    as_postgresql=()
    [[ $EUID -ne 0 ]] || as_postgresql=(setpriv --reuid=postgres --regid=postgres --init-groups)
    other=$RUN_DIR/other
    install --directory --mode=0700 "$other"
    [[ $EUID -ne 0 ]] || chown postgres: "$other"
    "${as_postgresql[@]}" "$(pg_config --bindir)/pg_basebackup" --host="$RUN_DIR/postgresql" --username=postgres \
        --pgdata="$other/data" --checkpoint=fast
    "${as_postgresql[@]}" "$(pg_config --bindir)/postgres" -D "$other/data" -c listen_addresses= \
        -c unix_socket_directories="$other" >"$BATS_TEST_TMPDIR/other.log" 2>&1 3>&- &
    other_pid=$!
    ends_with_test
    wait_until 10000 pg_isready --host="$other"
    hosts=host=$RUN_DIR/postgresql,$other
    worker_start -o "database.worker_conninfo=$hosts dbname=flashsale user=flashsale_worker"
    own_sells amy
    before=$(sold)
    sql 'ALTER SYSTEM SET default_transaction_read_only = on'
    sql 'SELECT pg_reload_conf()'
    wait_until 3000 own_sells bob
    result=$(crowd buy --url "unix://$socket" --users 10 --each 3 --connections 4)
    same "$(jq .status_5xx+.unknown+.not_sent <<<"$result")" 0
    same "$(sold)" "$before"
    own GET /health ''
    expect 200
    worker_ends
    export PGOPTIONS='-c default_transaction_read_only=off'
    sql 'ALTER SYSTEM RESET default_transaction_read_only'
    sql 'SELECT pg_reload_conf()'
    unset PGOPTIONS
    kill -INT "$other_pid"
    wait "$other_pid"
}

# ---- a name server ----

@test "a name server that does not answer: no buyer waits for it, and SIGTERM ends the worker" {
    [[ $EUID -eq 0 ]] || skip 'a resolver of its own needs root'
    python3 - "$BATS_TEST_TMPDIR/deaf" 3>&- <<'END' &
import pathlib, socket, sys, time
deaf = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
deaf.bind(("127.0.0.77", 53))
pathlib.Path(sys.argv[1]).touch()
time.sleep(60)
END
    ends_with_test
    wait_until 3000 test -e "$BATS_TEST_TMPDIR/deaf"
    printf 'nameserver 127.0.0.77\n' >"$BATS_TEST_TMPDIR/resolv.conf"
    worker_command -o redis.address=redis.flashsale.example:6379
    log=$BATS_TEST_TMPDIR/log
    # shellcheck disable=SC2016
    unshare --mount sh -c 'mount --bind "$0" /etc/resolv.conf && exec "$@"' "$BATS_TEST_TMPDIR/resolv.conf" \
        "${command[@]}" 2>"$log" 3>&- &
    is_worker
    wait_until 3000 own_sells first
    result=$(crowd buy --url "unix://$socket" --users 60 --each 3 --connections 4)
    same "$(jq .status_5xx+.unknown+.not_sent <<<"$result")" 0
    [[ $(jq .slowest_ms <<<"$result") -lt $((1000 * TEST_SLOWNESS)) ]]
    within 400 own GET /health ''
    same "$(json '[.status, .redis] | join(" ")')" 'degraded down'
    within 2500 worker_ends
}

# ---- Redis ----

@test "Redis hangs, with a time limit of ten seconds: no buyer waits for it, and SIGTERM ends the worker" {
    worker_start -o redis.timeout_ms=10000
    wait_until 3000 own_sells first
    kill -STOP "$(pid_of redis)"
    for number in {1..10}; do
        within 3000 own_sells "buyer$number"
        own POST /checkout "user_id=late&id=$(json .item_id)"
        expect_problem 412 sold
    done
    result=$(crowd buy --url "unix://$socket" --users 60 --each 3 --connections 4 --prefix hung)
    same "$(jq .status_5xx+.unknown+.not_sent <<<"$result")" 0
    [[ $(jq .slowest_ms <<<"$result") -lt $((1000 * TEST_SLOWNESS)) ]]
    within 2500 worker_ends
    kill -CONT "$(pid_of redis)"
}

redis_goes() {
    case $1 in
    KILL | STOP) kill "-$1" "$(pid_of redis)" ;;
    READONLY) redis-cli -s "$RUN_DIR/redis.sock" replicaof 127.0.0.1 1 ;;
    esac
}

redis_comes() {
    case $1 in
    KILL) stack start-part redis ;;
    STOP) kill -CONT "$(pid_of redis)" ;;
    READONLY) redis-cli -s "$RUN_DIR/redis.sock" replicaof no one ;;
    esac
}

own_is_refused() {
    own POST /checkout "user_id=$1" && [[ $HTTP_STATUS == 503 ]]
}

# With Redis up it sells from the first request on.
@test "redis.fail_open = false: refused from the moment that Redis is killed, hangs or is read-only" {
    worker_start -o redis.fail_open=false
    own_sells zoe
    for how in KILL STOP READONLY; do
        redis_goes "$how"
        # Killed: as soon as the worker's thread has had its turn. Hanging: within one and a quarter of
        # redis.timeout_ms, 50 ms. Read-only: in a second.
        case $how in
        KILL) wait_until 500 own_is_refused early ;;
        STOP) sleep 0.17 ;;
        READONLY) wait_until 1500 own_is_refused early ;;
        esac
        for number in {1..20}; do
            own POST /checkout "user_id=late$number"
            expect_problem 503 unavailable
            [[ $how != STOP || $number -lt 10 ]] || break
        done
        redis_comes "$how"
        wait_until 10000 own_sells "zoe$how"
    done
    worker_ends
}

@test "redis.fail_open = false, without Redis from the start: the worker runs and refuses, and sells once Redis is up" {
    kill -STOP "$(pid_of redis)"
    worker_start -o redis.fail_open=false
    own_is_refused early
    kill -CONT "$(pid_of redis)"
    wait_until 10000 own_sells zoe
    worker_ends
}
