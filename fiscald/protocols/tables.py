"""The building blocks of every family's tables: errors and what they prove, commands and where they are legal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple, TypeVar

S = TypeVar("S", bound=StrEnum)

#: Commands, and for each state the error that the printer answers there, or ``None`` if the command is legal.
LegalityRows = Sequence[tuple[tuple[str, ...], tuple[int | None, ...]]]


class FieldFault(ValueError):
    """A parameter or field that is missing or does not fit. ``number`` is the error that a printer answers."""

    def __init__(self, number: int, param: str, detail: str) -> None:
        self.number = number
        self.param = param
        super().__init__(f"{param}: {detail}")


class Registered(StrEnum):
    """What an error proves about the refused command."""

    NO = "no"
    """The refused command registered nothing."""
    UNKNOWN = "unknown"
    """The error alone does not show it: read the counters."""


class ErrorRow(NamedTuple):
    """One line of a family's table of errors."""

    columns: list[str]
    """The words before the texts: numbers, and the family's classes."""
    text: str
    """English, for developers and technicians."""
    text_pl: str
    """Polish, for the cashier."""


def error_rows(table: str) -> Iterator[ErrorRow]:
    """The lines ``words | English | Polish`` of a table. Lines that begin with ``#`` are comments."""
    for row in table.splitlines():
        if row and not row.startswith("#"):
            head, text, text_pl = (column.strip() for column in row.split("|"))
            yield ErrorRow(head.split(), text, text_pl)


def legality(states: Sequence[S], table: LegalityRows) -> dict[tuple[str, S], int]:
    """(command, state) -> the error of an illegal command. A pair that is not there is legal."""
    return {
        (command, state): error
        for commands, errors in table
        for command in commands
        for state, error in zip(states, errors, strict=True)
        if error is not None
    }
