#!/usr/bin/env python3
"""A crowd of buyers for the tests, in several scenarios. Counts every reply.

    crowd.py same-item    --url URL --clients 500 --item 4711|any
    crowd.py buy          --url URL --users 1000 --each 10 --connections 64
    crowd.py purchase-all --url URL [--url URL] [--times 20] CODE...
    crowd.py steady       --url URL --connections 32 --seconds 5 [--stop-file FILE]
    crowd.py parallel     --url URL [--url URL] --users 1000 --each 20 --returning 300

URL is http://HOST:PORT or https://HOST[:PORT], or unix:///PATH for one worker's socket (FastCGI). The
connections are spread over several URLs, and over several --source addresses of this host, as web servers
limit each address. Prints one JSON object:

    checkout, purchase   how many replies have each status and outcome, as in {"200": 1, "412 held": 499}
    decided              checkouts whose reply says that they were decided, so the log has them
    retried              replies 503 with Retry-After whose requests were sent again
    unknown, not_sent    requests without a reply, and requests without a connection
    status_5xx           replies from 500 up, including retried ones
    bodies               purchase-all: how many different bodies came with status 200
    slowest_ms           the longest time a reply took

parallel: each user sends --each checkouts of any item at once, on as many connections; checks one of the items out
again, buys one, and asks for another. When the holds have ended, --returning users take a second turn. --at-once users
do so at the same time.

--history FILE writes a line of JSON for each request: kind, user, item, code, sent and answered (seconds since
the epoch), status, outcome and expires_at; status is null without a reply. parallel adds what the checkout was:
"first" of a turn, "own" item, or "bought", after a purchase; and the turn.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import time
from collections import Counter, deque
from urllib.parse import urlencode

from connection import NotSent, Unknown, connection_to

RETRIES_MAX = 30
# Outcomes without a row in the log: the request was malformed, or not decided.
UNDECIDED = ("bad_request", "not_found", "method_not_allowed", "body_too_large",
             "unsupported_body", "too_many_requests", "unavailable", "")


class Crowd:
    """What all connections share: the targets, and the counts of replies."""

    def __init__(self, options):
        self.options = options
        self.counts = {"checkout": Counter(), "purchase": Counter()}
        self.totals = Counter(decided=0, retried=0, unknown=0, not_sent=0, status_5xx=0)
        self.slowest_s = 0.0
        self.bodies = set()
        self.is_stopping = False
        self.history = open(options.history, "w", buffering=1) if options.history else None

    def connections(self, count):
        urls, sources = self.options.url, self.options.source or [None]
        return [connection_to(urls[i % len(urls)], self.options.timeout, sources[i % len(sources)])
                for i in range(count)]

    def record(self, kind, sent, reply, asked, note):
        answered = time.time()
        self.slowest_s = max(self.slowest_s, answered - sent)
        members = reply.members if reply else {}
        if self.history:
            line = {"kind": kind, "user": members.get("user"), "item": members.get("item_id"),
                    "code": members.get("code"), **asked, "sent": sent, "answered": answered,
                    "status": reply.status if reply else None,
                    "outcome": reply.outcome if reply else "unknown",
                    "detail": members.get("detail"), "expires_at": members.get("expires_at"), **note}
            if members.get("item_id"):
                line["item"] = members["item_id"]
            self.history.write(json.dumps(line) + "\n")

    async def ask(self, connection, kind, note=(), **asked):
        """Sends a request, again while the answer is 503 with Retry-After. None: no answer."""
        for _ in range(RETRIES_MAX):
            sent = time.time()
            try:
                reply = await connection.post(f"/{kind}?{urlencode(asked)}")
            except NotSent:
                self.totals["not_sent"] += 1
                await asyncio.sleep(0.05)
                return None
            except Unknown:
                self.totals["unknown"] += 1
                self.record(kind, sent, None, asked, dict(note))
                return None
            self.record(kind, sent, reply, asked, dict(note))
            self.totals["status_5xx"] += reply.status >= 500
            if reply.status != 503 or "retry-after" not in reply.headers or self.is_stopping:
                break
            self.totals["retried"] += 1
            await asyncio.sleep(float(reply.headers["retry-after"]))
        self.counts[kind][f"{reply.status} {reply.outcome}".strip()] += 1
        if kind == "checkout":
            self.totals["decided"] += reply.status == 200 or reply.outcome not in UNDECIDED
        return reply

    async def checkout(self, connection, user, item="any", **note):
        return await self.ask(connection, "checkout", note, user_id=user, id=item)

    async def purchase(self, connection, code):
        return await self.ask(connection, "purchase", code=code)

    def summary(self):
        return {**{kind: dict(sorted(counts.items())) for kind, counts in self.counts.items()},
                **self.totals, "bodies": len(self.bodies),
                "slowest_ms": round(self.slowest_s * 1000)}


async def at_once(connections, requests):
    """Opens all connections first, then sends all requests at the same time."""
    for connection in connections:
        await connection.open()
    return await asyncio.gather(*requests)


async def same_item(crowd):
    options = crowd.options
    connections = crowd.connections(options.clients)
    await at_once(connections, [crowd.checkout(connection, f"{options.prefix}{i}", options.item)
                                for i, connection in enumerate(connections)])


async def purchase_all(crowd):
    codes = crowd.options.codes * crowd.options.times
    connections = crowd.connections(len(codes))
    replies = await at_once(connections, [crowd.purchase(connection, code)
                                          for connection, code in zip(connections, codes)])
    crowd.bodies = {reply.body for reply in replies if reply and reply.status == 200}


async def buy(crowd):
    options = crowd.options
    # Round by round, so that all users' purchases alternate.
    orders = [f"{options.prefix}{user}" for _ in range(options.each)
              for user in range(options.users)]

    async def buy_some(connection):
        while orders:
            user = orders.pop()
            for _ in range(RETRIES_MAX):
                held = await crowd.checkout(connection, user)
                if held and held.status == 200:
                    await crowd.purchase(connection, held.members["code"])
                    break
                # An item that another buyer holds may become free again.
                if held and held.outcome != "held":
                    break
                await asyncio.sleep(0.05)

    await asyncio.gather(*map(buy_some, crowd.connections(options.connections)))


async def steady(crowd):
    options = crowd.options
    ends = time.time() + options.seconds
    loop = asyncio.get_running_loop()

    def stop():
        crowd.is_stopping = True

    loop.add_signal_handler(signal.SIGTERM, stop)
    loop.call_later(options.seconds, stop)

    async def look_for_stop_file():
        while not crowd.is_stopping:
            if options.stop_file and os.path.exists(options.stop_file):
                stop()
            await asyncio.sleep(0.02)

    async def buy_on(number, connection):
        turn = 0
        while not crowd.is_stopping and time.time() < ends:
            turn += 1
            held = await crowd.checkout(connection, f"{options.prefix}{number}-{turn // 8}")
            if held and held.status == 200:
                await crowd.purchase(connection, held.members["code"])
            await asyncio.sleep(options.pause_ms / 1000)

    await asyncio.gather(look_for_stop_file(),
                         *(buy_on(*numbered) for numbered in
                           enumerate(crowd.connections(options.connections))))


async def parallel(crowd):
    options = crowd.options
    waiting = deque((f"{options.prefix}{user}", 1, 0) for user in range(options.users))
    returning = set()

    async def shop(connections, user, turn):
        """One turn of a user; returns when all the holds that were answered have ended."""
        replies = await asyncio.gather(*(crowd.checkout(one, user, what="first", turn=turn) for one in connections))
        held = [reply.members for reply in replies if reply and reply.status == 200]
        until = time.time()
        if held:
            await crowd.checkout(connections[0], user, held[0]["item_id"], what="own", turn=turn)
            bought = await crowd.purchase(connections[-1], held[-1]["code"])
            if bought and bought.status == 200:
                more = await crowd.checkout(connections[0], user, what="bought", turn=turn)
                held += [more.members] if more and more.status == 200 else []
            until += max(members["expires_in"] for members in held)
        return until

    async def serve():
        connections = crowd.connections(options.each)
        while waiting:
            user, turn, ready = waiting.popleft()
            await asyncio.sleep(max(0, ready - time.time()))
            until = await shop(connections, user, turn)
            if turn == 1 and len(returning) < options.returning:
                returning.add(user)
                waiting.append((user, turn + 1, until + 0.5))
        for connection in connections:
            connection.close()

    await asyncio.gather(*(serve() for _ in range(options.at_once)))


def read_options():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--url", action="append", required=True)
    common.add_argument("--source", action="append", metavar="ADDRESS")
    common.add_argument("--history", metavar="FILE")
    common.add_argument("--timeout", type=float, default=30, metavar="SECONDS")
    common.add_argument("--prefix", default="user", help="how users' names begin")
    scenarios = parser.add_subparsers(required=True)

    def scenario(name, run):
        one = scenarios.add_parser(name, parents=[common])
        one.set_defaults(run=run)
        return one

    one = scenario("same-item", same_item)
    one.add_argument("--clients", type=int, default=500)
    one.add_argument("--item", default="any")
    one = scenario("buy", buy)
    one.add_argument("--users", type=int, default=1000)
    one.add_argument("--each", type=int, default=10)
    one.add_argument("--connections", type=int, default=64)
    one = scenario("purchase-all", purchase_all)
    one.add_argument("codes", nargs="+", metavar="CODE")
    one.add_argument("--times", type=int, default=1, help="how often each code is sent")
    one = scenario("steady", steady)
    one.add_argument("--connections", type=int, default=32)
    one.add_argument("--seconds", type=float, default=5)
    one.add_argument("--pause-ms", type=float, default=0, help="between a buyer's rounds")
    one.add_argument("--stop-file", metavar="FILE", help="stop when this file exists")
    one = scenario("parallel", parallel)
    one.add_argument("--users", type=int, default=1000)
    one.add_argument("--each", type=int, default=20, help="checkouts of a user at once")
    one.add_argument("--at-once", type=int, default=10, help="users at once")
    one.add_argument("--returning", type=int, default=300, help="users who come a second time")
    return parser.parse_args()


def main():
    options = read_options()
    crowd = Crowd(options)
    asyncio.run(options.run(crowd))
    json.dump(crowd.summary(), sys.stdout)
    print()


if __name__ == "__main__":
    main()
