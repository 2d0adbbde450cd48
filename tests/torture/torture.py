#!/usr/bin/env python3
"""Sales while things go wrong: load, faults picked by a seed, and a check of every answer.

    torture.py [--rounds 10] [--seed 1] [--json FILE] [--tap] [--keep] [--fault NAME]...

A round is a short sale under load, while the nemesis (nemesis.py) causes the faults of its seed. After them the service
must recover by itself, all codes are sent once more, the rest is sold to the last item, and the checker (checker.py)
compares the replies with the rows. A failed round prints what is wrong and keeps its files in
BUILD_DIR/torture/seed-N; a good one leaves none. --tap prints lines for prove. --fault causes these faults instead of
those of the seed. Exit status: 0 if all rounds are good, else 1.
"""

import argparse
import asyncio
import json
import random
import shutil
import signal
import time
from collections import Counter
from dataclasses import asdict, dataclass, field

from checker import Checker
from history import Code, History, now_us
from load import Load
from nemesis import TABLE, Nemesis, possible
from stack import BUILD_DIR, SLOWNESS, WORKERS, Stack, StackError

# So many rounds share a stack. A round's block decides the kind of its stack, also when one round runs alone.
BLOCK = 10
LOAD_S_MIN = 2.2
AFTER_FAULTS_S = 0.4
HEALTHY_S_MAX = 10  # "within seconds"
SELL_S_MAX = 20
CLOCK_SLACK_US_MIN = 500  # less comes from reading the two clocks one after the other
STACK_PROBLEMS = (StackError, OSError)


@dataclass
class Plan:
    """A round's plan, made from its seed."""

    seed: int
    items: int
    hold_s: int
    limit: int
    holds_max: int  # -1: as the limit; 0: no bound
    draw_s: int
    users: int
    connections: int
    impatient_connections: int
    direct: bool  # some buyers ask workers without the web server
    any_share: float
    pause_s: float
    faults: list = field(default_factory=list)  # (seconds, name)

    @classmethod
    def of(cls, seed, faults_possible, only=()):
        chance = random.Random(f"plan {seed}")
        items = chance.randrange(300, 1201, 50)
        plan = cls(seed=seed, items=items, hold_s=chance.choice((1, 1, 2, 3)), limit=3,
                   holds_max=0, draw_s=0,
                   users=items // chance.choice((1, 2, 3)), connections=chance.choice((16, 24, 32)),
                   impatient_connections=0, direct=chance.random() < 0.3,
                   any_share=chance.choice((0.2, 0.5, 0.9)),
                   pause_s=chance.choice((0.01, 0.02, 0.03)))
        plan.holds_max = chance.choice((-1, -1, 0, 1, 2))
        plan.draw_s = chance.choice((0, 0, 0, 1, 2))
        # In as many rounds as there are kinds of faults, each kind comes first once.
        names = [fault.name for fault in faults_possible]
        first = names[seed * 7 % len(names)]
        others = [name for name in names if name != first]
        chosen = [first] + chance.sample(others, chance.choice((0, 1, 1, 2, 3)))
        for name in only or chosen:
            plan.faults.append((round(chance.uniform(0.3, 1.8), 2), name))
            if name == "clients_leave":
                plan.impatient_connections = plan.connections // 2
        plan.faults.sort()
        return plan


@dataclass
class Result:
    seed: int
    faults: list
    requests: int = 0
    purchases: int = 0  # answered 200
    checked: int = 0  # purchases that the checker compared: answered, refused and unknown ones
    unknown: int = 0
    unknown_purchases: int = 0
    unknown_sold: int = 0
    healthy_ms: int = 0
    ms: int = 0
    violations: list = field(default_factory=list)
    error: str = ""  # the test itself failed, and showed nothing

    @property
    def is_good(self):
        return not self.violations and not self.error

    def line(self):
        return (f"seed {self.seed}: {' '.join(self.faults)}; {self.requests} requests, "
                f"{self.purchases} purchases, {self.unknown} unknown, "
                f"well after {self.healthy_ms} ms, {self.ms} ms")


def clock_offset_us():
    return now_us() - time.monotonic_ns() // 1000


