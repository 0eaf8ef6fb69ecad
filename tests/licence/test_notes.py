"""What was given back, moved, revoked or suspended is remembered, in two records, and comes back by a new certificate."""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.daemon import _JournalNotes
from fiscald.journal import ThreadedJournal
from fiscald.licence import LicenceGate, StoreError
from fiscald.licence.clock import DAY, HOUR
from fiscald.licence.keys import trusted
from fiscald.licence.notes import KINDS, MOST, Note, Notes, closing, with_note
from fiscald.licence.registration import Registration
from fiscald.licence.testing import sign
from fiscald.model.problems import ProblemError
from tests.licence.registering import liar, status_for, till
from tests.licence.situations import at
from tests.licence.test_certificate import C0, T0, claims
from tests.licence.test_gate_states import Clock, P, gate, status_text

LICENCE = "lic_7Q4M2K9X"
#: Each removes files, or puts older ones back; the second argument is a copy of the licence's directory from before.
TAMPERING: dict[str, Callable[[Path, Path], object]] = {
    "nothing": lambda folder, copy: None,
    "without status": lambda folder, copy: without(folder, "status"),
    "without state.json": lambda folder, copy: without(folder, "state.json"),
    "without both": lambda folder, copy: without(folder, "status", "state.json"),
    "the copied directory": lambda folder, copy: (without(folder, *(path.name for path in folder.iterdir())),
                                                  shutil.copytree(copy, folder, dirs_exist_ok=True)),
    "an edited state.json": lambda folder, copy: (folder / "state.json").write_text(
        '{"notes": [["confirmed", "lic_7Q4M2K9X", 99, 9999999999]]}'
    ),
}  # fmt: skip


def without(folder: Path, *names: str) -> bool:
    for name in names:
        (folder / name).unlink(missing_ok=True)
    return True


@pytest.fixture(autouse=True)
def _pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fiscald.licence.keys.VENDOR_KEYS", tuple(trusted(test_keys=True).values()))


@contextmanager
def shop(state: Path, now: float = T0) -> Iterator[LicenceGate]:
    """A daemon's licence and journal."""
    journal = ThreadedJournal(state, lambda: datetime.datetime.now(datetime.UTC))
    opened = gate(state / "licence", Clock(now))
    opened.keep_second(_JournalNotes(journal))
    try:
        yield opened
    finally:
        journal.close()


def prints(opened: LicenceGate) -> bool:
    return opened.refuses("receipt", P) is None


def newer(seq: int = 8, at: int = T0 + 1) -> bytes:
    return sign(claims(seq=seq, jti=f"crt_{seq}", iat=at, nbf=at - HOUR)).encode()


@pytest.mark.parametrize("tampering", TAMPERING)
def test_a_licence_that_was_given_back_does_not_come_back(tmp_path: Path, tampering: str) -> None:
    folder, copy = tmp_path / "licence", tmp_path / "copy"
    with shop(tmp_path) as opened:
        opened.install(C0.encode())
        assert prints(opened)
        shutil.copytree(folder, copy)
        opened.give_back(LICENCE, T0 + 1)
        assert not prints(opened)
    TAMPERING[tampering](folder, copy)
    with shop(tmp_path) as opened:
        assert not prints(opened)
        with pytest.raises(ProblemError, match=r"given back.*CERT_SUPERSEDED"):
            opened.install(C0.encode())
        if not (folder / "certificate").exists():
            shutil.copy(folder / "certificate.prev", folder / "certificate")
        opened.reload()
        assert (opened.state().name, prints(opened)) == ("unregistered", False)
        assert "given back" in opened.describe()["reason"]
        hidden = sign(claims(seq=9, jti="crt_9", iat=T0, nbf=T0 - HOUR)).encode()
        with pytest.raises(ProblemError, match="CERT_SUPERSEDED"):
            opened.install(hidden)  # issued before, kept aside, and never installed
        opened.install(newer())
        assert prints(opened), "a new certificate of the same licence counts"
    with shop(tmp_path) as opened:
        assert prints(opened)


