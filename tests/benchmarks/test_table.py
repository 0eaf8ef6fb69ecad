"""The table: its rows are those of the page, and every figure says whether it meets its goal."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks import page
from benchmarks.__main__ import main
from benchmarks.figures import Conditions, Figure, Goal, Outcome, Row, cells, digits, distance, read, save, select
from benchmarks.fill_journal import fill
from benchmarks.rows import ROWS
from benchmarks.scale import crossing
from fiscald.journal import Store
from fiscald.model.times import POLISH_TIME
from tests.daemons import RECEIPT


def test_the_page_explains_every_row_and_no_other() -> None:
    assert re.findall(r"^### (.+)$", page.PAGE.read_text("utf-8"), re.MULTILINE) == [row.name for row in ROWS]


def test_the_page_shows_the_figures_that_are_kept() -> None:
    assert page.found().startswith(page.table(*page.kept()))


def nothing(_: Conditions) -> Outcome:
    return Outcome()


ROW = Row("row", "What it is", "s", {"POSNET": Goal(1.0), "Thermal": Goal(2.0)}, nothing)


def test_a_figure_meets_its_goal_or_says_by_how_much_not() -> None:
    outcome = Outcome([Figure("POSNET", 1.0), Figure("Thermal", 3.0, "the note"), Figure("other", 5.0)])
    assert cells(ROW, outcome) == [
        ("What it is: POSNET", "1 s", "<= 1", "met", ""),
        ("What it is: Thermal", "3 s", "<= 2", "1.50 x goal", "the note"),
        ("What it is: other", "5 s", "", "", ""),
    ]


def test_a_goal_without_a_figure_says_why() -> None:
    measured = Outcome([Figure("POSNET", 0.5)], missing="there is no compiler")
    assert cells(ROW, measured)[1] == ("What it is: Thermal", "-", "<= 2", "not measured", "there is no compiler")
    assert [line.met for line in cells(ROW, None)] == ["not measured", "not measured"]


@pytest.mark.parametrize(
    ("value", "goal", "told"),
    [(0.3, Goal(0.3), "met"), (0.6, Goal(0.3), "2.00 x goal"), (500, Goal(1000, at_least=True), "0.50 of goal")],
)
def test_the_distance_to_a_goal(value: float, goal: Goal, told: str) -> None:
    assert distance(value, goal) == told


@pytest.mark.parametrize(("value", "text"), [(0, "0"), (1234.5, "1234"), (12.34, "12.3"), (0.0456, "0.0456")])
def test_a_number_has_three_digits(value: float, text: str) -> None:
    assert digits(value) == text


def test_a_row_that_is_not_measured_again_keeps_its_figure(tmp_path: Path) -> None:
    path = tmp_path / "new" / "figures.json"
    save(path, {"processors": 2}, {"a": Outcome([Figure("x", 1.0, "note")]), "b": Outcome(points={"3": 4.0})})
    save(path, {"processors": 2}, {"b": Outcome(missing="why")})
    both = {"a": Outcome([Figure("x", 1.0, "note")]), "b": Outcome(missing="why")}
    assert read(path) == ({"processors": 2}, both)
    save(path, {"processors": 4}, {"b": Outcome()})
    assert read(path) == ({"processors": 4}, {"b": Outcome()}), "figures of two machines are not mixed"


def test_rows_are_chosen_by_name() -> None:
    assert [row.name for row in select(ROWS, ["syncs", "line-9600"])] == ["syncs", "line-9600"]
    assert select(ROWS, []) == list(ROWS)
    done = CliRunner().invoke(main, ["no-such-row"])
    assert (done.exit_code, "there is no row 'no-such-row'; rows: line-9600," in done.output) == (2, True)


@pytest.mark.parametrize(
    ("points", "found"),
    [
        ([(1, 1.0), (100, 1.5), (300, 2.5)], 200),
        ([(1, 1.0), (100, 2.0)], 100),
        ([(1, 1.0), (100, 1.9)], None),
    ],
)
def test_where_the_ratio_reaches_two(points: list[tuple[int, float]], found: float | None) -> None:
    assert crossing(points, 2.0) == found


def test_a_filled_journal_is_a_journal(tmp_path: Path) -> None:
    from datetime import datetime

    from fiscald.model.documents import Submission

    fill(tmp_path / "state", 25)
    store = Store(tmp_path / "state", lambda: datetime.now(POLISH_TIME))
    try:
        assert store.doubt is None
        first, last = store.job("first"), store.job("copy/25")
        assert first is not None
        assert last is not None
        assert first.job.document == last.job.document
        assert store.job("copy/26") is None
        submission = Submission.model_validate({"printer": "till0", "document": RECEIPT})
        assert store.accept("new", submission, (), None).entry.id == 26
    finally:
        store.close()
