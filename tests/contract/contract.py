#!/usr/bin/env python3
"""Sends the requests of tests/contract/contract.txt and holds the replies against it.

    contract.py --url http://HOST:PORT --https-port PORT [--set NAME=VALUE]... SECTION

A section begins with "== SECTION"; its rows are sent in order, each over a connection of its own.
Columns stand between bars; a middle dot in a word means a space, @N the letter x N times, {NAME} what
was saved under that name.

request   METHOD TARGET [form:BODY | json:BODY | body:BODY] [Header:value]..., with HTTPS in front where TLS
          is meant; body has no Content-Type of its own; or WAIT SECONDS. Requests but GET and HEAD have a Content-Length, unless BARE stands in front.
status    one, or several between commas where servers may differ
headers   Name (it is there), Name=value, Name=FROM..TO, Name~part, Name! (it is not there),
          Name!value (it is not that), save:NAME=Header
body      MEMBER=value, MEMBER:type, MEMBER~part, with MEMBER as in item.price or page.0.id;
          keys:a,b (all members of the object, in order), length:MEMBER=N, problem:OUTCOME (a whole refusal;
          without an outcome: any), empty, text~part, save:NAME=MEMBER, keep:NAME and same:NAME (the bytes)
types     string, int, list, code, id, state, time (RFC 3339, UTC), price (two decimals), FROM..TO, time?
          (or null); any other is the string itself

What holds for all replies is looked at in each: Cache-Control and a sane X-Request-Id are there, no header
is twice, a JSON body says so and has no space between its tokens, a HEAD has no body.
"""

import argparse
import http.client
import json
import re
import ssl
import sys
import time
from pathlib import Path

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
    """A reply is not as the table has it."""


class Number(str):
    """A number of a JSON text, as it is written there."""


def require(is_so, what):
    if not is_so:
        raise Wrong(what)


def in_range(text, wanted):
    first, _, last = wanted.partition("..")
    return text.isdigit() and int(first) <= int(text) <= int(last)


def written(value):
    """A value as the JSON text has it, numbers letter by letter."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{written(v)}" for k, v in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)


class Reply:
    def __init__(self, method, response):
        self.method = method
        self.status = response.status
        self.pairs = [(name.lower(), value) for name, value in response.getheaders()]
        self.headers = dict(self.pairs)
        self.body = response.read()

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
            require(int(self.headers["content-length"]) == len(self.body), "Content-Length is wrong")


class Session:
    def __init__(self, options):
        self.options = options
        self.saved = dict(pair.split("=", 1) for pair in options.set)
        self.kept = {}

    def expand(self, text):
        text = re.sub(r"\{(\w+)\}", lambda match: self.saved[match[1]], text)
        text = re.sub(r"@(\d+)", lambda match: "x" * int(match[1]), text)
        return text.replace("·", " ")

    def ask(self, request):
        words = request.split(" ")
        host = self.options.url.removeprefix("http://")
        if words[0] == "HTTPS":
            words.pop(0)
            trust = ssl.create_default_context()
            trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
            connection = http.client.HTTPSConnection(host.partition(":")[0], self.options.https_port,
                                                     timeout=TIMEOUT_S, context=trust)
        else:
            connection = http.client.HTTPConnection(host, timeout=TIMEOUT_S)
        is_bare = words[0] == "BARE"
        method, target, *rest = words[is_bare:]
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
        connection.putrequest(method, self.expand(target), skip_accept_encoding=True)
        if method not in ("GET", "HEAD") and not is_bare:
            headers["Content-Length"] = str(len(body or ""))
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        try:
            connection.send((body or "").encode())
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before the body was sent whole; the reply says why
        reply = Reply(method, connection.getresponse())
        connection.close()
        return reply

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

    def run(self, request, status, headers, body):
        if request.startswith("WAIT "):
            time.sleep(float(request.removeprefix("WAIT ")))
            return
        reply = self.ask(request)
        try:
            require(str(reply.status) in status.split(","), f"status: {reply.status}")
            reply.check_always()
            for term in headers.split():
                self.check_header(reply, term)
            for term in body.split():
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
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("section")
    session = Session(parser.parse_args())
    rows = rows_of(session.options.section)
    failed = 0
    for name, *columns in rows:
        try:
            session.run(*columns)
        except (Wrong, OSError, KeyError, http.client.HTTPException) as error:
            failed += 1
            print(f"{name} | {columns[0]}\n    {error!r}" if not isinstance(error, Wrong)
                  else f"{name} | {columns[0]}\n    {error}", file=sys.stderr)
    print(f"{session.options.section}: {len(rows)} rows, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
