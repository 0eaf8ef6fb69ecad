"""What two looks at a POSNET printer prove: the difference of its counters, and the proof of one-step documents.

Source: POSNET reference, sections 7 (counters) and 9.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fiscald.model.cash import CashIn, CashOut, GoodsReturn
from fiscald.model.jobs import Notice
from fiscald.model.money import grosze
from fiscald.model.printout import Printout
from fiscald.protocols.base import Dialogue, Printed, Unknown
from fiscald.protocols.posnet.evidence import PosnetLook
from fiscald.protocols.posnet.queries import (
    read_clock,
    read_copy,
    read_paper,
    read_stable_counters,
    result_of,
    to_counters,
)
from fiscald.protocols.proof import verdicts
from fiscald.protocols.proof.counters import CounterProof, OtherSheet, Proven, Report


@dataclass(frozen=True, slots=True)
class CounterDelta:
    """What happened on the printer between two looks."""

    then: PosnetLook
    now: PosnetLook

    LOWER: ClassVar[str] = "the printer's counters are lower than before"

    def _by(self, name: str) -> int:
        """By how much a counter moved; 0 if the device does not report it."""
        return int(getattr(self.now, name) or 0) - int(getattr(self.then, name) or 0)

    def _day_by(self, name: str) -> int | None:
        then, now = getattr(self.then.day, name, None), getattr(self.now.day, name, None)
        return None if then is None or now is None else int(now) - int(then)

    @property
    def reports(self) -> int:
        """Daily reports. After one, every counter of the day has started again from zero."""
        return self._by("rd")

    @property
    def completed(self) -> int:
        """Completed receipts of the same day.

        On older devices ``bn`` is the number of the last receipt. No source says whether a cancelled one has a number
        there, so the day's count decides if the device reports it.
        """
        counted = self._day_by("pn") if self.now.bc is None else None
        return self._by("bn") if counted is None else counted

    @property
    def cancelled(self) -> int:
        """Cancelled receipts of the same day."""
        if self.now.bc is not None:
            return self._by("bc")
        counted = self._day_by("cn")
        return counted if counted is not None else max(self.printouts - self.completed, 0)

    @property
    def one_completed(self) -> bool:
        """Whether exactly one receipt ended, and was completed."""
        return (self.reports, self.completed, self.cancelled) == (0, 1, 0)

    @property
    def sold_at(self) -> str | None:
        """The time of the only completed receipt: the last sale of the day, if no other followed and it was read."""
        only = self.completed == 1 and not self.invoices
        return self.now.day.last_sale if only and self.now.day is not None else None

    @property
    def printouts(self) -> int:
        """Printed documents of any kind."""
        return self._by("hn")

    @property
    def sales(self) -> int | None:
        """Value of completed receipts of the same day, in grosze. Some older devices do not report it."""
        return self._day_by("sales")

    @property
    def cancelled_value(self) -> int | None:
        """Value of cancelled receipts of the same day, in grosze. Some older devices do not report it."""
        return self._day_by("ct")

    @property
    def slips(self) -> int:
        """Non-fiscal printouts. After a daily report: all other documents."""
        counted = None if self.reports else self._day_by("nf")
        if counted is not None:
            return counted
        fiscal = 0 if self.reports else sum(self._by(name) for name in ("bn", "bc", "fn", "fc"))
        return self.printouts - self.reports - fiscal

    @property
    def other_sheets(self) -> int:
        """Printed documents that no other counter counts. A device that does not count slips counts them here."""
        fiscal = sum(self._by(name) for name in ("bn", "bc", "fn", "fc"))
        return self.printouts - self.reports - fiscal - (self._day_by("nf") or 0)

    @property
    def invoices(self) -> int:
        """Completed invoices of the same day."""
        return self._by("fn")

    @property
    def any_change(self) -> bool:
        """Whether any receipt or invoice ended or any report was made. (``hn`` may move when one opens.)"""
        return bool(self.reports or self.completed or self.cancelled or self.invoices or self._by("fc"))

    @property
    def went_backwards(self) -> bool:
        """Whether a counter went back: the printer has another memory than before."""
        if self.reports < 0 or self.printouts < 0:
            return True
        return self.reports == 0 and any(self._by(name) < 0 for name in ("bn", "bt", "bc", "fn", "fc"))

    @property
    def comparable(self) -> bool:
        """Whether both looks are at one printer with one memory."""
        return self.now.nu == self.then.nu and not self.went_backwards

    @property
    def fiscal(self) -> bool:
        """Whether the device was fiscalised."""
        return self.then.fiscal is not False

    @property
    def uncounted(self) -> bool:
        """Whether the device is in training, where counters need not move (5.3, not documented), and they did not."""
        return self.then.fiscal is False and not self.any_change and self.printouts == 0


@dataclass(frozen=True, slots=True)
class Slip:
    """One more non-fiscal printout proves a slip; or one more printout, if the device does not count those."""

    amount: int | None
    """In grosze."""
    surely_counted: bool
    """No source says whether ``cash`` or a form moves a counter (section 7, choice): its good answer must suffice."""
    notices: tuple[Notice, ...] = ()
    due: int | None = None
    """What was paid for packaging, in grosze; negative: paid out."""

    def judge(self, delta: CounterDelta, confirmed: bool | None) -> Proven | Unknown | None:
        """See ``Expected``."""
        slips = delta.slips
        uncounted = slips == 0 and not self.surely_counted
        if (slips == 1 and not delta.reports) or (confirmed and (slips or uncounted or delta.uncounted)):
            doubled = (verdicts.DOUBLED,) if slips > 1 else ()
            return Proven(self.notices + doubled)
        if slips == 0:
            return None
        if delta.reports:
            return verdicts.report_between(delta.now)
        return verdicts.unproven("many_slips", f"{slips} slips were printed since the start", delta.now)


def slip_of(document: CashIn | CashOut | GoodsReturn | Printout, notices: tuple[Notice, ...] = ()) -> Slip:
    """What that document does to the counters."""
    amount = None if isinstance(document, Printout) else grosze(document.amount)
    return Slip(amount, surely_counted=isinstance(document, GoodsReturn), notices=notices)


class PosnetProof(CounterProof[PosnetLook, CounterDelta]):
    """The proof of a document of one step, and of a printout."""

    expected: Report | Slip | OtherSheet

    def read(self) -> Dialogue[PosnetLook]:
        """Counters and totals of one moment."""
        return read_stable_counters()

    def delta(self, now: PosnetLook) -> CounterDelta:
        """What happened since ``before``."""
        return CounterDelta(self.before, now)

    def printed(self, delta: CounterDelta, proven: Proven, *, confirmed: bool) -> Dialogue[Printed]:
        """A report has the number of its day. A slip or another report has none and belongs to the next one."""
        now, slip = delta.now, self.expected if isinstance(self.expected, Slip) else None
        ends_day = isinstance(self.expected, Report)
        number, report = (now.rd, now.rd) if ends_day else (None, now.rd + 1)
        amount = None if slip is None else slip.amount
        paper = yield from read_paper(self.settings)
        copy = yield from read_copy()
        # Found out later, the printer's clock does not tell when it was printed.
        moment = (yield from read_clock()).moment if confirmed else None
        due = None if slip is None else slip.due
        result = result_of(now, number, report, amount, moment, fiscal=delta.fiscal, copy=copy, due=due)
        return Printed(result, paper, proven.notices, {"after": now}, to_counters(now))
