"""Reports of a Novitus printer: daily and periodic, out of its protected memory, and what its fiscal memory holds."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection

from fiscald.emulator.device import Display
from fiscald.emulator.faults import Switch
from fiscald.emulator.layout import Foot, day_text
from fiscald.emulator.memory import DailyRecord, RateChange
from fiscald.emulator.novitus.documents import Issued
from fiscald.emulator.novitus.memory import MAX_REPORTS, NO_DOCUMENT
from fiscald.emulator.novitus.part import Part, command
from fiscald.emulator.novitus.refusals import (
    BAD_DATE,
    BAD_RANGE,
    NOTHING_IN_RANGE,
    WRONG_MODE,
    NeedsConfirmation,
    NovitusError,
    check_conditions,
)
from fiscald.emulator.paper import COPY_MARK, MARK, Printout
from fiscald.model.times import POLISH_TIME

#: Documents that one command prints out of the protected memory (our assumption).
MAX_REPRINTED = 50
#: Kinds of sheets by the kind of document; everything else is not fiscal.
KINDS: dict[str, Collection[str]] = {
    "receipt": ("receipt", "cancelled_receipt"),
    "invoice": ("invoice", "cancelled_invoice"),
    "dailyreport": ("daily_report",),
}
Bound = int | datetime.date
"""A number, or a date."""
Record = DailyRecord | RateChange


class Reports(Part):
    """The reports of one printer."""

    def _idle(self) -> None:
        if self.core.transaction is not None:
            raise NovitusError(WRONG_MODE)
        check_conditions(self.core.faults, "report")

    @command
    def daily(self, day: datetime.date | None, *, till: str = "", cashier: str = "") -> Issued:
        """The daily report. Raises ``NeedsConfirmation`` unless ``day`` is the printer's today."""
        self._idle()
        self._check_daily()
        today = self.core.register.clock.now().date()
        if day != today:
            display = Display(
                f"Drukować raport dobowy ? {day_text(today)}", f"print the daily report of {day_text(today)}?"
            )
            raise NeedsConfirmation(lambda: self._daily(till, cashier), display)
        return self._daily(till, cashier)

    def _check_daily(self) -> None:
        """Raises ``NovitusError`` where nothing was sold; on an emulated printer the first report may be empty."""
        core = self.core
        state = core.register.state
        if core.fiscal and state.day.totals_zero and state.reports:
            raise NovitusError(35)
        if state.reports >= MAX_REPORTS:
            raise NovitusError(1008)

    def _daily(self, till: str, cashier: str) -> Issued:
        core = self.core
        record = core.register.ledger.daily_report()
        core.faults.switches.difference_update((Switch.REPORT_REQUIRED, Switch.TOTALS_FULL, Switch.CHANGE_DUE))
        core.memory.reset_day()
        sheet = core.sheet(Foot(core.who(till, cashier)))
        sheet.daily_report(record)
        return core.emit("daily_report", sheet, number=record.number, totals=list(record.day.receipts))

    @command
    def periodic(
        self, first: Bound, last: Bound, *, summary: bool = False, till: str = "", cashier: str = ""
    ) -> Issued:
        """The daily reports of a period, by dates or by their numbers, and their sums."""
        self._idle()
        if isinstance(first, int) and isinstance(last, int):
            _check_range(first, last)
            records = self.core.register.ledger.records_by_number(first, last)
            begin, end = records[0].at.date(), records[-1].at.date()
        elif isinstance(first, datetime.date) and isinstance(last, datetime.date):
            _check_range(first, last)
            records, begin, end = self.core.register.ledger.records(first, last), first, last
        else:
            raise NovitusError(BAD_RANGE)
        history = self.core.register.state.rate_history
        changes = [change for change in history if begin <= change.at.date() <= end]
        self.core.register.ledger.count_printout()
        sheet = self.core.sheet(Foot(self.core.who(till, cashier)))
        sheet.periodic_report(day_text(begin), day_text(end), records, changes, summary=summary)
        return self.core.emit("periodic_report", sheet, first=records[0].number, last=records[-1].number)

    # -- the protected memory -------------------------------------------------------------------------

    @command
    def reprint(self, first: Bound, last: Bound, kind: str) -> list[Issued]:
        """Documents of a kind, by their numbers or dates, out of the protected memory.

        A receipt or invoice goes by its own number, any other document and ``all`` by its number there (assumption).
        """
        self._idle()
        if isinstance(first, datetime.date) is not isinstance(last, datetime.date):
            raise NovitusError(BAD_RANGE)
        found = [
            sheet
            for sheet in self.core.register.printouts
            if _is_kind(sheet, kind) and _within(sheet, first, last, kind)
        ]
        if not found:
            raise NovitusError(NOTHING_IN_RANGE)
        if len(found) > MAX_REPRINTED:
            raise NovitusError(BAD_RANGE)
        return [self._copy(sheet) for sheet in found]

    def _copy(self, sheet: Printout) -> Issued:
        self.core.register.ledger.count_printout()
        copy = self.core.sheet(Foot())
        copy.paper.lines = [line for line in sheet.lines if line.text.strip() not in (MARK, COPY_MARK)]
        copy.paper.copy_mark()
        copy.paper.mark()
        return self.core.emit("copy", copy, of=sheet.facts.get("jpkid"))

    @command
    def events(self, title: str, keep: Callable[[Record], bool]) -> Issued:
        """A list of the records of the fiscal memory."""
        self._idle()
        rows = [(f"{record.at:%Y-%m-%d %H:%M}", _event(record)) for record in self.records() if keep(record)]
        self.core.register.ledger.slip()
        sheet = self.core.sheet(Foot(self.core.who()))
        sheet.slip(title, rows or [("Brak zdarzeń", "")])
        return self.core.emit("event_report", sheet)

    # -- the fiscal memory ----------------------------------------------------------------------------

    def records(self) -> list[Record]:
        """Daily reports and changes of the rates, in the order of their times."""
        state = self.core.register.state
        records: list[Record] = [*state.fiscal_memory, *state.rate_history]
        return sorted(records, key=lambda record: record.at)


