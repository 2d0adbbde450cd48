"""Buyers who check out and purchase as people do, and write down the replies."""

import asyncio
import heapq
import random
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "client"))

from connection import NotSent, Unknown, connection_to  # noqa: E402
from history import ANY, Code, Request, now_us  # noqa: E402

PATIENCE_S = 8
NO_CONNECTION_PAUSE_S = 0.03
AT_ONCE = 4  # checkouts of a user who wants more than one item


class Load:
    """A round's buyers. Any of them may use any code, at any time."""

    def __init__(self, seed, history):
        self.seed = seed
        self.history = history
        self.count = 0
        self.is_stopping = False
        self.codes = []  # all codes
        self.used = []  # codes of answered purchases
        self.later = []  # (when, code): a heap of codes that somebody will come back with
        self.not_sent = 0

    async def ask(self, connection, kind, **asked):
        """One request; None without a connection, and so without a request."""
        self.count += 1
        tag = f"s{self.seed}-{self.count}"
        request = Request(id=tag, kind=kind, sent=0, **asked)
        if kind == "checkout":
            item = "any" if request.number == ANY else request.number
            target = f"/checkout?user_id={request.user}&id={item}&request={tag}"
        else:
            target = f"/purchase?code={request.code}&request={tag}"
        try:
            await connection.open()
            request.sent = now_us()
            reply = await connection.post(target)
            request.answered = now_us()
            request.status, request.reply = reply.status, reply.members
        except NotSent:
            self.not_sent += 1
            await asyncio.sleep(NO_CONNECTION_PAUSE_S)
            return None
        except Unknown:
            pass
        self.history.add(request)
        return request

    async def checkout(self, connection, user, number=ANY):
        request = await self.ask(connection, "checkout", user=user, number=number)
        if request and request.is_accepted:
            self.codes.append(request.reply.get("code"))
        return request

    async def purchase(self, connection, code):
        request = await self.ask(connection, "purchase", code=code)
        if request and request.is_accepted:
            self.used.append(code)
        return request

    # ---- during the faults ----

    async def crowd(self, plan, urls):
        await asyncio.gather(*(self.buyer(plan, i, urls) for i in range(plan.connections)))

    async def buyer(self, plan, index, urls):
        chance = random.Random(f"{self.seed} buyer {index}")
        is_impatient = index < plan.impatient_connections
        connection, *others = (connection_to(urls[(index + i) % len(urls)], PATIENCE_S)
                               for i in range(1 + AT_ONCE))
        try:
            while not self.is_stopping:
                if is_impatient:
                    connection.timeout_s = chance.uniform(0.0005, 0.012)
                await self.turn(connection, others, plan, chance)
                await asyncio.sleep(chance.uniform(0, 2 * plan.pause_s))
        finally:
            for one in (connection, *others):
                one.close()

    async def turn(self, connection, others, plan, chance):
        if self.later and self.later[0][0] <= now_us():
            await self.purchase(connection, heapq.heappop(self.later)[1])
            return
        kind = chance.random()
        if kind < 0.06 and self.used:
            await self.purchase(connection, chance.choice(self.used[-50:]))
        elif kind < 0.10 and self.codes:
            # Another buyer's code, or an own one of some time ago: expired by now, or used.
            await self.purchase(connection, chance.choice(self.codes))
        elif kind < 0.12:
            await self.purchase(connection, self.wrong_code(chance))
        elif kind < 0.15:
            user = self.a_user(plan, chance)
            await asyncio.gather(*(self.checkout(one, user, self.wish(plan, chance)) for one in others))
        else:
            await self.shop(connection, plan, chance)

    async def shop(self, connection, plan, chance):
        user = self.a_user(plan, chance)
        held = await self.checkout(connection, user, self.wish(plan, chance))
        if not held or not held.is_accepted:
            return
        code, plans = held.reply.get("code"), chance.random()
        if chance.random() < 0.1 and Code.parse(code):
            # The same item again, also at the bound on holds.
            await self.checkout(connection, user, Code.parse(code).number)
        if plans < 0.25:
            return  # leaves the item to its hold
        if plans < 0.40:
            # In time, or too late.
            due = now_us() + int(chance.uniform(0, 1.5 * plan.hold_s) * 1e6)
            heapq.heappush(self.later, (due, code))
            return
        for _ in range(chance.choice((1, 1, 1, 2, 5))):
            bought = await self.purchase(connection, code)
            # An unknown result is asked for again.
            if bought and not bought.is_unknown:
                break
            await asyncio.sleep(chance.uniform(0, 0.3))
            if self.is_stopping:
                break

    def a_user(self, plan, chance):
        return f"s{self.seed}-u{int(plan.users * chance.random() ** 2)}"

    @staticmethod
    def wish(plan, chance):
        kind = chance.random()
        if kind < plan.any_share:
            return ANY
        if kind > 0.99:
            return plan.items + 1 + chance.randrange(5)
        if kind > 0.85:
            return 1 + chance.randrange(8)  # the popular items
        return 1 + chance.randrange(plan.items)

    def wrong_code(self, chance):
        code = Code.parse(chance.choice(self.codes)) if self.codes else None
        secret = "%032x" % chance.getrandbits(128)
        secret = "-".join((secret[:8], secret[8:12], secret[12:16], secret[16:20], secret[20:]))
        return Code(code.sale_id if code else 1, code.number if code else 1, secret).text()

    # ---- after the faults ----

    async def probe(self, url):
        """Whether the service decides again, tried by a checkout of any item."""
        connection = connection_to(url, 1)
        try:
            request = await self.checkout(connection, f"s{self.seed}-probe")
            return request is not None and not request.is_unknown
        finally:
            connection.close()

    @staticmethod
    async def says_well(url):
        """Whether a worker's /health says that all is well, Redis included."""
        connection = connection_to(url, 2)
        try:
            return (await connection.get("/health")).members.get("status") == "ok"
        except (NotSent, Unknown):
            return False
        finally:
            connection.close()

    async def ask_again(self, url):
        """Sends every code once more: no result may stay unknown."""
        codes = sorted(set(self.codes))

        async def some():
            connection = connection_to(url, PATIENCE_S)
            while codes:
                await self.purchase(connection, codes.pop())
            connection.close()

        await asyncio.gather(*(some() for _ in range(8)))

    async def sell_the_rest(self, url, seconds):
        """New users buy what is left, until all is sold."""
        self.is_stopping = False
        loop = asyncio.get_running_loop()
        ends = loop.time() + seconds

        async def buy(index):
            connection = connection_to(url, PATIENCE_S)
            turn = 0
            while loop.time() < ends:
                turn += 1
                held = await self.checkout(connection, f"s{self.seed}-last{index}-{turn}")
                if held and held.is_accepted:
                    await self.purchase(connection, held.reply.get("code"))
                elif held and held.outcome == "sold_out":
                    break
                else:
                    await asyncio.sleep(0.05)
            connection.close()

        await asyncio.gather(*(buy(index) for index in range(8)))
