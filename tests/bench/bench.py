#!/usr/bin/env python3
"""Measures the sale: against an empty FastCGI worker, and against itself under other conditions.

    tests/bench/bench.py [CASE...]      all cases, or some: flow, storm, any, sellout, fair, plain, redis,
                                        tls, readers, pace, growth

Everything runs on this machine, the client (wrk), too. Compared sides run in turn and repeatedly, A B A B; a figure is
a median with its least and greatest value. The first round warms up and does not count. A table goes to the terminal,
figures.json and chart.svg to RUN_DIR/bench.

If the answers are not those that a case expects, it prints what they were, stops, and exits with 1.

Environment: RUN_DIR (run), BUILD_DIR (build), ROUNDS (5), SECONDS_EACH (5), HTTP_PORT (18080) and
the next seven.
"""

import contextlib
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import time
import datetime

import chart
from stacks import MANY, OUT, SALE, Empty, Stack, Wrong, cpu_ms, resident_kib

ROUNDS = int(os.environ.get("ROUNDS") or 5)
SECONDS = int(os.environ.get("SECONDS_EACH") or 5)
PORT = int(os.environ.get("HTTP_PORT") or 18080)
HERE = pathlib.Path(__file__).resolve().parent
# With fewer answers a connection there was no load.
LEAST_EACH = 5


def check_answers(target, script, connections, expected, result, decided):
    """Whether the answers are the expected ones; `decided`: how many PostgreSQL decided meanwhile."""
    requests, refused, errors = result["requests"], result["refused"], result["errors"]
    came = f"{script} at {target.name}: of {requests} answers {refused} were refusals, errors besides: {errors}"
    if errors:
        raise Wrong(f"{came}; none should be errors")
    if requests < LEAST_EACH * connections:
        raise Wrong(f"{came}; these are too few for {connections} connections")
    if expected == "accepted" and refused:
        raise Wrong(f"{came}; none should be refusals")
    if expected == "refused" and refused != requests:
        raise Wrong(f"{came}; all should be refusals")
    # Requests in flight at the client's end were decided, too.
    if decided is not None and not requests <= decided <= requests + connections:
        raise Wrong(f"{came}; but the sale decided {decided}")


def load(target, script, connections, seconds, environment=None, tls=False, path="/", expected="accepted"):
    """One run of the client: rate, latencies in ms, CPU microseconds a request by part.

    `expected`: "accepted" or "refused", if all answers are; "decided", if some are the one and some the other; "read",
    if nothing is decided. Other answers, and answers without a decision in PostgreSQL, raise Wrong."""
    parts = target.pids
    pids = [pid for some in parts.values() for pid in some]
    scheme, port = ("https", target.port + 1) if tls else ("http", target.port)
    decided_before = target.decided()
    before = cpu_ms(pids)
    # The client gets the same share of the processors as what it measures (see deploy/private/stack).
    output = subprocess.run(
        ["chrt", "--batch", "0", "wrk", "--threads", "2", "--connections", str(connections),
         "--duration", f"{seconds}s", "--script", HERE / script,
         f"{scheme}://127.0.0.1:{port}{path}"],
        env={**os.environ, "LUA_PATH": f"{HERE}/?.lua;;", "RUN_NAME": f"r{time.monotonic_ns()}",
             **(environment or {})},
        check=True, stdout=subprocess.PIPE, text=True).stdout
    after = cpu_ms(pids)
    decided = target.decided()
    line = next(line for line in output.splitlines() if line.startswith("RESULT"))
    requests, duration_us, p50, p99, p999, refused, errors = map(int, line.split()[1:])
    check_answers(target, script, connections, "accepted" if expected == "read" else expected,
                  {"requests": requests, "refused": refused, "errors": errors},
                  None if decided is None or expected == "read" else decided - decided_before)
    return {
        "rate": requests * 1e6 / duration_us,
        "p50_ms": p50 / 1e3, "p99_ms": p99 / 1e3, "p999_ms": p999 / 1e3,
        "refused": refused, "errors": errors,
        "cpu_us": {part: sum(after[pid] - before[pid] for pid in some) * 1e3 / max(requests, 1)
                   for part, some in parts.items()},
        "workers_rss_kib": sum(resident_kib(pid) for pid in parts["workers"]),
    }


def middle(values):
    values = list(values)
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


