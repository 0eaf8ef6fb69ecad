"""Time and state: cases 30 to 38 of the licence's design, and what holds in every state."""

from __future__ import annotations

import datetime
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.licence import LicenceGate, LicenceStore
from fiscald.licence.certificate import Certificate, verify
from fiscald.licence.clock import BACK_SLACK, CLOCK_BACK, CLOCK_FORWARD, DAY, FORWARD_SLACK, HOUR, Witnesses, moment
from fiscald.licence.company import Company, company
from fiscald.licence.keys import trusted
from fiscald.licence.state import EMERGENCY, EMERGENCY_EVERY, UNGATED_DOCUMENTS, LicenceState, Situation, derive
from fiscald.licence.testing import sign
from fiscald.licence.tokens import fingerprint
from fiscald.licence.wire import Status
from fiscald.model.printers import Identity
from fiscald.model.problems import ProblemError
from tests.licence.test_certificate import C0, T0, claims

MACHINE = "5c94726b-8665-49b5-8d3a-f9c26f0c4042"
RELEASED = datetime.date(2026, 1, 10)
#: The program's own release, as a witness.
PROGRAM = int(datetime.datetime(2026, 1, 10, tzinfo=datetime.UTC).timestamp())
P = Identity(printer_id="ZBF 0000000001", fiscal=True, profile="online", nip="1234563218")


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> int:
    return int(datetime.datetime(year, month, day, hour, minute, second, tzinfo=datetime.UTC).timestamp())


def certificate(**changes: Any) -> Certificate:
    return verify(sign(claims(**changes)).encode(), trusted(test_keys=True))


def situation(now: int = T0, **changes: Any) -> Situation:
    fields = {name: changes.pop(name) for name in list(changes) if name in Situation.__dataclass_fields__}
    content: dict[str, Any] = {
        "certificate": certificate(**changes),
        "now": now,
        "machine": MACHINE,
        "released": RELEASED,
    }
    return Situation(**(content | {"version": "1.0.3"} | fields))


def verdict(word: Any, at: int = T0, **more: Any) -> Status:
    return Status(
        iss="urn:fiscald:vendor:test", aud="fiscald", iat=at, nonce="AAECAwQFBgcICQoLDA0ODw", req="x",
        lic="lic_7Q4M2K9X", verdict=word, **more,
    )  # fmt: skip


def facts(state: LicenceState) -> dict[str, Any]:
    assert state.refusal is not None
    return state.refusal.model_extra or {}


# -- the table -------------------------------------------------------------------------------------------


def test_case_30_without_contact() -> None:
    expected = {
        at(2026, 1, 16): "active", at(2026, 1, 20): "grace", at(2026, 2, 15, 11, 59, 59): "grace", at(2026, 2, 15, 12): "lapsed"
    }  # fmt: skip
    assert {now: derive(situation(now)).name for now in expected} == expected
    assert derive(situation(at(2026, 2, 15, 12))).refusal is None, "a paid licence warns and goes on selling"
    restricted = derive(situation(at(2026, 2, 18, 12), chk={"every": 86400, "lapse": "restrict"}))
    assert facts(restricted) | {"days_overdue": 3, "prompt": "check"} == facts(restricted)


def test_an_answer_of_the_vendor_ends_the_grace() -> None:
    assert derive(situation(at(2026, 2, 1))).name == "grace"
    assert derive(situation(at(2026, 2, 1), status=verdict("ok", at(2026, 1, 31)))).name == "active"


def test_case_32_the_last_second_of_a_trial() -> None:
    end = at(2026, 2, 14)
    trial = {"kind": "trial", "end": end, "exp": end, "chk": {"every": None, "lapse": "restrict"}}
    assert derive(situation(end - 1, **trial)).name == "trial"
    ended = derive(situation(end, **trial))
    assert (ended.name, facts(ended)["was"], facts(ended)["prompt"]) == ("ended", "trial", "number")
    assert facts(ended)["since"] == "2026-02-14T00:00:00Z"
    assert facts(ended)["allowed"] == ["status", "finish", "daily_report"]


