"""The gate in every state: what holds whatever the licence is."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest

from fiscald.licence import LicenceGate, LicenceStore
from fiscald.licence.clock import DAY, HOUR
from fiscald.licence.keys import trusted
from fiscald.licence.state import EMERGENCY, EMERGENCY_EVERY, UNGATED_DOCUMENTS
from fiscald.licence.testing import sign
from fiscald.licence.tokens import fingerprint
from fiscald.model.printers import Identity
from fiscald.model.problems import ProblemError
from tests.licence.situations import MACHINE, RELEASED, at
from tests.licence.test_certificate import C0, T0, claims

P = Identity(printer_id="ZBF 0000000001", fiscal=True, profile="online", nip="1234563218")


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
def test_the_clock_of_a_fiscal_printer_counts_and_an_emulated_one_not(tmp_path: Path) -> None:
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
def test_no_emergency_pass_is_used_where_it_changes_nothing(
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
def test_an_emergency_pass_works_without_the_certificate_file(tmp_path: Path) -> None:
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
def test_an_emergency_pass_without_a_certificate_skips_no_other_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(T0)
    opened = gate(tmp_path / "licence", clock)
    opened.install(C0.encode())
    opened.give_back("lic_7Q4M2K9X", T0)
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
    opened.give_back("lic_7Q4M2K9X", T0)
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
def test_no_emergency_pass_is_taken_while_the_clock_is_doubtful(tmp_path: Path, wrong: int) -> None:
    clock = Clock(T0)
    opened = gate(tmp_path / "licence", clock)
    opened.install(sign(claims(upd="2020-01-01")).encode())
    clock.now = wrong
    with pytest.raises(ProblemError, match="the computer's clock is not confirmed") as error:
        opened.take_emergency()
    assert error.value.problem.code == "licence.emergency_denied"
    clock.now = T0
    opened.take_emergency()
    clock.now = T0 - 13 * HOUR
    assert opened.describe()["emergency_until"] is not None, "when it was taken has certainly passed"


@pytest.mark.usefixtures("pinned")
def test_an_emergency_pass_with_a_future_time_is_ignored(tmp_path: Path) -> None:
    """As earlier versions took them when the clock was dead."""
    opened = gate(tmp_path / "licence", Clock(T0))
    opened.install(sign(claims(upd="2020-01-01")).encode())
    opened.store.keep_pass(at(2099, 1, 1))
    opened.store.remember(mark=T0)
    assert opened.describe()["emergency_until"] is None
    opened.take_emergency()
    assert opened.store.passes() == (T0,)


@pytest.mark.usefixtures("pinned")
def test_a_vendor_answer_older_than_the_certificate_is_ignored(tmp_path: Path) -> None:
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
