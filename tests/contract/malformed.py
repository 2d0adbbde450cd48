#!/usr/bin/python3
"""Sends malformed HTTP/1.1, and checks what comes back.

    malformed.py --url http://HOST:PORT [--seed N] [--count N] [--sent-on]

Each case is a valid request in which the seed changes something: method, target, version, headers, lengths, line ends,
bytes. The server may close the connection, or wait for more, or send a reply of the contract, with each header once;
statuses of 400 and above have a problem (RFC 9457). With --sent-on valid requests are answered 308.
"""

import argparse
import json
import random
import re
import socket
import sys
from concurrent.futures import ThreadPoolExecutor

# How long a server may be silent: it waits for more, or for PostgreSQL, which may take longer on this machine.
SILENCE_S = 3
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH", "PROPFIND", "BREW", "get",
           "G\0T", "", "GET GET", "M" * 40]
TARGETS = ["/", "/status", "/checkout?user_id=m&id=99", "/purchase?code=x", "/items?page_num=1", "/items/1", "/www/index.html",
           "/www/", "/www/js", "/metrics", "/-/503", "/-/again", "/nothing", "*", "", "status", "http://a/status",
           "http://b/status", "a:443", "//status", "/../status", "/./status", "/%2e%2e/x", "/status%00", "/status%",
           "/%zz", "/%C3%28", "/status#x", "/a b", "/status?a=%", "/" + "x" * 300, "/?" + "y" * 9000, "/\xff", "/\t"]
VERSIONS = ["HTTP/1.1"] * 6 + ["HTTP/1.0", "HTTP/2.0", "HTTP/3.7", "HTTP/0.9", "HTTP/1.2", "HTTP/1", "HTTP/1.10",
                              "http/1.1", "SMTP/1.0", "HTTP/", "", "HTTP/1.1 x", "HTTP/11.1", "HTTP/-1.1"]
HEADERS = ["Host: a", "Host: a", "Host: b:80", "Host: a b", "Host:", "Host: [::1", "Host: a/b", "Host: \xe4",
           "Connection: keep-alive", "Connection: upgrade", "Upgrade: h2c", "Content-Length: 0", "Content-Length: 5",
           "Content-Length: x", "Content-Length: -1", "Content-Length: 99999999999999999999", "Content-Length: 1, 1",
           "Content-Length: 70000", "Transfer-Encoding: chunked", "Transfer-Encoding: gzip",
           "Transfer-Encoding: chunked, chunked", "Transfer-Encoding:", "Expect: 100-continue", "Expect: tea",
           "Range: bytes=0-1", "Range: bytes=99999-", "Range: x", "If-Match: x", "If-None-Match: *",
           "If-Modified-Since: x", "If-Unmodified-Since: Mon, 01 Jan 2001 00:00:00 GMT", "If-Range: x",
           "Content-Type: text/plain", "Content-Encoding: gzip", "Accept: text/html;q=", "Accept: " + "a," * 2000,
           "X-Request-Id: a b", "X-Request-Id: ok", "Authorization: Basic", "Authorization: x", "Cookie: " + "c" * 7000,
           "X: " + "x" * 9000, "No colon", " Folded: x", ": none", "N\xe9: x", "A B: x", "X: a\0b", "X: \x01", "X" * 500 + ": x",
           "TE: trailers", "Trailer: x", "Via: 1.1 x", "Max-Forwards: 0"]
BODIES = ["", "", "", "id=1", "x" * 5, "0\r\n\r\n", "3\r\nid=\r\n1\r\n1\r\n0\r\n\r\n", "zz\r\n", "5\r\nab", "\0\0\0", "{" * 300]
ENDS = ["\r\n"] * 12 + ["\n", "\r", "\r\n\r\n", "\n\r"]


