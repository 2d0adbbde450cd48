#!/usr/bin/env bats
# Workers killed and stopped under load: no acknowledged purchase is lost.

load helper

setup_file() {
    # More than the load can buy during the tests.
    stack_start sale.items_per_sale=200000 sale.sales_ahead=0
}

# ended_with NAME PID: the exit status that the supervisor logged.
ended_with() {
    sed --quiet "s/.* $1 (pid $2) ended with status //p" "$RUN_DIR/log/stack.log"
}

worker_is_back() {
    [[ -e $RUN_DIR/pid/$1 && $(pid_of "$1") != "$2" && -S $RUN_DIR/$1.sock ]]
}

@test "kill -9 of a worker under load: all acknowledged purchases are in the rows, the other worker goes on" {
    load_begin --connections 32 --prefix killed
    for worker in worker-1 worker-2 worker-1; do
        pid=$(pid_of "$worker")
        kill -KILL "$pid"
        sales_go_on
        wait_until 5000 worker_is_back "$worker" "$pid"
        same "$(ended_with "$worker" "$pid")" 137
    done
    load_end
    acknowledged_is_sold
}

@test "kill -9 of a worker: buyers at the other one, without the web server, notice nothing" {
    LOAD_URL=unix://$RUN_DIR/worker-2.sock load_begin --connections 32 --prefix other
    pid=$(pid_of worker-1)
    kill -KILL "$pid"
    sales_go_on
    wait_until 5000 worker_is_back worker-1 "$pid"
    load_end
    same "$(result .unknown+.not_sent+.status_5xx)" 0
    acknowledged_is_sold
}

@test "SIGTERM to a worker under load: no request is lost, exit status 0 within 2 s" {
    load_begin --connections 32 --prefix ended
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
    same "$(result .unknown+.not_sent+.status_5xx)" 0
    acknowledged_is_sold
}

@test "SIGTERM to an idle worker with keep-alive connections: exit status 0 within 2 s" {
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

# The web server sends all requests to the first worker, up to 256 at once for each of its two processes.
@test "a worker that hangs (SIGSTOP): requests beyond its share are answered at once, the rest by the other worker" {
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