def _event(record: Record) -> str:
    return f"Raport dobowy {record.number}" if isinstance(record, DailyRecord) else "Zmiana stawek PTU"


def _check_range(first: Bound, last: Bound) -> None:
    if first > last:  # type: ignore[operator]
        raise NovitusError(BAD_RANGE)


def _is_kind(sheet: Printout, kind: str) -> bool:
    if sheet.kind in NO_DOCUMENT:
        return False
    if kind == "all":
        return True
    if kind == "nonfiscal":
        return all(sheet.kind not in kinds for kinds in KINDS.values()) and sheet.kind != "periodic_report"
    return sheet.kind in KINDS.get(kind, ())


def _within(sheet: Printout, first: Bound, last: Bound, kind: str) -> bool:
    if isinstance(first, datetime.date) and isinstance(last, datetime.date):
        return first <= sheet.at.astimezone(POLISH_TIME).date() <= last
    number = sheet.facts.get("jpkid" if kind in ("all", "nonfiscal") else "number")
    assert isinstance(first, int)
    assert isinstance(last, int)
    return isinstance(number, int) and first <= number <= last


def parsed_day(text: str) -> datetime.date:
    """``dd-mm-yyyy``, also with other marks between. Raises ``NovitusError``."""
    for mark in "-/.:":
        parts = text.strip().split(mark)
        if len(parts) == 3 and all(part.isascii() and part.isdigit() and len(part) <= 4 for part in parts):
            try:
                return datetime.date(int(parts[2]), int(parts[1]), int(parts[0]))
            except ValueError:
                break
    raise NovitusError(BAD_DATE)
