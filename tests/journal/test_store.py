"""The jobs in the journal file: whole transactions, and what each of them refuses."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from fiscald.journal import Known, Phase, Store, Wanted, WrongPhase
from fiscald.model.jobs import JobState, Notice, Paper, Resolution, Result
from fiscald.model.printers import Counters
from fiscald.model.problems import Problem, problem
from tests.journal.stores import NOW, WHY, accepted, clock, submission


@pytest.fixture
def store(tmp_path: Path) -> Any:
    opened = Store(tmp_path, clock)
    yield opened
    opened.close()


def test_a_job_goes_through_its_phases(store: Store) -> None:
    notice = Notice(code="text.cut", pointer="/document/lines/0/name", detail="x", detail_pl="y")
    entry = store.accept("A", submission(), (notice,), 1000).entry
    assert (entry.phase, entry.job.state, entry.job.warnings) == (Phase.ACCEPTED, JobState.ACCEPTED, (notice,))
    entry = store.start("A", {"before": {"bn": 4}})
    assert (entry.job.state, entry.job.evidence, entry.job.attempts) == (JobState.RUNNING, {"before": {"bn": 4}}, 1)
    assert store.commit("A").phase is Phase.COMMITTING
    result = Result(number=5, printer_id="EMU", printed_at=NOW, total=Decimal(12))
    entry = store.finish("A", Phase.DONE, result=result, paper=Paper.PRINTED, evidence={"before": 1, "after": 2})
    assert (entry.job.state, entry.job.result, entry.job.paper) == (JobState.DONE, result, Paper.PRINTED)
    assert entry.job.document == submission().document
    assert store.job("A") == entry


def test_a_new_job_is_stored_as_the_api_writes_it(store: Store) -> None:
    """``register`` is the API's name for what the model calls ``till``."""
    accepted(store)
    (stored,) = store._db.execute("SELECT document FROM job").fetchone()
    assert '"register":"01"' in stored


def test_transactions_that_wait_together_are_one_change(store: Store) -> None:
    """One change of the file is one sync; each transaction has its own answer."""
    before = store._change
    one, refused, other = store.together(
        [
            partial(store.accept, "A", submission(), (), None),
            partial(store.commit, "missing"),
            partial(store.accept, "B", submission(), (), None),
        ]
    )
    assert (one.entry.job.key, other.entry.job.key) == ("A", "B")
    assert isinstance(refused, WrongPhase)
    assert store._change == before + 1
    (alone,) = store.together([partial(store.accept, "C", submission(), (), None)])
    assert (alone.entry.job.key, store._change) == ("C", before + 2)


def test_written_jobs_are_read_after_reopening(tmp_path: Path) -> None:
    store = Store(tmp_path, clock)
    accepted(store)
    before = store.job("A")
    store.close()
    store = Store(tmp_path, clock)
    assert store.job("A") == before
    store.close()


DECIDED = Resolution(verdict="not_printed", by="Anna")


def test_the_same_key(store: Store) -> None:
    accepted(store)
    again = store.accept("A", submission(), (), None)
    assert not again.new
    assert not again.conflict
    other = store.accept("A", submission(printer="till2"), (), None)
    assert not other.new
    assert other.conflict
    assert len(store.events(0)) == 1


@pytest.mark.parametrize(
    ("moves", "last"),
    [
        ((), lambda s: s.commit("A")),
        ((lambda s: s.start("A", {}),), lambda s: s.start("A", {})),
        ((lambda s: s.start("A", {}),), lambda s: s.withdraw("A", problem("job.withdrawn"))),
        ((), lambda s: s.requeue("A", {}, WHY)),
        ((lambda s: s.finish("A", Phase.DONE),), lambda s: s.finish("A", Phase.FAILED)),
        ((lambda s: s.finish("A", Phase.DONE),), lambda s: s.resolve("A", DECIDED, Phase.FAILED, paper=Paper.NONE)),
        ((), lambda s: s.resolve("A", DECIDED, Phase.FAILED, paper=Paper.NONE)),
        ((lambda s: s.finish("A", Phase.UNDECIDED),), lambda s: s.finish("A", Phase.DONE)),
        ((lambda s: s.finish("A", Phase.DONE),), lambda s: s.start("A", {})),
        ((), lambda s: s.start("B", {})),
    ],
)
def test_no_phase_can_be_skipped_or_repeated(store: Store, moves: Any, last: Any) -> None:
    accepted(store)
    for move in moves:
        move(store)
    before = store.job("A")
    with pytest.raises(WrongPhase):
        last(store)
    assert store.job("A") == before