@pytest.mark.parametrize(
    ("released", "name"), [(datetime.date(2027, 1, 15), "active"), (datetime.date(2027, 1, 16), "updates_ended")]
)
def test_case_35_updates_by_the_release_of_the_series(released: datetime.date, name: str) -> None:
    found = derive(situation(at(2026, 1, 16), released=released, last_covered="1.4"))
    assert found.name == name
    if name == "updates_ended":
        assert (facts(found)["last_covered"], facts(found)["prompt"]) == ("1.4", "support_number")


def test_case_36_a_copy_on_another_computer() -> None:
    assert derive(situation(machine="00000000-0000-4000-8000-000000000000")).name == "machine_mismatch"
    assert derive(situation(machine=None)).name == "machine_mismatch"


@pytest.mark.parametrize(
    ("seller", "name"),
    [
        (company("Piekarnia  Żurek sp. z o.o.", "00-950", "PL", "123-456-32-18"), "active"),
        (company("Cukiernia", "11-111", "PL", "1234563218"), "active"),
        (company("PIEKARNIA ŻUREK SP. Z O.O.", "00-950", "PL", "5260001246"), "company_mismatch"),
    ],
)
def test_case_37_the_configured_company(seller: Company, name: str) -> None:
    found = derive(situation(seller=seller))
    assert found.name == name
    if name != "active":
        assert "5260001246" in facts(found)["found"]
        assert "1234563218" in facts(found)["expected"]


def test_a_company_without_a_tax_number_is_told_apart_by_name_and_postcode() -> None:
    co = {"name": "Żurek  LTD", "post": "AB1-2CD", "cc": "GB", "tin": None}
    assert derive(situation(co=co, seller=company("żurek ltd", "ab1 2cd", "GB"))).name == "active"
    assert derive(situation(co=co, seller=company("żurek ltd", "ab1 2ce", "GB"))).name == "company_mismatch"
    assert derive(situation(co=co, seller=company("żurek ltd", "ab1 2cd", "IE"))).name == "company_mismatch"


@pytest.mark.parametrize(
    ("fields", "hint"),
    [
        (("", "00-950", "PL", "1234563218"), "name"),
        (("A" * 200, "00-950", "PL", "1234563218"), "name"),
        (("Żurek\n", "", "PL", "1234563218"), "postcode"),
        (("Żurek", "00-950", "Polska", "1234563218"), "two letters"),
        (("Żurek", "00-950", "PL", "1234563219"), "digit by digit"),
        (("Żurek", "00-950", "PL", None), "missing"),
    ],
)
def test_a_company_is_checked_when_it_is_typed(fields: tuple[str, str, str, str | None], hint: str) -> None:
    with pytest.raises(ValueError, match=hint):
        company(*fields)


def test_the_vendors_verdicts() -> None:
    revoked = derive(situation(status=verdict("revoked", text="nie zapłacono", since=T0 - DAY)))
    assert (revoked.name, facts(revoked)["reason"]) == ("revoked", "nie zapłacono")
    moved = derive(situation(status=verdict("superseded")))
    assert (moved.name, facts(moved)["prompt"]) == ("transferred", "transfer")
    newer = verdict("ok", upd={"latest": "1.0.10", "series": "2026-01-10", "url": "https://vendor.example/"})
    assert "licence.w.update_available" in derive(situation(status=newer)).warnings
    same = verdict("ok", upd={"latest": "1.0.3", "series": "2026-01-10", "url": "https://vendor.example/"})
    assert "licence.w.update_available" not in derive(situation(status=same)).warnings


def test_an_emergency_pass_opens_everything_but_a_revoked_licence() -> None:
    later = at(2026, 3, 1)
    closed = {"chk": {"every": 86400, "lapse": "restrict"}}
    assert derive(situation(later, **closed)).refusal is not None
    opened = derive(situation(later, emergency=later - HOUR, **closed))
    assert (opened.name, opened.refusal, opened.days_left) == ("lapsed", None, 2)
    assert opened.warnings[:2] == ("licence.w.emergency", "licence.w.lapsed")
    assert derive(situation(later, emergency=later - EMERGENCY, **closed)).refusal is not None, "over"
    assert derive(situation(later, emergency=later + 1, **closed)).refusal is not None, "not yet"
    assert derive(situation(later, emergency=later, status=verdict("revoked"), **closed)).refusal is not None


