"""Mutants of the rules for reports of the memory and of a shift."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

from fiscald.protocols.posnet import proof as posnet
from fiscald.protocols.proof.counters import OtherSheet
from tests.chaos.registry import mutant, thermal_mutant


def _sent_again() -> Iterator[None]:
    real = OtherSheet.judge

    def judge(self: OtherSheet, delta: Any, confirmed: bool | None) -> Any:
        return real(self, delta, confirmed) if confirmed else None

    with patch.object(OtherSheet, "judge", judge):
        yield


@mutant
def shift_report_sent_again() -> Iterator[None]:
    """a shift report whose answer is lost counts as not printed, so a second one prints zeros"""
    yield from _sent_again()


@thermal_mutant
def shift_report_sent_again_thermal() -> Iterator[None]:
    """the same on a Thermal printer"""
    yield from _sent_again()


@mutant
def slip_taken_for_report() -> Iterator[None]:
    """any sheet that another program prints counts as our report"""

    def other_sheets(self: Any) -> int:
        return int(self.printouts > 0)

    with patch.object(posnet.CounterDelta, "other_sheets", property(other_sheets)):
        yield
