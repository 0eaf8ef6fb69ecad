"""What a family's table of conditions is made of: how one is recognised, and which documents wait for its end.

Theory. A refusal is about the document, about the moment (``again``), or about the printer itself: a report that is
due, a header that is missing, a full memory. The third kind is a condition. A document that meets one is not refused:
it waits, as it does without paper, and is printed when the condition is over. What the condition is called and what
ends it is the same for every family (``fiscald.model.conditions``); the table says what is the family's own. Some
conditions the printer tells when it is asked; the others only by refusing a document, so that a document has to be
tried again to see whether they are over.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from fiscald.model.conditions import CONDITIONS, Heals
from fiscald.model.printers import Condition, PrinterState
from fiscald.model.problems import Problem, problem

#: In the table: all documents wait; only the one waits that was refused for it.
_ALL, _REFUSED = "all", "refused"
#: The name of the row with errors that look like conditions and are about the command.
_NONE = "-"


class Row(NamedTuple):
    """One condition of a family's printers."""

    name: str
    waits: frozenset[str]
    """Types of documents that wait for its end; empty: only the very document that was refused for it."""
    errors: tuple[str, ...]
    """Errors by which the printer tells it, as the family names them."""
    seen: str
    """What a look shows of it, for the documentation; empty: nothing does, it is known from a refusal only."""

    @property
    def code(self) -> str:
        """Of the problem."""
        return f"printer.{self.name}"

    @property
    def heals(self) -> Heals:
        """What ends it."""
        return CONDITIONS[self.name].heals


class Conditions:
    """A family's table.

    One row per line: ``name | documents that wait | errors | what a look shows``. Documents are types, ``all``, or
    ``refused`` for the one alone that was refused. Errors are numbers and ranges, with a letter before them where a
    family's numbers have more than one meaning. The row ``-`` has errors that are about the command after all.
    """

    def __init__(self, table: str, documents: Sequence[str]) -> None:
        """``documents``: the types that the family can carry out."""
        self.documents = tuple(documents)
        self.rows: list[Row] = []
        self.about_the_command: frozenset[str] = frozenset()
        for line in filter(None, (line.strip() for line in table.splitlines())):
            if line.startswith("#"):
                continue
            name, waits, errors, seen = (column.strip() for column in line.split("|"))
            row = Row(name, self._types(waits), tuple(_numbers(errors)), seen)
            if name == _NONE:
                self.about_the_command = frozenset(row.errors)
            else:
                self.rows.append(row)
        self.by_code = {row.code: row for row in self.rows}
        self.by_error = {error: row for row in self.rows for error in row.errors}

    def _types(self, column: str) -> frozenset[str]:
        if column == _ALL:
            return frozenset(self.documents)
        return frozenset() if column in (_REFUSED, "") else frozenset(column.split())

    def waits(self, code: str, document_type: str) -> bool:
        """Whether documents of that type wait while a printer has the problem of that code."""
        row = self.by_code.get(code)
        return row is None or document_type in row.waits

    def some_pass(self, code: str) -> bool:
        """Whether there are documents that do not wait for the end of that problem."""
        row = self.by_code.get(code)
        return row is not None and len(row.waits) < len(self.documents)


def condition_problem(name: str, text: str = "", text_pl: str = "", *, device_code: str | None = None) -> Problem:
    """A condition as a problem. ``text`` and ``text_pl``: what the printer says; the title where it says nothing."""
    words = CONDITIONS[name]
    return problem(
        f"printer.{name}",
        reason=text or words.title.lower(),
        # The sentence that says so is in the condition's own text.
        reason_pl=text_pl.removesuffix("; wezwij serwis") or words.title.lower(),
        device_code=device_code,
    )


def state_of(why: Problem) -> PrinterState | None:
    """The state that a printer with this problem is in; ``None`` where it is none of the printer's."""
    kind, _, name = why.code.partition(".")
    return PrinterState(name) if kind == "printer" and name in CONDITIONS else None


def worst(condition: Condition, standing: Problem | None) -> Condition:
    """What a printer says of itself, and if that is nothing, what stands against some documents."""
    if condition.problem is not None or standing is None:
        return condition
    return condition.model_copy(update={"state": state_of(standing), "problem": standing})


def _numbers(column: str) -> Iterator[str]:
    """``383 2900-2903 frame14-15`` -> every single one."""
    for part in column.split():
        first, _, last = part.partition("-")
        letters = first.rstrip("0123456789")
        start = int(first.removeprefix(letters))
        for number in range(start, int(last or start) + 1):
            yield f"{letters}{number}"


def undecided(table: Conditions, errors: Collection[str]) -> set[str]:
    """Errors that the table says nothing about."""
    return {error for error in errors if error not in table.by_error and error not in table.about_the_command}
