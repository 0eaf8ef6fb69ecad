"""What the journal has of a printer's open day, for protocols whose answers must have totals.

Neutral counters have no money. So these totals are of the documents that fiscald printed on the printer: of every
application, and without what was sold past fiscald. They survive a start of the daemon, because the journal does.
"""

from __future__ import annotations

from typing import NamedTuple

from fiscald.emulator.memory import RATES
from fiscald.engine import Engine, Wanted
from fiscald.gateway.documents import LETTERS
from fiscald.model.cash import CashIn, CashOut, GoodsReturn
from fiscald.model.jobs import Job, JobState, Result
from fiscald.model.money import grosze, line_value
from fiscald.model.packaging import PackagingDocument
from fiscald.model.payment import Payment, PaymentType
from fiscald.model.printers import Counters, PrinterStatus
from fiscald.model.receipt import Receipt

#: Jobs of one reading of the journal.
_PAGE = 50


class Shown(NamedTuple):
    """What the journal has at the moment of these counters; in grosze."""

    counters: Counters
    totals: tuple[int, ...]
    """Receipts by rate."""
    cash: int
    """What came into the drawer, less what went out of it."""


class Day:
    """The open day of one printer."""

    def __init__(self, engine: Engine, printer: str) -> None:
        self._engine = engine
        self._printer = printer
        self._report = 0
        self._counted: set[str] = set()
        self._totals = [0] * RATES
        self._cash = 0
        self._stamp: tuple[Counters | None, str | None] = None, None
        self.shown: Shown | None = None
        """``None``: nothing was read yet."""

    async def refresh(self, status: PrinterStatus, ended: Job | None = None) -> None:
        """Read what was printed since the last time, if the counters moved. ``ended``: a job that certainly was.

        Raises ``ProblemError`` if the journal cannot be read.
        """
        counters, stamp = status.counters, (status.counters, status.job)
        if counters is None or (ended is None and self.shown is not None and (status.job or stamp == self._stamp)):
            return  # a job that runs may have moved the counters, and is not in the journal as done
        self._stamp = stamp
        if counters.daily_report != self._report:
            self._report = counters.daily_report
            self._counted, self._totals, self._cash = set(), [0] * RATES, 0
        vat = status.vat or {}
        if ended is not None:
            self._count(ended, vat)
        after, more = 0, True
        wanted = Wanted(printer=self._printer, state=JobState.DONE)
        while more:
            page = await self._engine.jobs(wanted, newest_first=True, after=after, limit=_PAGE)
            # Jobs do not quite end in the order in which they came, so a whole page is looked through.
            new = [self._count(job, vat) for _, job in page]
            after, more = page[-1][0] if page else 0, len(page) == _PAGE and all(new)
        self.shown = Shown(counters, tuple(max(total, 0) for total in self._totals), max(self._cash, 0))

    def _count(self, job: Job, vat: dict[str, str | None]) -> bool:
        """False: it was counted already, or is of another day."""
        result = job.result
        if result is None or result.daily_report is None:
            return True  # it moved nothing, like the drawer
        if result.daily_report != self._report or job.key in self._counted:
            return False
        self._counted.add(job.key)
        document = job.document
        match document:
            case Receipt():
                for place, value in enumerate(_by_rate(document, result, vat)):
                    self._totals[place] += value
                self._cash += _paid_in_cash(result, document.payments)
            case PackagingDocument():
                self._cash += _paid_in_cash(result, document.payments)
            case CashIn():
                self._cash += grosze(document.amount)
            case CashOut() | GoodsReturn():
                self._cash -= grosze(document.amount)
            case _:
                pass
        return True


def _paid_in_cash(result: Result, payments: tuple[Payment, ...]) -> int:
    due = result.due if result.due is not None else result.total
    otherwise = sum(grosze(each.amount) for each in payments if each.type is not PaymentType.CASH)
    return 0 if due is None else grosze(due) - otherwise


def _by_rate(receipt: Receipt, result: Result, vat: dict[str, str | None]) -> list[int]:
    """The total by rate. Where the spread of a discount is not known, it is spread by the value of the lines."""
    found = [0] * RATES
    if result.totals is not None:
        for each in result.totals:
            if each.vat in LETTERS:
                found[LETTERS.index(each.vat)] += grosze(each.gross)
        return found
    letters = {rate: letter for letter, rate in reversed(vat.items()) if rate is not None}
    for line in receipt.lines:
        letter = line.vat if line.vat in LETTERS else letters.get(line.vat, "A")
        found[LETTERS.index(letter)] += line_value(grosze(line.price), line.quantity) * (-1 if line.storno else 1)
    total, whole = grosze(result.total) if result.total is not None else 0, sum(found)
    spread = [total * value // whole if whole > 0 else 0 for value in found]
    largest = max(range(RATES), key=lambda place: found[place])
    spread[largest] += total - sum(spread)
    return spread
