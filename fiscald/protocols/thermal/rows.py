"""A row of the table of commands, and its usual parameters and fields."""

from __future__ import annotations

from dataclasses import dataclass

from fiscald.protocols.base import Deadline, Effect
from fiscald.protocols.thermal.fields import Value
from fiscald.protocols.thermal.layouts import Layout, Param, Part


@dataclass(frozen=True, slots=True)
class Row(Layout):
    """One command."""

    effect: Effect = Effect.REVERSIBLE
    deadline: Deadline = Deadline.LINE
    answers: tuple[Layout, ...] = ()
    """The answers: a printer sends the first, and fiscald also reads the others. Empty: ``#Z`` is the answer."""
    below: int | None = None
    """The first parameter is lower than this, or absent. With a higher one it is another command."""


def may(name: str, most: int = 255, least: int = 0) -> Param:
    """A parameter that a sender may leave out."""
    return Param(name, most, least)


def must(name: str, most: int = 255, least: int = 0) -> Param:
    """A parameter that must be there."""
    return Param(name, most, least, required=True)


def optional(name: str, value: Value, fault: int = 4) -> Part:
    """A field that a sender may leave out."""
    return Part(name, value, fault, optional=True)
