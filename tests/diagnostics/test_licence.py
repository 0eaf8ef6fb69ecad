"""What the doctor recommends about the licence, in every state that it can be in."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from fiscald.cli.licence import licence as verb
from fiscald.diagnostics.checks import judge
from fiscald.diagnostics.findings import Finding
from fiscald.licence.clock import DAY, HOUR
from fiscald.licence.company import company
from fiscald.licence.state import WITHDRAWN, LicenceState, derive
from fiscald.model.printers import Identity
from tests.diagnostics.judged import STATUS, facts, printer, till
from tests.licence.situations import situation, verdict
from tests.licence.test_certificate import T0

LATER = T0 + 400 * DAY
#: Every state that lets no document be opened, and the first word of what helps.
CLOSED: dict[str, tuple[Any, str]] = {
    "unregistered": (replace(situation(), certificate=None, reason="none is installed"), "register"),
    "ended": (situation(kind="trial", end=T0), "register"),
    "updates_ended": (situation(upd="2020-01-01"), "register --support"),
    "machine_mismatch": (situation(mid="another"), "transfer"),
    "company_mismatch": (situation(seller=company("Mleczarnia", "30-001", "PL", "5260001246")), "register"),
    "transferred": (situation(status=verdict("superseded")), "transfer"),
    "revoked": (situation(status=verdict("revoked")), "register"),
    "suspended": (situation(status=verdict("suspended")), "check"),
    "lapsed": (situation(now=LATER, chk={"every": 86400, "lapse": "restrict"}), "check"),
}
#: States that print and warn, or may.
OPEN: dict[str, tuple[Any, str | None]] = {
    "active": (situation(), None),
    "trial": (situation(kind="trial", end=T0 + 20 * DAY), "register"),
    "grace": (situation(now=T0 + 5 * DAY), "check"),
    "lapsed": (situation(now=T0 + 40 * DAY), "check"),
    "ending soon": (situation(end=T0 + 5 * DAY), "register"),
    "updates ending soon": (situation(upd="2026-02-01"), "register --support"),
}


def told(state: LicenceState) -> dict[str, Any]:
    """As in ``GET /v1/licence``."""
    refusal = state.refusal
    prompt = None if refusal is None else (refusal.model_extra or {})["prompt"]
    return {"state": state.name, "may_print": refusal is None, "warnings": list(state.warnings), "prompt": prompt}


def found(licence: dict[str, Any]) -> list[Finding]:
    return [each for each in judge(facts(licence=licence)) if "licence" in each.code]


def recommended(finding: Finding) -> str:
    """The verb of ``fiscalctl licence``, with an option that matters; it must exist."""
    match = re.match(r"fiscalctl licence (\w+)( --support)?", finding.fix)
    assert match is not None, finding.fix
    shown = CliRunner().invoke(verb, [match[1], "--help"])
    assert shown.exit_code == 0
    assert (match[2] or "").strip() in shown.output
    return match[1] + (match[2] or "")


@pytest.mark.parametrize("name", CLOSED)
def test_advice_when_the_licence_does_not_print(name: str) -> None:
    it, verb = CLOSED[name]
    state = derive(it)
    assert state.name == name
    (finding,) = found(told(state))
    assert (finding.code, finding.stops, recommended(finding)) == ("doctor.licence", True, verb)


@pytest.mark.parametrize("name", [name for name in CLOSED if name not in WITHDRAWN])
def test_advice_while_an_emergency_pass_is_in_force(name: str) -> None:
    it, verb = CLOSED[name]
    state = derive(replace(it, emergency=it.now - HOUR))
    assert state.refusal is None
    (finding,) = found(told(state))
    assert (finding.code, finding.stops, recommended(finding)) == ("doctor.licence_warning", False, verb)


@pytest.mark.parametrize("name", OPEN)
def test_advice_while_the_licence_prints(name: str) -> None:
    it, verb = OPEN[name]
    findings = found(told(derive(it)))
    assert [recommended(each) for each in findings if each.code == "doctor.licence_warning"] == ([verb] if verb else [])
    assert not any(each.stops for each in findings)


@pytest.mark.parametrize("flag", ["clock_back", "clock_forward_unconfirmed"])
def test_advice_for_a_wrong_clock(flag: str) -> None:
    (finding,) = found(told(derive(replace(situation(), flags=(flag,)))))
    assert finding.fix.startswith("timedatectl")


def test_a_licence_without_the_module_needs_another_number() -> None:
    (finding,) = found({"state": "active", "may_print": False, "warnings": [], "prompt": "number"})
    assert recommended(finding) == "register"


@pytest.mark.parametrize(("printer_id", "stops"), [("ZBF 2101002392", True), ("EMU 0000000001", False), (None, False)])
def test_test_keys_stop_a_real_printer(printer_id: str | None, stops: bool) -> None:
    identity = None if printer_id is None else Identity(printer_id=printer_id, fiscal=True, profile="online")
    status = STATUS.model_copy(update={"identity": identity})
    licence = told(derive(situation())) | {"test_keys": True}
    findings = judge(facts(printer(configured=till(status=status)), licence=licence))
    assert [each.code for each in findings if each.stops] == ["doctor.licence_test_keys"] * stops
    assert str(Path("/etc/fiscald/fiscald.toml")) in "".join(each.fix for each in findings) or not stops


def test_every_licence_state_is_tested_here() -> None:
    """Every name that the table can give."""
    source = Path(__file__).parents[2] / "fiscald" / "licence" / "state.py"
    text = source.read_text("utf-8")
    names = set(re.findall(r'_refused\(\s*"(\w+)"', text)) | set(re.findall(r'LicenceState\("(\w+)"', text))
    assert names == {*CLOSED, *OPEN} - {"ending soon", "updates ending soon"}