_SITUATIONS = [
    situation(certificate=None, reason="no certificate"),
    *(situation(status=verdict(word)) for word in ("ok", "renewed", "superseded", "revoked", "ended")),
    situation(machine=None),
    situation(seller=company("X", "1", "PL", "5260001246")),
    situation(kind="trial", end=T0 + 1),
    situation(kind="trial", end=T0),
    situation(released=datetime.date(2030, 1, 1)),
    situation(at(2026, 2, 1)),
    situation(at(2026, 3, 1)),
    situation(at(2026, 3, 1), chk={"every": 86400, "lapse": "restrict"}),
]


def test_every_state_of_the_table_is_reached() -> None:
    assert {derive(each).name for each in _SITUATIONS} == {
        "unregistered", "revoked", "transferred", "machine_mismatch", "company_mismatch", "ended", "updates_ended",
        "lapsed", "grace", "trial", "active",
    }  # fmt: skip


@pytest.mark.parametrize("flags", [(), (CLOCK_BACK,), (CLOCK_FORWARD,)])
def test_in_every_state_closing_the_day_is_allowed_and_a_refusal_says_what_to_ask_for(flags: tuple[str, ...]) -> None:
    for each in _SITUATIONS:
        found = derive(replace(each, flags=flags))
        assert all(f"licence.w.{flag}" in found.warnings for flag in flags)
        if found.refusal is not None:
            assert facts(found)["allowed"] == ["status", "finish", "daily_report"]
            assert facts(found)["prompt"] in ("number", "support_number", "transfer", "check")
            assert found.refusal.fault == "licence"
            assert found.refusal.detail_pl


# -- time ------------------------------------------------------------------------------------------------


def test_case_33_turning_the_clock_back_gains_nothing() -> None:
    trial = certificate(kind="trial", end=at(2026, 2, 14))
    known = Witnesses(PROGRAM, trial.iat, mark=at(2026, 2, 20))
    it = moment(at(2026, 1, 16), known)
    assert (it.now, it.flags, it.believed) == (at(2026, 2, 20), (CLOCK_BACK,), False)
    assert derive(situation(it.now, certificate=trial, flags=it.flags)).name == "ended"
    forgotten = moment(at(2026, 1, 16), Witnesses(PROGRAM, trial.iat, printer=at(2026, 2, 20)))
    assert derive(situation(forgotten.now, certificate=trial)).name == "ended", "the printer remembers"
    without = moment(at(2026, 1, 16), Witnesses(PROGRAM, trial.iat))
    assert derive(situation(without.now, certificate=trial)).name == "trial", "the known limit"


def test_case_34_a_dead_clock_harms_nothing_for_long() -> None:
    dead = moment(at(2099, 1, 1), Witnesses(PROGRAM, certificate().iat))
    assert (dead.flags, dead.believed) == ((CLOCK_FORWARD,), False)
    found = derive(situation(dead.now, flags=dead.flags))
    assert (found.name, found.refusal) == ("lapsed", None)
    assert moment(T0, Witnesses(PROGRAM, certificate().iat)).believed, "corrected, and all is well at once"
    assert moment(T0 - 14 * HOUR, Witnesses(PROGRAM, T0)).flags == (), "a wrong time zone is no turning back"
    assert moment(at(2099, 1, 1), Witnesses(PROGRAM, synchronised=True)).believed
    assert moment(at(2099, 1, 1), Witnesses(PROGRAM, printer=at(2099, 1, 1, 20))).believed


