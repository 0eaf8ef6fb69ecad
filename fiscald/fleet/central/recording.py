"""Verified outcomes become the state of orders: in one transaction, before anything is acknowledged."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, insert, select, update

from fiscald.fleet.central.database import Database
from fiscald.fleet.central.letters import write_letters
from fiscald.fleet.central.rows import OrderRow, order_row
from fiscald.fleet.central.schema import alarms, orders, outcomes, shops
from fiscald.fleet.central.shops import hurry, is_ahead
from fiscald.fleet.messages import FINAL, Outcome, OutcomeState

#: Alarms that are kept of one shop, and outcomes of one order that end nothing.
MAX_ALARMS, MAX_OUTCOMES = 1000, 50
#: The kind of an alarm: a second final outcome that differs from the first.
CHANGED = "changed"


class Verified(NamedTuple):
    """An outcome that the shop's device has signed for this central."""

    outcome: Outcome
    digest: str
    """Of its JSON: how it is acknowledged."""
    message: str
    """As it was signed."""


class Recorded(NamedTuple):
    """What was stored."""

    acknowledged: list[Verified]
    """What the shop need not repeat."""
    changed: list[str]
    """Keys of orders whose answer is another one now."""
    alarms: list[str]
    """What must not be, as sentences for the log."""
    hurried: bool
    """Whether orders are due at once."""


def is_consistent(outcome: Outcome) -> bool:
    """Whether state and finality of an outcome agree."""
    return outcome.state is OutcomeState.REFUSED or outcome.final == (outcome.state in FINAL)


def record(db: Database, came: Sequence[Verified], now: datetime, hooks: Iterable[str] = ()) -> Recorded:
    """Store outcomes. ``hooks``: the webhooks that report changes.

    Raises ``SQLAlchemyError``: nothing is stored.
    """
    found = Recorded([], [], [], False)
    hurried = False
    hooks = tuple(hooks)
    if not came:
        return found
    with db.change() as connection:
        # Always in the same order: two dispatchers must not wait for each other.
        for each in sorted(came, key=lambda one: one.outcome.key):
            hurried |= _record(connection, each, now, hooks, found)
    return found._replace(hurried=hurried)


def _record(connection: Connection, came: Verified, now: datetime, hooks: tuple[str, ...], found: Recorded) -> bool:
    outcome = came.outcome
    row = connection.execute(select(orders).where(orders.c.key == outcome.key).with_for_update()).first()
    order = None if row is None else order_row(row)
    wrong = _what_is_wrong(order, outcome)
    if wrong is not None:
        # A refusal of what was not ordered printed nothing.
        is_harmless = outcome.state is OutcomeState.REFUSED and wrong[0] != CHANGED
        if is_harmless or _keep_alarm(connection, came, now, *wrong, found):
            found.acknowledged.append(came)
        return False
    assert order is not None
    found.acknowledged.append(came)
    if order.final:
        return False
    if outcome.final or outcome.state is OutcomeState.UNDECIDED:
        _keep_message(connection, came, now)
    issued = outcome.issued.timestamp()
    if outcome.final or issued >= order.issued or is_ahead(order.issued, now):
        _keep_state(connection, order, outcome, now, hooks)
        found.changed.append(order.key)
    return not outcome.final and _has_new_session(connection, outcome, now)


def _what_is_wrong(order: OrderRow | None, outcome: Outcome) -> tuple[str, str] | None:
    """Kind and sentence of an outcome that must not be."""
    if order is None:
        return "unknown", "an outcome of an order that this central does not know: was its database restored?"
    if order.shop != outcome.shop:
        return "shop", f"an outcome of an order for the shop {order.shop}"
    if order.digest != outcome.digest:
        return "content", "an outcome of another printer or document under this key"
    if order.final and outcome.final and _meaning(_stored(order)) != _meaning(_told(outcome)):
        return CHANGED, f"a second, different final outcome: it was {order.state}, and now is {outcome.state}"
    return None


