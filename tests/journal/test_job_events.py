"""What the journal tells about one job: its events, with the reason of each, and the state of its paper."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from fiscald.journal import Phase, Store, WrongPhase
from fiscald.journal.rows import PAPER
from fiscald.model.jobs import JobEvent, Paper, Resolution, Result
from fiscald.model.problems import problem
from tests.journal.stores import NOW, WHY, accepted, opened

UNPROVEN = problem("printer.unproven", reason="the counters do not show it")
DECIDED = Resolution(verdict="printed", number=7, by="Anna", note="in the till")


@pytest.fixture
def store(tmp_path: Path) -> Any:
    it = opened(tmp_path)
    yield it
    it.close()


def told(store: Store, key: str = "A", after: int = 0, limit: int = 100) -> list[JobEvent]:
    entry = store.job(key)
    assert entry is not None
    return [each.event() for each in store.job_events(entry.id, after, limit)]


def test_the_events_of_a_job_say_what_happened_and_why(store: Store) -> None:
    accepted(store)
    accepted(store, "B")
    store.start("A", {})
    store.commit("A")
    store.interrupt("A", WHY)
    store.requeue("A", {}, WHY)
    store.start("A", {})
    store.hold("A", {}, UNPROVEN, was_open=True, event=True)
    store.start("A", {})
    store.finish("A", Phase.UNDECIDED, error=UNPROVEN)
    store.resolve("A", DECIDED, Phase.DONE, result=Result(number=7, printer_id="E"), paper=Paper.PRINTED)
    found = told(store)
    assert [(each.phase, each.problem, each.resolution) for each in found] == [
        ("accepted", None, None), ("started", None, None), ("committing", WHY, None), ("accepted", WHY, None),
        ("started", None, None), ("accepted", UNPROVEN, None), ("started", None, None), ("undecided", UNPROVEN, None),
        ("done", None, DECIDED),
    ]  # fmt: skip
    assert {each.at for each in found} == {NOW}
    assert [each.state for each in found[:3]] == ["accepted", "running", "running"]
    assert [each.phase for each in told(store, "B")] == ["accepted"]
    assert [each.id for each in found] == sorted(each.id for each in found)


def test_events_come_in_pages(store: Store) -> None:
    accepted(store)
    store.start("A", {})
    store.finish("A", Phase.FAILED, error=WHY)
    first = told(store, limit=2)
    assert [each.phase for each in first] == ["accepted", "started"]
    assert [each.phase for each in told(store, after=first[-1].id, limit=2)] == ["failed"]
    assert told(store, after=10**15 - 1) == []


def test_an_unreadable_reason_is_left_out(store: Store) -> None:
    accepted(store)
    store.finish("A", Phase.FAILED, error=WHY)
    store._db.execute("UPDATE event SET at = '?', problem = '{', resolution = '[]'")
    assert [(each.phase, each.problem, each.resolution) for each in told(store)] == [
        ("accepted", None, None),
        ("failed", None, None),
    ]


def test_only_a_started_job_can_be_interrupted(store: Store) -> None:
    accepted(store)
    for key in ("A", "missing"):
        with pytest.raises(WrongPhase):
            store.interrupt(key, WHY)
    store.finish("A", Phase.DONE)
    with pytest.raises(WrongPhase):
        store.interrupt("A", WHY)
    assert [each.phase for each in told(store)] == ["accepted", "done"]


UNDECIDED: list[Callable[[Store], Any]] = [
    lambda s: s.finish("A", Phase.UNDECIDED, error=UNPROVEN),
    lambda s: s.commit("A"),
]


@pytest.mark.parametrize("move", UNDECIDED)
def test_the_paper_of_a_running_last_command_is_unknown(store: Store, move: Callable[[Store], Any]) -> None:
    accepted(store)
    assert store.start("A", {}).job.paper is Paper.NONE
    assert move(store).job.paper is Paper.UNKNOWN


@pytest.mark.parametrize(
    "end",
    [
        lambda s: s.requeue("A", {}, WHY),
        lambda s: s.hold("A", {}, WHY, was_open=False, event=True),
        lambda s: s.finish("A", Phase.FAILED, error=WHY),
    ],
)
def test_a_proof_that_nothing_was_printed_is_proof_of_no_paper(store: Store, end: Callable[[Store], Any]) -> None:
    accepted(store)
    store.start("A", {})
    store.commit("A")
    assert end(store).job.paper is Paper.NONE


@pytest.mark.parametrize("damaged", [False, True])
def test_an_unreadable_job_that_had_not_ended_has_unknown_paper(store: Store, *, damaged: bool) -> None:
    accepted(store)
    store._db.execute("UPDATE job SET document = '{'")
    if damaged:
        store.give_up_damaged("A")
    entry = store.job("A")
    assert entry is not None
    assert (entry.job.state, entry.job.paper) == ("undecided", Paper.UNKNOWN)


def test_every_phase_but_done_has_a_known_state_of_the_paper() -> None:
    assert set(Phase) - set(PAPER) == {Phase.DONE}


@pytest.mark.parametrize(("phase", "paper"), [("undecided", "unknown"), ("committing", "unknown"), ("failed", "none")])
def test_an_older_journal_learns_that_paper_is_unknown(tmp_path: Path, phase: str, paper: str) -> None:
    folder = files("fiscald.journal")
    schema = folder.joinpath("schema_v14.sql").read_text("utf-8")
    before = opened(tmp_path)
    accepted(before)
    before.close()
    with closing(sqlite3.connect(tmp_path / "journal.db", isolation_level=None)) as db:
        for column in ("problem", "resolution"):
            db.execute(f"ALTER TABLE event DROP COLUMN {column}")
        db.execute("UPDATE job SET phase = ?, paper = 'none'", (phase,))
        db.executescript(schema)
    now = opened(tmp_path)
    entry = now.job("A")
    now.close()
    assert entry is not None
    assert entry.job.paper == paper
