"""Mutants of the fleet's rules: what a shop obeys, what a central believes, and until when each of them keeps it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

import anyio
from sqlalchemy import delete

from fiscald.fleet import envelope
from fiscald.fleet.central import dispatcher
from fiscald.fleet.central import orders as outbox
from fiscald.fleet.central.dispatcher import Dispatcher
from fiscald.fleet.central.recording import Verified
from fiscald.fleet.central.schema import orders as order_table
from fiscald.fleet.keys import Verifiers
from fiscald.fleet.messages import OrderHead
from fiscald.fleet.shop import checks, shop
from fiscald.fleet.shop import orders as shop_orders
from fiscald.fleet.shop.orders import Orders
from fiscald.fleet.shop.store import FleetStore
from tests.chaos.registry import fleet_mutant


def _unchecked(read: Callable[..., Any]) -> Callable[..., Any]:
    """The same reader, and every signature is right."""

    def reads(*args: Any, **options: Any) -> Any:
        with ExitStack() as stack:
            stack.enter_context(patch.object(Verifiers, "x", lambda *_: "any"))
            stack.enter_context(patch.object(envelope, "check_signature", lambda *_: None))
            return read(*args, **options)

    return reads


@fleet_mutant
def order_signature_not_checked() -> Iterator[None]:
    """a shop obeys an order with any signature"""
    with patch.object(shop, "read", _unchecked(envelope.read)):
        yield


@fleet_mutant
def acknowledgement_signature_not_checked() -> Iterator[None]:
    """a shop believes an acknowledgement with any signature"""
    with patch.object(shop, "read_message", _unchecked(envelope.read_message)):
        yield


@fleet_mutant
def outcome_not_verified() -> Iterator[None]:
    """the central believes outcomes of any key, not only of the one that it knows of the shop"""
    with patch.object(dispatcher, "read", _unchecked(envelope.read)):
        yield


@fleet_mutant
def session_not_checked() -> Iterator[None]:
    """a shop carries out orders that were signed for an earlier life of its daemon"""
    real = checks.is_late_or_early
    with patch.object(shop, "is_late_or_early", lambda head, _, now: real(head, head.session, now)):
        yield


@fleet_mutant
def outbox_cleared_on_publication() -> Iterator[None]:
    """the central forgets an order when the courier has it"""

    def sent(db: Any, published: dict[str, float], _: dict[str, float]) -> None:
        with db.change() as connection:
            connection.execute(delete(order_table).where(order_table.c.key.in_(list(published))))

    with patch.object(outbox, "sent", sent):
        yield


@fleet_mutant
def outcome_not_repeated() -> Iterator[None]:
    """a shop's outcome counts as acknowledged when the courier has it"""

    def sent(self: FleetStore, order: Any, outcome_digest: str, *_: Any) -> None:
        self.acknowledge(order.central, [outcome_digest])

    with patch.object(FleetStore, "sent", sent):
        yield


@fleet_mutant
def key_not_namespaced() -> Iterator[None]:
    """an order's key is the key of its job, so that it may be a program's too"""

    def journal_key(_: str, key: str) -> str:
        return key

    with (
        patch.object(OrderHead, "journal_key", property(lambda head: head.key)),
        patch.object(shop_orders, "journal_key", journal_key),
    ):
        yield


@fleet_mutant
def refusal_not_noted() -> Iterator[None]:
    """a shop has forgotten its refusals when its daemon starts again"""
    real = FleetStore._prepare

    def prepare(self: FleetStore) -> None:
        real(self)
        self._db.execute("DELETE FROM orders WHERE state = 'refused'")

    with patch.object(FleetStore, "_prepare", prepare):
        yield


@fleet_mutant
def acknowledged_before_stored() -> Iterator[None]:
    """the central acknowledges an outcome, and then stores it"""
    real = Dispatcher._store

    async def hear(self: Dispatcher, courier: Any) -> None:
        while True:
            while not self._waiting:
                self._came = anyio.Event()
                await self._came.wait()
            batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
            verified = []
            for where, payload in batch:
                try:
                    found = self._read(where, payload, {})
                except Exception:
                    continue
                if isinstance(found, Verified):
                    verified.append(found)
            await self._acknowledge(verified, courier)
            await self._in_thread(lambda batch=batch: real(self, batch))  # type: ignore[misc]

    with patch.object(Dispatcher, "_hear", hear):
        yield


@fleet_mutant
def digest_not_compared() -> Iterator[None]:
    """an order whose key the shop has already gets that job's answer, whatever its content"""

    async def take_known(self: Orders, order: Any, job: Any, *, noted: bool) -> Any:
        if not noted:
            await self._receive(order, 0)
        return job

    with patch.object(Orders, "_take_known", take_known):
        yield