class Round:
    def __init__(self, stack, plan):
        self.stack = stack
        self.plan = plan
        by_name = {fault.name: fault for fault in TABLE}
        self.nemesis = Nemesis(stack, plan.seed, [(at, by_name[name]) for at, name in plan.faults])
        self.history = History()
        self.load = Load(plan.seed, self.history)
        self.result = Result(plan.seed, [name for _, name in plan.faults])
        self.url = f"http://127.0.0.1:{stack.http_port}"
        self.sockets = [f"unix://{stack.socket(worker)}" for worker in WORKERS]
        self.rows = None

    async def play(self):
        began = time.monotonic()
        offset_us = clock_offset_us()
        try:
            await self.sale()
            self.rows = self.stack.rows()
            slack_us = abs(clock_offset_us() - offset_us)
            self.rows["clock_slack_us"] = slack_us if slack_us > CLOCK_SLACK_US_MIN else 0
            self.check()
        except STACK_PROBLEMS as error:
            self.result.error = str(error)
        finally:
            # asyncio.wait_for may lose a cancellation: buyers stop by this flag.
            self.load.is_stopping = True
            if self.nemesis.proxy:
                self.nemesis.proxy.kill()
        self.result.ms = round((time.monotonic() - began) * 1000)
        return self.result

    async def sale(self):
        plan, stack = self.plan, self.stack
        stack.fresh_sale(items_per_sale=plan.items, hold_s=plan.hold_s, purchase_limit=plan.limit,
                         holds_max=plan.holds_max, draw_s=plan.draw_s)
        stack.mark_logs()
        self.nemesis.begin()

        urls = [self.url] * 3 + self.sockets if plan.direct else [self.url]
        crowd = asyncio.create_task(self.load.crowd(plan, urls))
        began = time.monotonic()
        await asyncio.to_thread(self.nemesis.run, began)
        ended = max(began + LOAD_S_MIN, time.monotonic() + AFTER_FAULTS_S)
        await asyncio.sleep(ended - time.monotonic())
        self.load.is_stopping = True
        await asyncio.to_thread(self.nemesis.recover)
        await self.be_well()
        await crowd
        if self.nemesis.errors:
            raise StackError("; ".join(self.nemesis.errors))

        await self.load.ask_again(self.url)
        await self.load.sell_the_rest(self.url, SELL_S_MAX * SLOWNESS)
        # Redis, too: workers have had time to reconnect.
        await self.await_all(self.load.says_well, self.sockets, "not all is well, says")
        await asyncio.to_thread(self.nemesis.end)
        self.result.violations += self.nemesis.violations
        error = await asyncio.to_thread(self.nemesis.generate)
        if error:
            self.result.violations.append(("sale_not_whole", error))

    async def be_well(self):
        """Each worker must decide again, by itself and soon."""
        began = time.monotonic()
        await self.await_all(self.load.probe, [*self.sockets, self.url], "nothing is decided by")
        self.result.healthy_ms = round((time.monotonic() - began) * 1000)

    async def await_all(self, is_well, urls, otherwise):
        ends = time.monotonic() + HEALTHY_S_MAX * SLOWNESS
        for url in urls:
            while not await is_well(url):
                if time.monotonic() > ends:
                    self.result.violations.append(
                        ("not_well", f"after {HEALTHY_S_MAX} s {otherwise} {url}"))
                    return
                await asyncio.sleep(0.02)

    def check(self):
        result, requests = self.result, self.history.requests
        self.history.note_lost_tries(self.stack.log_since("nginx.log"))
        result.violations += Checker(self.history, self.rows, self.rows["clock_slack_us"]).check()
        result.violations += self.process_violations()
        purchases = [r for r in requests if r.kind == "purchase"]
        result.requests = len(requests)
        result.checked = len(purchases)
        result.purchases = sum(r.is_accepted for r in purchases)
        result.unknown = sum(r.is_unknown for r in requests)
        sold = {(item["number"], item["secret"]) for item in self.rows["items"]
                if item["purchased_at"] is not None}
        unknown = [r for r in purchases if r.is_unknown]
        result.unknown_purchases = len(unknown)
        codes = [Code.parse(r.code) for r in unknown]
        result.unknown_sold = sum((code.number, code.secret) in sold for code in codes)

    def process_violations(self):
        """Workers that ended by themselves; deadlocks."""
        for line in self.stack.log_since("stack.log"):
            words = line.split()
            if "ended with status" in line and words[1] in WORKERS:
                pid, status = int(words[3].rstrip(")")), words[-1]
                expected = {"0", "137"} | ({"143"} if pid in self.nemesis.ended_young else set())
                if pid not in self.nemesis.ended or status not in expected:
                    yield "worker_died", line
        for line in self.stack.log_since("postgresql.log"):
            if "deadlock detected" in line:
                yield "deadlock", line

    def keep(self):
        """Keeps the files of a failed round."""
        folder = BUILD_DIR / "torture" / f"seed-{self.plan.seed}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.history.save(folder / "history.jsonl")
        (folder / "rows.json").write_text(json.dumps(self.rows))
        (folder / "result.json").write_text(json.dumps(
            {**asdict(self.result), "plan": asdict(self.plan)}, indent=1))
        self.stack.keep_logs(folder)
        return folder


