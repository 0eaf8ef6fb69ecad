"""Times from outside carry their offset, or are refused with the right spelling."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from fiscald.model.times import POLISH_TIME, Time, fixed, settle

TIME: TypeAdapter[datetime] = TypeAdapter(Time)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-22T10:15:00+01:00", datetime(2026, 11, 22, 10, 15, tzinfo=POLISH_TIME)),
        ("2026-11-22T09:15:00Z", datetime(2026, 11, 22, 9, 15, tzinfo=UTC)),
        ("2026-11-22 09:15z", datetime(2026, 11, 22, 9, 15, tzinfo=UTC)),
        ("2026-11-22T09:15:00.123456789Z", datetime(2026, 11, 22, 9, 15, 0, 123456, tzinfo=UTC)),
    ],
)
def test_a_time_with_its_offset(text: str, moment: datetime) -> None:
    assert TIME.validate_python(text) == moment
    assert datetime.fromisoformat(json.loads(TIME.dump_json(moment))) == moment


@pytest.mark.parametrize(
    ("value", "code", "said"),
    [
        ("2026-11-22T10:15:00", "time.offset", 'Polish time is written "2026-11-22T10:15:00+01:00"'),
        ("2026-07-22T10:15", "time.offset", 'Polish time is written "2026-07-22T10:15:00+02:00"'),
        ("2026-11-22", "time.format", "date, T, time, offset"),
        ("22.11.2026 10:15", "time.format", "date, T, time, offset"),
        ("2026-13-22T10:15:00Z", "time.format", "date, T, time, offset"),
        ("2026-11-22T25:15:00Z", "time.format", "date, T, time, offset"),
        ("0001-01-01T00:00:00+14:00", "time.format", "date, T, time, offset"),
        (1763806500, "time.format", "a string"),
        ("1763806500", "time.format", "a string"),
        (None, "time.format", "a string"),
        (datetime(2026, 11, 22), "time.format", "a string"),  # noqa: DTZ001
        ("2" * 5000, "time.format", "a string"),
    ],
)
def test_invalid_times_are_refused(value: Any, code: str, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TIME.validate_python(value)
    (error,) = caught.value.errors()
    assert error["type"] == code
    assert said in error["msg"]
    assert error["ctx"]["detail_pl"].endswith(".")


@given(st.from_regex(r"\A2\d{3}-[01]\d-[0-3]\d[Tt ][0-2]\d:[0-5]\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?\Z"))
def test_accepted_values_match_the_schema(text: str) -> None:
    try:
        found = TIME.validate_python(text)
    except ValidationError:
        return
    schema = TIME.json_schema()
    assert re.search(schema["pattern"], text)
    assert len(text) <= schema["maxLength"]
    assert found < datetime.now(UTC).replace(year=3000), "it can be compared"


@pytest.mark.parametrize(
    ("local", "near", "meant"),
    [
        ("2026-10-25T02:30", "2026-10-25T02:30+02:00", "2026-10-25T02:30:00+02:00"),
        ("2026-10-25T02:30", "2026-10-25T02:30+01:00", "2026-10-25T02:30:00+01:00"),
        ("2026-10-25T02:58", "2026-10-25T02:02+01:00", "2026-10-25T02:58:00+02:00"),
        ("2026-10-25T02:30", "2026-10-25T02:59+02:00", "2026-10-25T02:30:00+02:00"),
        ("2026-10-25T02:30", "2026-10-24T12:00+02:00", "2026-10-25T02:30:00+02:00"),
        ("2026-10-25T02:30", "2026-10-26T12:00+01:00", "2026-10-25T02:30:00+01:00"),
        ("2026-10-25T03:10", "2026-10-25T02:10+01:00", "2026-10-25T03:10:00+01:00"),
        ("2026-03-29T02:30", "2026-03-29T03:30+02:00", "2026-03-29T02:30:00+01:00"),  # a time that does not exist
        ("2026-07-01T12:00", "2026-12-01T12:00+01:00", "2026-07-01T12:00:00+02:00"),
    ],
)
def test_the_hour_that_a_printer_means(local: str, near: str, meant: str) -> None:
    """It shows local time without offset; each time between 2:00 and 3:00 comes twice when clocks are put back."""
    for fold in (0, 1):
        moment = datetime.fromisoformat(local).replace(tzinfo=POLISH_TIME, fold=fold)
        assert settle(moment, datetime.fromisoformat(near)).isoformat() == meant


def test_a_time_with_an_offset_stays_as_it_is() -> None:
    moment = datetime.fromisoformat("2026-10-25T02:30:00+02:00")
    assert settle(moment, moment + timedelta(hours=1)) is moment


def test_a_fixed_time_is_compared_as_a_moment() -> None:
    before = fixed(datetime(2026, 10, 25, 2, 50, tzinfo=POLISH_TIME))
    after = fixed(datetime(2026, 10, 25, 2, 10, tzinfo=POLISH_TIME, fold=1))
    assert after - before == timedelta(minutes=20)
    assert before < after
