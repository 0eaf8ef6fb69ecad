"""``GET /v1/printers/{name}/packaging``: the balance of returnable packaging of one day."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from functools import partial

from fiscald.api.connections import Who
from fiscald.api.openapi import Query
from fiscald.api.turns import Worker
from fiscald.engine import Engine, PackagingPage, Span
from fiscald.model.packaging_balance import BalanceSheet, PackagingBalance
from fiscald.model.problems import ProblemError, problem
from fiscald.model.times import POLISH_TIME

_DAY = "2[0-9]{3}-[0-9]{2}-[0-9]{2}"
DAY = Query("day", {"type": "string", "format": "date", "pattern": f"^{_DAY}$"}, "a day of Polish time; default: today")


def parse_day(text: str | None, now: datetime) -> date:
    """The day that is asked for; without one, today. Raises ``ProblemError``."""
    if text is None:
        return now.astimezone(POLISH_TIME).date()
    try:
        if re.fullmatch(_DAY, text, re.ASCII) is None:
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise ProblemError(problem("request.query", reason="day is a day like 2026-11-22")) from None


async def balance(engine: Engine, worker: Worker, who: Who, printer: str, day: date) -> PackagingBalance:
    """The balance, read page by page: the journal's changes come in between. Raises ``ProblemError``."""
    first, following = (datetime.combine(each, time(), POLISH_TIME) for each in (day, day + timedelta(days=1)))
    span = Span(first, following)  # 23 or 25 hours twice a year
    sheet, after = BalanceSheet(), None
    while True:
        async with worker.turn(who):
            page = await engine.packaging(printer, span, after)
            await worker.compute(partial(_add, sheet, page))
        after = page.next
        if after is None:
            return sheet.balance(printer, day)


def _add(sheet: BalanceSheet, page: PackagingPage) -> None:
    sheet.add(page.documents())
