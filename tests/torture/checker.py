#!/usr/bin/env python3
"""Compares the replies that clients got with the rows of the database.

    checker.py DIRECTORY    the files that a failed round kept: history.jsonl, rows.json

Prints a line for each violation, and exits with 1 if there is one:

    unexpected_answer     a reply is not in the contract, or is about something not asked for
    answer_lost           a purchase was answered 200, but the item is not sold by that code
    wrong_answer          ... or it is, but to another user, at another time, or with another purchase number
    answers_differ        a code was answered with two different receipts
    refused_but_sold      a purchase was refused, but its code bought the item
    sold_unasked          an item is sold, but nobody had sent its code by then
    sold_after_answer     an item was sold later than the answer that says so
    sold_twice            an item is among the purchases of two users, or twice among those of one
    buyer_differs         items and the rows of their buyers contradict each other
    over_limit            a user has bought more items than the limit
    over_holds            a user certainly had more holds at once than the sale allows
    own_refused           hold_limit for an item that the user certainly held
    before_its_turn       a user got an item before the user's turn
    wrong_turn            not_yet with another opening time than the rows give, or one outside the draw
    not_logged            a checkout was answered, but is not in the log
    logged_unasked        the log has a checkout that nobody sent, or more of them than were sent
    wrong_expiry          a checkout's answer and the log have different ends of the hold
    holds_overlap         an item was given to a second user while the first one held it
    sold_outside_hold     an item is sold to a user who did not hold it then
    refused_for_nothing   the reply was held, sold, sold_out, user_limit, hold_limit or not_yet without that being so
    not_sold_out          items are left after the end of the round, or more are sold than exist
    sale_not_whole        a generated sale has not exactly its items, or does not follow the one before
    audit                 sale_audit() found something

Items are checked one by one: each was sold after a request for it and before that request's answer. So at no moment
more items were sold than had been asked for, or fewer than had been answered.
"""

import json
import sys
from collections import defaultdict
from datetime import datetime, timezone
from pathlib import Path

from history import ANY, Code, History

sys.path.append(str(Path(__file__).resolve().parents[1] / "client"))

from holds import Hold, most_certain, most_possible  # noqa: E402

NUMBERS = 10_000_000  # fcgi/api/purchase_id.h
SECOND_US = 1_000_000


def iso_us(text):
    """A reply's time, in milliseconds there, as microseconds; None if it is not a time."""
    try:
        moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
    except (TypeError, ValueError):
        return None
    return int(moment.timestamp()) * SECOND_US + moment.microsecond


def same_millisecond(text, time_us):
    told_us = iso_us(text)
    return told_us is not None and time_us is not None and told_us // 1000 == time_us // 1000


