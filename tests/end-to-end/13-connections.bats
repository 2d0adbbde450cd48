#!/usr/bin/env bats
# The web server's connections to a worker: more than it has threads, more than it takes, idle ones, and
# ones that begin a request and do not end it.

load helper

setup_file() {
    stack_start worker.connections_max=8 worker.kept_connections_max=4
}

# idle COUNT WORKER TEXT: opens connections to a worker past the web server, sends TEXT on each, and keeps
# them until the worker has closed all or it is killed. Its id is in `idle_pid`.
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

@test "a crowd of many more than a worker takes at once: all are answered" {
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

@test "idle connections, as many as are taken: others wait until one is closed" {
    idle 8 worker-1 ''
    worker_request worker-1 GET /health '' &
    asking=$!
    sleep 0.3
    kill -0 "$asking"
    kill "$idle_pid"
    wait "$asking"
}

@test "requests that are begun and not ended: the others go on, and these are given up in time" {
    # FCGI_BEGIN_REQUEST without the parameters that must follow.
    idle 3 worker-1 $'\x01\x01'
    for user in eva flo gus hal; do
        sells_in_time "$user"
    done
    within 8000 wait "$idle_pid"
    sells_in_time ida
}
