"""The history of a round: every request of its clients, when it was sent and answered, and the reply.

Times are microseconds since the epoch, by PostgreSQL's clock, too.
"""

import base64
import json
import re
import time
import uuid
from dataclasses import asdict, dataclass
from typing import Optional

ANY = 0
# Refusals: the request was decided, and got no item.
CHECKOUT_REFUSALS = {"held", "sold", "sold_out", "user_limit", "hold_limit", "not_yet", "sale_closed",
                     "unknown_item"}
PURCHASE_REFUSALS = {"unknown_code", "user_limit"}


def now_us():
    return time.time_ns() // 1000


@dataclass
class Request:
    """One request. answered and status are None without a reply."""

    id: str
    kind: str  # checkout or purchase
    sent: int
    user: Optional[str] = None  # checkout: its user
    number: Optional[int] = None  # checkout: the item's number, or ANY
    code: Optional[str] = None  # purchase: the code
    answered: Optional[int] = None
    status: Optional[int] = None
    reply: Optional[dict] = None  # the members of the body
    # How many workers may have decided it without the web server getting their reply, before another one answered.
    lost_tries: int = 0

    @property
    def outcome(self):
        return (self.reply or {}).get("outcome", "")

    @property
    def is_accepted(self):
        return self.status == 200

    @property
    def is_refused(self):
        refusals = CHECKOUT_REFUSALS if self.kind == "checkout" else PURCHASE_REFUSALS
        return self.status is not None and self.status != 200 and self.outcome in refusals

    @property
    def is_decided(self):
        return self.is_accepted or self.is_refused

    @property
    def is_unknown(self):
        """No answer, or "unavailable": it may have been decided."""
        return self.status is None or (self.status == 503 and self.outcome == "unavailable")


@dataclass(frozen=True)
class Code:
    """The parts of a checkout's code (fcgi/sale/code.c)."""

    sale_id: int
    number: int
    secret: str  # as PostgreSQL writes a uuid

    @classmethod
    def parse(cls, text):
        """None if no worker makes such a code."""
        if not re.fullmatch(r"[A-Za-z0-9_-]{32}", text or ""):
            return None
        raw = base64.urlsafe_b64decode(text)
        return cls(int.from_bytes(raw[:4], "big"), int.from_bytes(raw[4:8], "big"),
                   str(uuid.UUID(bytes=raw[8:])))

    def text(self):
        return base64.urlsafe_b64encode(self.sale_id.to_bytes(4, "big")
                                        + self.number.to_bytes(4, "big")
                                        + uuid.UUID(self.secret).bytes).decode()


class History:
    def __init__(self, requests=()):
        self.requests = list(requests)

    def add(self, request):
        self.requests.append(request)

    def note_lost_tries(self, web_server_log):
        """Reads from nginx's error log which requests it sent to a worker without getting a reply."""
        by_id = {request.id: request for request in self.requests}
        for line in web_server_log:
            found = re.search(r'upstream.* request: "POST [^"]*[?&]request=([a-z0-9-]+)', line)
            if found and "while connecting to upstream" not in line and found[1] in by_id:
                by_id[found[1]].lost_tries += 1

    def save(self, path):
        with open(path, "w") as file:
            for request in self.requests:
                file.write(json.dumps(asdict(request)) + "\n")

    @classmethod
    def load(cls, path):
        with open(path) as file:
            return cls(Request(**json.loads(line)) for line in file)
