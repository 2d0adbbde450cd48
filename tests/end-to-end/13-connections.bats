#!/usr/bin/env bats
# The web server's connections to a worker: more than its threads, more than its limit, idle ones, and ones that begin
# a request and do not end it.

load helper

setup_file() {
    stack_start worker.connections_max=8 worker.keepalive_connections_max=4
}

# idle COUNT WORKER TEXT: opens connections directly to a worker, sends TEXT on each, and keeps them until the worker
# has closed all, or until it is killed. Its pid is in `idle_pid`.
idle() {
    python3 - "$RUN_DIR/$2.sock" "$1" "$3" "$BATS_TEST_TMPDIR/open" 3>&- <<'END' &
import pathlib, socket, sys
path, count, text, ready = sys.argv[1:]
connections = []
for _ in range(int(count)):
    connections.append(socket.socket(socket.AF_UNIX))
    connections[-1].connect(path)
    connections[-1].sendall(text.encode("latin-1"))
pathlib.Path(ready).touch()
for connection in connections:
    connection.recv(1)
END
    idle_pid=$!
    wait_until 5000 test -e "$BATS_TEST_TMPDIR/open"
}

sells_in_time() {
    within 3000 hold "$1" && within 3000 post "/purchase?code=$(json .code)" && expect 200
}

@test "many more clients than a worker's connections: all are answered" {
    result=$(crowd buy --url "$URL" --users 64 --each 5 --connections 64)
    printf '%s\n' "$result"
    same "$(jq .status_5xx+.unknown+.not_sent <<<"$result")" 0
    same "$(sold)" 320
}

@test "idle connections, more than threads: requests go on" {
    idle 6 worker-1 ''
    for user in amy bob cat dan; do
        sells_in_time "$user"
    done
    kill "$idle_pid"
}

@test "idle connections, up to the limit: others wait until one is closed" {
    idle 8 worker-1 ''
    worker_request worker-1 GET /health '' &
    asking=$!
    sleep 0.3
    kill -0 "$asking"
    kill "$idle_pid"
    wait "$asking"
}

@test "unfinished requests: the others go on, and these are closed in time" {
    # FCGI_BEGIN_REQUEST without the parameters that must follow.
    idle 3 worker-1 $'\x01\x01'
    for user in eva flo gus hal; do
        sells_in_time "$user"
    done
    within 8000 wait "$idle_pid"
    sells_in_time ida
}

# unread COUNT ARGUMENT...: a web server with so many connections that reads no reply (tests/client/unread.py): the
# worker sells to others meanwhile, and closes these connections in time.
unread() {
    local count=$1 pid
    shift
    rm --force "$BATS_TEST_TMPDIR/open"
    "$TOP/tests/client/unread.py" "$RUN_DIR/worker-1.sock" "$count" "$BATS_TEST_TMPDIR/open" "$@" 3>&- \
        >"$BATS_TEST_TMPDIR/unread" &
    pid=$!
    wait_until 20000 test -e "$BATS_TEST_TMPDIR/open"
    for user in "$1-${3:-}-ned" "$1-${3:-}-ona" "$1-${3:-}-pia"; do
        sells_in_time "$user"
    done
    within 8000 wait "$pid"
    cat "$BATS_TEST_TMPDIR/unread"
}

@test "unread replies: no batcher waits, and their connections are closed" {
    unread 4 keep POST /checkout 'user_id=deaf&id=9001'
    sells_in_time ria
}

@test "unread replies: no request thread or reading thread waits" {
    unread 4 keep GET /openapi.json
    unread 4 keep GET /items page_size=100
    unread 3 values
    sells_in_time sue
}

@test "connections without keep-alive that the web server does not close: no batcher waits" {
    unread 4 end POST /checkout 'user_id=late&id=9002'
    unread 4 end GET /openapi.json
    sells_in_time tom
}

# At the web server: heads that never end, silent connections, and clients that leave.
@test "slow clients, silent ones and ones that leave without their reply: the others go on" {
    python3 - "$HTTP_PORT" "$BATS_TEST_TMPDIR/open" 3>&- <<'END' &
import pathlib, socket, struct, sys, time
port, ready = int(sys.argv[1]), sys.argv[2]
def connect():
    return socket.create_connection(("127.0.0.1", port))
silent = [connect() for _ in range(200)]
slow = [connect() for _ in range(200)]
for number in range(40):
    for connection in slow:
        try:
            connection.sendall(b"POST /checkout?user_id=slow HTTP/1.1\r\nX-Slow: "[number:number + 1])
        except OSError:
            pass
    # Clients that ask and reset the connection at once.
    for _ in range(20):
        leaving = connect()
        leaving.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        leaving.sendall(b"POST /checkout?user_id=leaving HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        leaving.close()
    pathlib.Path(ready).touch()
    time.sleep(0.1)
END
    slow_pid=$!
    wait_until 5000 test -e "$BATS_TEST_TMPDIR/open"
    for user in jan kim lea max; do
        sells_in_time "$user"
    done
    wait "$slow_pid"
    # No thread and no connection is stuck.
    for worker in worker-1 worker-2; do
        worker_request "$worker" GET /health ''
        expect 200
    done
    result=$(crowd buy --url "$URL" --users 32 --each 5 --connections 64 --prefix later)
    same "$(jq .status_5xx+.unknown+.not_sent <<<"$result")" 0
}