class Report:
    """Prints each result as a line for each side, and writes all to a file."""

    def __init__(self):
        self.cases = []

    def add(self, case, title, sides, ratio_of=None, limit=None, note=None):
        """`sides`: runs by name. `ratio_of`: (a, b), whose rates are divided run by run."""
        entry = {"case": case, "title": title, "sides": {}, "note": note}
        for name, runs in sides.items():
            entry["sides"][name] = {
                **{key: middle(run[key] for run in runs)
                   for key in ("rate", "p50_ms", "p99_ms", "p999_ms")},
                "refused": sum(run["refused"] for run in runs),
                "errors": sum(run["errors"] for run in runs),
                "workers_rss_kib": max(run["workers_rss_kib"] for run in runs),
                "cpu_us": {part: statistics.median(run["cpu_us"][part] for run in runs)
                           for part in runs[0]["cpu_us"]},
            }
        if ratio_of:
            a, b = (sides[name] for name in ratio_of)
            self.ratio(entry, ratio_of, [x["rate"] / y["rate"] for x, y in zip(a, b)], limit)
        self.tell(entry)

    def figure(self, case, title, what, values, limit=None, is_most=False, note=None):
        """A ratio of something other than rates, or another number."""
        entry = {"case": case, "title": title, "sides": {}, "note": note}
        self.ratio(entry, what, values, limit, is_most)
        self.tell(entry)

    def rates(self, case, title, sides, ratio_of, limit=None):
        """A further ratio of the rates of sides that were added."""
        a, b = (sides[name] for name in ratio_of)
        self.figure(case, title, ratio_of, [x["rate"] / y["rate"] for x, y in zip(a, b)], limit)

    def ratio(self, entry, what, values, limit, is_most=False):
        entry["ratio"] = {"of": what, **middle(values), "limit": limit, "is_most": is_most}

    def tell(self, entry):
        self.cases.append(entry)
        print(f"\n{entry['title']}")
        for name, side in entry["sides"].items():
            cpu = " ".join(f"{part} {value:.1f}" for part, value in side["cpu_us"].items())
            rate = side["rate"]
            print(f"  {name:16s} {rate['median']:7.0f}/s ({rate['min']:.0f} to {rate['max']:.0f})"
                  f"  p50 {side['p50_ms']['median']:.1f} p99 {side['p99_ms']['median']:.1f}"
                  f" p99.9 {side['p999_ms']['median']:.1f} ms  CPU us: {cpu}"
                  f"  refused {side['refused']} errors {side['errors']}"
                  f"  {side['workers_rss_kib'] / 1024:.0f} MiB")
        if "ratio" in entry:
            ratio = entry["ratio"]
            limit = ratio["limit"]
            word = "" if limit is None else f"; {'at most' if ratio['is_most'] else 'at least'} {limit}"
            what = ratio["of"] if isinstance(ratio["of"], str) else " / ".join(ratio["of"])
            print(f"  {what}: {ratio['median']:.3f} ({ratio['min']:.3f} to {ratio['max']:.3f}){word}")
        if entry["note"]:
            print(f"  {entry['note']}")
        sys.stdout.flush()

    def write(self):
        OUT.mkdir(parents=True, exist_ok=True)
        figures = {"machine": f"{os.cpu_count()} cores, Linux {os.uname().release}",
                   "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
                   "rounds": ROUNDS, "seconds_each": SECONDS, "cases": self.cases}
        (OUT / "figures.json").write_text(json.dumps(figures, indent=1) + "\n")
        (OUT / "chart.svg").write_text(chart.draw(figures))
        print(f"\n{OUT}/figures.json, {OUT}/chart.svg")


def in_turn(sides, rounds=None):
    """Runs each side (a function of the seconds) in turn; the first round warms up."""
    runs = {name: [] for name in sides}
    for number in range((rounds or ROUNDS) + 1):
        for name, run in sides.items():
            result = run(SECONDS if number else 2)
            if number:
                runs[name].append(result)
    return runs


# ---- cases --------------------------------------------------------------------------------------


def flow_by_number(stack, connections, seconds, environment=None, **more):
    """Checkout and purchase, each item once; the sale is reset when it has too few items left."""
    count = 50_000 * seconds
    if stack.next_number + count > MANY:
        stack.begin_anew()
    environment = {**(environment or {}), "ITEMS": stack.numbers(count)}
    return load(stack, "flow.lua", connections, seconds, environment, **more)


def flow(report):
    with Stack("stack", PORT) as stack, Empty(stack, PORT + 2) as empty:
        for connections, limit in ((64, 0.7), (256, 0.8)):
            runs = in_turn({
                "empty worker": lambda s: load(empty, "flow.lua", connections, s, {"ITEMS": "1 1000000"}),
                "flow": lambda s: flow_by_number(stack, connections, s)})
            report.add(f"flow-{connections}", f"checkout, then purchase, {connections} connections",
                       runs, ("flow", "empty worker"), limit)