@pytest.mark.parametrize("tampering", TAMPERING)
@pytest.mark.parametrize(
    ("word", "state"), [("revoked", "revoked"), ("suspended", "suspended"), ("superseded", "transferred")]
)
def test_a_withdrawn_licence_stays_withdrawn_whatever_file_is_deleted(
    tmp_path: Path, word: str, state: str, tampering: str
) -> None:
    folder, copy = tmp_path / "licence", tmp_path / "copy"
    with shop(tmp_path) as opened:
        opened.install(C0.encode())
        shutil.copytree(folder, copy)
        opened.take_status(status_text(word, T0 + 1))
        assert opened.state().name == state
    TAMPERING[tampering](folder, copy)
    with shop(tmp_path) as opened:
        assert (opened.state().name, prints(opened)) == (state, False)
        assert opened.refuses("daily_report", P) is None
        with pytest.raises(ProblemError, match="CERT_SUPERSEDED"):
            opened.install(C0.encode())
        if word != "superseded":
            with pytest.raises(ProblemError, match="emergency_denied"):
                opened.take_emergency()
        opened.install(newer(at=T0 + 2))
        assert prints(opened)


@pytest.mark.parametrize("word", ["revoked", "suspended"])
@pytest.mark.parametrize("tampering", ["nothing", "without both"])
def test_what_was_withdrawn_counts_again_once_the_vendor_confirms_it(tmp_path: Path, word: str, tampering: str) -> None:
    folder = tmp_path / "licence"
    with shop(tmp_path) as opened:
        opened.install(C0.encode())
        opened.take_status(status_text(word, T0 + 1))
    TAMPERING[tampering](folder, folder)
    with shop(tmp_path) as opened:
        opened.take_status(status_text("ok", T0 + DAY))
        assert prints(opened)
    TAMPERING["without both"](folder, folder)
    with shop(tmp_path) as opened:
        assert prints(opened), "both records know it"
        opened.take_status(status_text(word, T0 + 2 * DAY))
        assert not prints(opened)


def test_a_confirmation_does_not_bring_back_what_was_given_back(tmp_path: Path) -> None:
    with shop(tmp_path) as opened:
        opened.install(C0.encode())
        opened.give_back(LICENCE, T0 + 1)
        opened.install(newer())
        opened.take_status(status_text("revoked", T0 + DAY))
        opened.take_status(status_text("ok", T0 + 2 * DAY))
        assert prints(opened)
    (tmp_path / "licence" / "state.json").unlink()
    shutil.copy(tmp_path / "licence" / "certificate.prev", tmp_path / "licence" / "certificate")
    with shop(tmp_path) as opened:
        assert "given back" in opened.describe()["reason"]


def test_a_licence_is_given_back_also_where_a_record_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The seat is free at the vendor's already; the other record has it."""

    def full(*_: object, **__: object) -> None:
        raise StoreError("the disk is full")

    with shop(tmp_path) as opened:
        opened.install(C0.encode())
        monkeypatch.setattr(opened.store, "remember", full)
        with pytest.raises(StoreError, match="full"):
            opened.give_back(LICENCE, T0 + 1)
        assert opened.state().name == "unregistered"
    monkeypatch.undo()
    monkeypatch.setattr("fiscald.licence.keys.VENDOR_KEYS", tuple(trusted(test_keys=True).values()))
    with shop(tmp_path) as opened, pytest.raises(ProblemError, match="given back"):
        opened.install(C0.encode())


def test_two_tills_of_one_licence_have_interleaved_certificates(tmp_path: Path) -> None:
    """Seats: 7 is for this till, 8 for the other one, 9 renews this one; 10 is the other's, brought here by mistake."""

    def issued(seq: int, machine: str) -> bytes:
        return sign(claims(seq=seq, jti=f"crt_{seq}", mid=machine, seats=2)).encode()

    tills = [till(tmp_path / name, None, Clock(T0), machine=name) for name in ("here", "there")]
    here, there = (each.gate for each in tills)
    here.install(issued(7, "here"))
    there.install(issued(8, "there"))
    here.install(issued(9, "here"))
    for other in (issued(10, "there"), issued(8, "there")):
        with pytest.raises(ProblemError, match="CERT_"):
            here.install(other)
    there.install(issued(10, "there"))
    assert [each.may_print for each in tills] == [True, True]
    assert here.describe()["certificate"] == "crt_9"
    with pytest.raises(ProblemError, match="CERT_SUPERSEDED"):
        here.install(issued(7, "here"))
    here.give_back(LICENCE, T0)
    assert [each.may_print for each in tills] == [False, True]
    here.install(sign(claims(seq=11, jti="crt_11", mid="here", seats=2, iat=T0)).encode())
    assert [each.may_print for each in tills] == [True, True]


