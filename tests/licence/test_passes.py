"""Emergency passes stand in two places, and count only where both have them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fiscald.daemon import _JournalNotes
from fiscald.journal import JournalDamaged, ThreadedJournal, UnusableJournal
from fiscald.licence import LicenceGate, LicenceStore, StoreError
from fiscald.licence.keys import trusted
from fiscald.licence.notes import Note
from fiscald.licence.state import EMERGENCY, EMERGENCY_EVERY
from fiscald.licence.store import Memory
from fiscald.licence.testing import sign
from fiscald.model.problems import ProblemError
from tests.licence.situations import at
from tests.licence.test_certificate import claims
from tests.licence.test_gate_states import Clock, P, gate

LAPSED = sign(claims(chk={"every": 86400, "lapse": "restrict"}))
LATER = at(2026, 3, 1)


@pytest.fixture(autouse=True)
def _pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test keys as if they were the vendor's own, so that real printers count."""
    monkeypatch.setattr("fiscald.licence.keys.VENDOR_KEYS", tuple(trusted(test_keys=True).values()))


@contextmanager
def shop(state: Path, clock: Clock) -> Iterator[LicenceGate]:
    """A daemon's licence and journal, with a paid licence that was not confirmed in time."""
    journal = ThreadedJournal(state, lambda: datetime.now(UTC))
    opened = gate(state / "licence", clock)
    opened.keep_second(_JournalNotes(journal))
    if opened.certificate is None:
        opened.install(LAPSED.encode())
    opened.observe_clock(P, datetime.fromtimestamp(clock.now, UTC))
    try:
        yield opened
    finally:
        journal.close()


def write(state: Path, taken: int) -> None:
    path = state / "licence" / "state.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | {"notes": [["pass", "", 0, taken]]}))


def prints(opened: LicenceGate) -> bool:
    return opened.refuses("receipt", P) is None


def test_a_pass_stays_in_force_over_a_restart(tmp_path: Path) -> None:
    clock = Clock(LATER)
    with shop(tmp_path, clock) as opened:
        assert not prints(opened)
        opened.take_emergency()
        assert prints(opened)
        assert opened.describe()["emergency_until"] is not None
    with shop(tmp_path, clock) as opened:
        assert prints(opened)
        clock.now += EMERGENCY
        assert not prints(opened)


@pytest.mark.parametrize("taken_before", [False, True])
def test_a_pass_forged_in_the_file_is_ignored(tmp_path: Path, *, taken_before: bool) -> None:
    clock = Clock(LATER)
    with shop(tmp_path, clock) as opened:
        if taken_before:
            opened.take_emergency()
            clock.now += EMERGENCY
        assert not prints(opened)
    for _ in range(3):
        write(tmp_path, int(clock.now))
        with shop(tmp_path, clock) as opened:
            assert not prints(opened)
            assert opened.describe()["emergency_until"] is None
        clock.now += EMERGENCY


def test_a_used_pass_is_known_when_the_file_lost_it(tmp_path: Path) -> None:
    clock = Clock(LATER)
    with shop(tmp_path, clock) as opened:
        opened.take_emergency()
    (tmp_path / "licence" / "state.json").unlink()
    with shop(tmp_path, clock) as opened:
        assert not prints(opened), "both must agree"
        with pytest.raises(ProblemError, match="emergency_used"):
            opened.take_emergency()
        clock.now += EMERGENCY_EVERY
        opened.observe_clock(P, datetime.fromtimestamp(clock.now, UTC))
        opened.take_emergency()
        assert prints(opened)


def test_a_used_pass_is_known_when_the_journal_lost_it(tmp_path: Path) -> None:
    """An older journal was put back."""
    clock = Clock(LATER)
    with shop(tmp_path, clock):
        pass
    copy = (tmp_path / "journal.db").read_bytes()
    with shop(tmp_path, clock) as opened:
        opened.take_emergency()
    (tmp_path / "journal.db").write_bytes(copy)
    with shop(tmp_path, clock) as opened:
        assert not prints(opened)
        with pytest.raises(ProblemError, match="emergency_used"):
            opened.take_emergency()


def test_a_pass_that_cannot_be_recorded_twice_is_not_used(tmp_path: Path) -> None:
    clock = Clock(LATER)
    with shop(tmp_path, clock) as opened:
        assert isinstance(opened.store.second, _JournalNotes)
        journal = opened.store.second._journal
        assert isinstance(journal, ThreadedJournal)
        journal._store._db.execute("PRAGMA query_only = ON")
        with pytest.raises(ProblemError, match=r"licence\.refused"):
            opened.take_emergency()
        assert not prints(opened)
        assert json.loads((tmp_path / "licence" / "state.json").read_text())["notes"] == []
        journal._store._db.execute("PRAGMA query_only = OFF")
        opened.take_emergency()
        assert prints(opened)


def test_a_pass_that_can_be_recorded_nowhere_names_the_first_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taking back what the first record holds fails as well; the answer tells why the second one failed."""
    with shop(tmp_path, Clock(LATER)) as opened:
        remember = opened.store.remember

        def full(**changes: Any) -> None:
            if changes == {"notes": ()}:
                raise StoreError("the disk is full")
            remember(**changes)

        monkeypatch.setattr(opened.store, "remember", full)
        assert isinstance(opened.store.second, _JournalNotes)
        monkeypatch.setattr(opened.store.second, "keep", refusing(StoreError("the journal is read-only")))
        with pytest.raises(ProblemError) as raised:
            opened.take_emergency()
        assert "the journal is read-only" in raised.value.problem.detail


def refusing(error: Exception) -> Callable[..., None]:
    def refuse(*_: object) -> None:
        raise error

    return refuse


def test_without_a_journal_there_is_no_pass(tmp_path: Path) -> None:
    clock = Clock(LATER)
    with shop(tmp_path, clock) as opened:
        opened.take_emergency()
    opened = gate(tmp_path / "licence", clock)
    unusable = UnusableJournal(tmp_path, JournalDamaged("damaged"))
    second = _JournalNotes(unusable)
    opened.keep_second(second)
    assert not prints(opened)
    with pytest.raises(StoreError, match="journal"):
        second.keep(Note("pass", "", 0, 1))
    unusable.close()


@pytest.mark.parametrize(
    "text",
    [
        "[" * 60_000,
        '{"seen": ' + "[" * 60_000,
        "{}",
        "null",
        "[]",
        '{"seen": {"a": 1}}',
        '{"notes": 1}',
        '{"notes": [1]}',
        '{"notes": [[]]}',
        '{"notes": [["pass"]]}',
        '{"notes": [[{}, 1, 1, 1]]}',
    ],
)
def test_a_state_file_that_cannot_be_read_is_no_error(tmp_path: Path, text: str) -> None:
    """However deep: its content is rebuilt or dropped."""
    directory = tmp_path / "licence"
    directory.mkdir(mode=0o700)
    (directory / "state.json").write_text(text)
    store = LicenceStore(directory, LicenceGate.keys(test_keys=True))
    assert store.memory == Memory()


def test_a_time_before_1970_in_the_state_file_counts_as_1970(tmp_path: Path) -> None:
    directory = tmp_path / "licence"
    directory.mkdir(mode=0o700)
    (directory / "state.json").write_text('{"mark": -5, "withdrawn": {"k": -2}, "notes": [["revoked", "s", 1, -3]]}')
    memory = LicenceStore(directory, LicenceGate.keys(test_keys=True)).memory
    assert (memory.mark, memory.withdrawn, memory.notes) == (0, {"k": 0}, (Note("revoked", "s", 1, 0),))