class Checker:
    """One round: its history, and the rows of its sale in the form of rows.json (stack.py, ROWS)."""

    def __init__(self, history, rows, clock_slack_us=0):
        self.requests = history.requests
        self.checkouts = [r for r in self.requests if r.kind == "checkout"]
        self.purchases = [r for r in self.requests if r.kind == "purchase"]
        self.rows = rows
        self.sale = rows["sale"]
        self.items = {item["number"]: item for item in rows["items"]}
        self.attempts = rows["attempts"]
        # How far the clock was set during the round: times are exact only within that.
        self.slack_us = clock_slack_us
        self.violations = []

    def check(self):
        """All violations, as (kind, text)."""
        for look in (self.answers, self.answered_purchases, self.refused_purchases,
                     self.sold_items, self.buyers, self.log, self.holds, self.bound, self.turns,
                     self.refusals, self.stock, self.sales, self.audit):
            look()
        return self.violations

    def wrong(self, kind, what):
        self.violations.append((kind, what))

    # ---- replies ----

    def answers(self):
        for request in self.requests:
            if not (request.is_decided or request.is_unknown):
                self.wrong("unexpected_answer",
                           f"{request.id}: {request.kind} {request.status} {request.reply}")
            elif request.is_accepted and request.kind == "checkout":
                self.accepted_checkout(request)

    def accepted_checkout(self, request):
        reply = request.reply
        code = Code.parse(reply.get("code"))
        if (code is None or code.sale_id != self.sale["sale_id"]
                or reply.get("item_id") != f"{code.sale_id}-{code.number}"
                or reply.get("user") != request.user
                or request.number not in (ANY, code.number)):
            self.wrong("unexpected_answer", f"{request.id}: asked for {request.number} as "
                                            f"{request.user}, got {reply}")

    def answered_purchases(self):
        receipts = {}
        for request in self.purchases:
            if not request.is_accepted:
                continue
            code, reply = Code.parse(request.code), request.reply
            item = self.items.get(code.number) if code else None
            if not item or item["secret"] != code.secret or item["purchased_at"] is None:
                self.wrong("answer_lost", f"{request.id}: {reply}; the item is {item}")
                continue
            told = (reply.get("item_id"), reply.get("user"), reply.get("user_purchases"),
                    reply.get("purchase_id"))
            has = (f"{code.sale_id}-{code.number}", item["held_by"], item["buyer_purchases"],
                   code.sale_id * NUMBERS + code.number)
            if told != has or not same_millisecond(reply.get("purchased_at"),
                                                   item["purchased_at"]):
                self.wrong("wrong_answer", f"{request.id}: {reply}; the item is {item}")
            if item["purchased_at"] > request.answered + self.slack_us:
                self.wrong("sold_after_answer",
                           f"{request.id}: answered at {request.answered}; the item is {item}")
            if receipts.setdefault(request.code, reply) != reply:
                self.wrong("answers_differ",
                           f"{request.id}: {reply}, before {receipts[request.code]}")

    def refused_purchases(self):
        for request in self.purchases:
            code = Code.parse(request.code)
            item = self.items.get(code.number) if code else None
            if (request.is_refused and item and item["purchased_at"] is not None
                    and item["secret"] == code.secret):
                self.wrong("refused_but_sold",
                           f"{request.id}: {request.outcome}; the item is {item}")

    # ---- rows ----

    def sold_items(self):
        first_asked = {}
        for request in self.purchases:
            code = Code.parse(request.code)
            if code and not request.is_refused:
                first_asked[code] = min(request.sent, first_asked.get(code, request.sent))
        for item in self.items.values():
            if item["purchased_at"] is None:
                continue
            code = Code(self.sale["sale_id"], item["number"], item["secret"])
            if first_asked.get(code, float("inf")) > item["purchased_at"] + self.slack_us:
                self.wrong("sold_unasked", f"first asked for at {first_asked.get(code)}: {item}")

    def buyers(self):
        sold_to = defaultdict(set)
        for item in self.items.values():
            if item["purchased_at"] is not None:
                sold_to[item["held_by"]].add(item["number"])
        owners = {}
        for buyer in self.rows["buyers"]:
            user, numbers = buyer["user_id"], buyer["numbers"]
            for number in numbers:
                if number in owners:
                    self.wrong("sold_twice", f"item {number}: {owners[number]} and {user}")
                owners[number] = user
            if set(numbers) != sold_to.pop(user, set()):
                self.wrong("buyer_differs", f"{buyer}; the items: {sorted(sold_to[user])}")
            if len(numbers) > self.sale["purchase_limit"]:
                self.wrong("over_limit", f"{buyer}")
        for user, numbers in sold_to.items():
            if numbers:
                self.wrong("buyer_differs", f"{user} has no row, but items {sorted(numbers)}")
            if len(numbers) > self.sale["purchase_limit"]:
                self.wrong("over_limit", f"{user}: items {sorted(numbers)}")

    # ---- the log of attempts ----

    def log(self):
        by_user = defaultdict(lambda: ([], []))
        for request in self.checkouts:
            by_user[request.user][0].append(request)
        for row in self.attempts:
            by_user[row["user_id"]][1].append(row)
        for requests, rows in by_user.values():
            self.log_of_user(requests, rows)

    def log_of_user(self, requests, rows):
        """Each answered request needs a row of its own, each row a request of its own."""
        sides = [(r, False) for r in requests if r.is_decided]
        sides += [(r, True) for r in requests for _ in range(r.lost_tries + (not r.is_decided))]
        fits = [[j for j, row in enumerate(rows) if self.may_be(request, row, unknown)]
                for request, unknown in sides]
        row_of = {}  # by request's index
        request_of = {}  # by row's index

        # A maximum matching by augmenting paths, which keep matched requests matched: first those that must have a
        # row, then the unknown ones.
        def match(i, seen):
            for j in fits[i]:
                if j not in seen:
                    seen.add(j)
                    if j not in request_of or match(request_of[j], seen):
                        row_of[i], request_of[j] = j, i
                        return True
            return False

        for i, (request, unknown) in enumerate(sides):
            if not unknown and not match(i, set()):
                self.wrong("not_logged", f"{request}; the log of {request.user} has {rows}")
        for i, (_, unknown) in enumerate(sides):
            if unknown:
                match(i, set())
        for j, row in enumerate(rows):
            if j not in request_of:
                sent = [r for r in requests if r.number in (ANY, row["number"])]
                self.wrong("logged_unasked", f"{row}; {row['user_id']} sent {sent}")

    def may_be(self, request, row, unknown):
        """Whether the row may come from the request, or from a lost try of it."""
        if row["attempted_at"] + self.slack_us < request.sent:
            return False
        if unknown:
            if request.number == ANY:
                return row["number"] is None or row["outcome"] in ("accepted", "repeated")
            return row["number"] == request.number
        if row["attempted_at"] > request.answered + self.slack_us:
            return False
        if request.is_accepted:
            code = Code.parse(request.reply.get("code"))
            return (row["outcome"] in ("accepted", "repeated") and code is not None
                    and (row["number"], row["secret"]) == (code.number, code.secret))
        return row["outcome"] == request.outcome and row["number"] == (request.number or None)

    # ---- holds ----

    def holds_by_number(self):
        holds = defaultdict(list)
        for row in self.attempts:
            if row["outcome"] == "accepted":
                until = min(row["attempted_at"] + self.sale["hold_s"] * SECOND_US,
                            self.sale["ends_at"])
                holds[row["number"]].append((row["attempted_at"], until, row))
        for of_item in holds.values():
            of_item.sort(key=lambda hold: hold[0])
        return holds

    def holds(self):
        holds = self.holds_by_number()
        until_of = {}
        for number, of_item in holds.items():
            for (_, until, before), (begins, _, row) in zip(of_item, of_item[1:]):
                if begins < until:
                    self.wrong("holds_overlap", f"{before} until {until}, then {row}")
            for _, until, row in of_item:
                until_of[number, row["secret"]] = until
            item = self.items.get(number)
            if item and item["purchased_at"] is not None and of_item[-1][0] > item["purchased_at"]:
                self.wrong("holds_overlap", f"{of_item[-1][2]}, but sold before: {item}")
        for item in self.items.values():
            if item["purchased_at"] is not None and not any(
                    begins <= item["purchased_at"] < until
                    and (row["secret"], row["user_id"]) == (item["secret"], item["held_by"])
                    for begins, until, row in holds[item["number"]]):
                self.wrong("sold_outside_hold", f"{item}; its holds: {holds[item['number']]}")
        for request in self.checkouts:
            code = Code.parse(request.reply.get("code")) if request.is_accepted else None
            until = until_of.get((code.number, code.secret)) if code else None
            if until and not same_millisecond(request.reply.get("expires_at"), until):
                self.wrong("wrong_expiry", f"{request.id}: {request.reply}; held until {until}")

    def holds_by_user(self):
        """Each user's holds, by their codes, with what the clients knew of them."""
        holds = defaultdict(dict)
        of_code = {}
        for of_item in self.holds_by_number().values():
            for begins, until, row in of_item:
                code = Code(self.sale["sale_id"], row["number"], row["secret"])
                of_code[code] = holds[row["user_id"]][code] = Hold(begins, until)
        for request in self.requests:
            is_checkout = request.kind == "checkout"
            code = (request.reply or {}).get("code") if is_checkout else request.code
            hold = of_code.get(Code.parse(code))
            if hold is None:
                continue
            if not is_checkout:
                hold.purchase_sent = min(request.sent, hold.purchase_sent or request.sent)
            if request.is_accepted:
                name = "answered" if is_checkout else "purchase_answered"
                setattr(hold, name, min(request.answered, getattr(hold, name) or request.answered))
        return holds

    def bound(self):
        """Nobody had more holds than the sale allows, nor was refused more with fewer."""
        holds_max, holds = self.sale["holds_max"], self.holds_by_user()
        for user, of_user in holds.items():
            if holds_max and most_certain(list(of_user.values())) > holds_max:
                self.wrong("over_holds", f"{user}: {of_user}")
        for request in self.checkouts:
            if request.outcome != "hold_limit":
                continue
            of_user = holds[request.user]
            since, until = request.sent - self.slack_us, request.answered + self.slack_us
            if not holds_max or most_possible(list(of_user.values()), since, until) < holds_max:
                self.wrong("refused_for_nothing", f"{request}; {of_user}")
            if any(code.number == request.number and hold.is_certain(since, until)
                   for code, hold in of_user.items()):
                self.wrong("own_refused", f"{request}; {of_user}")

    # ---- turns ----

    def turns(self):
        begins, turns = self.sale["starts_at"], self.rows["turns"]
        for row in self.attempts:
            opens = turns.get(row["user_id"], begins)
            if row["outcome"] == "accepted" and row["attempted_at"] < opens:
                self.wrong("before_its_turn", f"{row}; {opens}")
        for request in self.checkouts:
            if request.outcome != "not_yet":
                continue
            opens = turns.get(request.user, begins)
            if (not same_millisecond(request.reply.get("opens_at"), opens)
                    or not begins <= opens < begins + self.sale["draw_s"] * SECOND_US):
                self.wrong("wrong_turn", f"{request}; {opens}")
            if request.sent - self.slack_us >= opens:
                self.wrong("refused_for_nothing", f"{request}; {opens}")

    # ---- refusals ----

    def refusals(self):
        """Each refusal's reason held at some moment while its request was in flight."""
        holds = self.holds_by_number()
        sold_at = {n: i["purchased_at"] for n, i in self.items.items()
                   if i["purchased_at"] is not None}
        bought_at = defaultdict(list)
        for item in self.items.values():
            if item["purchased_at"] is not None:
                bought_at[item["held_by"]].append(item["purchased_at"])
        last_sold = (max(sold_at.values()) if sold_at and len(sold_at) >= self.sale["items_total"]
                     else float("inf"))
        user_of = {(row["number"], row["secret"]): row["user_id"] for row in self.attempts
                   if row["outcome"] == "accepted"}
        for request in self.requests:
            if not request.is_refused:
                continue
            until = request.answered + self.slack_us
            is_true = True
            if request.outcome == "held" and request.number != ANY:
                is_true = any(begins <= until and ends > request.sent - self.slack_us
                              and row["user_id"] != request.user
                              for begins, ends, row in holds[request.number])
            elif request.outcome == "sold":
                is_true = sold_at.get(request.number, float("inf")) <= until
            elif request.outcome == "sold_out":
                is_true = last_sold <= until
            elif request.outcome == "user_limit":
                code = Code.parse(request.code)
                user = user_of.get((code.number, code.secret)) if code else request.user
                is_true = (sum(at <= until for at in bought_at[user])
                           >= self.sale["purchase_limit"])
            elif request.outcome == "unknown_code":
                code = Code.parse(request.code)
                ends = [e for _, e, row in holds[code.number]
                        if row["secret"] == code.secret] if code else []
                is_true = not ends or ends[0] <= until
            elif request.outcome == "sale_closed":
                is_true = False
            elif request.outcome == "unknown_item":
                is_true = request.number > self.sale["items_total"]
            if not is_true:
                self.wrong("refused_for_nothing", f"{request}; holds {holds[request.number or 0]}")

    # ---- the whole sale ----

    def stock(self):
        sold = sum(item["purchased_at"] is not None for item in self.items.values())
        if sold != self.sale["items_total"] or len(self.items) != self.sale["items_total"]:
            self.wrong("not_sold_out", f"{sold} of {len(self.items)} items are sold; the sale has "
                                       f"{self.sale['items_total']}")

    def sales(self):
        before = None
        for sale in sorted(self.rows["sales"], key=lambda sale: sale["starts_at"]):
            if sale["items"] != sale["items_total"]:
                self.wrong("sale_not_whole", f"{sale}")
            if before and sale["starts_at"] != before["ends_at"]:
                self.wrong("sale_not_whole", f"{before} and {sale}")
            before = sale

    def audit(self):
        for row in self.rows["audit"]:
            self.wrong("audit", f"{row}")


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    kept = Path(sys.argv[1])
    rows = json.loads((kept / "rows.json").read_text())
    violations = Checker(History.load(kept / "history.jsonl"), rows,
                         rows.get("clock_slack_us", 0)).check()
    for kind, what in violations:
        print(f"{kind}: {what}")
    raise SystemExit(1 if violations else 0)


if __name__ == "__main__":
    main()
