# Shared by the end-to-end tests: a private stack for each file, requests, the rows.
# shellcheck shell=bash

bats_require_minimum_version 1.5.0

# shellcheck source=tests/helper.bash
source "$(dirname "${BASH_SOURCE[0]}")/../helper.bash"

# ---- the stack ------------------------------------------------------------------------------------------

# stack_start [SETTING=VALUE...]: starts a stack for this file, or for this test, which ends it; workers and
# generator get the settings. By default sales last a week, so that none ends during a test, and time limits are
# long, so that a disk that stalls for a second causes no 503.
stack_start() {
    stack_folder
    stack_open "$@"
}

stack_folder() {
    RUN_DIR=$(mktemp --directory /tmp/flashsale-test.XXXX)
    chmod 0755 "$RUN_DIR"
    export RUN_DIR
}

# Starts the stack of RUN_DIR, with its cluster if there is one.
stack_open() {
    local options='-o sale.duration_s=604800 -o sale.hold_s=600' setting try
    options+=' -o worker.wait_ms_max=4500 -o database.statement_ms_max=4000'
    for setting in "$@"; do
        options+=" -o $setting"
    done
    [[ -n ${BATS_TEST_TMPDIR:-} ]] || export FILE_RUN_DIR=$RUN_DIR
    export WORKER_OPTIONS=$options GENERATOR_OPTIONS=$options WORKERS=2
    export GENERATE_EVERY_S=${GENERATE_EVERY_S:-0}
    for try in 1 2 3 4 5; do
        # Lower than the ports that the kernel gives to clients (ip_local_port_range).
        HTTP_PORT=$((RANDOM % 6000 * 2 + 20000))
        HTTPS_PORT=$((HTTP_PORT + 1))
        export HTTP_PORT HTTPS_PORT
        "$TOP/deploy/private/stack" start >"$RUN_DIR/start.out" 2>&1 3>&- && break
        grep --quiet 'in use' "$RUN_DIR/start.out" && [[ $try -lt 5 ]] && continue
        cat "$RUN_DIR/start.out" >&2
        return 1
    done
    export URL=http://127.0.0.1:$HTTP_PORT
}

stack_end() {
    [[ -n ${RUN_DIR:-} ]] || return 0
    "$TOP/deploy/private/stack" clean >/dev/null 2>&1 3>&-
    rm --recursive --force "$RUN_DIR"
}

stack() {
    "$TOP/deploy/private/stack" "$@" 3>&-
}

pid_of() {
    cat "$RUN_DIR/pid/$1"
}

# For every file that starts a stack; a file with functions of its own calls these.
teardown_file() {
    stack_end
}

teardown() {
    after_test
}

after_test() {
    local status=0
    load_stop || status=1
    [[ -n ${RUN_DIR:-} ]] || return 0
    if [[ ${BATS_TEST_COMPLETED:-} == 1 ]]; then
        sound || status=1
    else
        tail --lines=8 "$RUN_DIR"/log/{stack,worker-*,"${WEB_SERVER:-nginx}",generator}.log
    fi
    [[ $RUN_DIR == "$FILE_RUN_DIR" ]] || stack_end
    return "$status"
}

# ---- requests -------------------------------------------------------------------------------------------

# request METHOD TARGET [curl's options]: sets HTTP_STATUS, and leaves headers and body in files.
request() {
    local method=$1 target=$2
    shift 2
    HEADERS=$BATS_TEST_TMPDIR/headers BODY=$BATS_TEST_TMPDIR/body
    : >"$HEADERS"
    : >"$BODY"
    HTTP_STATUS=$(curl --silent --globoff --path-as-is --max-time "$((20 * TEST_SLOWNESS))" --request "$method" \
        --dump-header "$HEADERS" --output "$BODY" --write-out '%{http_code}' "$@" "$URL$target") || true
}

post() {
    request POST "$@"
}

