"""The list of jobs: every filter, both orders and every cursor against a list in memory; and by an index."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fiscald.journal import Phase, Store, Wanted
from fiscald.model.documents import Submission
from fiscald.model.jobs import JobState, Result
from fiscald.model.money import from_grosze
from fiscald.model.times import POLISH_TIME

NOON = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)  # an hour before Polish clocks are put back


@dataclass
class Job:
    """A job, and the facts about it outside the journal."""

    id: int
    key: str
    printer: str
    state: JobState
    at: datetime
    number: int | None
    total: Decimal | None


JOBS = st.lists(
    st.tuples(
        st.sampled_from(["till1", "till2"]),
        st.sampled_from([Phase.ACCEPTED, Phase.STARTED, Phase.DONE, Phase.DONE, Phase.FAILED]),
        st.one_of(st.none(), st.integers(1, 3)),
        st.one_of(st.none(), st.integers(100, 103).map(from_grosze)),
        # The clock goes on, stands, and goes back.
        st.sampled_from([0.0, 0.4, 1.0, 600.0, 3600.0, -1.0, -7200.0]),
    ),
    max_size=14,
)
TIMES = st.one_of(st.none(), st.integers(-4, 4).map(lambda hours: NOON + timedelta(hours=hours)))
FILTERS = st.builds(
    Wanted,
    printer=st.sampled_from([None, None, "till1", "till3"]),
    state=st.sampled_from([None, None, JobState.DONE, JobState.RUNNING]),
    since=TIMES,
    until=TIMES,
    number=st.sampled_from([None, None, 2]),
    total=st.sampled_from([None, None, Decimal("1.01")]),
)


def filled(store: Store, clock: Clock, drawn: list[tuple[Any, ...]]) -> list[Job]:
    jobs = []
    for index, (printer, phase, number, total, seconds) in enumerate(drawn, start=1):
        clock.now += timedelta(seconds=seconds)
        key = f"A{index}"
        submission = Submission.model_validate({"printer": printer, "document": {"type": "drawer"}})
        store.accept(key, submission, (), None)
        result = Result(number=number, total=total, printer_id="EMU 1") if phase is Phase.DONE else None
        if phase is Phase.STARTED:
            store.start(key, {"before": {}})
        elif phase is not Phase.ACCEPTED:
            store.finish(key, phase, result=result)
        facts = (number, total) if result else (None, None)
        jobs.append(Job(index, key, printer, phase.state, clock.now, *facts))
    return jobs


@dataclass
class Clock:
    """Polish time, whose offset changes in the night of the test."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now.astimezone(POLISH_TIME)


def expected(jobs: list[Job], wanted: Wanted, *, newest_first: bool) -> list[str]:
    def second(moment: datetime) -> int:
        return int(moment.timestamp())

    found = [
        job
        for job in jobs
        if wanted.printer in (None, job.printer)
        and wanted.state in (None, job.state)
        and (wanted.since is None or second(job.at) >= second(wanted.since))
        and (wanted.until is None or second(job.at) <= second(wanted.until))
        and wanted.number in (None, job.number)
        and wanted.total in (None, job.total)
    ]
    found.sort(key=lambda job: (second(job.at) if wanted.by_time else 0, job.id), reverse=newest_first)
    return [job.key for job in found]


@given(JOBS, FILTERS, st.booleans(), st.integers(1, 5))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_pages_are_those_of_a_list(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[Any], wanted: Wanted, newest_first: bool, limit: int
) -> None:
    clock = Clock()
    with closing(Store(tmp_path_factory.mktemp("journal"), clock)) as store:
        store._db.execute("PRAGMA synchronous = OFF")  # no power is cut here
        whole = expected(filled(store, clock, drawn), wanted, newest_first=newest_first)
        listed: list[str] = []
        after = 0
        while page := store.jobs(wanted=wanted, newest_first=newest_first, after=after, limit=limit):
            listed += [entry.job.key for entry in page]
            back = store.jobs(wanted=wanted, newest_first=not newest_first, after=page[0].id, limit=100)
            assert [entry.job.key for entry in back] == whole[: len(listed) - len(page)][::-1], "and back again"
            after = page[-1].id
        assert listed == whole


