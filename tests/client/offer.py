#!/usr/bin/env python3
"""Sends checkouts at a steady rate, whatever the answers (an open model), for the tests.

    offer.py --url http://HOST:PORT --rate 2000 --seconds 10 [--prefix NAME]

Each request is for any item, by a new user, on an idle connection or, if none is idle, on a new one. A
request's time counts from when it was due. Prints one JSON object:

    offered          how many requests were sent
    replies          how many replies have each status
    unanswered       requests whose connection was refused or closed, or that got no reply in 20 s
    good_rate        replies 200 per second while requests were sent
    good_ms          how long replies 200 took: p50, p99, max
    refused_ms       how long replies 503 took: p50, p99, max
    no_retry_after   replies 503 without Retry-After
    connections      how many connections were open at once, at most
"""

import argparse
import asyncio
import json
import math
import resource
import time
from collections import Counter
from urllib.parse import urlsplit

PATIENCE_S = 20


class Connection(asyncio.Protocol):
    """One request at a time; calls the offer with its reply."""

    def __init__(self, offer):
        self.offer, self.due, self.received = offer, None, b""
        self.transport = None

    def connection_made(self, transport):
        self.transport = transport

    def ask(self, due, request):
        self.due = due
        self.transport.write(request)

    def data_received(self, data):
        self.received += data
        head, found, body = self.received.partition(b"\r\n\r\n")
        if not found:
            return
        fields = {name.lower(): value.strip() for name, _, value in
                  (line.partition(b":") for line in head.split(b"\r\n")[1:])}
        if b"content-length" in fields:
            is_whole = len(body) >= int(fields[b"content-length"])
        else:
            is_whole = body.endswith(b"0\r\n\r\n")
        if is_whole:
            due, self.due, self.received = self.due, None, b""
            self.offer.replied(self, due, int(head[9:12]), b"retry-after" in fields)

    def connection_lost(self, error):
        self.offer.lost(self, self.due)


class Offer:
    def __init__(self, options):
        self.options, self.url = options, urlsplit(options.url)
        self.replies, self.times = Counter(), {200: [], 503: []}
        self.offered = self.waiting = self.unanswered = self.no_retry_after = 0
        self.connections = self.connections_max = 0
        self.good_in_time = 0
        self.ends = math.inf
        self.idle = []

    def replied(self, connection, due, status, has_retry_after):
        now = time.monotonic()
        self.waiting -= 1
        self.replies[status] += 1
        self.times.setdefault(status, []).append(now - due)
        self.no_retry_after += status == 503 and not has_retry_after
        self.good_in_time += status == 200 and now <= self.ends
        self.idle.append(connection)

    def lost(self, connection, due):
        self.connections -= 1
        if due is not None:
            self.waiting -= 1
            self.unanswered += 1
        elif connection in self.idle:
            self.idle.remove(connection)

    async def ask_on_new_connection(self, due, request):
        try:
            _, connection = await asyncio.get_running_loop().create_connection(
                lambda: Connection(self), self.url.hostname, self.url.port)
        except OSError:
            self.waiting -= 1
            self.unanswered += 1
            return
        self.connections += 1
        self.connections_max = max(self.connections_max, self.connections)
        connection.ask(due, request)

    async def run(self):
        rate, total = self.options.rate, int(self.options.rate * self.options.seconds)
        began, tasks = time.monotonic(), set()
        self.ends = began + self.options.seconds
        while self.offered < total:
            now = time.monotonic()
            while self.offered < total and began + self.offered / rate <= now:
                due = began + self.offered / rate
                request = (f"POST /checkout?user_id={self.options.prefix}{self.offered} HTTP/1.1\r\n"
                           f"Host: {self.url.netloc}\r\nContent-Length: 0\r\n\r\n").encode()
                self.offered += 1
                self.waiting += 1
                if self.idle:
                    self.idle.pop().ask(due, request)
                else:
                    task = asyncio.create_task(self.ask_on_new_connection(due, request))
                    tasks.add(task)
                    task.add_done_callback(tasks.discard)
            await asyncio.sleep(0.001)
        while self.waiting > 0 and time.monotonic() < self.ends + PATIENCE_S:
            await asyncio.sleep(0.01)
        self.unanswered += self.waiting

    def summary(self):
        def times(status):
            sorted_s = sorted(self.times[status]) or [0]
            at = {"p50": 0.5, "p99": 0.99, "max": 1}
            return {name: round(1000 * sorted_s[min(int(share * len(sorted_s)), len(sorted_s) - 1)], 1)
                    for name, share in at.items()}

        return {"offered": self.offered, "replies": dict(self.replies), "unanswered": self.unanswered,
                "good_rate": round(self.good_in_time / self.options.seconds, 1),
                "good_ms": times(200), "refused_ms": times(503),
                "no_retry_after": self.no_retry_after, "connections": self.connections_max}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--prefix", default="offer")
    offer = Offer(parser.parse_args())
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(offer.run())
    print(json.dumps(offer.summary()))


if __name__ == "__main__":
    main()
