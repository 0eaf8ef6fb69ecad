"""The parts of reports of the fiscal memory that all families share: which period no printer reports yet."""

from __future__ import annotations

import datetime

from fiscald.model.reports import MonthlyReport, PeriodicReport, ShiftReport
from fiscald.protocols.planning import PlanBuilder

#: Reports that change nothing: the printer reads its memory, and the same report may be printed again at any time.
MemoryReport = MonthlyReport | PeriodicReport
PrintedReport = MemoryReport | ShiftReport


def check_memory(document: PrintedReport, plan: PlanBuilder, reports: int) -> None:
    """Add an error for daily reports that the fiscal memory does not hold. ``reports``: how many it holds."""
    if isinstance(document, ShiftReport):
        return
    first = document.start if isinstance(document, PeriodicReport) and isinstance(document.start, int) else 1
    if first > reports:
        last = f"the last one is number {reports}" if reports else "it holds none yet"
        plan.error(
            "/document" if first == 1 else "/document/from",
            "report.none",
            f"the fiscal memory has no such daily report: {last}",
            "w pamięci fiskalnej nie ma takiego raportu dobowego.",
        )


def check_period(document: MemoryReport, plan: PlanBuilder, now: datetime.datetime | None) -> None:
    """Add an error for a period that the printer cannot report yet. ``now``: by its clock; ``None``: not known."""
    if now is None:
        return
    today = now.date()
    if isinstance(document, MonthlyReport):
        first, last = document.days
        # On the last day the month is over for the printer after the daily report; it knows, and refuses otherwise.
        if last > today:
            name = "has not begun" if first > today else "is still running"
            plan.error(
                "/document/month",
                "report.running_month",
                f"{document.month} {name} by the printer's clock ({today}); the report of a month is printed when the "
                "month is over",
                "raport miesięczny można wydrukować dopiero po zakończeniu miesiąca.",
            )
    elif isinstance(document.start, datetime.date) and document.start > today:
        plan.error(
            "/document/from",
            "report.future",
            f"{document.start} has not come by the printer's clock ({today}); send an earlier day",
            "początek okresu jest późniejszy niż data w drukarce.",
        )