def test_the_offset_of_a_time_does_not_matter(tmp_path: Path) -> None:
    clock = Clock()
    with closing(Store(tmp_path, clock)) as store:
        filled(store, clock, [("till1", Phase.ACCEPTED, None, None, 1800.0)] * 4)
        half_past_two = datetime(2026, 10, 25, 2, 30, tzinfo=POLISH_TIME, fold=1)
        found = store.jobs(wanted=Wanted(since=half_past_two, until=half_past_two.astimezone(UTC)))
        assert [entry.job.key for entry in found] == ["A1"], "2:30 comes twice in that night"


def test_a_cursor_whose_job_was_deleted_ends_the_list(tmp_path: Path) -> None:
    clock = Clock()
    with closing(Store(tmp_path, clock)) as store:
        filled(store, clock, [("till1", Phase.DONE, 1, None, 60.0)] * 3)
        store._db.execute("DELETE FROM event")
        store._db.execute("DELETE FROM job WHERE id = 2")
        assert store.jobs(wanted=Wanted(since=NOON), newest_first=True, after=2) == []
        assert [entry.id for entry in store.jobs(newest_first=True, after=2)] == [1]


def test_an_index_finds_them(tmp_path: Path) -> None:
    """Counted in steps of SQLite's machine: as many, or nearly, over ten times as many jobs."""
    clock = Clock()
    day = timedelta(days=1)
    hour = Wanted(since=NOON + day, until=NOON + day + timedelta(hours=1))
    asked: dict[str, Callable[[Store, bool], object]] = {
        "the newest or oldest": lambda store, newest: store.jobs(newest_first=newest, limit=10),
        "a number": lambda store, newest: store.jobs(wanted=Wanted(number=7_000_000), newest_first=newest),
        "a total": lambda store, newest: store.jobs(wanted=Wanted(total=Decimal("70000.00")), newest_first=newest),
        "an hour": lambda store, newest: store.jobs(wanted=hour, newest_first=newest, limit=10),
        "an hour and a state": lambda store, newest: store.jobs(
            wanted=Wanted(since=hour.since, until=hour.until, state=JobState.DONE, printer="till1"),
            newest_first=newest, limit=10,
        ),
        "a year": lambda store, newest: store.jobs(
            wanted=Wanted(until=NOON + 300 * day, since=NOON), newest_first=newest, limit=10
        ),
    }  # fmt: skip
    with closing(Store(tmp_path, clock)) as store:
        found: list[dict[str, int]] = []
        for jobs in (100, 900):
            with store._transaction() as db:
                for number in range(jobs):
                    at = (NOON + timedelta(minutes=len(found) * 10_000 + number * 20)).isoformat()
                    db.execute(
                        "INSERT INTO job (key, printer, digest, document, phase, result, created_at, updated_at)"
                        " VALUES (?, 'till1', zeroblob(32), '{\"type\":\"drawer\"}', 'done', ?, ?, ?)",
                        (f"{jobs}/{number}", f'{{"number":{number},"total":"{number}.00","printer_id":"E"}}', at, at),
                    )
            found.append(
                {
                    f"{name}, {newest=}": steps(store, ask, newest)
                    for name, ask in asked.items()
                    for newest in (True, False)
                }
            )
    assert {name: (found[0][name], most) for name, most in found[1].items() if most > 2 * found[0][name]} == {}


def steps(store: Store, ask: Callable[[Store, bool], object], newest: bool) -> int:
    work = 0

    def count() -> None:
        nonlocal work
        work += 1

    store._db.set_progress_handler(count, 1)
    try:
        ask(store, newest)
    finally:
        store._db.set_progress_handler(None, 0)
    return work


def test_damaged_rows_do_not_stop_an_upgrade(tmp_path: Path) -> None:
    (tmp_path / "lock").touch()
    with closing(sqlite3.connect(tmp_path / "journal.db", isolation_level=None)) as db:
        for number in range(1, 6):
            db.executescript(files("fiscald.journal").joinpath(f"schema_v{number}.sql").read_text("utf-8"))
        db.execute(
            "INSERT INTO job (key, printer, digest, document, phase, result, created_at, updated_at)"
            " VALUES ('A', 'till1', zeroblob(32), '{', 'done', '{\"number\": ', 'yesterday', 'yesterday')"
        )
        db.execute("PRAGMA user_version = 5")
    with closing(Store(tmp_path, Clock())) as store:
        assert store.jobs(wanted=Wanted(number=1)) == []
        assert store.jobs(wanted=Wanted(since=NOON)) == []
