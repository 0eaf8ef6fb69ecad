"""What the vendor's web shop learns: events, put into the queue inside the transaction that decides them.

An event has ids, hints and days: no name, no address, no number in clear.
"""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any

from fiscald.licence.server.terms import day
from fiscald.licence.server.transaction import Transaction, random_name


class Event(StrEnum):
    """What has happened. The fields of each are in docs/vendor.md."""

    NUMBER_USED = "number.used"
    """A number was registered for the first time."""
    LICENCE_MOVED = "licence.moved"
    LICENCE_SUSPENDED = "licence.suspended"
    LICENCE_REVOKED = "licence.revoked"
    """The licence, or one seat of it."""
    LICENCE_REINSTATED = "licence.reinstated"
    ORDER_CANCELLED = "order.cancelled"


def announce(t: Transaction, event: Event, **facts: Any) -> None:
    """Queue an event; it leaves when this transaction is over, or never happened with it."""
    body = {"id": random_name("evt_"), "event": event, "time": t.now, "day": day(t.now).isoformat(), **facts}
    t.do(
        "INSERT INTO hook (event, body, created, due) VALUES (?, ?, ?, ?)", event, json.dumps(body), t.now, t.now
    )  # fmt: skip
