#!/usr/bin/env python3
"""Sends a worker a request whose body may differ from its announced length, and prints the answer.

    half.py --socket SOCKET [--end END] [--body TEXT] NAME=VALUE...

The variables are sent before the body (FastCGI 1.0, section 6.2). END is what follows the body: "stdin", its
regular end; "close", a shutdown of the sending side; "abort", FCGI_ABORT_REQUEST and then the regular end;
"gone", a close of the connection, so that there is no answer; "stall", nothing.
"""

import argparse
import socket
import struct

BEGIN, ABORT, PARAMS, STDIN, STDOUT = 1, 2, 4, 5, 6
TIMEOUT_S = 20


def record(kind, content=b""):
    return struct.pack("!BBHHBx", 1, kind, 1, len(content), 0) + content


def pair(text):
    name, _, value = text.encode().partition(b"=")
    return struct.pack("!II", 1 << 31 | len(name), 1 << 31 | len(value)) + name + value


def standard_output(answer):
    output = b""
    while len(answer) >= 8:
        _, kind, _, length, padding = struct.unpack("!BBHHBx", answer[:8])
        if kind == STDOUT:
            output += answer[8:8 + length]
        answer = answer[8 + length + padding:]
    return output


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--socket", required=True)
    parser.add_argument("--end", choices=["stdin", "close", "abort", "gone", "stall"], default="stdin")
    parser.add_argument("--body", default="")
    parser.add_argument("variables", nargs="*")
    options = parser.parse_args()

    # FCGI_KEEP_CONN: the worker must not close the connection after a valid request.
    request = record(BEGIN, struct.pack("!HB5x", 1, 1))
    request += record(PARAMS, b"".join(map(pair, options.variables))) + record(PARAMS)
    if options.body:
        request += record(STDIN, options.body.encode())
    if options.end == "abort":
        request += record(ABORT)
    if options.end in ("stdin", "abort"):
        request += record(STDIN)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(TIMEOUT_S)
        connection.connect(options.socket)
        connection.sendall(request)
        if options.end == "gone":
            return
        if options.end != "stall":
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        while part := connection.recv(65536):
            answer += part
        print(standard_output(answer).decode(), end="")


if __name__ == "__main__":
    main()
