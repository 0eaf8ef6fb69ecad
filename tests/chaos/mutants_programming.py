"""Mutants of the rules for the technician's documents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

from fiscald.protocols.base import Dialogue
from fiscald.protocols.proof.states import Shown, StateProof
from tests.chaos.registry import mutant, thermal_mutant


def _not_looked_at() -> Iterator[None]:
    real = StateProof.verdict

    def verdict(self: Any, reply: Any) -> Dialogue[Any]:
        if reply is not None and reply.refusal is None:
            return (yield from real(self, reply))
        return (yield from self.done((), Shown()))

    with patch.object(StateProof, "verdict", verdict):
        yield


@mutant
def setting_not_looked_at() -> Iterator[None]:
    """a setting whose answer is lost counts as set, without a look"""
    yield from _not_looked_at()


@thermal_mutant
def setting_not_looked_at_thermal() -> Iterator[None]:
    """the same on a Thermal printer"""
    yield from _not_looked_at()
