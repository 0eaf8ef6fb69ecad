"""Mutants of the rules for returnable packaging without a sale."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

from fiscald.protocols.base import Dialogue
from fiscald.protocols.posnet import packaging
from fiscald.protocols.posnet.evidence import PosnetLook
from fiscald.protocols.posnet.queries import read_stable_counters
from fiscald.protocols.proof import verdicts
from fiscald.protocols.thermal import packaging as thermal
from tests.chaos.registry import mutant, thermal_mutant


@mutant
def packaging_taken_for_cancelled() -> Iterator[None]:
    """packaging whose closing step is not answered counts as not printed"""
    real = packaging.PackagingCourse.verdict

    def verdict(self: Any, opened: PosnetLook, plan: Any, reply: Any) -> Dialogue[Any]:
        if reply is not None:
            return (yield from real(self, opened, plan, reply))
        now = yield from read_stable_counters()
        return verdicts.interrupted("its closing step was not answered", now)

    with patch.object(packaging.PackagingCourse, "verdict", verdict):
        yield


@mutant
def packaging_left_open() -> Iterator[None]:
    """recovery does not look whether our packaging is still open"""
    with patch.object(packaging.PackagingCourse, "still_ours", lambda *_: False):
        yield


@thermal_mutant
def packaging_sent_again_thermal() -> Iterator[None]:
    """a slip for packaging whose answer is lost counts as not printed"""
    real = thermal._PackagingSlip.judge

    def judge(self: Any, delta: Any, confirmed: bool | None) -> Any:
        return real(self, delta, confirmed) if confirmed else None

    with patch.object(thermal._PackagingSlip, "judge", judge):
        yield
