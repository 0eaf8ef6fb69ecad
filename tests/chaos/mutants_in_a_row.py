"""Mutants of the rules for receipts that start from what another receipt left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

from fiscald.protocols.base import Dialogue
from fiscald.protocols.posnet import queries, receipt
from fiscald.protocols.posnet.evidence import PosnetLook
from fiscald.protocols.thermal import receipt as thermal
from fiscald.protocols.thermal.evidence import ThermalLook
from tests.chaos.registry import mutant, thermal_mutant


def _always(*_: object) -> Dialogue[bool]:
    yield from ()
    return True


@mutant
def stale_look_reused() -> Iterator[None]:
    """the look that another receipt left is used without asking the printer while ours is open"""

    def look(self: Any, before: PosnetLook, _: Any) -> Dialogue[PosnetLook]:
        yield from ()
        return before

    with patch.object(receipt.ReceiptCourse, "look_when_opened", look):
        yield


@thermal_mutant
def stale_look_reused_thermal() -> Iterator[None]:
    """the same on a Thermal printer"""

    def look(before: ThermalLook) -> Dialogue[ThermalLook]:
        yield from ()
        return before.model_copy(update={"Pt": 1, "Px": 0})

    with patch.object(thermal, "_still_as_before", look):
        yield


@mutant
def late_counters_believed() -> Iterator[None]:
    """one reading of the counters while our receipt is open is believed, although they are not what they were, and
    whether the receipt stays empty is not looked at"""
    look, counters = receipt.ReceiptCourse.look_when_opened, queries.read_counters

    def believed(self: Any, before: PosnetLook, found: Any) -> Any:
        first: list[PosnetLook] = []

        def read() -> Dialogue[PosnetLook]:
            first.append((yield from counters()))
            return first[0]

        def again() -> Dialogue[PosnetLook]:
            yield from ()
            return first[0]

        with patch.multiple(receipt, read_counters=read, read_stable_counters=again):
            return (yield from look(self, before, found))

    with patch.multiple(receipt.ReceiptCourse, look_when_opened=believed, stays_empty=_always):
        yield


@mutant
def rates_not_read_again() -> Iterator[None]:
    """the VAT table is not compared when something happened before our receipt was opened"""
    look, totals = receipt.ReceiptCourse.look_when_opened, queries.read_totals

    def same_rates(self: Any, before: PosnetLook, found: Any) -> Any:
        def read() -> Dialogue[Any]:
            day, _ = yield from totals()
            return day, found.rates

        with patch.object(receipt, "read_totals", read):
            return (yield from look(self, before, found))

    with patch.object(receipt.ReceiptCourse, "look_when_opened", same_rates):
        yield


@thermal_mutant
def rates_not_read_again_thermal() -> Iterator[None]:
    """the same on a Thermal printer"""
    real = thermal._look_when_opened

    def look(before: ThermalLook, rates: Any) -> Dialogue[tuple[ThermalLook, bool]]:
        opened, _ = yield from real(before, rates)
        return opened, False

    with patch.object(thermal, "_look_when_opened", look):
        yield


@mutant
def open_one_taken_for_ours() -> Iterator[None]:
    """the open receipt is taken for ours at once, although something ended between our last look and our opening"""
    with patch.object(receipt.ReceiptCourse, "stays_empty", _always):
        yield


@thermal_mutant
def open_one_taken_for_ours_thermal() -> Iterator[None]:
    """the same on a Thermal printer"""
    with patch.object(thermal, "_stays_empty", _always):
        yield