def take(stack, held, sold):
    """Holds the first `held` items for long, and sells the next `sold` ones."""
    stack.sql(
        "UPDATE flashsale.item SET held_by = 'early', secret = gen_random_uuid(),"
        f" held_until = now() + interval '1 hour' WHERE number <= {held + sold};"
        "UPDATE flashsale.item SET purchased_at = now()"
        f" WHERE number > {held} AND number <= {held + sold}")


# The items of take(stack, 1000, 1000).
TAKEN = {"ITEMS": "1 2000"}


def refusals(stack, seconds):
    """Checkouts of items that are taken."""
    return load(stack, "checkout.lua", 256, seconds, TAKEN, expected="refused")


def storm(report):
    with Stack("stack", PORT, 10_000) as stack, Empty(stack, PORT + 2) as empty:
        take(stack, 1000, 1000)
        runs = in_turn({"empty worker": lambda s: load(empty, "checkout.lua", 256, s, TAKEN),
                        "storm": lambda s: refusals(stack, s)})
        report.add("storm", "checkouts of held and sold items, each logged, 256 connections", runs,
                   ("storm", "empty worker"), 0.9)


def redis(report):
    with Stack("stack", PORT, 10_000) as with_redis, \
            Stack("without", PORT + 2, 10_000, {"redis.address": ""}) as without:
        def run_any(stack, seconds):
            stack.begin_anew()
            return load(stack, "checkout.lua", 256, seconds, expected="decided")

        def hanging(run, seconds):
            (pid,) = with_redis.pids["redis"]
            os.kill(pid, signal.SIGSTOP)
            try:
                return run(with_redis, seconds)
            finally:
                os.kill(pid, signal.SIGCONT)
                time.sleep(1)

        def tell(case, title, run):
            runs = in_turn({"without Redis": lambda s: run(without, s),
                            "with Redis": lambda s: run(with_redis, s),
                            "Redis hanging": lambda s: hanging(run, s)})
            report.add(f"redis-{case}", f"{title} with and without Redis, and while it hangs", runs,
                       ("with Redis", "without Redis"))
            report.rates(f"redis-{case}-hanging", "while Redis hangs", runs, ("Redis hanging", "without Redis"))

        tell("any", "checkouts of any item", run_any)
        for stack in (with_redis, without):
            stack.begin_anew()
            take(stack, 1000, 1000)
        tell("storm", "checkouts of held and sold items", refusals)


def any_item(report):
    """Sells until the last item; measures how fast checkouts were decided while the last hundred were sold."""
    with Stack("stack", PORT, 10_000) as stack, Empty(stack, PORT + 2) as empty:
        runs = {"empty worker": [], "any": []}
        ratios = []
        for number in range(ROUNDS + 1):
            stack.begin_anew()
            results = {"empty worker": load(empty, "checkout.lua", 256, 2),
                       "any": load(stack, "checkout.lua", 256, 2, expected="decided")}
            held = stack.sql("SELECT count(*) FROM flashsale.item WHERE held_by IS NOT NULL")
            if held != "10000":
                raise Wrong(f"any: {held} of 10000 were held in the time")
            # A batch lasts until the next one begins. The last batches that sell also refuse.
            first, last = stack.sql(
                "WITH b AS (SELECT attempted_at, count(*) AS decided,"
                " count(*) FILTER (WHERE outcome = 'accepted') AS accepted"
                " FROM flashsale.attempt GROUP BY attempted_at),"
                " c AS (SELECT decided, accepted, sum(accepted) OVER w AS sold,"
                " lead(attempted_at) OVER w - attempted_at AS took,"
                " sum(accepted) OVER () AS total FROM b WINDOW w AS (ORDER BY attempted_at))"
                " SELECT sum(decided) FILTER (WHERE sold - accepted < 1000)"
                " / extract(epoch FROM sum(took) FILTER (WHERE sold - accepted < 1000)),"
                " sum(decided) FILTER (WHERE accepted > 0 AND sold > total - 100)"
                " / extract(epoch FROM sum(took) FILTER (WHERE accepted > 0 AND sold > total - 100))"
                " FROM c").split("|")
            if number:
                for name, result in results.items():
                    runs[name].append(result)
                ratios.append(float(last) / float(first))
        report.add("any", "checkouts of any item to the last and beyond, 256 connections", runs,
                   ("any", "empty worker"))
        report.figure("any-last", "any item: the rate in the last 100 items against the first 1,000",
                      "last 100 / first 1,000", ratios, 0.8)


