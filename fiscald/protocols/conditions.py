"""A family's table of conditions: how fiscald recognises each one, and which documents wait for its end.

Theory. A printer refuses because of the document, because of the moment (``again``), or because of itself: a report is
due, a header is missing, a memory is full. The third kind is a condition. A document that meets a condition does not
fail: it waits, as it does without paper, and the printer prints it when the condition is over. The names of the
conditions, and what ends each one, are the same for every family (``fiscald.model.conditions``). The table holds what
differs. The printer reports some conditions in its status. It shows the others only when it refuses a document, so
fiscald must try a document again to see whether they are over.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from fiscald.model.conditions import CONDITIONS, Heals
from fiscald.model.printers import Condition, PrinterState
from fiscald.model.problems import Problem, problem

#: In the table: all documents wait; or only the refused document waits.
_ALL, _REFUSED = "all", "refused"
#: The name of the row with errors that look like conditions but are about the command.
_NONE = "-"


class Row(NamedTuple):
    """One condition of a family's printers."""

    name: str
    waits: frozenset[str]
    """Types of documents that wait for its end; empty: only the refused document waits."""
    errors: tuple[str, ...]
    """The printer's errors that mean this condition, as the family names them."""
    seen: str
    """How the printer's status shows it, for the documentation; empty: only a refusal shows it."""

    @property
    def code(self) -> str:
        """The code of its problem."""
        return f"printer.{self.name}"

    @property
    def heals(self) -> Heals:
        """What ends it."""
        return CONDITIONS[self.name].heals


class Conditions:
    """A family's table.

    One row per line: ``name | documents that wait | errors | what the status shows``. Documents are types, ``all``
    (``all -drawer``: all others), or ``refused`` for the refused document only. Errors are numbers and ranges, with
    letters before them if a number has several meanings in a family. The row ``-`` holds the errors that are about the
    command.
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
        first, *others = column.split() or [""]
        if first == _ALL:
            return frozenset(self.documents) - {word.removeprefix("-") for word in others}
        return frozenset() if column in (_REFUSED, "") else frozenset(column.split())

    def waits(self, code: str, document_type: str) -> bool:
        """Whether documents of that type wait while a printer has the problem with that code."""
        row = self.by_code.get(code)
        return row is None or document_type in row.waits

    def keeps(self, name: str, document_type: str) -> bool:
        """Whether a document that is refused for that condition waits for its end. One that ends it (the setting of a
        clock) does not.
        """
        row = next((row for row in self.rows if row.name == name), None)
        return row is None or not row.waits or document_type in row.waits

    def some_pass(self, code: str) -> bool:
        """Whether some types of documents need not wait for the end of that problem."""
        row = self.by_code.get(code)
        return row is not None and len(row.waits) < len(self.documents)


def condition_problem(name: str, text: str = "", text_pl: str = "", *, device_code: str | None = None) -> Problem:
    """A condition as a problem. ``text`` and ``text_pl``: what the printer reports; default: the condition's title."""
    words = CONDITIONS[name]
    return problem(
        f"printer.{name}",
        reason=text or words.title.lower(),
        # The text of the condition has a sentence for that already.
        reason_pl=text_pl.removesuffix("; wezwij serwis") or words.title.lower(),
        device_code=device_code,
    )


def state_of(why: Problem) -> PrinterState | None:
    """The state of a printer with this problem; ``None`` if it is not a problem of the printer."""
    kind, _, name = why.code.partition(".")
    return PrinterState(name) if kind == "printer" and name in CONDITIONS else None


def worst(condition: Condition, standing: Problem | None) -> Condition:
    """``condition`` if it has a problem; otherwise the condition that keeps some documents waiting, if there is one."""
    if condition.problem is not None or standing is None:
        return condition
    return condition.model_copy(update={"state": state_of(standing), "problem": standing})


def _numbers(column: str) -> Iterator[str]:
    """Expand ``383 2900-2903 frame14-15`` to single numbers."""
    for part in column.split():
        first, _, last = part.partition("-")
        letters = first.rstrip("0123456789")
        start = int(first.removeprefix(letters))
        for number in range(start, int(last or start) + 1):
            yield f"{letters}{number}"


def undecided(table: Conditions, errors: Collection[str]) -> set[str]:
    """The errors that the table does not contain."""
    return {error for error in errors if error not in table.by_error and error not in table.about_the_command}
