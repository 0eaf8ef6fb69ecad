"""Reports of a shift, a month and a period on both families: commands, refusals before anything is sent, proof."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import TypeAdapter

from fiscald.model.documents import Document
from fiscald.model.jobs import Notice
from fiscald.protocols.base import NotPrinted, Printed, Unknown
from fiscald.protocols.proof.counters import OtherSheet, Proven
from tests.conformance.bench import RECORDS, Bench

ADAPTER: TypeAdapter[Document] = TypeAdapter(Document)
FAMILIES = ("posnet", "thermal")
SHIFT = {"type": "shift_report", "shift": "I"}
OCTOBER = {"type": "monthly_report", "month": "2026-10"}
DAYS = {"type": "periodic_report", "from": "2026-10-05", "to": "2026-10-20"}


def printed(bench: Bench, document: dict[str, Any]) -> str:
    """The paper of it."""
    assert isinstance(bench.carry_out(ADAPTER.validate_python(document)), Printed)
    return "\n".join(line.text for line in bench.device.register.printouts[-1].lines)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("document", "title", "days"),
    [
        (OCTOBER, "okresowy", ["2026-10-01", "2026-10-31"]),
        (OCTOBER | {"summary": True}, "okresowy", ["2026-10-01", "2026-10-31"]),
        (DAYS, "okresowy", ["2026-10-05", "2026-10-20"]),
        (SHIFT, "zmianowy", []),
    ],
    ids=["month", "summary", "days", "shift"],
)
def test_each_report_is_on_its_paper(family: str, document: dict[str, Any], title: str, days: list[str]) -> None:
    bench = Bench(family, **RECORDS)
    paper = printed(bench, document)
    assert title in paper.lower().replace(" ", "")  # POSNET spaces out its titles
    assert [day for day in days if day not in paper] == []


@pytest.mark.parametrize("family", FAMILIES)
def test_a_shift_begins_when_the_last_report_began_one(family: str) -> None:
    bench = Bench(family)
    bench.others_receipt(777)
    papers = [printed(bench, SHIFT | {"reset": reset}) for reset in (False, True, True)]
    receipts = [re.findall(r"(?:Paragony|ILOŚĆ PARAGONÓW)\s+(\d+)", paper) for paper in papers]
    assert receipts == [["1"], ["1"], ["0"]]


@pytest.mark.parametrize("summary", [False, True])
def test_thermal_reports_by_numbers(*, summary: bool) -> None:
    bench = Bench("thermal", **RECORDS)
    printed(bench, {"type": "periodic_report", "from": 5, "to": 6, "summary": summary})
    assert ("#o 17" if summary else "#o 16") in bench.sent
    facts = bench.device.register.printouts[-1].facts
    assert (facts["first"], facts["last"]) == (5, 6)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"type": "monthly_report", "month": "2026-11"}, "report.running_month"),
        ({"type": "monthly_report", "month": "2026-12"}, "report.running_month"),
        ({"type": "periodic_report", "from": "2026-11-23", "to": "2026-11-30"}, "report.future"),
    ],
)
def test_a_period_that_is_not_over_is_refused(family: str, document: dict[str, Any], code: str) -> None:
    bench = Bench(family, **RECORDS)
    report: Any = ADAPTER.validate_python(document)
    assert bench.family.check(report, bench.settings, None).errors == (), "the printer's clock is not known"
    verdict = bench.carry_out(report)
    assert isinstance(verdict, NotPrinted)
    assert [each.code for each in verdict.problem.errors] == [code]
    assert bench.changes() == []
    assert bench.journal.last is None


def test_posnet_has_no_report_by_numbers() -> None:
    bench = Bench("posnet", **RECORDS)
    report: Any = ADAPTER.validate_python({"type": "periodic_report", "from": 1, "to": 2})
    (error,) = bench.family.check(report, bench.settings, None).errors
    assert (error.pointer, error.code) == ("/document/from", "report.numbers")


def test_innova_prints_no_report_of_the_memory() -> None:
    bench = Bench("thermal", "innova", **RECORDS)
    verdict = bench.carry_out(ADAPTER.validate_python(OCTOBER))
    assert isinstance(verdict, NotPrinted)
    assert "no manual" in verdict.problem.detail


@pytest.mark.parametrize("family", FAMILIES)
def test_an_empty_memory_is_found_before_anything_is_sent(family: str) -> None:
    bench = Bench(family)
    verdict = bench.carry_out(ADAPTER.validate_python(OCTOBER))
    assert isinstance(verdict, NotPrinted)
    assert [each.code for each in verdict.problem.errors] == ["report.none"]
    assert bench.changes() == []


def test_a_number_beyond_the_last_report_is_refused() -> None:
    bench = Bench("thermal", **RECORDS)
    verdict = bench.carry_out(ADAPTER.validate_python({"type": "periodic_report", "from": 32, "to": 40}))
    assert isinstance(verdict, NotPrinted)
    (error,) = verdict.problem.errors
    assert (error.pointer, error.code) == ("/document/from", "report.none")
    assert "number 31" in error.detail


@pytest.mark.parametrize("family", FAMILIES)
def test_a_time_without_a_report_is_refused_with_that_reason(family: str) -> None:
    bench = Bench(family, **RECORDS)
    verdict = bench.carry_out(ADAPTER.validate_python({"type": "monthly_report", "month": "2026-09"}))
    assert isinstance(verdict, NotPrinted)
    assert verdict.problem.code == "printer.refused"
    assert "no such record" in verdict.problem.detail or "no daily report of that time" in verdict.problem.detail


class Moved:
    """So many other sheets and daily reports."""

    def __init__(self, sheets: int, reports: int) -> None:
        self.other_sheets, self.reports, self.now = sheets, reports, None


@pytest.mark.parametrize(
    ("sheets", "reports", "confirmed", "once", "any_time"),
    [
        (1, 0, True, "proven", "proven"),
        (1, 0, None, "proven", "proven"),
        (0, 0, True, "proven", "proven"),
        (0, 0, None, "nothing", "nothing"),
        (0, 0, False, "nothing", "nothing"),
        (2, 0, True, "doubled", "doubled"),
        (2, 0, None, "many_slips", "many_slips"),
        (1, 1, None, "report_between", "nothing"),
        (1, 1, True, "proven", "proven"),
    ],
)
def test_what_the_counters_prove(sheets: int, reports: int, confirmed: bool | None, once: str, any_time: str) -> None:
    delta: Any = Moved(sheets, reports)
    found = [OtherSheet(repeatable=again).judge(delta, confirmed) for again in (False, True)]
    assert [said(each) for each in found] == [once, any_time]


def said(found: Proven | Unknown | None) -> str:
    match found:
        case None:
            return "nothing"
        case Proven(notices=notices):
            return "doubled" if notices else "proven"
        case Unknown(problem=why):
            return str((why.model_extra or {})["cause"])


def test_what_was_left_out_is_reported_with_the_answer() -> None:
    bench = Bench("posnet")
    verdict = bench.carry_out(ADAPTER.validate_python(SHIFT | {"cashier": "Anna"}))
    assert isinstance(verdict, Printed)
    assert [(type(each), each.pointer) for each in verdict.notices] == [(Notice, "/document/cashier")]
