#!/usr/bin/python3
"""Sends the requests of tests/contract/contract.txt and compares the replies with it.

    contract.py --url http://HOST:PORT --https-port PORT [--http 1.1|2] [--set NAME=VALUE]... SECTION

A section begins with "== SECTION"; its rows are sent in order, each over a connection of its own, by HTTP/1.1 without
TLS or by HTTP/2 with TLS. Columns are separated by bars; a middle dot in a word means a space, @N the letter x N times,
{NAME} the value saved under that name.

request   METHOD TARGET [form:BODY | json:BODY | body:BODY] [Header:value]...; body: has no Content-Type.
          Or RAW BYTES, with \\r\\n, \\0 and \\xNN for bytes that a table cannot have; or WAIT SECONDS. Before it
            HTTP/1.1, HTTP/2   only by that version; RAW is HTTP/1.1
            HTTPS     with TLS, by HTTP/1.1, too; PLAIN: without TLS, at the port for TLS
            BARE      without a Content-Length, which all have except GET and HEAD
            STREAM    a body without a Content-Length: chunked, or in frames
            BREAK     the body breaks off before its Content-Length: the stream or the connection ends
status    one, or several with commas where servers may differ; none: the connection or stream is closed
headers   Name (it exists), Name=value, Name=FROM..TO, Name~part, Name! (it is absent),
          Name!value (it has another value), save:NAME=Header
body      MEMBER=value, MEMBER:type, MEMBER~part, with MEMBER as in item.price or page.0.id;
          keys:a,b (all members of the object, in order), length:MEMBER=N, problem:OUTCOME (a whole refusal;
          without an outcome: any), empty, text~part, save:NAME=MEMBER, keep:NAME and same:NAME (the bytes)
types     string, int, list, code, id, state, time (RFC 3339, UTC), price (two decimals), FROM..TO, time?
          (or null); any other is the string itself
200?TERM  in the last two columns: only if the status is 200

Each reply is also checked for what holds for all: it has Cache-Control and a valid X-Request-Id, and no header twice; a
JSON body has its Content-Type and no space between tokens; the reply to a HEAD has no body.
"""

import argparse
import gzip
import http.client
import json
import re
import socket
import ssl
import sys
import time
from pathlib import Path

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions

TIMEOUT_S = 20
TYPES = {
    "string": r'".+"',
    "int": r"-?\d+",
    "list": r"\[.*\]",
    "code": r'"[A-Za-z0-9_-]{22,}"',
    "id": r'"\d+-\d+"',
    "state": r'"(free|held|sold)"',
    "time": r'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"',
    "time?": r'(null|"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")',
    "price": r"\d+\.\d\d",
}
PROBLEM_MEMBERS = ["type", "title", "status", "detail", "outcome", "success", "error", "message"]


class Wrong(Exception):
    """A reply differs from the table."""


class Number(str):
    """A number as written in a JSON text."""


def require(is_so, what):
    if not is_so:
        raise Wrong(what)


def in_range(text, wanted):
    first, _, last = wanted.partition("..")
    return text.isdigit() and int(first) <= int(text) <= int(last)