def _stored(order: OrderRow) -> dict[str, Any]:
    return {
        "state": order.state,
        "job": None if order.job is None else json.loads(order.job),
        "problem": None if order.problem is None else json.loads(order.problem),
    }


def _told(outcome: Outcome) -> dict[str, Any]:
    said = outcome.model_dump(mode="json", by_alias=True, include={"problem"})
    return {"state": outcome.state.value, "job": outcome.job, "problem": said["problem"]}


def _meaning(told: dict[str, Any]) -> tuple[object, ...]:
    """What never changes of a final outcome. Its evidence or an e-receipt's delivery may change."""
    job = told["job"] or {}
    result = job.get("result") or {}
    error = job.get("error") or told["problem"] or {}
    return (
        told["state"], *(result.get(name) for name in ("number", "daily_report", "printer_id", "total")),
        error.get("code"),
    )  # fmt: skip


def _keep_alarm(connection: Connection, came: Verified, now: datetime, kind: str, detail: str, found: Recorded) -> bool:
    """Keep what must not be, once. Returns whether it is kept: a shop that goes mad must not fill the disk."""
    shop = came.outcome.shop
    known = select(alarms.c.number).where(alarms.c.shop == shop, alarms.c.digest == came.digest)
    if connection.execute(known).first() is not None:
        return True
    # One shop's alarms are counted by one dispatcher at a time.
    connection.execute(select(shops.c.name).where(shops.c.name == shop).with_for_update())
    if connection.execute(known).first() is not None:
        return True
    if (connection.scalar(select(func.count()).where(alarms.c.shop == shop)) or 0) >= MAX_ALARMS:
        return False
    connection.execute(
        insert(alarms).values(
            at=now.timestamp(), kind=kind, shop=shop, order_key=came.outcome.key, digest=came.digest, detail=detail,
            message=came.message,
        )
    )  # fmt: skip
    found.alarms.append(f"shop {shop}, order {came.outcome.key}: {detail}")
    return True


def _keep_message(connection: Connection, came: Verified, now: datetime) -> None:
    outcome = came.outcome
    mine = outcomes.c.order_key == outcome.key
    if connection.execute(select(outcomes.c.number).where(mine, outcomes.c.digest == came.digest)).first() is not None:
        return
    if not outcome.final and (connection.scalar(select(func.count()).where(mine)) or 0) >= MAX_OUTCOMES:
        return
    connection.execute(
        insert(outcomes).values(
            order_key=outcome.key, digest=came.digest, state=outcome.state, final=outcome.final,
            received=now.timestamp(), message=came.message,
        )
    )  # fmt: skip


def _keep_state(
    connection: Connection, order: OrderRow, outcome: Outcome, now: datetime, hooks: tuple[str, ...]
) -> None:
    told = _told(outcome)
    values: dict[str, Any] = {"issued": outcome.issued.timestamp(), "updated": now.timestamp(), "final": outcome.final}
    values["problem"] = None if told["problem"] is None else json.dumps(told["problem"])
    if outcome.state is not OutcomeState.REFUSED or outcome.final:
        values["state"] = outcome.state.value
    if told["job"] is not None:
        values["job"] = json.dumps(told["job"])
    connection.execute(update(orders).where(orders.c.number == order.number).values(**values))
    if values.get("state", order.state) != order.state:
        changed = connection.execute(select(orders).where(orders.c.number == order.number)).one()
        write_letters(connection, order_row(changed), now, hooks)


def _has_new_session(connection: Connection, outcome: Outcome, now: datetime) -> bool:
    """An outcome tells of a newer session than the last status: its orders are due."""
    issued = outcome.issued.timestamp()
    if is_ahead(issued, now):
        return False
    changed = connection.execute(
        update(shops)
        .where(
            shops.c.name == outcome.shop, shops.c.revoked.is_(None), shops.c.session != outcome.session,
            shops.c.session_issued < issued,
        )
        .values(session=outcome.session, session_issued=issued)
    )  # fmt: skip
    if changed.rowcount == 0:
        return False
    connection.execute(hurry(outcome.shop, now.timestamp()))
    return True