@given(
    st.integers(0, 2**33), st.lists(st.integers(0, 2**33), min_size=4, max_size=4), st.none() | st.integers(0, 2**33)
)
def test_time_never_runs_before_what_is_known(wall: int, known: list[int], printer: int | None) -> None:
    program, signed, vendor, mark = known
    witnesses = Witnesses(program, signed, vendor, mark, printer)
    it = moment(wall, witnesses)
    bound = max(*known, printer or 0)
    assert it.now >= bound
    assert (CLOCK_BACK in it.flags) == (wall < bound - BACK_SLACK)
    assert it.believed == (it.flags == ())
    if it.believed and wall > bound + FORWARD_SLACK:
        assert printer is not None, "somebody else confirmed it"


# -- the gate --------------------------------------------------------------------------------------------


class Clock:
    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test keys as if they were the vendor's own, so that real printers count."""
    monkeypatch.setattr("fiscald.licence.keys.VENDOR_KEYS", tuple(trusted(test_keys=True).values()))


def gate(directory: Path, clock: Clock, *, test_keys: bool = False) -> LicenceGate:
    store = LicenceStore(directory, LicenceGate.keys(test_keys=test_keys))
    return LicenceGate(
        store, test_keys=test_keys, machine=MACHINE, series={"0.9": datetime.date(2025, 6, 1), "1.0": RELEASED},
        version="1.0.3", clock=clock,
    )  # fmt: skip


@pytest.mark.usefixtures("pinned")
def test_case_37_the_taxpayer_in_the_printers_memory(tmp_path: Path) -> None:
    opened = gate(tmp_path / "licence", Clock(T0))
    opened.install(C0.encode())
    assert opened.refuses("receipt", P) is None
    other = P.model_copy(update={"printer_id": "ZBF 2", "nip": "5260001246"})
    refusal = opened.refuses("receipt", other)
    assert refusal is not None
    assert refusal.code == "licence.company_mismatch"
    assert "5260001246" in (refusal.model_extra or {})["found"]
    assert "1234563218" in (refusal.model_extra or {})["expected"]
    for said in (refusal.detail, refusal.detail_pl, refusal.title):  # which get into the log
        assert not any(name in said for name in ("5260001246", "1234563218", "PIEKARNIA"))
    assert opened.refuses("receipt", other.model_copy(update={"fiscal": False})) is None, "a training printer"
    assert opened.refuses("daily_report", other) is None


@pytest.mark.usefixtures("pinned")
def test_a_fiscal_printer_is_a_witness_and_an_emulated_one_is_not(tmp_path: Path) -> None:
    clock = Clock(T0)
    opened = gate(tmp_path / "licence", clock)
    opened.install(sign(claims(kind="trial", end=at(2026, 2, 14))).encode())
    told = datetime.datetime(2026, 2, 20, tzinfo=datetime.UTC)
    opened.observe_clock(P.model_copy(update={"printer_id": "EMU 1"}), told)
    opened.observe_clock(P.model_copy(update={"fiscal": False}), told)
    opened.observe_clock(P, None)
    assert opened.state().name == "trial"
    opened.observe_clock(P, told)
    assert opened.state().name == "ended"
    assert "licence.w.clock_back" in opened.state().warnings


@pytest.mark.usefixtures("pinned")
def test_the_latest_time_is_saved_hourly_and_only_if_it_is_believed(tmp_path: Path) -> None:
    clock = Clock(T0)
    opened = gate(tmp_path / "licence", clock)
    opened.install(C0.encode())
    opened.save_time()
    clock.now = T0 + HOUR - 1
    opened.save_time()
    assert opened.store.memory.mark == T0
    clock.now = at(2099, 1, 1)
    opened.save_time()
    assert json.loads((tmp_path / "licence" / "state.json").read_text())["mark"] == T0
    clock.now = T0 - 3 * DAY
    assert gate(tmp_path / "licence", clock).state().name == "active"
    assert "licence.w.clock_back" in gate(tmp_path / "licence", clock).state().warnings


