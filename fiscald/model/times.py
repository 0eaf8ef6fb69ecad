"""Times from outside: they always have an offset."""

from __future__ import annotations

import contextlib
import re
from datetime import date, datetime, time, timezone
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, WithJsonSchema

from fiscald.model.strict import mistake

#: The printers' own time zone: dates are theirs, never the host's UTC day.
POLISH_TIME = ZoneInfo("Europe/Warsaw")

_DATE = r"2[0-9]{3}-[0-9]{2}-[0-9]{2}"
_CLOCK = r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?"
_OFFSET = r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
#: A time with offset, of RFC 3339; the years 2000 to 2999.
TIME = f"{_DATE}[Tt ]{_CLOCK}{_OFFSET}"
#: The same, or with a blank before the offset; or a day.
DAY_OR_TIME = f"{_DATE}([Tt ]{_CLOCK}([Zz]|[ +-][0-9]{{2}}:[0-9]{{2}}))?"
#: Maximum number of characters of a time; one with nanoseconds and offset has 35.
LONGEST = 40


def fixed(moment: datetime) -> datetime:
    """An aware time with the offset that it has, whatever its zone does later.

    Python subtracts and compares two times of one zone as their clocks show them: the change to and from summer time
    would be forgotten.
    """
    offset = moment.utcoffset()
    assert offset is not None, "an aware time"
    return moment.replace(tzinfo=timezone(offset))


def settle(moment: datetime, near: datetime) -> datetime:
    """A time by a printer's clock, with its offset; ``near``: what time it was, as well as fiscald knows.

    A printer that reports local time without an offset (``tzinfo`` is ``POLISH_TIME``) shows each time between 2:00 and
    3:00 twice on the day on which clocks are put back. Of the two moments the one nearer to ``near`` is meant.
    """
    if moment.tzinfo is not POLISH_TIME:
        return moment
    return min((fixed(moment.replace(fold=fold)) for fold in (0, 1)), key=lambda each: abs(each - near))


def parse_time(value: Any) -> datetime:
    """An aware time. Raises ``PydanticCustomError`` with code ``time.offset`` or ``time.format``."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value
    text = value if isinstance(value, str) and len(value) <= LONGEST else ""
    if re.fullmatch(TIME, text):
        found = _moment(text)
        if found is not None:
            return found
    elif re.fullmatch(f"{_DATE}[Tt ]{_CLOCK}", text) and (naive := _moment(text)) is not None:
        raise mistake(
            "time.offset",
            'this time has no offset; Polish time is written "{right}"',
            "w podanym czasie brakuje strefy czasowej.",
            right=naive.replace(tzinfo=POLISH_TIME).isoformat(),
        )
    raise mistake(
        "time.format",
        'a time is a string like "2026-11-22T10:15:00+01:00": date, T, time, offset',
        "nieprawidłowy zapis daty lub godziny.",
    )


def parse_day_or_time(text: str, *, end: bool) -> datetime:
    """A time with offset, or a day of Polish time: its beginning, or (``end``) its last second.

    In an address "+" means a blank, so an offset may begin with one. Raises ``PydanticCustomError``.
    """
    if re.fullmatch(_DATE, text):
        clock = time(23, 59, 59) if end else time()
        with contextlib.suppress(ValueError):
            return datetime.combine(date.fromisoformat(text), clock, POLISH_TIME)
    return parse_time(re.sub(r" (?=[0-9]{2}:[0-9]{2}$)", "+", text) if re.search(r"[Tt ].* ", text) else text)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(re.sub(r"(\.[0-9]{6})[0-9]+", r"\1", text.upper()))
    except ValueError:
        return None


def parse_day(value: Any) -> date:
    """A day. Raises ``PydanticCustomError`` with code ``day.format``."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and re.fullmatch(_DATE, value):
        with contextlib.suppress(ValueError):
            return date.fromisoformat(value)
    raise mistake("day.format", 'a day is a string like "2026-11-22"', "nieprawidłowy zapis daty.")


#: A day, without a time.
Day = Annotated[
    date,
    BeforeValidator(parse_day),
    WithJsonSchema(
        {"type": "string", "format": "date", "pattern": f"^{_DATE}$", "maxLength": 10, "examples": ["2026-11-22"]}
    ),
]
#: A time with offset.
Time = Annotated[
    datetime,
    BeforeValidator(parse_time),
    WithJsonSchema(
        {
            "type": "string",
            "format": "date-time",
            "pattern": f"^{TIME}$",
            "maxLength": LONGEST,
            "examples": ["2026-11-22T10:15:00+01:00"],
        }
    ),
]
