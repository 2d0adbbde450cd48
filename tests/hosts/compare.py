#!/usr/bin/env python3
"""Compares the answers that buyers got with the rows of a database.

    compare.py --history FILE --items FILE --attempts FILE [--since SECONDS]

FILEs: the history that tests/client/crowd.py wrote; "item|user|bought at" of every sold item; "user|outcome|secret" of
every attempt in the log; both for the users of the history. Prints one JSON object:

    purchases, checkouts   purchases answered 200, and all decided checkouts, refusals included
    unknown, refused_503   requests without an answer, and requests answered 503
    lost_purchases         answered 200, but not sold to that user: must be 0
    lost_checkouts         decided, but not in the log: must be 0
    nobody_asked           sold, but nobody sent the code: must be 0
    next_sale              when the first purchase made after --since was answered
"""

import argparse
import base64
import json
import struct
import sys
import uuid
from collections import Counter

UNDECIDED = ("unavailable", "unknown", "bad_request", "")
ACCEPTED = ("accepted", "repeated")


def lines(path):
    with open(path) as file:
        for line in file:
            if line.strip():
                yield line.rstrip("\n")


def read_code(code):
    """A code's item and secret: fcgi/sale/code.h."""
    sale, number, secret = struct.unpack("!II16s", base64.urlsafe_b64decode(code))
    return f"{sale}-{number}", str(uuid.UUID(bytes=secret))


def read_options():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("history", "items", "attempts"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--since", type=float, default=0, metavar="SECONDS")
    return parser.parse_args()


def main():
    options = read_options()
    history = [json.loads(line) for line in lines(options.history)]
    sold = {}
    for line in lines(options.items):
        item, user, bought_at = line.split("|")
        sold[item] = (user, float(bought_at))
    log, secrets = Counter(), set()
    for line in lines(options.attempts):
        user, outcome, secret = line.split("|")
        log[user, "accepted" if outcome in ACCEPTED else outcome] += 1
        if outcome == "accepted":
            secrets.add((user, secret))

    asked, lost_purchases, next_sales = set(), [], []
    decided, lost_checkouts = Counter(), []
    totals = Counter()
    for line in history:
        totals["unknown"] += line["status"] is None
        totals["refused_503"] += line["status"] == 503
        if line["kind"] == "purchase":
            asked.add(read_code(line["code"])[0])
            if line["status"] == 200:
                totals["purchases"] += 1
                buyer, bought_at = sold.get(line["item"], (None, 0))
                if buyer != line["user"]:
                    lost_purchases.append(line)
                elif bought_at > options.since:
                    next_sales.append(line["answered"])
        elif line["status"] == 200:
            decided[line["user"], "accepted"] += 1
            if (line["user"], read_code(line["code"])[1]) not in secrets:
                lost_checkouts.append(line)
        elif line["outcome"] not in UNDECIDED:
            decided[line["user"], line["outcome"]] += 1
    for (user, outcome), count in decided.items():
        if log[user, outcome] < count:
            lost_checkouts.append(f"{user}: {count} {outcome}, {log[user, outcome]} in the log")
    nobody_asked = sorted(set(sold) - asked)

    json.dump({"purchases": totals["purchases"], "checkouts": sum(decided.values()),
               "unknown": totals["unknown"], "refused_503": totals["refused_503"],
               "lost_purchases": len(lost_purchases), "lost_checkouts": len(lost_checkouts),
               "nobody_asked": len(nobody_asked),
               "next_sale": min(next_sales, default=None)}, sys.stdout)
    print()
    for what in (*lost_purchases, *lost_checkouts, *nobody_asked):
        print(what, file=sys.stderr)


if __name__ == "__main__":
    main()
