#!/usr/bin/env bats
# Workers killed and stopped under load: nothing that was answered is lost.

load helper

setup_file() {
    # More than a load can buy while the tests last.
    stack_start sale.items_per_sale=200000 sale.sales_ahead=0
}

setup() {
    history=$BATS_TEST_TMPDIR/history
    stop=$BATS_TEST_TMPDIR/stop
}

teardown() {
    touch "$stop"
    [[ -z ${crowd_pid:-} ]] || wait "$crowd_pid" || true
    after_test
}

load_begin() {
    crowd steady --connections 32 --seconds 60 --stop-file "$stop" --history "$history" "$@" \
        >"$BATS_TEST_TMPDIR/result" &
    crowd_pid=$!
    wait_until 3000 test -s "$history"
    sleep 0.3
}

load_end() {
    touch "$stop"
    wait "$crowd_pid"
    crowd_pid=
    # When and why requests were not answered with a verdict, for whoever reads of a failure.
    jq --raw-output 'select(.status == null or .status >= 500) | "\(.answered | todate) \(.kind) \(.status) \(.outcome) \(.detail)"' \
        "$history" | sort | uniq --count
}

told_is_sold() {
    jq --raw-output 'select(.kind == "purchase" and .status == 200) | .item + " " + .user' "$history" |
        sort --unique >"$BATS_TEST_TMPDIR/told"
    sql "SELECT sale_id || '-' || number || ' ' || held_by FROM flashsale.item
         WHERE purchased_at IS NOT NULL" | sort >"$BATS_TEST_TMPDIR/sold"
    [[ -s $BATS_TEST_TMPDIR/told ]]
    same "$(comm -23 "$BATS_TEST_TMPDIR/told" "$BATS_TEST_TMPDIR/sold" | head)" ''
}

sales_go_on() {
    local enough=$(($(sold) + 50))
    more_sold() {
        [[ $(sold) -ge $enough ]]
    }
    wait_until 5000 more_sold
}

# The supervisor's note of how a process ended.
ended_with() {
    sed --quiet "s/.* $1 (pid $2) ended with status //p" "$RUN_DIR/log/stack.log"
}

worker_is_back() {
    [[ -e $RUN_DIR/pid/$1 && $(pid_of "$1") != "$2" && -S $RUN_DIR/$1.sock ]]
}

@test "kill -9 of a worker under load: who was told so has bought, the other worker goes on" {
    load_begin --prefix killed --url "$URL"
    for worker in worker-1 worker-2 worker-1; do
        pid=$(pid_of "$worker")
        kill -KILL "$pid"
        sales_go_on
        wait_until 5000 worker_is_back "$worker" "$pid"
        same "$(ended_with "$worker" "$pid")" 137
    done
    load_end
    told_is_sold
}

@test "kill -9, asked past the web server: the other worker's buyers notice nothing" {
    load_begin --prefix other --url "unix://$RUN_DIR/worker-2.sock"
    pid=$(pid_of worker-1)
    kill -KILL "$pid"
    sales_go_on
    wait_until 5000 worker_is_back worker-1 "$pid"
    load_end
    same "$(jq .unknown+.not_sent+.status_5xx "$BATS_TEST_TMPDIR/result")" 0
    told_is_sold
}

@test "SIGTERM to a worker under load: no request is lost, exit status 0 within 2 s" {
    load_begin --prefix ended --url "$URL"
    for worker in worker-1 worker-2 worker-1 worker-2; do
        pid=$(pid_of "$worker")
        kill -TERM "$pid"
        worker_ended() {
            [[ -n $(ended_with "$worker" "$pid") ]]
        }
        wait_until 2000 worker_ended
        same "$(ended_with "$worker" "$pid")" 0
        wait_until 5000 worker_is_back "$worker" "$pid"
        sales_go_on
    done
    load_end
    same "$(jq .unknown+.not_sent+.status_5xx "$BATS_TEST_TMPDIR/result")" 0
    told_is_sold
}

@test "SIGTERM to an idle worker, its connections kept by the web server: exit status 0 within 2 s" {
    for _ in {1..10}; do
        hold idle >"$BATS_TEST_TMPDIR/code"
    done
    for worker in worker-1 worker-2; do
        pid=$(pid_of "$worker")
        kill -TERM "$pid"
        worker_ended() {
            [[ -n $(ended_with "$worker" "$pid") ]]
        }
        wait_until 2000 worker_ended
        same "$(ended_with "$worker" "$pid")" 0
        wait_until 5000 worker_is_back "$worker" "$pid"
    done
    wait_until 3000 hold idle
}

# The web server sends all to the first worker, up to 256 requests at once for each of its two processes.
@test "a worker that hangs (SIGSTOP): what is beyond its share is answered at once, the rest by the other worker" {
    pid=$(pid_of worker-1)
    kill -STOP "$pid"
    history=$BATS_TEST_TMPDIR/history
    crowd same-item --url "$URL" --clients 700 --item any --prefix hung --timeout 60 \
        --history "$history" >"$BATS_TEST_TMPDIR/result" || failed=1
    kill -CONT "$pid"
    [[ -z ${failed:-} ]]
    same "$(jq .unknown+.not_sent+.status_5xx "$BATS_TEST_TMPDIR/result")" 0
    same "$(jq --compact-output .checkout "$BATS_TEST_TMPDIR/result")" '{"200":700}'
    [[ $(jq .slowest_ms "$BATS_TEST_TMPDIR/result") -lt $((9000 * TEST_SLOWNESS)) ]]
    [[ $(jq 'select(.answered - .sent < 3)' "$history" | jq --slurp length) -ge $((700 - 2 * 256)) ]]
    wait_until 3000 hold late
}
