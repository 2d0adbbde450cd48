#!/usr/bin/env python3
"""A web server that does not read: past the real one, to one worker.

    unread.py SOCKET COUNT READY_FILE keep METHOD PATH [QUERY]
    unread.py SOCKET COUNT READY_FILE end METHOD PATH [QUERY]
    unread.py SOCKET COUNT READY_FILE values

keep: asks on each connection, again and again, until no more replies come, as its socket is full. end: asks once,
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


class Asker:
    """Asks on one connection, whenever a reply came, until the other side closes it."""

    def __init__(self, path, message, is_once):
        self.connection = socket.socket(socket.AF_UNIX)
        self.connection.connect(path)
        self.message = message
        self.is_once = is_once
        self.replies = 0
        self.unread = 0
        self.is_closed = False
        self.closing = select.poll()
        self.closing.register(self.connection, select.POLLRDHUP | select.POLLHUP)
        self.ask()

    def ask(self):
        try:
            self.connection.sendall(self.message)
        except OSError:
            pass  # closed a moment ago
        self.asked = time.monotonic()

    def look(self):
        self.is_closed = any(events & select.POLLHUP for _, events in self.closing.poll(0))
        unread = unread_bytes(self.connection)
        if unread == self.unread:
            return
        self.unread = unread
        self.replies += 1
        if not self.is_once:
            self.ask()

    def is_quiet(self):
        return self.is_closed or (self.replies > 0 and time.monotonic() - self.asked > QUIET_S)


class Flooder(Asker):
    """Asks what nobody need decide, as fast as the other side takes it."""

    def ask(self):
        self.connection.settimeout(QUIET_S)
        try:
            while True:
                self.connection.sendall(self.message)
        except OSError:  # it is full; or given up already
            self.replies = 1
        self.asked = 0

    def look(self):
        self.is_closed = any(events & select.POLLHUP for _, events in self.closing.poll(0))


def main():
    path, count, ready, kind, *what = sys.argv[1:]
    if kind == "values":
        message = record(9, pair("FCGI_MAX_CONNS", "") + pair("FCGI_MAX_REQS", ""), 0) * 100
        askers = [Flooder(path, message, False) for _ in range(int(count))]
    else:
        message = request(kind == "keep", *what)
        askers = [Asker(path, message, kind == "end") for _ in range(int(count))]

    began = None
    while not all(asker.is_closed for asker in askers):
        for asker in askers:
            asker.look()
        if began is None and all(asker.is_quiet() for asker in askers):
            began = time.monotonic()
            print(", ".join(f"{asker.replies} replies, {asker.unread} bytes" for asker in askers), flush=True)
            pathlib.Path(ready).touch()
        time.sleep(0.001)
    print(f"closed after {1000 * (time.monotonic() - began):.0f} ms")


main()