@pytest.mark.usefixtures("pinned")
def test_an_emergency_pass_is_for_paid_licences_once_in_90_days(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock(T0)
    opened = gate(tmp_path / "licence", clock)
    assert opened.describe()["reason"] == "none is installed"
    with pytest.raises(ProblemError, match="emergency_denied"):
        opened.take_emergency()
    opened.install(sign(claims(chk={"every": 86400, "lapse": "restrict"})).encode())
    clock.now = at(2026, 3, 1)
    assert opened.refuses("receipt", P) is not None
    opened.observe_clock(P, datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC))
    opened.take_emergency()
    assert "an emergency pass was taken: documents are opened until 2026-03-04" in caplog.text
    assert opened.refuses("receipt", P) is None
    notice = opened.notice()
    assert notice is not None
    assert "licence.w.emergency" in notice["warnings"]
    assert gate(tmp_path / "licence", clock).refuses("receipt", P) is None, "after a restart too"
    clock.now += EMERGENCY
    assert opened.refuses("receipt", P) is not None
    with pytest.raises(ProblemError, match="emergency_used"):
        opened.take_emergency()
    clock.now += EMERGENCY_EVERY - EMERGENCY
    opened.take_emergency()
    assert opened.refuses("receipt", P) is None


@pytest.mark.usefixtures("pinned")
@pytest.mark.parametrize(
    ("changes", "now", "state"),
    [
        ({}, T0, "active"),
        ({}, T0 + 5 * DAY, "grace"),
        ({}, 1771156800, "lapsed"),
        ({"end": T0 + 5 * DAY, "kind": "paid"}, T0, "active"),
        ({"end": T0 + 5 * DAY, "kind": "trial", "mod": ["app"]}, T0, "trial"),
    ],
)
def test_no_emergency_pass_is_spent_where_it_changes_nothing(
    tmp_path: Path, changes: dict[str, Any], now: int, state: str
) -> None:
    """The licence lets documents be opened; or it lacks the module, which a pass does not add."""
    clock = Clock(T0)
    opened = gate(tmp_path / "licence", clock)
    opened.install(C0.encode())
    opened.install(sign(claims(seq=8, jti="crt_8", **changes)).encode())
    if now != T0:
        clock.now = now
        opened.observe_clock(P, datetime.datetime.fromtimestamp(now, datetime.UTC))
    before = opened.store.memory
    with pytest.raises(ProblemError) as refused:
        opened.take_emergency()
    assert refused.value.problem.code == "licence.emergency_useless"
    assert f"the licence's state is {state}" in refused.value.problem.detail
    assert (refused.value.problem.model_extra or {})["state"] == state
    assert opened.store.memory == before


@pytest.mark.usefixtures("pinned")
def test_an_emergency_pass_where_the_certificate_itself_is_lost(tmp_path: Path) -> None:
    clock = Clock(T0)
    opened = gate(tmp_path / "licence", clock)
    opened.install(C0.encode())
    opened.install(sign(claims(seq=8, jti="crt_8")).encode())
    (tmp_path / "licence" / "certificate").write_text("eaten by the dog")
    opened.reload()
    assert opened.state().name == "unregistered"
    opened.take_emergency()
    assert opened.refuses("receipt", P) is None
    assert opened.describe()["may_print"]


@pytest.mark.usefixtures("pinned")
def test_an_emergency_pass_without_a_certificate_skips_no_other_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(T0)
    opened = gate(tmp_path / "licence", clock)
    opened.install(C0.encode())
    opened.remove("lic_7Q4M2K9X")
    opened.take_emergency()
    assert opened.refuses("receipt", P) is None
    other = opened.refuses("receipt", P.model_copy(update={"nip": "5260001246"}))
    assert other is not None
    assert other.code == "licence.company_mismatch"
    tested = gate(tmp_path / "licence", clock, test_keys=True)
    assert tested.refuses("receipt", P.model_copy(update={"printer_id": "EMU 1"})) is None
    real = tested.refuses("receipt", P)
    assert real is not None
    assert real.code == "licence.test_keys"
    monkeypatch.undo()  # the keys of today no longer know the one that was paid for
    stranger = gate(tmp_path / "licence", clock)
    assert stranger.refuses("receipt", P) is not None
    assert not stranger.describe()["may_print"]