def test_a_certificate_of_another_computer_changes_nothing_here(tmp_path: Path) -> None:
    it = till(tmp_path / "till", None, Clock(T0))
    it.gate.install(C0.encode())
    other = sign(claims(seq=8, jti="crt_8", mid="another")).encode()
    with pytest.raises(ProblemError, match=r"another computer.*CERT_MACHINE"):
        it.gate.install(other)
    assert it.may_print
    (tmp_path / "till" / "certificate").write_bytes(other)
    it.gate.reload()
    assert it.gate.state().name == "machine_mismatch", "copied by hand"


@pytest.mark.parametrize("word", ["revoked", "suspended"])
@pytest.mark.parametrize("every", [None, 86400])
async def test_a_withdrawn_licence_is_still_asked_about_and_reinstated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str, every: int | None
) -> None:
    """By hand, and by the daily check; also where the certificate asks for none."""
    answers = iter([word, word, "ok"])
    told = []

    def answer(question: str) -> tuple[int, str, bytes]:
        told.append(next(answers))
        return 200, "application/jose", status_for(question, verdict=told[-1]).encode()

    class Enough(Exception):
        pass

    async def sleep(_: float) -> None:
        if it.may_print:
            raise Enough

    async with liar(answer) as url:
        it = till(tmp_path / "licence", url, Clock(T0))
        it.gate.install(sign(claims(chk={"every": every, "lapse": "warn"})).encode())
        await it.flows.check()
        assert it.gate.state().name == word
        monkeypatch.setattr("fiscald.licence.registration.anyio.sleep", sleep)
        with pytest.raises(Enough):
            await it.flows.run()
    assert told == [word, word, "ok"]
    assert isinstance(it.flows, Registration)


# -- the printer's taxpayer ------------------------------------------------------------------------------


def test_a_printer_that_tells_its_taxpayer_needs_a_licence_with_that_number(tmp_path: Path) -> None:
    opened = gate(tmp_path / "licence", Clock(T0))
    opened.install(sign(claims(co={"name": "De Bloem", "post": "1011 AB", "cc": "NL", "tin": None})).encode())
    refusal = opened.refuses("receipt", P)
    assert refusal is not None
    assert (refusal.code, (refusal.model_extra or {})["prompt"]) == ("licence.company_mismatch", "number")
    assert "no tax number" in refusal.detail
    assert "ask the vendor to add the number" in refusal.detail
    assert "NIP" in refusal.detail_pl
    assert not any(name in refusal.detail + refusal.detail_pl for name in ("De Bloem", "1234563218"))
    assert opened.refuses("daily_report", P) is None
    assert opened.refuses("receipt", P.model_copy(update={"nip": None})) is None, "it tells none"
    assert opened.refuses("receipt", P.model_copy(update={"fiscal": False})) is None, "a training printer"


# -- the notes -------------------------------------------------------------------------------------------

NOTES = st.builds(
    Note, st.sampled_from(sorted(KINDS)), st.sampled_from(["", "a", "b"]), st.integers(0, 20), st.integers(0, 20)
)


@given(st.lists(NOTES, max_size=30))
def test_of_each_kind_the_newest_note_about_a_licence_is_kept(written: list[Note]) -> None:
    notes: Notes = ()
    for note in written:
        notes = with_note(notes, note)
    assert {(note.kind, note.licence): note for note in written} == {(note.kind, note.licence): note for note in notes}
    assert len(notes) == len({(note.kind, note.licence) for note in notes})


@given(st.lists(NOTES, max_size=10).map(tuple), st.integers(0, 25), st.integers(0, 25))
def test_a_certificate_newer_than_every_note_counts(notes: Notes, seq: int, iat: int) -> None:
    found = closing(notes, "a", seq, iat)
    if found is None:
        assert closing(notes, "a", seq + 1, iat + 1) is None
    else:
        assert found in notes
        assert found.licence == "a"
        assert seq <= found.seq or iat < found.at
    assert closing(notes, "a", 21, at(2026, 1, 1)) is None


def test_a_computer_keeps_a_bounded_number_of_notes() -> None:
    notes: Notes = ()
    for number in range(3 * MOST):
        notes = with_note(notes, Note("given_back", f"lic_{number}", 1, 1))
    assert len(notes) == MOST
    assert notes[-1].licence == f"lic_{3 * MOST - 1}"