def written(value):
    """A value as JSON text, numbers as they were written."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{written(v)}" for k, v in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)


class Reply:
    """A reply: `pairs` are the headers in their order, names in lower case."""

    def __init__(self, method, status, pairs, body):
        self.method, self.status, self.pairs, self.body = method, status, pairs, body
        self.headers = dict(pairs)
        self.length = len(body)
        if self.headers.get("content-encoding") == "gzip" and body:
            self.body = gzip.decompress(body)

    def parse(self):
        try:
            return json.loads(self.body, parse_int=Number, parse_float=Number)
        except ValueError as error:
            raise Wrong(f"the body is no JSON: {error}") from error

    def member(self, path):
        value = self.parse()
        for name in path.split("."):
            try:
                value = value[int(name)] if isinstance(value, list) else value[name]
            except (KeyError, IndexError, TypeError, ValueError) as error:
                raise Wrong(f"the body has no {path}") from error
        return value

    def check_always(self):
        names = [name for name, _ in self.pairs]
        for name in set(names):
            require(names.count(name) == 1, f"{name} is there {names.count(name)} times")
        require(self.headers.get("cache-control"), "no Cache-Control")
        require(re.fullmatch(r"[A-Za-z0-9._-]{1,64}", self.headers.get("x-request-id", "")),
                "no sane X-Request-Id")
        if self.method == "HEAD" or self.status == 304:
            require(not self.body, "there is a body")
        elif self.status >= 400 and self.headers.get("content-type") != "application/json":
            require(self.headers.get("content-type") == "application/problem+json",
                    f"Content-Type: {self.headers.get('content-type')}")
        if self.body and self.headers.get("content-type", "").endswith("json"):
            outside = re.sub(rb'"(\\.|[^"\\])*"', b'""', self.body)
            require(not re.search(rb"\s", outside.rstrip(b"\n")), "the JSON is not compact")
            # Compressed on the fly: the length is unknown before.
            if "content-encoding" not in self.headers or "content-length" in self.headers:
                require(int(self.headers["content-length"]) == self.length, "Content-Length is wrong")


# ---- clients ----------------------------------------------------------------------------------------------------


def tls_to(where, protocols):
    trust = ssl.create_default_context()
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    trust.set_alpn_protocols(protocols)
    return trust.wrap_socket(socket.create_connection(where, timeout=TIMEOUT_S), server_hostname=where[0])


def read_reply(connection, method):
    """Reads a reply by HTTP/1.1; None if the connection is closed without one."""
    response = http.client.HTTPResponse(connection, method=method)
    try:
        response.begin()
    except (http.client.RemoteDisconnected, ConnectionResetError):
        return None
    return Reply(method, response.status, [(n.lower(), v) for n, v in response.getheaders()], response.read())


def ask_raw(where, text):
    escapes = {"\\r": "\r", "\\n": "\n", "\\0": "\0"}
    data = re.sub(r"\\x(..)|\\[rn0]", lambda m: chr(int(m[1], 16)) if m[1] else escapes[m[0]], text)
    data = re.sub(r"@(\d+)", lambda match: "x" * int(match[1]), data).encode("latin-1")
    with socket.create_connection(where, timeout=TIMEOUT_S) as connection:
        try:
            connection.sendall(data)
        except OSError:
            pass  # refused before it was sent whole; the reply says why
        return read_reply(connection, "HEAD" if data.startswith(b"HEAD ") else "GET")


def ask_by_1(where, method, target, headers, body, modes):
    connection = http.client.HTTPConnection(*where, timeout=TIMEOUT_S)
    connection.sock = tls_to(where, ["http/1.1"]) if "HTTPS" in modes else \
        socket.create_connection(where, timeout=TIMEOUT_S)
    connection.putrequest(method, target, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    if "STREAM" in modes:
        connection.putheader("Transfer-Encoding", "chunked")
        body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:3], body[3:], b""))
    connection.endheaders()
    try:
        connection.send(body)
        if "BREAK" in modes:
            connection.sock.shutdown(socket.SHUT_WR)
    except (BrokenPipeError, ConnectionResetError):
        pass  # refused before the body was sent whole; the reply says why
    with connection.sock as opened:
        return read_reply(opened, method)


class Stream:
    """One request by HTTP/2 (RFC 9113), on a connection of its own."""

    def __init__(self, connection):
        # Malformed requests must reach the server unchanged.
        self.http = h2.connection.H2Connection(h2.config.H2Configuration(
            header_encoding="latin-1", validate_outbound_headers=False, normalize_outbound_headers=False))
        self.socket = connection
        self.number = None
        self.status, self.pairs, self.body = None, [], b""
        self.is_over = False
        self.http.initiate_connection()
        self.flush()

    def flush(self):
        self.socket.sendall(self.http.data_to_send())

    def begin(self, headers, is_all):
        self.number = self.http.get_next_available_stream_id()
        self.http.send_headers(self.number, headers, end_stream=is_all)
        self.flush()

    def receive(self):
        data = self.socket.recv(65536)
        if not data:
            self.is_over = True
            return
        for event in self.http.receive_data(data):
            if isinstance(event, h2.events.ResponseReceived):
                self.status = int(dict(event.headers)[":status"])
                self.pairs = [(n, v) for n, v in event.headers if not n.startswith(":")]
            elif isinstance(event, h2.events.DataReceived):
                self.body += event.data
                self.http.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded):
                self.is_over = True
            elif isinstance(event, (h2.events.StreamReset, h2.events.ConnectionTerminated)):
                self.is_over = self.is_over or isinstance(event, h2.events.StreamReset) or event.error_code != 0
        self.flush()

    def send(self, data, is_all):
        """Sends all, or stops at an early answer."""
        while not self.is_over:
            size = min(len(data), self.http.local_flow_control_window(self.number), 16384)
            if size or not data:
                part, data = data[:size], data[size:]
                self.http.send_data(self.number, part, end_stream=is_all and not data)
                self.flush()
                if not data:
                    return
            else:
                self.receive()


def ask_by_2(where, method, target, headers, body, modes):
    with tls_to(where, ["h2"]) as connection:
        stream = Stream(connection)
        sent = [(":method", method), (":scheme", "https"), (":authority", f"{where[0]}:{where[1]}"), (":path", target)]
        sent += [(name.lower(), value) for name, value in headers.items()]
        is_all = not body and not modes & {"STREAM", "BREAK"}
        stream.begin(sent, is_all)
        try:
            if "STREAM" in modes:
                time.sleep(0.05)  # for a server that would decide before the body comes
                stream.send(body[:3], False)
                stream.send(body[3:], True)
            elif not is_all:
                stream.send(body, "BREAK" not in modes)
            if "BREAK" in modes and not stream.is_over:
                stream.http.reset_stream(stream.number, h2.errors.ErrorCodes.CANCEL)
                stream.flush()
                return None
            while not stream.is_over:
                stream.receive()
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError, h2.exceptions.StreamClosedError):
            pass  # refused before the body was sent whole; the reply says why
        return Reply(method, stream.status, stream.pairs, stream.body) if stream.status else None


# ---- the table --------------------------------------------------------------------------------------------------


class Session:
    def __init__(self, options):
        self.options = options
        self.saved = dict(pair.split("=", 1) for pair in options.set)
        self.kept = {}

    def expand(self, text):
        text = re.sub(r"\{(\w+)\}", lambda match: self.saved[match[1]], text)
        text = re.sub(r"@(\d+)", lambda match: "x" * int(match[1]), text)
        return text.replace("·", " ")

    def ask(self, words):
        modes = set()
        while words[0] in ("HTTP/1.1", "HTTP/2", "HTTPS", "PLAIN", "BARE", "STREAM", "BREAK"):
            modes.add(words.pop(0))
        host = self.options.url.removeprefix("http://").partition(":")[0]
        if modes & {"HTTPS", "PLAIN"} or self.options.http == "2":
            where = (host, self.options.https_port)
        else:
            where = (host, int(self.options.url.rpartition(":")[2]))
        if words[0] == "RAW":
            return ask_raw(where, " ".join(words[1:]).replace("·", " "))
        method, target, *rest = words
        body, headers = None, {}
        for word in map(self.expand, rest):
            kind, _, value = word.partition(":")
            if kind in ("form", "json", "body"):
                body = value
                if kind != "body":
                    headers["Content-Type"] = {"form": "application/x-www-form-urlencoded",
                                               "json": "application/json"}[kind]
            else:
                headers[kind] = value
        body = (body or "").encode()
        if method not in ("GET", "HEAD") and not modes & {"BARE", "STREAM"}:
            headers["Content-Length"] = str(len(body))
        if "BREAK" in modes:
            headers["Content-Length"] = str(len(body) + 5)
        ask = ask_by_2 if self.options.http == "2" else ask_by_1
        return ask(where, method, self.expand(target), headers, body, modes)

    def check_header(self, reply, term):
        if term.startswith("save:"):
            name, _, header = term.removeprefix("save:").partition("=")
            self.saved[name] = reply.headers[header.lower()]
            return
        name, sign, wanted = re.fullmatch(r"([\w-]+)([=~!]?)(.*)", term).groups()
        wanted = self.expand(wanted)
        value = reply.headers.get(name.lower())
        if sign == "!":
            require(value != wanted if wanted else value is None, f"{name}: {value}")
            return
        require(value is not None, f"no {name}")
        if sign == "~":
            require(wanted in value, f"{name}: {value}")
        elif re.fullmatch(r"\d+\.\.\d+", wanted):
            require(in_range(value, wanted), f"{name}: {value}")
        elif sign == "=":
            require(value == wanted, f"{name}: {value}")

    @staticmethod
    def check_problem(reply, outcome):
        problem = reply.parse()
        require(list(problem) == PROBLEM_MEMBERS, f"members: {list(problem)}")
        require(not outcome or problem["outcome"] == outcome, f"outcome: {problem['outcome']}")
        require(problem["type"] in (f"/problems/{problem['outcome']}", "about:blank"), problem["type"])
        require(problem["status"] == str(reply.status), f"status member: {problem['status']}")
        require(problem["success"] is False, "success is not false")
        for name in ("title", "detail", "error", "message"):
            require(isinstance(problem[name], str) and problem[name], f"{name} is empty")
        require(reply.headers["content-type"] == "application/problem+json", "Content-Type")
        require(reply.headers["cache-control"] == "no-store", "Cache-Control")

    def check_body(self, reply, term):
        if term == "empty":
            require(not reply.body, "the body is not empty")
            return
        name, sign, wanted = re.fullmatch(r"([\w.]+)([=~:])(.*)", term).groups()
        if name == "problem":
            self.check_problem(reply, wanted)
        elif name == "keep":
            self.kept[wanted] = reply.body
        elif name == "same":
            require(reply.body == self.kept[wanted], "the bytes differ")
        elif name == "save":
            key, _, path = wanted.partition("=")
            self.saved[key] = str(reply.member(path))
        elif name == "keys":
            require(",".join(reply.parse()) == wanted, f"members: {','.join(reply.parse())}")
        elif name == "length":
            path, _, length = wanted.partition("=")
            require(len(reply.member(path)) == int(length), f"{path}: {len(reply.member(path))}")
        elif name == "text":
            require(self.expand(wanted) in reply.body.decode(), f"no {wanted} in the body")
        else:
            self.check_member(name, reply.member(name), sign, self.expand(wanted))

    @staticmethod
    def check_member(name, value, sign, wanted):
        text = written(value)
        told = f"{name}: {text}"
        if sign == "~":
            require(wanted in text, told)
        elif sign == "=":
            require(wanted in (text, value), told)
        elif wanted in TYPES:
            require(re.fullmatch(TYPES[wanted], text, re.DOTALL), f"{told}, no {wanted}")
        elif re.fullmatch(r"\d+\.\.\d+", wanted):
            require(in_range(text, wanted), told)
        else:
            require(value == wanted, told)

    @staticmethod
    def terms(column, reply):
        for term in column.split():
            status, mark, conditional = term.partition("?")
            if not (mark and status.isdigit()):
                yield term
            elif int(status) == reply.status:
                yield conditional

    def run(self, request, status, headers, body):
        words = request.split(" ")
        if words[0] == "WAIT":
            time.sleep(float(words[1]))
            return
        only = "HTTP/1.1" if "RAW" in words else next((w for w in words if w.startswith("HTTP/")), None)
        if only not in (None, f"HTTP/{self.options.http}"):
            return
        reply = self.ask(words)
        if reply is None:
            require("none" in status.split(","), "closed without an answer")
            return
        try:
            require(str(reply.status) in status.split(","), f"status: {reply.status}")
            reply.check_always()
            for term in self.terms(headers, reply):
                self.check_header(reply, term)
            for term in self.terms(body, reply):
                self.check_body(reply, term)
        except Wrong as wrong:
            raise Wrong(f"{wrong}\n    {reply.status} {reply.pairs}\n    {reply.body[:500]!r}") from wrong


def rows_of(section):
    rows, current = [], None
    for line in Path(__file__).with_name("contract.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            current = line.removeprefix("== ").strip()
        elif current == section and line.strip() and not line.startswith("#"):
            columns = [column.strip() for column in line.split("|")]
            if len(columns) != 5:
                raise SystemExit(f"not five columns: {line}")
            rows.append(columns)
    if not rows:
        raise SystemExit(f"there is no section {section}")
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--https-port", type=int, required=True)
    parser.add_argument("--http", choices=["1.1", "2"], default="1.1")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("section")
    session = Session(parser.parse_args())
    rows = rows_of(session.options.section)
    failed = 0
    for name, *columns in rows:
        try:
            session.run(*columns)
        except (Wrong, OSError, KeyError, http.client.HTTPException, h2.exceptions.H2Error) as error:
            failed += 1
            print(f"{name} | {columns[0]}\n    {error!r}" if not isinstance(error, Wrong)
                  else f"{name} | {columns[0]}\n    {error}", file=sys.stderr)
    print(f"{session.options.section}: HTTP/{session.options.http}, {len(rows)} rows, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
