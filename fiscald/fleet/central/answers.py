"""Orders as the answers that applications get: the members of a job of a shop's API, and the shop."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from fiscald.fleet.central.rows import AlarmRow, OrderRow, ShopRow
from fiscald.fleet.messages import OutcomeState
from fiscald.model.jobs import JobState, Paper
from fiscald.model.problems import problem

#: The states of orders as states of jobs.
_STATES = {OutcomeState.WITHDRAWN: JobState.FAILED, OutcomeState.REFUSED: JobState.FAILED}


def state_of(order: OrderRow) -> JobState:
    """The state as an application knows it."""
    return _STATES.get(order.known) or JobState(order.state)


def states_for(state: JobState) -> tuple[str, ...]:
    """The states of orders that an application knows as ``state``."""
    return tuple(each.value for each in OutcomeState if (_STATES.get(each) or JobState(each.value)) is state)


def is_settled(order: OrderRow) -> bool:
    """Whether an application need not wait for more: the order is final, or a person has to decide."""
    return order.final or order.known is OutcomeState.UNDECIDED


def answer(order: OrderRow, shop: ShopRow | None = None) -> dict[str, Any]:
    """The order under the central's own key, as ``GET /v1/jobs/{key}`` gives it. ``shop``: where it goes, if known.

    What the shop said of its job is passed on as it is: a newer shop may say more than this version knows.
    """
    ordered = order.ordered.model_dump(mode="json", by_alias=True)
    told = {} if order.job is None else json.loads(order.job)
    why = None if order.problem is None else json.loads(order.problem)
    found: dict[str, Any] = {
        "deadline": ordered["deadline"], "expect_last": ordered["expect_last"],
        "if_interrupted": ordered["if_interrupted"], "result": None, "paper": Paper.NONE.value, "warnings": [],
        "error": why if order.final else None, "waiting": None if order.final else why, "evidence": None,
        "resolution": None, "attempts": 0, "created_at": moment(order.created),
    }  # fmt: skip
    found |= told
    if not told and not order.final and why is None and shop is not None:
        found["waiting"] = _waiting(shop)
    return found | {
        "key": order.key, "shop": order.shop, "printer": order.printer, "state": state_of(order).value,
        "document": ordered["document"], "updated_at": moment(order.updated), "published": order.tries,
    }  # fmt: skip


def _waiting(shop: ShopRow) -> dict[str, Any] | None:
    """Why nothing is known of an order yet."""
    if shop.revoked is not None:
        return problem("fleet.shop_revoked", shop=shop.name).model_dump(mode="json")
    status = shop.told
    if status is None or not status.online:
        since = moment(shop.status_seen or shop.enrolled)
        return problem("fleet.shop_away", shop=shop.name, since=since).model_dump(mode="json")
    return None


def shop_answer(shop: ShopRow, open_orders: tuple[int, float] | None) -> dict[str, Any]:
    """A shop as ``GET /v1/shops`` gives it."""
    status = shop.told
    told: dict[str, Any] = {
        "online": False, "connected": None, "version": None, "licence": None, "printers": [], "undecided": 0,
        "report_overdue": [], "outcomes_waiting": 0, "refused": {}, "recent": [],
    }  # fmt: skip
    if status is not None:
        told |= status.model_dump(mode="json", include=set(told))
    count, oldest = open_orders or (0, None)
    return {
        "name": shop.name, "enrolled_at": moment(shop.enrolled), "revoked_at": moment(shop.revoked),
        "session": shop.session, "seen_at": moment(shop.status_seen), **told, "orders_open": count,
        "oldest_open": moment(oldest),
    }  # fmt: skip


def alarm_answer(alarm: AlarmRow) -> dict[str, Any]:
    """An alarm as ``GET /v1/alarms`` gives it."""
    return {
        "number": alarm.number, "at": moment(alarm.at), "kind": alarm.kind, "shop": alarm.shop, "key": alarm.order_key,
        "detail": alarm.detail, "seen_at": moment(alarm.seen),
    }  # fmt: skip


def moment(seconds: float | None) -> str | None:
    """A time as the API writes it."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()
