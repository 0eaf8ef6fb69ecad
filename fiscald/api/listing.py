"""The query parameters of the list of jobs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from pydantic_core import PydanticCustomError

from fiscald.api.openapi import PRINTER_NAME, Query
from fiscald.engine import Wanted
from fiscald.model.jobs import JobState
from fiscald.model.money import MONEY, parse_money
from fiscald.model.problems import ProblemError, problem
from fiscald.model.tax import LONGEST, NIP, parse_nip
from fiscald.model.times import DAY_OR_TIME, parse_day_or_time

MAX_JOBS = 1000
#: Larger than any number of a document.
MAX_NUMBER = 2**31 - 1
_TIME = {"type": "string", "pattern": f"^({DAY_OR_TIME})$", "maxLength": 40}

QUERIES = (
    Query("printer", PRINTER_NAME, "only jobs of this printer (also one that is no longer configured)"),
    Query("state", {"type": "string", "enum": [*JobState]}, "only jobs in this state"),
    Query("order", {"type": "string", "enum": ["newest", "oldest"]}, "which jobs come first; default: newest"),
    Query("since", _TIME, "only jobs accepted at or after this time (with offset) or day (Polish time)"),
    Query("until", _TIME, "only jobs accepted at or before this time or day"),
    Query(
        "number", {"type": "integer", "minimum": 1, "maximum": MAX_NUMBER}, "only jobs with this number on the document"
    ),
    Query(
        "total", {"type": "string", "pattern": f"^({MONEY})$", "maxLength": 20}, "only jobs with this registered total"
    ),
    Query(
        "nip", {"type": "string", "pattern": f"^{NIP}$", "maxLength": LONGEST}, "only jobs with this NIP of the buyer"
    ),
    Query(
        "after",
        {"type": "string", "pattern": "^[0-9]{1,15}$"},
        "`next` of an earlier answer; or `previous` of it, with the other order",
    ),
    Query("limit", {"type": "integer", "minimum": 1, "maximum": MAX_JOBS}, "maximum number of jobs; default: 100"),
)


class Asked(NamedTuple):
    """A page of the list."""

    wanted: Wanted
    newest_first: bool
    after: int
    limit: int


def asked_for(query: Mapping[str, str]) -> Asked:
    """Parse the parameters. Raises ``ProblemError``."""
    state = _one_of(query, "state", [*JobState])
    return Asked(
        Wanted(
            printer=_printer(query),
            state=JobState(state) if state else None,
            since=_time(query, "since", end=False),
            until=_time(query, "until", end=True),
            number=_whole(query, "number", MAX_NUMBER, least=1),
            nip=None if (nip := query.get("nip")) is None else _nip(nip),
            total=None if (total := query.get("total")) is None else _money(total),
        ),
        newest_first=_one_of(query, "order", ["newest", "oldest"]) != "oldest",
        after=_whole(query, "after", 10**15 - 1) or 0,
        limit=_whole(query, "limit", MAX_JOBS, least=1) or 100,
    )


def _refused(reason: str) -> ProblemError:
    return ProblemError(problem("request.query", reason=reason))


def _printer(query: Mapping[str, str]) -> str | None:
    name = query.get("printer")
    if name is not None and re.fullmatch(str(PRINTER_NAME["pattern"]), name) is None:
        raise _refused("printer is the name of a printer: letters, digits, - and _, at most 32 characters")
    return name


def _one_of(query: Mapping[str, str], name: str, known: list[str]) -> str | None:
    value = query.get(name)
    if value is not None and value not in known:
        raise _refused(f"{name} is one of {', '.join(known)}")
    return value


def _whole(query: Mapping[str, str], name: str, most: int, *, least: int = 0) -> int | None:
    text = query.get(name)
    if text is None:
        return None
    if re.fullmatch(r"\d{1,15}", text, re.ASCII) is None or not least <= int(text) <= most:
        raise _refused(f"{name} is a number from {least} to {most}, without decimals")
    return int(text)


def _time(query: Mapping[str, str], name: str, *, end: bool) -> datetime | None:
    text = query.get(name)
    if text is None:
        return None
    try:
        return parse_day_or_time(text, end=end)
    except PydanticCustomError as error:
        raise _refused(f"{name}: {error.message()}") from None


def _money(text: str) -> Decimal:
    try:
        return parse_money(text)
    except PydanticCustomError as error:
        raise _refused(f"total: {error.message()}") from None


def _nip(text: str) -> str:
    try:
        return parse_nip(text)
    except PydanticCustomError as error:
        raise _refused(f"nip: {error.message()}") from None