CROWD = {"USERS": "1000", "ITEMS": "1 10000"}


def sell_out(stack):
    """Sells 10,000 items to 1,000 users; returns the seconds from the first request to the last purchase."""
    stack.begin_anew()
    load(stack, "flow.lua", 256, 4, CROWD, expected="decided")
    seconds, sold = stack.sql(
        "SELECT extract(epoch FROM max(purchased_at) - (SELECT min(attempted_at) FROM"
        " flashsale.attempt)), count(purchased_at) FROM flashsale.item").split("|")
    if sold != "10000":
        raise Wrong(f"{stack.name}: {sold} of 10000 were sold in the time")
    return float(seconds)


def seconds_of(times):
    return f"{statistics.median(times):.2f} s ({min(times):.2f} to {max(times):.2f})"


def sellout(report):
    with Stack("stack", PORT, 10_000) as stack, Empty(stack, PORT + 2) as empty:
        took, times = [], []
        for number in range(ROUNDS + 1):
            rate = load(empty, "flow.lua", 256, 2, CROWD)["rate"]
            seconds = sell_out(stack)
            if number:
                took.append(seconds)
                times.append(seconds / (20_000 / rate))
        report.figure("sellout", "10,000 items to 1,000 users, 256 connections", "sell-out / empty worker's time",
                      times, 1.3, True, f"from the first request to the last purchase: {seconds_of(took)}")


def fair(report):
    """What a bound on holds costs, and a draw with it: beside a sale with neither."""
    terms = {"neither": {"sale.holds_max": 0}, "bounded": {}, "drawn": {**SALE, "sale.draw_s": SALE["sale.duration_s"]}}

    @contextlib.contextmanager
    def stacks(items):
        with contextlib.ExitStack() as opened:
            found = {name: opened.enter_context(Stack(name, PORT + 2 * number, items, sale=settings))
                     for number, (name, settings) in enumerate(terms.items())}
            draw_lasts(found["drawn"], 800)
            yield found

    def draw_lasts(stack, seconds):
        """From now on; so nearly everybody's turn has come."""
        stack.sql("UPDATE flashsale.sale SET starts_at ="
                  f" now() - interval '{SALE['sale.duration_s'] - seconds} s'")

    def tell(case, title, runs):
        report.add(case, title, runs)
        for name in ("bounded", "drawn"):
            report.rates(f"{case}-{name}", title, runs, (name, "neither"), 0.97)

    with stacks(MANY) as found:
        for connections in (64, 256):
            tell(f"fair-flow-{connections}", f"checkout, then purchase, {connections} connections",
                 in_turn({name: lambda s, stack=stack: flow_by_number(stack, connections, s, expected="decided")
                          for name, stack in found.items()}))
    with stacks(10_000) as found:
        took = {name: [] for name in found}
        for number in range(ROUNDS + 1):
            for name, stack in found.items():
                if name == "drawn":
                    # Not longer: a user whose turn has not come would leave items for the others' second round.
                    draw_lasts(stack, 10)
                seconds = sell_out(stack)
                if number:
                    took[name].append(seconds)
        for name in ("bounded", "drawn"):
            report.figure(f"fair-sellout-{name}", "10,000 items to 1,000 users, 256 connections", (name, "neither"),
                          [a / b for a, b in zip(took[name], took["neither"])], 1.03, True,
                          f"{seconds_of(took[name])}; neither: {seconds_of(took['neither'])}")
        for stack in found.values():
            stack.begin_anew()
            take(stack, 1000, 1000)
        draw_lasts(found["drawn"], 800)
        tell("fair-storm", "checkouts of held and sold items, 256 connections",
             in_turn({name: lambda s, stack=stack: refusals(stack, s) for name, stack in found.items()}))


def plain(report):
    # With batches of one a crowd is slow; long time limits, so that no request is refused.
    patient = {"worker.wait_ms_max": 4500, "database.statement_ms_max": 4000}
    with Stack("stack", PORT, worker=patient) as batching, \
            Stack("single", PORT + 2,
                  worker={**patient, "batch.size_max": 1, "batch.linger_us_max": 0}) as single:
        runs = in_turn({"one a statement": lambda s: flow_by_number(single, 256, s),
                        "batches": lambda s: flow_by_number(batching, 256, s)})
        report.add("plain", "batches against one statement a request, 256 connections", runs,
                   ("batches", "one a statement"), 3)