# worker_request WORKER METHOD PATH QUERY [NAME=VALUE...]: asks one worker directly, not through the web server;
# the body, if any, is standard input.
worker_request() {
    local worker=$1 method=$2 path=$3 query=$4
    shift 4
    HEADERS=$BATS_TEST_TMPDIR/headers BODY=$BATS_TEST_TMPDIR/body
    env --ignore-environment PATH="$PATH" REQUEST_METHOD="$method" PATH_INFO="$path" \
        QUERY_STRING="$query" "$@" \
        cgi-fcgi -bind -connect "$RUN_DIR/$worker.sock" >"$BATS_TEST_TMPDIR/output"
    sed '/^\r$/,$d' "$BATS_TEST_TMPDIR/output" >"$HEADERS"
    sed '1,/^\r$/d' "$BATS_TEST_TMPDIR/output" >"$BODY"
    HTTP_STATUS=$(sed --quiet 's/^Status: \([0-9]*\).*/\1/p' "$HEADERS")
}

# Each worker decides checkouts and purchases: their connections to PostgreSQL are there.
workers_decide() {
    local worker
    for worker in worker-1 worker-2; do
        worker_request "$worker" POST /checkout 'user_id=zoe&id=90' </dev/null
        [[ $HTTP_STATUS == 200 || $HTTP_STATUS == 412 ]] || return 1
        worker_request "$worker" POST /purchase 'code=AAAAAQAAAC_AAAAAAAAAAAAAAAAAAAAA' </dev/null
        [[ $HTTP_STATUS == 404 ]] || return 1
    done
}

header() {
    sed --quiet "s/^$1: \\(.*[^\\r]\\)\\r*\$/\\1/Ip" "$HEADERS"
}

# json FILTER: the last body through jq.
json() {
    jq --raw-output "$1" "$BODY"
}

expect() {
    [[ $HTTP_STATUS == "$1" ]] || {
        printf 'expected %s, got %s\n' "$1" "$HTTP_STATUS"
        cat "$HEADERS" "$BODY"
        return 1
    } >&2
}

# expect_problem STATUS OUTCOME: the last reply is this refusal, in the contract's form.
expect_problem() {
    expect "$1"
    same "$(header Content-Type)" application/problem+json
    same "$(json 'keys_unsorted | sort | join(",")')" \
        detail,error,message,outcome,status,success,title,type
    same "$(json .outcome)" "$2"
    same "$(json .type)" "/problems/$2"
    same "$(json .status)" "$1"
    same "$(json .success)" false
    [[ $(json '.title | length') -gt 0 && $(json '.detail | length') -gt 0 ]]
    [[ $(json '.error | length') -gt 0 && $(json '.message | length') -gt 0 ]]
    expect_common_headers
}

expect_common_headers() {
    [[ -n $(header Cache-Control) ]]
    [[ $(header X-Request-Id) =~ ^[A-Za-z0-9._-]{1,64}$ ]]
}

# hold USER [ITEM]: a checkout that must succeed; prints the code.
hold() {
    post "/checkout?user_id=$1&id=${2:-any}"
    expect 200
    json .code
}

# generator [OPTION...]: a second generator for the stack, with sales of a week, too. Call it by run or with &: it
# replaces its subshell (exec), so that $! is its pid.
generator() {
    exec "$BUILD_DIR/flashsale-generator" -c "$TOP/conf/flashsale.conf" \
        -o "database.generator_conninfo=host=$RUN_DIR/postgresql dbname=flashsale user=flashsale_generator" \
        -o sale.duration_s=604800 "$@" 3>&-
}

crowd() {
    "$TOP/tests/client/crowd.py" "$@" 3>&-
}

# load_begin [OPTION...]: buyers check out and purchase until load_end, or the end of the test; their replies are in
# $HISTORY. They ask the web server, or LOAD_URL.
load_begin() {
    HISTORY=$BATS_TEST_TMPDIR/history
    load_file=$BATS_TEST_TMPDIR/stop
    crowd steady --url "${LOAD_URL:-$URL}" --seconds 60 --stop-file "$load_file" --history "$HISTORY" "$@" \
        >"$BATS_TEST_TMPDIR/result" &
    load_pid=$!
    wait_until 3000 test -s "$HISTORY"
    sleep 0.3
}

load_stop() {
    [[ -n ${load_pid:-} ]] || return 0
    touch "$load_file"
    wait "$load_pid" || return
    load_pid=
}

