"""What the central knows of shops, orders and alarms, as values."""

from __future__ import annotations

from typing import Any, NamedTuple

from fiscald.fleet.messages import OutcomeState, Status
from fiscald.model.documents import Submission


class ShopRow(NamedTuple):
    """A shop. Times are seconds since 1970."""

    name: str
    device_key: str
    encryption_key: str
    enrolled: float
    revoked: float | None
    session: str | None
    session_issued: float
    status: str | None
    status_seen: float | None

    @property
    def told(self) -> Status | None:
        """The newest verified status."""
        return None if self.status is None else Status.model_validate_json(self.status)


class OrderRow(NamedTuple):
    """An order with what is known of its outcome."""

    number: int
    key: str
    shop: str
    printer: str
    digest: str
    submission: str
    state: str
    final: bool
    job: str | None
    problem: str | None
    issued: float
    created: float
    updated: float
    next_try: float
    tries: int

    @property
    def ordered(self) -> Submission:
        """What was ordered."""
        return Submission.model_validate_json(self.submission)

    @property
    def known(self) -> OutcomeState:
        """The state as the shop told it; ``accepted`` if it told nothing yet."""
        return OutcomeState(self.state)


class AlarmRow(NamedTuple):
    """Something that a shop signed and that must not be."""

    number: int
    at: float
    kind: str
    shop: str
    order_key: str
    digest: str
    detail: str
    message: str
    seen: float | None


class Claimed(NamedTuple):
    """An order that one dispatcher publishes now."""

    key: str
    shop: str
    session: str
    encryption_key: str
    submission: str
    tries: int


def shop_row(row: Any) -> ShopRow:
    """From a row of the table."""
    return ShopRow(*row)


def order_row(row: Any) -> OrderRow:
    """From a row of the table."""
    return OrderRow(*row)