def tls(report):
    with Stack("stack", PORT) as stack:
        runs = in_turn({"http": lambda s: flow_by_number(stack, 256, s),
                        "https": lambda s: flow_by_number(stack, 256, s, tls=True)})
        report.add("tls", "https with keep-alive connections, 256 of them", runs, ("https", "http"))


def readers(report):
    with Stack("stack", PORT, 10_000) as stack:
        paths = {"static file": "/www/flashsale.css", "/status": "/status",
                 "/items": "/items?page_size=50", "image": "/items/1-1/image.svg"}
        runs = in_turn({name: lambda s, path=path: load(stack, "read.lua", 256, s, path=path, expected="read")
                        for name, path in paths.items()}, 3)
        report.add("readers", "reading, 256 connections", runs, ("/status", "static file"))


def pace(report):
    """Latency at 70 % of the peak: each connection waits between its requests."""
    connections = 256
    with Stack("stack", PORT) as stack:
        peak = statistics.median(run["rate"] for run in in_turn(
            {"peak": lambda s: flow_by_number(stack, connections, s)}, 3)["peak"])
        wanted = 0.7 * peak
        delay_ms = 1000 * connections / wanted
        runs = []
        for number in range(ROUNDS + 3):
            result = flow_by_number(stack, connections, SECONDS,
                                    environment={"DELAY_MS": f"{delay_ms:.3f}"})
            # The time between a connection's requests is its delay plus the latency; the first runs find the
            # delay for the wanted rate.
            if number < 3:
                delay_ms += 1000 * connections / wanted - 1000 * connections / result["rate"]
            else:
                runs.append(result)
        report.add("pace", f"checkout, then purchase, paced to {wanted:.0f}/s, 70 % of the peak",
                   {"paced": runs})
        report.figure("pace-p99", "p99 against p50 at that pace", "p99 / p50",
                      [run["p99_ms"] / run["p50_ms"] for run in runs], 5, True)


def growth(report):
    """What a request costs PostgreSQL with many stored rows, against a fresh sale of 10,000."""
    with Stack("stack", PORT, 100_000) as fresh, Stack("grown", PORT + 2) as grown:
        grown.sql(
            "INSERT INTO flashsale.attempt (attempted_at, sale_id, number, outcome, user_id)"
            " SELECT now() - interval '1 s', 1, n % 10000 + 1, 'held', 'user' || n % 1000000"
            " FROM generate_series(1, 10000000) n;"
            "INSERT INTO flashsale.buyer (sale_id, user_id, numbers, granted, purchase_limit)"
            " SELECT 1, 'earlier' || n, ARRAY[n], 1, 10 FROM generate_series(1, 1000000) n")
        grown.sql("VACUUM ANALYZE")
        grown.sql("CHECKPOINT")
        sides = {"fresh": fresh, "grown": grown}
        runs = {name: [] for name in sides}
        for number in range(ROUNDS + 1):
            for name, stack in sides.items():
                if name == "fresh":
                    stack.begin_anew()
                result = load(stack, "flow.lua", 64, 2, {"ITEMS": stack.numbers(60_000)})
                if number:
                    runs[name].append(result)
        report.add("growth", "10 million attempts, 1 million items and users stored, 64 connections",
                   runs, ("grown", "fresh"))
        report.figure("growth-cost", "PostgreSQL's CPU time a request, grown against fresh",
                      "grown / fresh", [g["cpu_us"]["postgresql"] / f["cpu_us"]["postgresql"]
                                        for g, f in zip(runs["grown"], runs["fresh"])], 1.1, True)


CASES = {"flow": flow, "storm": storm, "any": any_item, "sellout": sellout, "fair": fair, "plain": plain,
         "redis": redis, "tls": tls, "readers": readers, "pace": pace, "growth": growth}


def main():
    wanted = sys.argv[1:] or list(CASES)
    unknown = set(wanted) - set(CASES)
    if unknown:
        raise SystemExit(f"no such case: {', '.join(sorted(unknown))}; there are {', '.join(CASES)}")
    report = Report()
    OUT.mkdir(parents=True, exist_ok=True)
    case = None
    try:
        for case in wanted:
            CASES[case](report)
    except Wrong as wrong:
        raise SystemExit(f"tests/bench/bench.py: {case}: {wrong}") from None
    finally:
        report.write()


if __name__ == "__main__":
    main()