load_end() {
    load_stop
    cat "$BATS_TEST_TMPDIR/result"
    # For the reader of a failed test: which requests got no decision, when and why.
    jq --raw-output 'select(.status == null or .status >= 500) | "\(.answered | todate) \(.kind) \(.status) \(.outcome) \(.detail)"' \
        "$HISTORY" | sort | uniq --count
}

# result FILTER: the counts of the load's buyers, through jq.
result() {
    jq --raw-output "$1" "$BATS_TEST_TMPDIR/result"
}

# sales_go_on COUNT: waits until so many more items are sold.
sales_go_on() {
    wait_until 5000 sold_at_least $(($(sold) + ${1:-50}))
}

sold_at_least() {
    [[ $(sold) -ge $1 ]]
}

# acknowledged_is_sold [BEFORE]: all acknowledged purchases (before that time, in seconds) are in the rows.
acknowledged_is_sold() {
    history_is_sold "$HISTORY" "${1:-null}" sql
}

# ---- the rows -------------------------------------------------------------------------------------------

sql() {
    psql --no-psqlrc --no-align --tuples-only --quiet --set=ON_ERROR_STOP=1 \
        --host="$RUN_DIR/postgresql" --username=postgres --dbname=flashsale --command="$1"
}

open_sale() {
    sql 'SELECT (flashsale.open_sale()).sale_id'
}

sold() {
    sql 'SELECT count(*) FROM flashsale.item WHERE purchased_at IS NOT NULL'
}

# The audit finds nothing in any sale, and /status and /sale/status agree with the rows. (In a teardown bats goes on
# after a command that fails.)
sound() {
    same "$(sql 'SELECT s.sale_id, a.* FROM flashsale.sale s, flashsale.sale_audit(s.sale_id) a
                 LIMIT 10')" '' || return
    wait_until 3000 status_agrees || {
        curl --silent "$URL/status"
        rows_of_status
        return 1
    } >&2
    wait_until 3000 sale_status_agrees || {
        curl --silent "$URL/sale/status"
        rows_of_sale_status
        return 1
    } >&2
}

rows_of_status() {
    sql "WITH s AS (SELECT (flashsale.current_sale()).sale_id),
              a AS (SELECT outcome::text FROM flashsale.attempt JOIN s USING (sale_id)),
              i AS (SELECT * FROM flashsale.item JOIN s USING (sale_id))
         SELECT (SELECT sale_id FROM s),
                (SELECT count(*) FROM a WHERE outcome IN ('accepted', 'repeated')),
                (SELECT count(*) FROM a WHERE outcome NOT IN ('accepted', 'repeated', 'sale_closed')),
                (SELECT count(*) FROM i WHERE purchased_at IS NOT NULL),
                (SELECT count(*) FROM i WHERE purchased_at IS NOT NULL),
                (SELECT count(*) FROM i WHERE purchased_at IS NOT NULL OR held_until > now())"
}

status_agrees() {
    local said
    said=$(curl --silent --max-time 5 "$URL/status" | jq --raw-output '[.sale_id, .successful_checkouts,
        .failed_checkouts, .successful_purchases, .purchased_goods, .scheduled_goods] | join("|")')
    [[ -n $said && $said == "$(rows_of_status)" ]]
}

rows_of_sale_status() {
    sql "WITH s AS (SELECT sale_id, items_total FROM flashsale.current_sale()),
              i AS (SELECT count(*) FILTER (WHERE purchased_at IS NOT NULL) AS sold,
                           count(*) FILTER (WHERE purchased_at IS NULL AND held_until > now()) AS held
                    FROM flashsale.item JOIN s USING (sale_id))
         SELECT (SELECT sale_id FROM s), coalesce((SELECT items_total FROM s), 0), sold, held,
                coalesce((SELECT items_total FROM s), 0) - sold - held FROM i"
}

sale_status_agrees() {
    local said
    said=$(curl --silent --max-time 5 "$URL/sale/status" | jq --raw-output '[.sale_id, .items_total,
        .items_sold, .items_held, .remaining_items] | join("|")')
    [[ -n $said && $said == "$(rows_of_sale_status)" ]]
}
