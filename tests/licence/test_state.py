"""Time and state: cases 30 to 38 of the licence's design."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.licence.clock import BACK_SLACK, CLOCK_BACK, CLOCK_FORWARD, DAY, FORWARD_SLACK, HOUR, TimeEvidence, moment
from fiscald.licence.company import Company, company
from fiscald.licence.state import EMERGENCY, LicenceState, _parts, derive
from tests.licence.situations import SITUATIONS, at, certificate, situation, verdict
from tests.licence.test_certificate import T0

#: The program's own release, as a witness.
PROGRAM = int(datetime.datetime(2026, 1, 10, tzinfo=datetime.UTC).timestamp())

#: What a shop may print without a licence: the law gives it no choice.
REPORTS = ["daily_report", "shift_report", "monthly_report", "periodic_report"]


def facts(state: LicenceState) -> dict[str, Any]:
    assert state.refusal is not None
    return state.refusal.model_extra or {}


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
    assert facts(ended)["allowed"] == ["status", "finish", *REPORTS]


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


def test_companies_without_tax_numbers_differ_by_name_and_postcode() -> None:
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
    paused = derive(situation(status=verdict("suspended", text="faktura 7/2026", since=T0 - DAY)))
    assert (paused.name, facts(paused)["reason"], facts(paused)["prompt"]) == ("suspended", "faktura 7/2026", "check")
    assert paused.refusal is not None
    assert "fiscalctl licence check" in paused.refusal.detail
    moved = derive(situation(status=verdict("superseded")))
    assert (moved.name, facts(moved)["prompt"]) == ("transferred", "transfer")
    newer = verdict("ok", upd={"latest": "1.0.10", "series": "2026-01-10", "url": "https://vendor.example/"})
    assert "licence.w.update_available" in derive(situation(status=newer)).warnings
    same = verdict("ok", upd={"latest": "1.0.3", "series": "2026-01-10", "url": "https://vendor.example/"})
    assert "licence.w.update_available" not in derive(situation(status=same)).warnings


@pytest.mark.parametrize("word", ["revoked", "suspended"])
def test_an_emergency_pass_opens_everything_but_a_withdrawn_licence(word: str) -> None:
    later = at(2026, 3, 1)
    closed = {"chk": {"every": 86400, "lapse": "restrict"}}
    assert derive(situation(later, **closed)).refusal is not None
    opened = derive(situation(later, emergency=later - HOUR, **closed))
    assert (opened.name, opened.refusal, opened.days_left) == ("lapsed", None, 2)
    assert opened.warnings[:2] == ("licence.w.emergency", "licence.w.lapsed")
    assert derive(situation(later, emergency=later - EMERGENCY, **closed)).refusal is not None, "over"
    assert derive(situation(later, emergency=later + 1, **closed)).refusal is not None, "not yet"
    assert derive(situation(later, emergency=later, status=verdict(word), **closed)).refusal is not None


def test_every_state_of_the_table_is_reached() -> None:
    assert {derive(each).name for each in SITUATIONS} == {
        "unregistered", "revoked", "suspended", "transferred", "machine_mismatch", "company_mismatch", "ended", "updates_ended",
        "lapsed", "grace", "trial", "active",
    }  # fmt: skip


@pytest.mark.parametrize("flags", [(), (CLOCK_BACK,), (CLOCK_FORWARD,)])
def test_in_every_state_the_day_can_be_closed_and_a_refusal_has_a_prompt(flags: tuple[str, ...]) -> None:
    for each in SITUATIONS:
        found = derive(replace(each, flags=flags))
        assert all(f"licence.w.{flag}" in found.warnings for flag in flags)
        if found.refusal is not None:
            assert facts(found)["allowed"] == ["status", "finish", *REPORTS]
            assert facts(found)["prompt"] in ("number", "support_number", "transfer", "check")
            assert found.refusal.fault == "licence"
            assert found.refusal.detail_pl


def test_case_33_turning_the_clock_back_gains_nothing() -> None:
    trial = certificate(kind="trial", end=at(2026, 2, 14))
    known = TimeEvidence(PROGRAM, trial.iat, mark=at(2026, 2, 20))
    it = moment(at(2026, 1, 16), known)
    assert (it.now, it.flags, it.believed) == (at(2026, 2, 20), (CLOCK_BACK,), False)
    assert derive(situation(it.now, certificate=trial, flags=it.flags)).name == "ended"
    forgotten = moment(at(2026, 1, 16), TimeEvidence(PROGRAM, trial.iat, printer=at(2026, 2, 20)))
    assert derive(situation(forgotten.now, certificate=trial)).name == "ended", "the printer remembers"
    without = moment(at(2026, 1, 16), TimeEvidence(PROGRAM, trial.iat))
    assert derive(situation(without.now, certificate=trial)).name == "trial", "the known limit"


def test_case_34_a_reset_clock_blocks_nothing_for_long() -> None:
    dead = moment(at(2099, 1, 1), TimeEvidence(PROGRAM, certificate().iat))
    assert (dead.flags, dead.believed) == ((CLOCK_FORWARD,), False)
    found = derive(situation(dead.now, flags=dead.flags))
    assert (found.name, found.refusal) == ("lapsed", None)
    assert moment(T0, TimeEvidence(PROGRAM, certificate().iat)).believed, "corrected, and all is well at once"
    assert moment(T0 - 14 * HOUR, TimeEvidence(PROGRAM, T0)).flags == (), "a wrong time zone is no turning back"
    assert moment(at(2099, 1, 1), TimeEvidence(PROGRAM, synchronized=True)).believed
    assert moment(at(2099, 1, 1), TimeEvidence(PROGRAM, printer=at(2099, 1, 1, 20))).believed


@given(
    st.integers(0, 2**33), st.lists(st.integers(0, 2**33), min_size=4, max_size=4), st.none() | st.integers(0, 2**33)
)
def test_time_never_runs_behind_a_known_moment(wall: int, known: list[int], printer: int | None) -> None:
    program, signed, vendor, mark = known
    witnesses = TimeEvidence(program, signed, vendor, mark, printer)
    it = moment(wall, witnesses)
    bound = max(*known, printer or 0)
    assert it.now >= bound
    assert (CLOCK_BACK in it.flags) == (wall < bound - BACK_SLACK)
    assert it.believed == (it.flags == ())
    if it.believed and wall > bound + FORWARD_SLACK:
        assert printer is not None, "somebody else confirmed it"


@pytest.mark.parametrize(
    ("version", "parts"),
    [("1.10.2", (1, 10, 2)), ("1.2rc1", (1, 0)), ("1.\u00b2", (1, 0)), ("1.\u0663", (1, 0)), ("", (0,))],
)
def test_a_part_of_a_version_that_is_no_ascii_number_counts_as_0(version: str, parts: tuple[int, ...]) -> None:
    assert _parts(version) == parts


@pytest.mark.parametrize(
    ("ahead", "flags"),
    [(-BACK_SLACK - 1, (CLOCK_BACK,)), (-BACK_SLACK, ()), (FORWARD_SLACK, ()), (FORWARD_SLACK + 1, (CLOCK_FORWARD,))],
)
def test_a_clock_is_doubtful_only_beyond_the_slack(ahead: int, flags: tuple[str, ...]) -> None:
    known = TimeEvidence(program=T0, certificate=T0, vendor=T0, mark=T0)
    assert moment(T0 + ahead, known).flags == flags