def test_evidence_is_gathered_and_starts_over_with_the_next_attempt(store: Store) -> None:
    accepted(store)
    store.start("A", {"before": {"bn": 1}})
    store.opened("A", {"opened": {"bn": 2}})
    assert store.commit("A").job.evidence == {"before": {"bn": 1}, "opened": {"bn": 2}}
    gathered = store.requeue("A", {"after": {"bn": 2}}, WHY).job.evidence
    assert gathered == {"before": {"bn": 1}, "opened": {"bn": 2}, "after": {"bn": 2}}
    assert store.start("A", {"before": {"bn": 3}}).job.evidence == {"before": {"bn": 3}}
    states = [event.state for event in store.events(0)]
    assert states == ["accepted", "running", "accepted", "running"], "no event without a change of the state"


def test_committing_is_written_once(store: Store) -> None:
    accepted(store)
    store.start("A", {"before": {}})
    store.commit("A")
    with pytest.raises(WrongPhase):
        store.commit("A")


def test_a_requeued_job_keeps_its_attempts(store: Store) -> None:
    accepted(store)
    store.start("A", {"before": {"bn": 1}})
    store.commit("A")
    assert store.requeue("A", {"why": "cut"}, WHY).job.state is JobState.ACCEPTED
    assert store.start("A", {"before": {"bn": 1}}).job.attempts == 2


def test_an_undecided_job_ends_as_a_person_says(store: Store) -> None:
    accepted(store)
    store.start("A", {"before": {}})
    store.finish("A", Phase.UNDECIDED, error=problem("printer.unproven", reason="?"), evidence={"a": 1})
    resolution = Resolution(verdict="printed", number=7, by="Anna")
    evidence = {"before": {}, "a": 1}
    job = store.resolve("A", resolution, Phase.DONE, result=Result(number=7, printer_id="E"), paper=Paper.PRINTED).job
    assert (job.state, job.resolution, job.error, job.evidence) == (JobState.DONE, resolution, None, evidence)


def test_the_next_job_is_the_unsettled_one_then_the_oldest(store: Store) -> None:
    for key in "ABC":
        accepted(store, key)
    accepted(store, "other", printer="till2")
    entry = store.next_job("till1")
    assert entry is not None
    assert entry.job.key == "A"
    assert store.waiting().jobs == [("till1", "A"), ("till1", "B"), ("till1", "C"), ("till2", "other")]
    store.finish("A", Phase.DONE)
    store.start("C", {"before": {}})
    entry = store.next_job("till1")
    assert entry is not None
    assert (entry.job.key, entry.phase) == ("C", Phase.STARTED)
    assert store.next_job("till3") is None


def test_the_next_job_of_a_kind(store: Store) -> None:
    accepted(store, "A")
    for key in "BC":
        accepted(store, key, document={"type": "daily_report"})
    accepted(store, "D", document={"type": "drawer"})
    entry = store.next_accepted("till1", ("drawer", "daily_report"))
    assert entry is not None
    assert entry.job.key == "B"
    assert store.next_accepted("till1", ("cash_in",)) is None
    assert store.next_accepted("till1", ()) is None


def test_events_have_growing_ids(store: Store) -> None:
    accepted(store)
    store.start("A", {"before": {}})
    store.finish("A", Phase.DONE)
    events = store.events(0)
    assert [event.state for event in events] == [JobState.ACCEPTED, JobState.RUNNING, JobState.DONE]
    assert all(event.job.state is JobState.DONE for event in events), "the event shows the present job"
    assert [event.id for event in store.events(events[0].id)] == [events[1].id, events[2].id]
    assert store.last_event() == events[-1].id


