#!/usr/bin/env python3
"""The checker finds nothing in a sound history, and each violation in others.

Prints TAP. Each test makes one change to the small sale below, like a fault of the service, and names the one violation
that the checker must find.
"""

import sys
from copy import deepcopy
from datetime import datetime, timezone

from checker import NUMBERS, SECOND_US, Checker
from history import ANY, Code, History, Request

BEGIN_US = 1_800_000_000 * SECOND_US
HOLD_S = 2
STEP_US = 10_000  # from one request to the next
DECIDED_US = 1_000  # from a request to its decision, and from there to its answer
DRAW_US = SECOND_US  # all turns have come then


def iso(time_us):
    moment = datetime.fromtimestamp(time_us // SECOND_US, timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{time_us // 1000 % 1000:03d}Z"


def secret_of(count):
    return f"00000000-0000-0000-0000-{count:012d}"


class Sale:
    """Six items, at most two to a user: rows and requests of a sound service."""

    def __init__(self):
        self.time_us = BEGIN_US
        self.count = 0
        self.requests = []
        self.rows = {
            "sale": {"sale_id": 1, "items_total": 6, "hold_s": HOLD_S, "purchase_limit": 2,
                     "holds_max": 2, "draw_s": 1, "starts_at": BEGIN_US - DRAW_US,
                     "ends_at": BEGIN_US + 3600 * SECOND_US},
            "items": [{"number": n, "held_by": None, "secret": None, "buyer_purchases": None,
                       "purchased_at": None} for n in range(1, 7)],
            "buyers": [], "attempts": [], "audit": [], "turns": {},
            "sales": [{"sale_id": 1, "items_total": 6, "items": 6, "starts_at": BEGIN_US,
                       "ends_at": BEGIN_US + 3600 * SECOND_US}]}

    def item(self, number):
        return self.rows["items"][number - 1]

    def buyer(self, user):
        return next(b for b in self.rows["buyers"] if b["user_id"] == user)

    def attempt(self, **columns):
        return next(a for a in self.rows["attempts"] if columns.items() <= a.items())

    def request(self, kind, **asked):
        self.time_us += STEP_US
        one = Request(id=f"r{len(self.requests) + 1}", kind=kind, sent=self.time_us, **asked)
        self.requests.append(one)
        return one

    def answer(self, request, status, reply):
        request.answered = request.sent + 2 * DECIDED_US
        request.status, request.reply = status, reply

    def log(self, request, outcome, number, secret=None):
        row = {"attempted_at": request.sent + DECIDED_US, "number": number, "outcome": outcome,
               "secret": secret, "user_id": request.user}
        self.rows["attempts"].append(row)
        self.rows["turns"].setdefault(request.user, BEGIN_US - DRAW_US // 2)
        return row

    def checkout(self, user, number, given=None, answered=True):
        """An accepted checkout; `given`: the item, if any was asked for."""
        request = self.request("checkout", user=user, number=number)
        self.count += 1
        code = Code(1, given or number, secret_of(self.count))
        self.log(request, "accepted", code.number, code.secret)
        self.item(code.number).update(held_by=user, secret=code.secret)
        if answered:
            self.answer_checkout(request, code, request.sent + DECIDED_US + HOLD_S * SECOND_US)
        return code

    def answer_checkout(self, request, code, until_us):
        self.answer(request, 200, {"code": code.text(), "item_id": f"1-{code.number}",
                                   "user": request.user, "expires_at": iso(until_us)})

    def again(self, user, code):
        """The same item once more, by its holder."""
        request = self.request("checkout", user=user, number=code.number)
        self.log(request, "repeated", code.number, code.secret)
        held = self.attempt(outcome="accepted", secret=code.secret)
        self.answer_checkout(request, code, held["attempted_at"] + HOLD_S * SECOND_US)
        return request

    def refused(self, user, number, outcome, status=412, **members):
        request = self.request("checkout", user=user, number=number)
        self.log(request, outcome, number or None)
        self.answer(request, status, {"outcome": outcome, **members})
        return request

    def not_yet(self, user, opens_us):
        self.rows["turns"][user] = opens_us
        return self.refused(user, ANY, "not_yet", opens_at=iso(opens_us))

    def purchase(self, code, answered=True):
        request = self.request("purchase", code=code.text())
        item = self.item(code.number)
        if item["purchased_at"] is None:
            buyer = next((b for b in self.rows["buyers"] if b["user_id"] == item["held_by"]), None)
            if buyer is None:
                buyer = {"user_id": item["held_by"], "numbers": []}
                self.rows["buyers"].append(buyer)
            buyer["numbers"].append(code.number)
            item.update(purchased_at=request.sent + DECIDED_US,
                        buyer_purchases=len(buyer["numbers"]))
        if answered:
            self.answer(request, 200, {
                "item_id": f"1-{code.number}", "user": item["held_by"],
                "purchase_id": NUMBERS + code.number, "purchased_at": iso(item["purchased_at"]),
                "user_purchases": item["buyer_purchases"]})
        return request

    def refused_purchase(self, code, outcome="unknown_code", status=404):
        request = self.request("purchase", code=code.text())
        self.answer(request, status, {"outcome": outcome})
        return request

    def wait_for_holds(self):
        self.time_us += HOLD_S * SECOND_US

    def kinds(self):
        return sorted({kind for kind, _ in Checker(History(self.requests), self.rows).check()})


class SoundSale(Sale):
    """A sale with each outcome of a request, and with requests of unknown result."""

    def __init__(self):
        super().__init__()
        self.time_us -= DRAW_US
        self.early = self.not_yet("kim", self.time_us + DRAW_US // 2)
        self.time_us = BEGIN_US
        self.amys = self.checkout("amy", ANY, given=1)
        self.bought = self.purchase(self.amys)
        self.bought_again = self.purchase(self.amys)
        self.bobs = self.checkout("bob", 2)
        self.repeated = self.again("bob", self.bobs)
        self.held = self.refused("cat", 2, "held")
        self.sold = self.refused("cat", 1, "sold")
        self.purchase(self.bobs)
        self.dans = self.checkout("dan", ANY, given=3)
        self.checkout("fay", ANY, given=4, answered=False)
        self.never_came = self.request("checkout", user="fay", number=ANY)
        self.answer(self.never_came, 503, {"outcome": "unavailable"})
        self.guss = self.checkout("gus", 5)
        self.guss_other = self.checkout("gus", 6)
        self.full = self.refused("gus", ANY, "hold_limit", 429)
        self.own = self.again("gus", self.guss_other)
        self.unknown_but_sold = self.purchase(self.guss, answered=False)
        self.unknown_not_sold = self.request("purchase", code=self.guss_other.text())
        # One worker decided, and died; then the other one was asked, and answered.
        self.tried_twice = self.refused("ivy", 4, "held")
        self.log(self.tried_twice, "held", 4)
        self.tried_twice.lost_tries = 1
        self.wait_for_holds()
        self.eves = self.checkout("eve", 3)
        self.purchase(self.eves)
        self.late = self.refused_purchase(self.dans)
        self.invented = self.refused_purchase(Code(1, 3, secret_of(999)))
        self.hals = self.checkout("hal", ANY, given=4)
        self.purchase(self.hals)
        self.hals_other = self.checkout("hal", 6)
        self.purchase(self.hals_other)
        self.limited = self.refused("hal", ANY, "user_limit", 429)
        self.sold_out = self.refused("ivy", ANY, "sold_out")
        self.refused("ivy", 99, "unknown_item", 404)


TESTS = []


def wrong(*kinds):
    """The violation that the checker must find after the function has changed the sale."""
    def add(change):
        what = change.__name__.replace("_", " ")
        TESTS.append((f"{what}: {', '.join(kinds) or 'nothing is wrong'}", sorted(kinds), change))
        return change
    return add


@wrong()
def a_sound_sale(_sale):
    pass


@wrong()
def an_unknown_request_may_have_been_decided_later(sale):
    sale.attempt(user_id="fay")["attempted_at"] += 3 * STEP_US


# ---- purchases ----

@wrong("answer_lost", "buyer_differs", "not_sold_out", "refused_for_nothing")
def a_purchase_answered_is_not_there(sale):
    sale.item(3).update(purchased_at=None, buyer_purchases=None)


@wrong("answer_lost", "not_sold_out", "refused_for_nothing")
def a_purchase_answered_is_gone_without_a_trace(sale):
    sale.item(3).update(purchased_at=None, buyer_purchases=None)
    sale.rows["buyers"].remove(sale.buyer("eve"))


@wrong("buyer_differs", "sold_outside_hold", "wrong_answer")
def a_purchase_is_another_users(sale):
    sale.item(3)["held_by"] = "zoe"


@wrong("answer_lost", "sold_outside_hold", "sold_unasked")
def a_purchase_is_by_another_code(sale):
    sale.item(3)["secret"] = secret_of(777)


@wrong("wrong_answer")
def a_receipt_of_another_time(sale):
    sale.bought.reply["purchased_at"] = iso(BEGIN_US)
    sale.bought_again.reply["purchased_at"] = iso(BEGIN_US)


@wrong("wrong_answer")
def a_receipt_with_another_count(sale):
    sale.bought.reply["user_purchases"] = sale.bought_again.reply["user_purchases"] = 2


@wrong("answers_differ")
def a_second_receipt_that_differs(sale):
    sale.bought_again.reply["total_price"] = 1


@wrong("refused_but_sold")
def a_refused_purchase_is_there(sale):
    sale.refused_purchase(sale.bobs)


@wrong("refused_but_sold", "sold_unasked")
def only_a_refused_purchase_asked_for_what_is_sold(sale):
    sale.requests.remove(sale.unknown_but_sold)
    sale.time_us = sale.item(5)["purchased_at"] + HOLD_S * SECOND_US
    sale.refused_purchase(sale.guss)


@wrong("sold_unasked")
def a_sale_that_nobody_asked_for(sale):
    sale.requests.remove(sale.unknown_but_sold)


@wrong("sold_unasked")
def sold_before_it_was_asked_for(sale):
    sale.unknown_but_sold.sent = sale.item(5)["purchased_at"] + 1


@wrong("sold_after_answer")
def sold_after_it_was_answered(sale):
    for request in (sale.bought, sale.bought_again):
        request.answered = sale.item(1)["purchased_at"] - 1


@wrong("buyer_differs", "sold_twice")
def an_item_sold_to_two(sale):
    sale.buyer("amy")["numbers"].append(3)


@wrong("sold_twice")
def an_item_sold_twice_to_one(sale):
    sale.buyer("amy")["numbers"].append(1)


@wrong("buyer_differs")
def an_item_whose_buyer_has_no_row(sale):
    sale.rows["buyers"].remove(sale.buyer("amy"))


@wrong("over_limit")
def more_than_the_limit(sale):
    # As if amy's item had gone to hal, in all rows.
    for row in sale.rows["attempts"]:
        if row["user_id"] == "amy":
            row["user_id"] = "hal"
    for request in sale.requests:
        if request.user == "amy":
            request.user = "hal"
            request.reply["user"] = "hal"
    for request in (sale.bought, sale.bought_again):
        request.reply["user"] = "hal"
    sale.item(1)["held_by"] = "hal"
    sale.rows["buyers"].remove(sale.buyer("amy"))
    sale.buyer("hal")["numbers"].append(1)


# ---- the log ----

@wrong("not_logged")
def a_refused_checkout_is_not_logged(sale):
    sale.rows["attempts"].remove(sale.attempt(user_id="cat", outcome="held"))


@wrong("not_logged")
def a_repeated_checkout_is_not_logged(sale):
    sale.rows["attempts"].remove(sale.attempt(user_id="bob", outcome="repeated"))


@wrong("not_logged", "sold_outside_hold")
def an_accepted_checkout_is_not_logged(sale):
    sale.rows["attempts"].remove(sale.attempt(user_id="amy", outcome="accepted"))


@wrong("logged_unasked", "not_logged")
def a_checkout_is_logged_with_another_outcome(sale):
    sale.attempt(user_id="cat", outcome="held")["outcome"] = "sold"


@wrong("logged_unasked", "not_logged")
def a_checkout_is_logged_for_another_user(sale):
    sale.attempt(user_id="cat", outcome="held")["user_id"] = "zoe"


@wrong("logged_unasked", "not_logged")
def a_checkout_is_logged_after_its_answer(sale):
    sale.attempt(user_id="cat", outcome="held")["attempted_at"] = sale.held.answered + 1


@wrong("logged_unasked")
def a_checkout_is_logged_twice(sale):
    sale.rows["attempts"].append(deepcopy(sale.attempt(user_id="cat", outcome="sold")))


@wrong("logged_unasked")
def a_checkout_is_logged_before_it_was_sent(sale):
    sale.requests[:] = [r for r in sale.requests if r.user != "fay"]
    sale.request("checkout", user="fay", number=ANY)


@wrong("logged_unasked")
def a_checkout_that_nobody_sent(sale):
    sale.rows["attempts"].append({"attempted_at": BEGIN_US + SECOND_US, "number": 2,
                                  "outcome": "held", "secret": None, "user_id": "zoe"})


@wrong("logged_unasked")
def one_lost_try_cannot_be_two_rows(sale):
    sale.log(sale.tried_twice, "held", 4)


# ---- holds ----

@wrong("holds_overlap")
def held_by_two_at_once(sale):
    first, second = (sale.attempt(user_id=user, outcome="accepted") for user in ("dan", "eve"))
    later_us = second["attempted_at"] - first["attempted_at"] - HOLD_S * SECOND_US + STEP_US
    first["attempted_at"] += later_us
    for request in sale.requests:
        if request.user == "dan":
            request.answered += later_us
            request.reply["expires_at"] = iso(first["attempted_at"] + HOLD_S * SECOND_US)


@wrong("holds_overlap")
def given_away_after_it_was_sold(sale):
    sale.wait_for_holds()
    sale.requests.append(Request(id="x", kind="checkout", sent=sale.time_us, user="zoe", number=1))
    sale.rows["attempts"].append({"attempted_at": sale.time_us + DECIDED_US, "number": 1,
                                  "outcome": "accepted", "secret": secret_of(55),
                                  "user_id": "zoe"})


@wrong("sold_outside_hold", "wrong_answer")
def sold_when_the_hold_was_over(sale):
    sale.item(3)["purchased_at"] += HOLD_S * SECOND_US
    for request in sale.requests:
        if request.code == sale.eves.text():
            request.answered += HOLD_S * SECOND_US
    sale.sold_out.answered += HOLD_S * SECOND_US


@wrong("over_holds")
def one_hold_more_than_allowed(sale):
    sale.rows["sale"]["holds_max"] = 1


@wrong("refused_for_nothing")
def no_more_holds_though_there_was_room(sale):
    sale.rows["sale"]["holds_max"] = 3


@wrong("refused_for_nothing")
def no_more_holds_though_there_is_no_bound(sale):
    sale.rows["sale"]["holds_max"] = 0


@wrong("refused_for_nothing")
def no_more_holds_though_one_was_bought(sale):
    # Long before, and that was answered.
    sale.time_us += 3 * HOLD_S * SECOND_US
    sale.requests.append(Request(id="x", kind="checkout", sent=sale.time_us, user="hal", number=ANY,
                                 answered=sale.time_us + 2, status=429, reply={"outcome": "hold_limit"}))
    sale.rows["attempts"].append({"attempted_at": sale.time_us + 1, "number": None, "outcome": "hold_limit",
                                  "secret": None, "user_id": "hal"})


@wrong("own_refused", "logged_unasked", "not_logged")
def no_more_holds_for_what_is_held(sale):
    sale.own.status, sale.own.reply = 429, {"outcome": "hold_limit"}


@wrong("before_its_turn")
def an_item_before_the_turn(sale):
    sale.rows["turns"]["eve"] = sale.attempt(user_id="eve")["attempted_at"] + 1


@wrong("wrong_turn")
def not_yet_with_another_time(sale):
    sale.early.reply["opens_at"] = iso(sale.rows["turns"]["kim"] + 1000)


@wrong("wrong_turn")
def not_yet_until_a_time_after_the_draw(sale):
    sale.rows["turns"]["kim"] = BEGIN_US
    sale.early.reply["opens_at"] = iso(BEGIN_US)


@wrong("refused_for_nothing")
def not_yet_when_the_turn_has_come(sale):
    late = sale.not_yet("zoe", BEGIN_US - DRAW_US // 2)
    assert late.sent > BEGIN_US


@wrong("wrong_expiry")
def an_answer_with_another_end_of_the_hold(sale):
    sale.repeated.reply["expires_at"] = iso(sale.repeated.sent)


# ---- answers ----

@wrong("refused_for_nothing")
def held_though_free(sale):
    refused_early(sale, "held", 5)


def refused_early(sale, outcome, number, user="zoe"):
    """A refusal before its reason."""
    sale.requests.append(Request(id="x", kind="checkout", sent=BEGIN_US, answered=BEGIN_US + 2,
                                 user=user, number=number, status=412, reply={"outcome": outcome}))
    sale.rows["attempts"].append({"attempted_at": BEGIN_US + 1, "number": number or None,
                                  "outcome": outcome, "secret": None, "user_id": user})


@wrong("refused_for_nothing")
def sold_though_it_was_not_yet(sale):
    refused_early(sale, "sold", 5)


@wrong("refused_for_nothing")
def sold_out_though_it_was_not_yet(sale):
    refused_early(sale, "sold_out", ANY)


@wrong("refused_for_nothing")
def limited_though_there_was_room(sale):
    refused_early(sale, "user_limit", ANY, user="hal")


@wrong("refused_for_nothing")
def closed_though_open(sale):
    refused_early(sale, "sale_closed", ANY)


@wrong("refused_for_nothing")
def a_code_that_should_have_sold(sale):
    sale.time_us = sale.attempt(user_id="dan", outcome="accepted")["attempted_at"]
    sale.refused_purchase(sale.dans)


@wrong("unexpected_answer")
def an_answer_that_is_none(sale):
    sale.never_came.status = 500


@wrong("unexpected_answer")
def an_answer_for_another_user(sale):
    sale.repeated.reply["user"] = "zoe"


@wrong("unexpected_answer")
def an_answer_about_another_item(sale):
    sale.repeated.number = 5


@wrong("not_logged", "unexpected_answer", "logged_unasked")
def an_answer_without_a_code(sale):
    sale.repeated.reply["code"] = "?"


# ---- the whole sale ----

@wrong("not_sold_out")
def something_is_left(sale):
    sale.rows["sale"]["items_total"] = 7
    sale.rows["items"].append({"number": 7, "held_by": None, "secret": None,
                               "buyer_purchases": None, "purchased_at": None})
    sale.requests.remove(sale.sold_out)
    sale.rows["attempts"].remove(sale.attempt(outcome="sold_out"))


@wrong("not_sold_out")
def more_is_sold_than_there_is(sale):
    sale.rows["sale"]["items_total"] = 5


@wrong("sale_not_whole")
def a_sale_without_all_its_items(sale):
    sale.rows["sales"][0]["items"] = 5


@wrong("sale_not_whole")
def two_sales_at_once(sale):
    begins = BEGIN_US + SECOND_US
    sale.rows["sales"].append({"sale_id": 2, "items_total": 6, "items": 6, "starts_at": begins,
                               "ends_at": begins + 3600 * SECOND_US})


@wrong("sale_not_whole")
def a_time_without_a_sale(sale):
    begins = sale.rows["sale"]["ends_at"] + 3600 * SECOND_US
    sale.rows["sales"].append({"sale_id": 2, "items_total": 6, "items": 6, "starts_at": begins,
                               "ends_at": begins + 3600 * SECOND_US})


@wrong()
def one_sale_after_the_other(sale):
    begins = sale.rows["sale"]["ends_at"]
    sale.rows["sales"].append({"sale_id": 2, "items_total": 6, "items": 6, "starts_at": begins,
                               "ends_at": begins + 3600 * SECOND_US})


@wrong("audit")
def the_audit_found_something(sale):
    sale.rows["audit"].append({"violation": "oversold"})


def main():
    failed = 0
    print(f"1..{len(TESTS)}")
    for number, (name, expected, change) in enumerate(TESTS, 1):
        sale = SoundSale()
        change(sale)
        found = sale.kinds()
        good = found == expected
        failed += not good
        print(f"{'' if good else 'not '}ok {number} - {name}")
        if not good:
            print(f"# found {', '.join(found) or 'nothing'}")
            for kind, what in Checker(History(sale.requests), sale.rows).check()[:5]:
                print(f"# {kind}: {what[:300]}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
