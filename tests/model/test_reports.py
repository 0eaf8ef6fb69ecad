"""Reports of a shift, a month and a period, as an application sends them."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from fiscald.model.documents import Document, Submission
from fiscald.model.reports import MonthlyReport, PeriodicReport

ADAPTER: TypeAdapter[Document] = TypeAdapter(Document)


def refused(**document: Any) -> str:
    with pytest.raises(ValidationError) as raised:
        ADAPTER.validate_python(document)
    return str(raised.value.errors()[0]["type"])


def periodic(**ends: Any) -> dict[str, Any]:
    return {"type": "periodic_report", **ends}


@pytest.mark.parametrize(
    ("month", "first", "last"),
    [("2026-10", "2026-10-01", "2026-10-31"), ("2028-02", "2028-02-01", "2028-02-29"), ("2026-12", "2026-12-01", "2026-12-31")],
)  # fmt: skip
def test_a_month_has_a_first_and_a_last_day(month: str, first: str, last: str) -> None:
    found = MonthlyReport(month=month).days
    assert found == (datetime.date.fromisoformat(first), datetime.date.fromisoformat(last))


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "10-2026", "2026-10-01", 202610, None, "2026-00", "x" * 1000])
def test_a_month_in_another_form_is_refused(month: Any) -> None:
    assert refused(type="monthly_report", month=month) == "report.month"


def test_a_period_is_two_days_or_two_numbers() -> None:
    days = ADAPTER.validate_python(periodic(**{"from": "2026-10-01", "to": "2026-10-01"}))
    numbers = ADAPTER.validate_python(periodic(**{"from": 3, "to": 17}))
    assert isinstance(days, PeriodicReport)
    assert isinstance(numbers, PeriodicReport)
    assert (days.start, numbers.start, numbers.end) == (datetime.date(2026, 10, 1), 3, 17)


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [
        ("2026-10-02", "2026-10-01", "report.order"),
        (4, 3, "report.order"),
        ("2026-10-01", 3, "report.ends"),
        (3, "2026-10-01", "report.ends"),
        (0, 3, "report.end"),
        (True, 3, "report.end"),
        ("2026-02-30", "2026-10-01", "report.end"),
        ("17", "18", "report.end"),
        (1, 10_000, "report.end"),
        ("2026-10-01T10:00:00+01:00", "2026-10-02", "report.end"),
    ],
)
def test_a_period_in_another_form_is_refused(first: Any, last: Any, code: str) -> None:
    assert refused(**periodic(**{"from": first, "to": last})) == code


def test_the_fields_are_called_from_and_to_everywhere() -> None:
    assert refused(**periodic(start=1, end=2)) == "missing"
    sent = {"printer": "till1", "document": periodic(**{"from": 3, "to": 17})}
    assert '"from":3' in Submission.model_validate(sent).canonical()


def test_a_shift_has_a_name() -> None:
    assert refused(type="shift_report", shift=" ").startswith("text")
    assert refused(type="shift_report", shift="I", reset="yes") == "bool_type"