@pytest.mark.usefixtures("pinned")
def test_a_revoked_licence_that_was_given_back_gets_no_emergency_pass(tmp_path: Path) -> None:
    clock = Clock(T0)
    opened = gate(tmp_path / "licence", clock)
    opened.install(sign(claims(upd="2020-01-01")).encode())
    opened.take_emergency()
    opened.take_status(status_text("revoked", T0))
    opened.remove("lic_7Q4M2K9X")
    assert opened.state().name == "unregistered"
    assert opened.refuses("receipt", P) is not None, "nor does one that was taken before count"
    (tmp_path / "licence" / "status").unlink()  # as an answer about a later licence replaces it
    opened.reload()
    assert opened.refuses("receipt", P) is not None
    clock.now += EMERGENCY_EVERY
    opened.observe_clock(P, datetime.datetime.fromtimestamp(clock.now, datetime.UTC))
    with pytest.raises(ProblemError, match="emergency_denied"):
        opened.take_emergency()


@pytest.mark.usefixtures("pinned")
@pytest.mark.parametrize("wrong", [at(2099, 1, 1), at(2020, 1, 1)])
def test_no_emergency_pass_is_taken_at_a_time_that_nobody_believes(tmp_path: Path, wrong: int) -> None:
    clock = Clock(T0)
    opened = gate(tmp_path / "licence", clock)
    opened.install(sign(claims(upd="2020-01-01")).encode())
    clock.now = wrong
    with pytest.raises(ProblemError, match="nobody confirms the computer's clock") as error:
        opened.take_emergency()
    assert error.value.problem.code == "licence.emergency_denied"
    clock.now = T0
    opened.take_emergency()
    clock.now = T0 - 13 * HOUR
    assert opened.describe()["emergency_until"] is not None, "when it was taken has certainly passed"


@pytest.mark.usefixtures("pinned")
def test_an_emergency_pass_of_the_future_is_none(tmp_path: Path) -> None:
    """As earlier versions took them when the clock was dead."""
    opened = gate(tmp_path / "licence", Clock(T0))
    opened.install(sign(claims(upd="2020-01-01")).encode())
    opened.store.remember(emergency=at(2099, 1, 1))
    assert opened.describe()["emergency_until"] is None
    opened.take_emergency()
    assert opened.store.memory.emergency == T0


@pytest.mark.usefixtures("pinned")
def test_what_the_vendor_said_before_the_certificate_was_signed_is_over(tmp_path: Path) -> None:
    clock = Clock(T0 + DAY)
    opened = gate(tmp_path / "licence", clock)
    opened.install(C0.encode())
    opened.take_status(status_text("revoked", T0 + DAY))
    assert opened.refuses("receipt", P) is not None
    assert gate(tmp_path / "licence", clock).state().name == "revoked", "a revocation survives a restart"
    later = sign(claims(seq=9, jti="crt_9", iat=T0 + 2 * DAY, nbf=T0 + 2 * DAY - HOUR))
    clock.now = T0 + 2 * DAY
    opened.install(later.encode())
    assert opened.state().name == "active"
    (tmp_path / "licence" / "status").write_text("rubbish")
    assert gate(tmp_path / "licence", clock).state().name == "active"


def status_text(word: str, iat: int) -> str:
    return sign(
        {
            "iss": "urn:fiscald:vendor:test", "aud": "fiscald", "lic": "lic_7Q4M2K9X", "iat": iat,
            "nonce": "AAECAwQFBgcICQoLDA0ODw", "req": fingerprint("x"), "verdict": word,
        },
        "fiscald-status",
    )  # fmt: skip


@pytest.mark.parametrize("document", sorted(UNGATED_DOCUMENTS))
def test_without_any_licence_the_day_can_be_closed(tmp_path: Path, document: str) -> None:
    assert gate(tmp_path / "licence", Clock(T0)).refuses(document, P) is None
