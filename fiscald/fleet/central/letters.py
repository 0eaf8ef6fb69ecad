"""Messages to webhooks: written with the change that they report, and kept until the receiver has them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, func, insert, select, update

from fiscald.fleet.central.answers import answer
from fiscald.fleet.central.database import Database
from fiscald.fleet.central.rows import OrderRow
from fiscald.fleet.central.schema import letters
from fiscald.model.jobs import JobState
from fiscald.model.webhooks import DEFAULT_EVENTS, MAX_TEXT, event_of

#: Messages that wait for one receiver. What is more is not written: the API has every outcome.
MAX_LETTERS = 100_000
#: Seconds for which one dispatcher has a message that it sends.
LEASE = 60.0


class Letter(NamedTuple):
    """A message that is due."""

    number: int
    hook: str
    body: str
    created: float
    tries: int

    @property
    def message_id(self) -> str:
        """The same in every try."""
        return f"msg_fleet_{self.number}"


def write_letters(connection: Connection, order: OrderRow, now: datetime, hooks: Iterable[str]) -> None:
    """Write the messages about an order that has just changed, if it is a change that is reported."""
    told = answer(order)
    if event_of(JobState(told["state"])) not in DEFAULT_EVENTS:
        return
    body = _body(order, told, now)
    for hook in hooks:
        waiting = select(func.count()).where(letters.c.hook == hook, letters.c.dead.is_(None))
        if (connection.scalar(waiting) or 0) < MAX_LETTERS:
            connection.execute(
                insert(letters).values(hook=hook, order_key=order.key, body=body, created=now.timestamp())
            )


def _body(order: OrderRow, told: dict[str, Any], now: datetime) -> str:
    """As a shop's own webhooks write it, and the shop."""
    error = told["error"]
    if error is not None:
        error = {name: each[:MAX_TEXT] if isinstance(each, str) else each for name, each in error.items()}
        error["errors"] = []
    result = told["result"]
    data = {
        "key": order.key, "shop": order.shop, "printer": order.printer, "document": told["document"]["type"],
        "state": told["state"], "paper": told["paper"], "result": None if result is None else result | {"device": {}},
        "error": error,
    }  # fmt: skip
    message = {"type": event_of(JobState(told["state"])), "timestamp": now.isoformat(), "data": data}
    return json.dumps(message, separators=(",", ":"))


def take(db: Database, hook: str, now: float) -> Letter | None:
    """The oldest message that is due. Messages about one order go in order. No other process gets it for ``LEASE``."""
    earlier = letters.alias()
    is_behind = (
        select(earlier.c.number)
        .where(
            earlier.c.hook == hook, earlier.c.order_key == letters.c.order_key, earlier.c.number < letters.c.number,
            earlier.c.dead.is_(None),
        )
        .exists()
    )  # fmt: skip
    due = (
        select(letters.c.number, letters.c.hook, letters.c.body, letters.c.created, letters.c.tries)
        .where(letters.c.hook == hook, letters.c.dead.is_(None), letters.c.next_try <= now, ~is_behind)
        .order_by(letters.c.number)
        .limit(1)
        .with_for_update(of=letters, skip_locked=True)
    )
    with db.change() as connection:
        row = connection.execute(due).first()
        if row is None:
            return None
        letter = Letter(*row)
        _set(connection, letter, next_try=now + LEASE)
    return letter


def arrived(db: Database, letter: Letter) -> None:
    """The receiver has it."""
    with db.change() as connection:
        connection.execute(delete(letters).where(letters.c.number == letter.number))


def failed(db: Database, letter: Letter, reason: str, again: float | None, now: float) -> None:
    """The receiver does not have it; ``again``: when to try again, or ``None`` to give it up."""
    with db.change() as connection:
        if again is None:
            _set(connection, letter, dead=now, reason=reason, tries=letter.tries + 1)
        else:
            _set(connection, letter, next_try=again, reason=reason, tries=letter.tries + 1)


def counted(db: Database) -> dict[str, tuple[int, int]]:
    """By webhook: messages that wait, and messages that were given up."""
    query = select(letters.c.hook, func.count(), func.count(letters.c.dead)).group_by(letters.c.hook)
    with db.reading() as connection:
        return {hook: (total - dead, dead) for hook, total, dead in connection.execute(query)}


def resend(db: Database, hook: str) -> int:
    """Send what was given up once more. Returns how many messages."""
    with db.change() as connection:
        fresh = {"dead": None, "next_try": 0.0, "tries": 0}
        return connection.execute(
            update(letters).where(letters.c.hook == hook, letters.c.dead.is_not(None)).values(**fresh)
        ).rowcount


def _set(connection: Connection, letter: Letter, **values: Any) -> None:
    connection.execute(update(letters).where(letters.c.number == letter.number).values(**values))
