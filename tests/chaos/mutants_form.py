"""Mutants of the rules for printouts of Thermal printers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

from fiscald.protocols.base import Dialogue
from fiscald.protocols.proof import verdicts
from fiscald.protocols.thermal import printout
from fiscald.protocols.thermal.evidence import ThermalLook
from fiscald.protocols.thermal.plan_printout import Form
from fiscald.protocols.thermal.queries import read_stable_counters
from tests.chaos.registry import thermal_mutant


def _no_steps(value: Any) -> Dialogue[Any]:
    yield from ()
    return value


@thermal_mutant
def form_left_open() -> Iterator[None]:
    """our own form is left open after a failure"""
    with patch.object(printout, "give_up", lambda _: _no_steps(True)):
        yield


@thermal_mutant
def form_broken_off_silently() -> Iterator[None]:
    """a form that was broken off is ended without saying so"""
    with patch.object(printout, "BROKEN_OFF", "Danie gratis"):
        yield


@thermal_mutant
def form_taken_for_broken_off() -> Iterator[None]:
    """a printout whose closing step is not answered counts as not printed"""
    real = printout._Sheet.judge

    def judge(self: Any, delta: Any, confirmed: bool | None) -> Any:
        return real(self, delta, confirmed) if confirmed else None

    def end(form: Form, proof: Any, before: ThermalLook, **_: Any) -> Dialogue[Any]:
        now = yield from read_stable_counters()
        return verdicts.interrupted("its closing step was not answered", now)

    real_end = printout._end

    def ended(form: Form, proof: Any, before: ThermalLook, *, recovering: bool = False) -> Dialogue[Any]:
        return end(form, proof, before) if recovering else real_end(form, proof, before)

    with patch.object(printout._Sheet, "judge", judge), patch.object(printout, "_end", ended):
        yield


@thermal_mutant
def form_answers_mixed_up() -> Iterator[None]:
    """the answer to an earlier command of a form is taken for that to its closing step"""
    with patch.object(printout, "_hear_earlier_answers", lambda: _no_steps(None)):
        yield
