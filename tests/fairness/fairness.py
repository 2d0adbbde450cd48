#!/usr/bin/env python3
"""Each kind's share of the stock against its share of the users, with a draw and without it.

    tests/fairness/fairness.py [--items 10000] [--users 50000] [--programs 0.01] [--draw-s 600] [--json FILE]

Programs ask from the first microsecond, --rate times a second or as often as they are answered, until they have bought.
People read their opening time and come within --come-s seconds of it, each at a random moment; without a draw, within
--come-s seconds of the start. Each wants one item. tests/fairness/buyers.c plays both, on this machine beside the
service; the same crowd plays twice, each time in a stack of its own.

With a draw of T seconds the stock is gone when so many users have had their turn as there are items, and have come:
after about T x items / users, and the time that people take. In that time programs lose none, so they get a little more
than their share: that is computed from the same model, and printed beside what happened. The longer the draw, the less.

Prints a table; exit status 1 if with the draw a share is further than --points percentage points from fair.
Environment: RUN_DIR (run), BUILD_DIR (build), HTTP_PORT (18180), and the next one.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.append(str(TOP / "tests" / "bench"))

from stacks import BUILD, Stack  # noqa: E402

PORT = int(os.environ.get("HTTP_PORT") or 18180)
KINDS = ("programs", "people")
# Until the crowd has connected and programs ask.
AHEAD_S = 3


def model(options, draw_s):
    """What the model gives: each kind's share of the stock, and when it is gone."""
    chance = random.Random(options.seed)
    come = []
    for user in range(options.users):
        turn_s = chance.uniform(0, draw_s)
        if user < options.programs_count:
            come.append((turn_s, "programs"))
        else:
            read_s = chance.uniform(0, options.read_s) if draw_s else 0
            come.append((max(turn_s, read_s) + chance.uniform(0, options.come_s), "people"))
    served = sorted(come)[:options.items]
    return {"seconds": round(served[-1][0], 1),
            "shares": {kind: sum(who == kind for _, who in served) / options.items for kind in KINDS}}


def begin_sale(stack):
    """Lets the stack's sale begin in a moment; returns when, in seconds since the epoch."""
    return float(stack.sql("UPDATE flashsale.sale SET generated_at = clock_timestamp(), starts_at ="
                           f" date_trunc('seconds', clock_timestamp()) + interval '{AHEAD_S} s'"
                           " RETURNING extract(epoch FROM starts_at)"))


def play(options, draw_s):
    """One sale; what the crowd saw, and whose the items are by the rows."""
    sale = {**({"sale.draw_s": draw_s} if draw_s else {}), **dict(setting.split("=", 1) for setting in options.setting)}
    # As long as any user's turn, the time to come, and to be told that all is sold.
    seconds_max = options.read_s + draw_s + options.come_s + 30
    with Stack("draw" if draw_s else "no-draw", PORT, options.items, sale=sale) as stack:
        starts_at = begin_sale(stack)
        crowd = subprocess.run(
            ["chrt", "--batch", "0", BUILD / "buyers", *map(str, (
                stack.port, starts_at, int(draw_s > 0), options.programs_count,
                options.users - options.programs_count, options.rate, options.come_s, options.read_s,
                seconds_max, options.seed))], check=True, capture_output=True, text=True)
        seen = json.loads(crowd.stdout)
        sold = dict(line.split("|") for line in stack.sql(
            "SELECT CASE WHEN held_by LIKE 'program%' THEN 'programs' ELSE 'people' END, count(*)"
            " FROM flashsale.item WHERE purchased_at IS NOT NULL GROUP BY 1").splitlines())
        # Before the last item was sold.
        turns = int(stack.sql(
            "SET search_path = flashsale; SELECT count(*) FROM current_sale() s,"
            f" generate_series(0, {options.programs_count - 1}) n"
            " WHERE turn_opens_at(s, 'program' || n) <= (SELECT max(purchased_at) FROM item)"))
        audit = stack.sql("SELECT a.* FROM flashsale.sale s, flashsale.sale_audit(s.sale_id) a LIMIT 5")
    if audit:
        raise SystemExit(f"the audit found: {audit}")
    seen["sold"] = {kind: int(sold.get(kind, 0)) for kind in KINDS}
    seen["programs_turns"] = turns
    if not seen["is_sold_out"] or sum(seen["sold"].values()) != options.items:
        raise SystemExit(f"after {seconds_max} s not all is sold: {seen}")
    for kind in KINDS:
        if seen["sold"][kind] < seen[kind]["bought"]:
            raise SystemExit(f"{kind} were told of more than they have: {seen}")
    return seen