def test_lists_are_filtered_and_paged(store: Store) -> None:
    for number in range(5):
        accepted(store, f"A{number}", printer="till1" if number % 2 else "till2")
    store.start("A1", {"before": {}})
    assert [e.job.key for e in store.jobs(printer="till1")] == ["A1", "A3"]
    assert [e.job.key for e in store.jobs(state=JobState.RUNNING)] == ["A1"]
    first = store.jobs(limit=2)
    assert [e.job.key for e in store.jobs(after=first[-1].id)] == ["A2", "A3", "A4"]
    assert store.counts() == {("till1", "accepted"): 1, ("till1", "running"): 1, ("till2", "accepted"): 3}


def test_a_page_has_a_hundred_unless_another_number_is_asked_for(store: Store) -> None:
    for number in range(101):
        accepted(store, f"A{number}")
    assert len(store.jobs()) == len(store.events(0)) == 100
    assert len(store.unread(Wanted(), newest_first=False)) == 100
    assert len(store.jobs(limit=101)) == len(store.events(0, 101)) == 101


def test_a_page_of_large_jobs_ends_when_it_is_full(store: Store) -> None:
    """With the job that fills it; one is there always."""
    for key in "ABC":
        accepted(store, key)
    (first, _, _) = store.unread(Wanted(), newest_first=False)
    size = sum(len(value) for value in first.row if isinstance(value, str))
    for most, length in ((0, 1), (size - 1, 1), (size, 1), (size + 1, 2), (2 * size, 2), (2 * size + 1, 3)):
        assert len(store.unread(Wanted(), newest_first=False, most_bytes=most)) == length


def test_evidence_can_be_read_in_the_file(store: Store) -> None:
    """By a person who opens a copy of it."""
    accepted(store)
    store.start("A", {"before": {"answer": "zażółć"}})
    (stored,) = store._db.execute("SELECT evidence FROM job").fetchone()
    assert stored == '{"before": {"answer": "zażółć"}}'


def test_without_counters_there_is_nothing_to_compare(store: Store) -> None:
    def rule(known: Known, now: Counters) -> Problem | None:
        raise AssertionError("nothing was read")

    accepted(store)
    assert store.start("A", {"before": {}}, None, rule, remember=True).phase is Phase.STARTED
    assert store.finish("A", Phase.DONE, counters=None, rule=rule).phase is Phase.DONE


def test_printers_are_remembered(store: Store) -> None:
    assert store.printer_id("till1") is None
    store.know_printer("till1", "EMU 1")
    store.know_printer("till1", "EMU 2")
    assert store.printer_id("till1") == "EMU 2"


def _hold(store: Store, *, was_open: bool) -> None:
    store.hold("A", {}, WHY, was_open=was_open, event=True)


@pytest.mark.parametrize(
    ("moves", "ends", "receipts", "printouts"),
    [
        ("start", partial(_hold, was_open=False), 0, 0), ("start", partial(_hold, was_open=True), 0, 1),
        ("start commit", partial(_hold, was_open=False), 0, 1), ("start commit", partial(_hold, was_open=True), 0, 1),
        ("start", lambda s: s.requeue("A", {}, WHY), 0, 1), ("start commit", lambda s: s.requeue("A", {}, WHY), 0, 1),
        ("", lambda s: s.finish("A", Phase.FAILED), 0, 0), ("start", lambda s: s.finish("A", Phase.FAILED), 0, 1),
        ("start commit", lambda s: s.finish("A", Phase.FAILED), 0, 1),
        ("start", lambda s: s.finish("A", Phase.UNDECIDED), 0, 0),
        ("start commit", lambda s: s.finish("A", Phase.UNDECIDED), 1, 1),
        ("start commit", lambda s: s.finish("A", Phase.DONE), 1, 1),
    ],
)  # fmt: skip
def test_unsettled_receipts_count_as_possibly_printed(
    store: Store, moves: str, ends: Callable[[Store], object], receipts: int, printouts: int
) -> None:
    """It explains what the printer has counted: the receipt itself, or the sheet that says it was cancelled."""
    store.know_printer("till1", "EMU 1")
    accepted(store)
    for move in moves.split():
        store.start("A", {"before": {}}) if move == "start" else store.commit("A")
    ends(store)
    known = store.known("till1")
    assert (known.own_receipts, known.own_printouts) == (receipts, printouts)
