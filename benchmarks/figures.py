"""Rows, their goals, and what was measured: as a table on the terminal and as a JSON file."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple


@dataclass(frozen=True)
class Goal:
    """What a figure should be: at most ``limit``, or at least."""

    limit: float
    at_least: bool = False

    def is_met(self, value: float) -> bool:
        """Whether a figure meets it."""
        compare = operator.ge if self.at_least else operator.le
        return bool(compare(value, self.limit))

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {self.limit:g}"


@dataclass(frozen=True)
class Figure:
    """One number that was measured."""

    label: str
    """Which of the figures of its row: the family, or how many there are."""
    value: float
    """In the unit of its row."""
    note: str = ""
    """What stands behind it: the two sides of a ratio, the spread, processor time."""


@dataclass
class Outcome:
    """What came of one row."""

    figures: list[Figure] = field(default_factory=list)
    points: dict[str, Any] = field(default_factory=dict)
    """More numbers, for a plot."""
    missing: str = ""
    """Why the row, or a part of it, could not be measured."""
    seconds: float = 0.0
    """How long the measurement took."""


@dataclass(frozen=True)
class Conditions:
    """What a measurement gets."""

    folder: Path
    """An empty directory on a real disk."""
    full: bool
    """Measure the long parts too."""


@dataclass(frozen=True)
class Row:
    """A row of the table."""

    name: str
    title: str
    unit: str
    goals: Mapping[str, Goal]
    """By the label of the figure; a figure without a goal only explains the others."""
    measure: Callable[[Conditions], Outcome]


def digits(value: float) -> str:
    """A number with three significant digits."""
    if value == 0 or abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}" if abs(value) >= 0.001 else f"{value:.1g}"


def distance(value: float, goal: Goal | None) -> str:
    """Whether a figure meets its goal, or how far it is from it."""
    if goal is None:
        return ""
    if goal.is_met(value):
        return "met"
    if goal.at_least:
        return f"{value / goal.limit:.2f} of goal"
    return f"{value / goal.limit:.2f} x goal"


class Cells(NamedTuple):
    """One line of the table."""

    title: str
    measured: str
    goal: str
    met: str
    note: str


def cells(row: Row, outcome: Outcome | None) -> list[Cells]:
    """The lines of a row: one for each figure, and one for each goal that has no figure."""
    figures = {figure.label: figure for figure in outcome.figures} if outcome else {}
    found = []
    for label in {**figures, **row.goals}:
        title = f"{row.title}: {label}" if label else row.title
        goal = row.goals.get(label)
        about = "" if goal is None else str(goal)
        figure = figures.get(label)
        if figure is None:
            found.append(Cells(title, "-", about, "not measured", outcome.missing if outcome else ""))
        else:
            measured = f"{digits(figure.value)} {row.unit}".strip()
            found.append(Cells(title, measured, about, distance(figure.value, goal), figure.note))
    return found


def lines(row: Row, outcome: Outcome) -> list[str]:
    """The figures of a row for a terminal."""
    return [
        f"{line.title:<76} {line.measured:>9}  {line.goal:<7} {line.met:<13} {line.note}".rstrip()
        for line in cells(row, outcome)
    ]


def save(path: Path, machine: Mapping[str, Any], outcomes: Mapping[str, Outcome]) -> None:
    """Write all outcomes to a JSON file. Its other rows stay if they are of the same machine, commit and day."""
    before = json.loads(path.read_text("utf-8")) if path.exists() else {}
    rows = before["rows"] if before.get("machine") == machine else {}
    rows |= {name: asdict(outcome) for name, outcome in outcomes.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    content = json.dumps({"machine": machine, "rows": rows}, indent=1, ensure_ascii=False)
    path.write_text(content + "\n", "utf-8")


def read(path: Path) -> tuple[dict[str, Any], dict[str, Outcome]]:
    """The machine and the outcomes in a JSON file of ``save``."""
    content = json.loads(path.read_text("utf-8"))
    return content["machine"], {name: _outcome(stored) for name, stored in content["rows"].items()}


def _outcome(stored: dict[str, Any]) -> Outcome:
    return Outcome(**{**stored, "figures": [Figure(**figure) for figure in stored["figures"]]})


def select(rows: Iterable[Row], names: Iterable[str]) -> list[Row]:
    """The rows with these names; all of them if there is none. Raises ``ValueError`` for a name that no row has."""
    known = {row.name: row for row in rows}
    for name in names:
        if name not in known:
            raise ValueError(f"there is no row {name!r}; rows: {', '.join(known)}")
    return [known[name] for name in names] or list(known.values())
