#!/usr/bin/env python3
"""A web server that does not read: past the real one, to one worker.

    unread.py SOCKET COUNT READY_FILE keep METHOD PATH [QUERY]
    unread.py SOCKET COUNT READY_FILE end METHOD PATH [QUERY]
    unread.py SOCKET COUNT READY_FILE values

keep: asks on each connection, again and again, until no more replies come, as the socket is full. end: asks once,
on connections that are not to be kept (FastCGI 1.0, section 6.1), and leaves its end open. values: asks what the
worker can (FCGI_GET_VALUES) until nothing more can be written. Nothing is ever read. Then it makes READY_FILE, and
ends once the worker has closed all connections; it prints how many milliseconds that took.
"""

import fcntl
import pathlib
import select
import socket
import struct
import sys
import termios
import time

QUIET_S = 0.5


def record(kind, content=b"", request_id=1):
    return struct.pack("!BBHHBx", 1, kind, request_id, len(content), 0) + content


def pair(name, value):
    return struct.pack("!II", len(name) | 1 << 31, len(value) | 1 << 31) + name.encode() + value.encode()


def request(is_kept, method, path, query=""):
    variables = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "CONTENT_LENGTH": "0"}
    return (record(1, struct.pack("!HB5x", 1, is_kept))
            + record(4, b"".join(pair(*item) for item in variables.items())) + record(4) + record(5))


def unread_bytes(connection):
    return struct.unpack("i", fcntl.ioctl(connection, termios.FIONREAD, b"\0" * 4))[0]


def ask(connection, message):
    """Whether a reply came."""
    before = unread_bytes(connection)
    connection.sendall(message)
    deadline = time.monotonic() + QUIET_S
    while unread_bytes(connection) == before:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.001)
    return True


def fill_with_values(connection):
    connection.settimeout(QUIET_S)
    message = record(9, pair("FCGI_MAX_CONNS", "") + pair("FCGI_MAX_REQS", ""), 0) * 100
    try:
        while True:
            connection.sendall(message)
    except OSError:  # it is full; or given up already
        pass


def main():
    path, count, ready, kind, *what = sys.argv[1:]
    connections = []
    for _ in range(int(count)):
        connections.append(socket.socket(socket.AF_UNIX))
        connections[-1].connect(path)
    for connection in connections:
        if kind == "values":
            fill_with_values(connection)
            continue
        replies = 0
        while ask(connection, request(kind == "keep", *what)):
            replies += 1
            if kind == "end":
                break
        print(f"{replies} replies, {unread_bytes(connection)} bytes unread", flush=True)
    pathlib.Path(ready).touch()

    began = time.monotonic()
    for connection in connections:
        poll = select.poll()
        poll.register(connection, select.POLLRDHUP | select.POLLHUP)
        while not any(events & select.POLLHUP for _, events in poll.poll()):
            time.sleep(0.01)
    print(f"closed after {1000 * (time.monotonic() - began):.0f} ms")


main()
