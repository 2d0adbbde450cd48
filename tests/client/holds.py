#!/usr/bin/env python3
"""Whether users ever held more items at once than a sale allows, and were refused more only while they held so many.

    holds.py --history FILE --log FILE --holds-max 3 --hold-s 30

FILEs: the history that tests/client/crowd.py wrote; "user|outcome|item|secret|seconds since the epoch" of each attempt
in the log of the sale. Prints one JSON object:

    users, holds        users who asked, and checkouts that were accepted
    refused             checkouts refused as hold_limit
    most                the most holds that one user certainly had at once
    over                users who certainly had more than allowed: must be 0
    refused_wrongly     refused as hold_limit while the user cannot have had so many holds: must be 0
    own_refused         refused so for an item that the user certainly held: must be 0
    own_differs         checked out again by its holder, with another code or another end: must be 0
    not_logged          checkouts answered with an item whose code is not in the log: must be 0

The first ones that are wrong go to standard error; exit status: 1 if there are any.
"""

import argparse
import base64
import json
import struct
import sys
import uuid
from collections import defaultdict
from dataclasses import dataclass
from typing import Optional

SHOWN_MAX = 5


@dataclass
class Hold:
    """One item for one user. Times are numbers of one unit, by one clock."""

    begins: float  # when its transaction began
    ends: float  # by the clock
    answered: Optional[float] = None  # the first answer that gave its code
    purchase_sent: Optional[float] = None  # the first purchase with its code
    purchase_answered: Optional[float] = None  # the first answer that the item is bought

    def is_certain(self, since, until):
        """Whether it was there from `since` until `until`, without a doubt."""
        return (self.answered is not None and self.answered <= since and self.ends > until
                and (self.purchase_sent is None or self.purchase_sent > until))

    def is_possible(self, since, until):
        """Whether it may have been there at some time between `since` and `until`."""
        ends = min(self.ends, self.purchase_answered or self.ends)
        return self.begins <= until and since < ends


def most_certain(holds):
    """The most of one user's holds that were certainly there at once."""
    return max((sum(other.is_certain(hold.answered, hold.answered) for other in holds)
                for hold in holds if hold.answered is not None), default=0)


def most_possible(holds, since, until):
    """As many of one user's holds as a transaction can have seen that ran between `since` and `until`: it has the time
    of its beginning, and the rows of its end."""
    return sum(hold.is_possible(since, until) for hold in holds)


def read_code(code):
    """A code's item and secret: fcgi/sale/code.h."""
    sale, number, secret = struct.unpack("!II16s", base64.urlsafe_b64decode(code))
    return f"{sale}-{number}", str(uuid.UUID(bytes=secret))


class History:
    def __init__(self, requests, log, hold_s):
        self.checkouts = [r for r in requests if r["kind"] == "checkout"]
        self.holds = defaultdict(list)  # by user
        self.by_code = {}  # (item, secret): hold
        for user, outcome, item, secret, at in log:
            if outcome == "accepted":
                hold = Hold(float(at), float(at) + hold_s)
                self.holds[user].append(hold)
                self.by_code[item, secret] = hold
        self.wrong = defaultdict(list)
        for request in self.checkouts:
            if request["status"] == 200:
                self.note_answer(request)
        for request in requests:
            if request["kind"] == "purchase":
                self.note_purchase(request)

    def note_answer(self, request):
        hold = self.by_code.get(read_code(request["code"]))
        if hold is None:
            self.wrong["not_logged"].append(request)
        else:
            hold.answered = min(request["answered"], hold.answered or request["answered"])

    def note_purchase(self, request):
        hold = self.by_code.get(read_code(request["code"]))
        if hold is None:
            return
        hold.purchase_sent = min(request["sent"], hold.purchase_sent or request["sent"])
        if request["status"] == 200:
            hold.purchase_answered = min(request["answered"],
                                         hold.purchase_answered or request["answered"])

    def check(self, holds_max):
        for user, holds in self.holds.items():
            if most_certain(holds) > holds_max:
                self.wrong["over"].append((user, holds))
        ends = {}
        for request in self.checkouts:
            if request["outcome"] == "hold_limit":
                self.refusal(request, holds_max)
            elif request["status"] == 200:
                told = (request["code"], request["expires_at"])
                if ends.setdefault(request["code"], told) != told:
                    self.wrong["own_differs"].append(request)
        self.answers_to_own()

    def refusal(self, request, holds_max):
        holds = self.holds[request["user_id"]]
        if most_possible(holds, request["sent"], request["answered"]) < holds_max:
            self.wrong["refused_wrongly"].append((request, holds))

    def answers_to_own(self):
        """Of checkouts of an item that the user certainly held all the while."""
        holder = defaultdict(list)
        for (item, secret), hold in self.by_code.items():
            holder[item].append((secret, hold))
        for request in self.checkouts:
            for secret, hold in holder[request["id"]]:
                if (request["status"] is None or hold not in self.holds[request["user_id"]]
                        or not hold.is_certain(request["sent"], request["answered"])):
                    continue
                if request["outcome"] == "hold_limit":
                    self.wrong["own_refused"].append(request)
                elif request["status"] == 200 and read_code(request["code"])[1] != secret:
                    self.wrong["own_differs"].append(request)

    def summary(self):
        return {"users": len({r["user_id"] for r in self.checkouts}), "holds": len(self.by_code),
                "refused": sum(r["outcome"] == "hold_limit" for r in self.checkouts),
                "most": max(map(most_certain, self.holds.values()), default=0),
                **{kind: len(self.wrong[kind]) for kind in
                   ("over", "refused_wrongly", "own_refused", "own_differs", "not_logged")}}


def read_lines(path):
    with open(path) as file:
        return [line.rstrip("\n") for line in file if line.strip()]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--history", required=True)
    parser.add_argument("--log", required=True)
    parser.add_argument("--holds-max", type=int, required=True)
    parser.add_argument("--hold-s", type=float, required=True)
    options = parser.parse_args()
    history = History([json.loads(line) for line in read_lines(options.history)],
                      [line.split("|") for line in read_lines(options.log)], options.hold_s)
    history.check(options.holds_max)
    print(json.dumps(history.summary()))
    for kind, found in history.wrong.items():
        for one in found[:SHOWN_MAX]:
            print(f"{kind}: {one}", file=sys.stderr)
    sys.exit(1 if any(history.wrong.values()) else 0)


if __name__ == "__main__":
    main()