def make(seed):
    pick = random.Random(seed)
    method = pick.choice(METHODS if pick.random() < 0.3 else METHODS[:3])
    target = pick.choice(TARGETS)
    version = pick.choice(VERSIONS if pick.random() < 0.3 else VERSIONS[:1])
    headers = pick.sample(HEADERS, pick.choice([0, 1, 1, 2, 2, 3]))
    if pick.random() < 0.8:
        headers = ["Host: a"] + [header for header in headers if not header.startswith("Host")]
    headers.append("Connection: close")
    pick.shuffle(headers)
    end = pick.choice(ENDS) if pick.random() < 0.2 else "\r\n"
    text = end.join([" ".join(filter(None, [method, target, version])), *headers, "", pick.choice(BODIES)])
    data = bytearray(text.encode("latin-1"))
    if pick.random() < 0.25:
        for _ in range(pick.choice([1, 1, 2, 5])):
            at = pick.randrange(len(data) or 1)
            change = pick.random()
            if change < 0.4:
                data[at:at + 1] = bytes([pick.randrange(256)])
            elif change < 0.7:
                del data[at:at + pick.choice([1, 1, 20])]
            else:
                data[at:at] = bytes(pick.randrange(256) for _ in range(pick.choice([1, 3])))
    return bytes(data)


def receive(where, data):
    """The bytes that came back, and whether the connection was closed after them."""
    got = b""
    with socket.create_connection(where, timeout=SILENCE_S) as connection:
        try:
            connection.sendall(data)
            while True:
                part = connection.recv(65536)
                if not part:
                    return got, True
                got += part
        except socket.timeout:
            return got, False
        except OSError:
            return got, True


def wrong_with(head, body):
    """What is wrong in one reply, or None."""
    lines = head.decode("latin-1").split("\r\n")
    first = re.fullmatch(r"HTTP/1\.[01] (\d{3})( .*)?", lines[0])
    if not first:
        return "no status line"
    status = int(first[1])
    pairs = [line.partition(":")[::2] for line in lines[1:]]
    names = [name.lower() for name, _ in pairs]
    headers = {name.lower(): value.strip() for name, value in pairs}
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        return f"twice: {twice}"
    if not headers.get("cache-control"):
        return "no Cache-Control"
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", headers.get("x-request-id", "")):
        return "no sane X-Request-Id"
    if status == 405 and headers.get("allow") not in ("POST", "GET, HEAD"):
        return f"Allow: {headers.get('allow')}"
    if status < 400:
        return None
    if headers.get("content-type") != "application/problem+json":
        return f"Content-Type: {headers.get('content-type')}"
    if body is None:
        return None
    try:
        problem = json.loads(body)
    except ValueError:
        return "the body is no JSON"
    if problem.get("status") != status or problem.get("success") is not False or not problem.get("outcome"):
        return "no problem of this status"
    return None


def check(where, seed):
    """None, or what is wrong; and the status."""
    data = make(seed)
    got, is_closed = receive(where, data)
    statuses = []
    while got:
        head, mark, rest = got.partition(b"\r\n\r\n")
        if not mark:
            return f"half a head: {got[:200]!r}", statuses
        status = head[9:12].decode("latin-1")
        statuses.append(status)
        if status == "100":
            got = rest
            continue
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        size = int(length[1]) if length else 0
        # Whether the server read it as a HEAD: then the next reply follows directly, or nothing.
        is_head_alone = status == "304" or size > 0 and (not rest or rest.startswith(b"HTTP/1."))
        what = wrong_with(head, None if is_head_alone else rest[:size])
        if not what and not is_head_alone and len(rest) < size and is_closed:
            what = f"{len(rest)} bytes of {size}"
        if what:
            return f"{what}\n    {data[:300]!r}\n    {head!r} {rest[:300]!r}", statuses
        got = rest if is_head_alone else rest[size:]
    return None, statuses or ["closed" if is_closed else "waits"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--sent-on", action="store_true")
    options = parser.parse_args()
    host, _, port = options.url.removeprefix("http://").partition(":")
    counts, failed = {}, 0
    with ThreadPoolExecutor(32) as threads:
        seeds = [f"{options.seed}-{number}" for number in range(options.count)]
        for seed, (wrong, statuses) in zip(seeds, threads.map(lambda seed: check((host, int(port)), seed), seeds)):
            for status in statuses:
                counts[status] = counts.get(status, 0) + 1
            if wrong:
                failed += 1
                print(f"seed {seed}: {wrong}", file=sys.stderr)
    print(f"seed {options.seed}: {options.count} cases, {failed} failed; {dict(sorted(counts.items()))}")
    # Most cases must be refused, but not all: else the cases test nothing.
    right = "308" if options.sent_on else "200"
    sys.exit(failed > 0 or counts.get(right, 0) == 0 or counts.get("400", 0) == 0)


if __name__ == "__main__":
    main()