def judge(options, draw_s):
    seen = play(options, draw_s)
    users = {kind: seen[kind]["users"] / options.users for kind in KINDS}
    shares = {kind: seen["sold"][kind] / options.items for kind in KINDS}
    asked_s = 1 + seen["ended_s"]
    return {"draw_s": draw_s, "share_of_users": users, "share_of_stock": shares,
            "points": {kind: 100 * (shares[kind] - users[kind]) for kind in KINDS},
            # None: people got nothing.
            "odds": (shares["programs"] / users["programs"]) / (shares["people"] / users["people"])
            if shares["people"] else None,
            "model": model(options, draw_s), "sold_out_s": seen["last_bought_s"],
            "programs_asked_per_s": seen["programs"]["requests"] / asked_s,
            "programs_wanted_per_s": options.rate * options.programs_count, "seen": seen}


def tell(options, case):
    what = f"a draw of {case['draw_s']} s" if case["draw_s"] else "without a draw"
    seen = case["seen"]
    print(f"\n{what}: sold out {case['sold_out_s']:.1f} s after the start (model: {case['model']['seconds']:.1f} s)")
    print("            of users   of stock    difference   model      items   requests")
    for kind in KINDS:
        print(f"  {kind:9s} {100 * case['share_of_users'][kind]:7.2f} % {100 * case['share_of_stock'][kind]:8.2f} %"
              f"  {case['points'][kind]:+8.2f} points {100 * case['model']['shares'][kind]:7.2f} %"
              f" {seen['sold'][kind]:7d} {seen[kind]['requests']:10d}")
    if case["odds"]:
        print(f"  a program gets an item {case['odds']:.2f} times as often as a person")
    print(f"  the turns of {seen['programs_turns']} programs had come by then")
    if case["draw_s"]:  # without one all have bought after a moment
        print(f"  programs wanted to ask {case['programs_wanted_per_s']:.0f} times a second together, and were answered "
              f"{case['programs_asked_per_s']:.0f} times a second")
    for kind in KINDS:
        outcomes = ", ".join(f"{name} {count}" for name, count in sorted(seen[kind]["outcomes"].items()))
        print(f"  answers to {kind}: {outcomes}")
    print(f"  people's checkouts were answered {seen['people']['answered_ms']:.1f} ms after they wanted to ask, on "
          f"average; {seen['people']['answered_ms_max']:.1f} ms at most")


def read_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--users", type=int, default=50_000)
    parser.add_argument("--programs", type=float, default=0.01, metavar="SHARE", help="of the users")
    parser.add_argument("--rate", type=float, default=100, help="requests a second that a program wants")
    parser.add_argument("--draw-s", type=int, default=600)
    parser.add_argument("--come-s", type=float, default=60, help="people come within so many seconds of their time")
    parser.add_argument("--read-s", type=float, default=30, help="and read it in the sale's first so many seconds")
    parser.add_argument("--points", type=float, default=2, help="how far from fair a share may be with the draw")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", metavar="FILE", help="write all figures there, too")
    parser.add_argument("-o", "--setting", action="append", default=[], metavar="NAME=VALUE",
                        help="for workers and generator")
    options = parser.parse_args()
    options.programs_count = round(options.users * options.programs)
    if not 0 < options.programs_count < options.users or options.items >= options.users or options.draw_s < 1:
        parser.error("both kinds need users, more users than items, and the draw a second")
    return options


def main():
    options = read_options()
    if not (BUILD / "buyers").exists():
        raise SystemExit(f"{BUILD}/buyers is not there: 'make fairness' builds it")
    print(f"{options.items} items, {options.users} users; {options.programs_count} of them are programs that ask "
          f"{options.rate:.0f} times a second from the first microsecond; people come within {options.come_s:.0f} s of "
          f"their time, which they read in the first {options.read_s:.0f} s; each wants one item", flush=True)
    began = time.monotonic()
    cases = [judge(options, draw_s) for draw_s in (0, options.draw_s)]
    for case in cases:
        tell(options, case)
    is_fair = all(abs(points) <= options.points for points in cases[1]["points"].values())
    print(f"\nwith the draw each kind's share is {'' if is_fair else 'NOT '}within {options.points:g} points of fair; "
          f"took {time.monotonic() - began:.0f} s")
    if options.json:
        Path(options.json).write_text(json.dumps({"options": vars(options), "is_fair": is_fair, "cases": cases},
                                                 indent=1) + "\n")
    sys.exit(0 if is_fair else 1)


if __name__ == "__main__":
    main()
