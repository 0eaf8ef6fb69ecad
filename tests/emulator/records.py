"""A fiscal memory with the daily reports of October 2026, for reports of a period."""

from __future__ import annotations

from datetime import datetime

from fiscald.emulator.memory import DEFAULT_RATES, DailyRecord, Day
from fiscald.model.times import POLISH_TIME

#: How many there are: one for each day.
RECORDS = 31


def october() -> list[DailyRecord]:
    """Every day sold ten receipts of 1.00 at the first rate, and was closed at nine in the evening."""
    return [
        DailyRecord(
            number=day,
            at=datetime(2026, 10, day, 21, tzinfo=POLISH_TIME),
            rates=list(DEFAULT_RATES),
            day=Day(receipts=[1000, 0, 0, 0, 0, 0, 0], receipt_count=10, last_receipt=10),
        )
        for day in range(1, RECORDS + 1)
    ]