class Torture:
    """The rounds, one after the other, and their results."""

    def __init__(self, options):
        self.options = options
        self.results = []
        self.impossible = {}
        self.stack = None

    def run(self):
        options = self.options
        if options.tap:
            print(f"1..{options.rounds}", flush=True)
        try:
            for number, seed in enumerate(range(options.seed, options.seed + options.rounds), 1):
                if self.stack is None or (seed - 1) % BLOCK == 0:
                    self.renew_stack(seed)
                self.tell(number, *self.round(seed))
        finally:
            self.end_stack()
        self.summarize()
        return all(result.is_good for result in self.results)

    def renew_stack(self, seed):
        self.end_stack()
        block = (seed - 1) // BLOCK
        # Every fourth block is on a real disk; every second one has workers with two batchers of each kind.
        self.stack = Stack(batchers=1 + block % 2, on_small_disk=block % 4 != 3)
        self.stack.start()

    def end_stack(self):
        if self.stack:
            self.stack.end()
        self.stack = None

    def round(self, seed):
        faults, impossible = possible(self.stack)
        self.impossible |= impossible
        one = Round(self.stack, Plan.of(seed, faults, self.options.fault))
        result = asyncio.run(one.play())
        self.results.append(result)
        kept = None
        if self.options.keep or not result.is_good:
            kept = one.keep()
        if not result.is_good:
            # The next round gets a new stack, since the fault may last.
            self.end_stack()
        return result, kept

    def tell(self, number, result, kept):
        sign, decision = ("# ", "" if result.is_good else "not ") if self.options.tap else ("", "")
        prefix = f"{decision}ok {number} - " if self.options.tap else ""
        print(f"{prefix}{result.line()}", flush=True)
        if not result.is_good:
            print(f"{sign}seed {result.seed} failed; its files: {kept}")
            if result.error:
                print(f"{sign}the round could not be played: {result.error}")
            for kind, what in result.violations[:20]:
                print(f"{sign}{kind}: {what[:1000]}")
            for kind, count in Counter(kind for kind, _ in result.violations).items():
                print(f"{sign}{count} x {kind}", flush=True)

    def summary(self):
        results = self.results
        return {
            "rounds": len(results),
            "seeds": [result.seed for result in results],
            "faults": dict(sorted(Counter(name for r in results for name in r.faults).items())),
            "impossible_faults": self.impossible,
            "requests": sum(r.requests for r in results),
            "purchases_checked": sum(r.checked for r in results),
            "purchases_answered": sum(r.purchases for r in results),
            "unknown": sum(r.unknown for r in results),
            "unknown_purchases": sum(r.unknown_purchases for r in results),
            "unknown_purchases_sold": sum(r.unknown_sold for r in results),
            "healthy_ms_max": max((r.healthy_ms for r in results), default=0),
            "violations": dict(Counter(kind for r in results for kind, _ in r.violations)),
            "failed_seeds": [r.seed for r in results if r.violations],
            "not_played_seeds": [r.seed for r in results if r.error],
        }

    def summarize(self):
        summary = self.summary()
        sign = "# " if self.options.tap else ""
        for name, value in summary.items():
            if isinstance(value, dict):
                value = ", ".join(f"{key} {count}" for key, count in value.items()) or "none"
            elif isinstance(value, list):
                value = " ".join(map(str, value)) if name != "seeds" else f"{value[0]}..{value[-1]}"
            print(f"{sign}{name.replace('_', ' ')}: {value}", flush=True)
        if self.options.json:
            with open(self.options.json, "w") as file:
                json.dump(summary, file, indent=1)
                file.write("\n")


def read_options():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1, help="the first round's")
    parser.add_argument("--json", metavar="FILE", help="write the summary there, too")
    parser.add_argument("--tap", action="store_true")
    parser.add_argument("--keep", action="store_true", help="the files of good rounds, too")
    parser.add_argument("--fault", action="append", default=[], metavar="NAME",
                        choices=[fault.name for fault in TABLE])
    options = parser.parse_args()
    if options.rounds < 1 or options.seed < 1:
        parser.error("--rounds and --seed are 1 at least")
    return options


def leave(_signal, _frame):
    raise SystemExit(130)


def main():
    signal.signal(signal.SIGTERM, leave)
    raise SystemExit(0 if Torture(read_options()).run() else 1)


if __name__ == "__main__":
    main()
