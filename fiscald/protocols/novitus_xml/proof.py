"""What two looks at a Novitus printer prove: the difference of its counters, and the proof of one-step documents.

Source: Novitus reference, sections 7 (counters) and 9.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fiscald.model.cash import CashIn, CashOut
from fiscald.model.jobs import Notice
from fiscald.model.money import grosze
from fiscald.protocols.base import Dialogue, Printed, Unknown
from fiscald.protocols.novitus_xml.evidence import NovitusXmlLook
from fiscald.protocols.novitus_xml.queries import read_stable_last, read_stable_look, to_counters
from fiscald.protocols.novitus_xml.status import read_result
from fiscald.protocols.proof import verdicts
from fiscald.protocols.proof.counters import CounterProof, OtherSheet, Proven, Report, SheetDelta

#: The fields of a look to compare: all except the identity and the flags.
_COUNTERS = ("lastreceipt", "lastinvoice", "lastprintout", "cash", "receipts", "invoices", "reportscount", "resetcount")
#: What ``lasttransaction`` says of a document that was cancelled, of one that was closed, and of one that is open.
CANCELLED, CLOSED, OPEN = "canceled", "close", "open"


@dataclass(frozen=True, slots=True)
class CounterDelta:
    """What happened on the printer between two looks."""

    then: NovitusXmlLook
    now: NovitusXmlLook

    LOWER: ClassVar[str] = "the printer's counters are lower than before, or it was reset"

    def _by(self, name: str) -> int:
        return int(getattr(self.now, name)) - int(getattr(self.then, name))

    @property
    def reports(self) -> int:
        """Daily reports. After one, the totals of the day have started again from zero.

        A device in training stores no record: if its numbers start again, there was a report [choice].
        """
        training = not self.then.isfiscal and (self._by("lastreceipt") < 0 or self._by("lastinvoice") < 0)
        return self._by("reportscount") or int(training)

    @property
    def completed(self) -> int:
        """Completed receipts (of the same day, if their numbers start again after the daily report).

        A receipt is worth more than zero. So a number that moved without the totals was taken by a cancelled receipt:
        no source says whether those take one (7).
        """
        return self._completed("lastreceipt", "receipts")

    @property
    def invoiced(self) -> int:
        """Completed invoices, in the same way."""
        return self._completed("lastinvoice", "invoices")

    def _completed(self, number: str, value: str) -> int:
        if self.then.isfiscal and not self.reports and not self._by(value):
            return 0
        return self._by(number)

    @property
    def printouts(self) -> int:
        """Printed documents of any kind."""
        return self._by("lastprintout")

    @property
    def cancelled(self) -> int:
        """Documents that may be cancelled receipts or invoices: no counter has those, so all that is not explained."""
        return max(self.printouts - self.completed - self.invoiced, 0)

    @property
    def sales(self) -> int:
        """Value of completed receipts of the same day, in grosze."""
        return self._by("receipts")

    @property
    def invoice_sales(self) -> int:
        """Value of completed invoices of the same day, in grosze."""
        return self._by("invoices")

    @property
    def cancelled_value(self) -> int | None:
        """The device does not report it."""
        return None

    @property
    def cash(self) -> int:
        """The change of the cash in the drawer, in grosze, from slips and sales."""
        return self._by("cash")

    @property
    def seen_cancelled(self) -> int:
        """Cancelled receipts and invoices, as far as the printer shows them: the last one."""
        last = self.now.last_printout
        newer = last is not None and last > self.then.lastprintout
        return int(newer and self.now.last_state == CANCELLED)

    @property
    def slips(self) -> int:
        """Printouts that are no receipt, no invoice and no daily report. After a report: all beside the reports."""
        fiscal = 0 if self.reports else self.completed + self.invoiced + self.seen_cancelled
        return self.printouts - self.reports - fiscal

    @property
    def hidden(self) -> bool:
        """Whether one of the ``slips`` may be a cancelled receipt or invoice that the printer no longer shows, because
        another one came after it. What was printed after the last one is none.
        """
        if self.now.last_state == OPEN:
            return self.slips > 0
        last = self.now.last_printout
        return last is not None and last > self.then.lastprintout and self.now.lastprintout - last < self.slips

    @property
    def other_sheets(self) -> int:
        """Those without the slips that move the cash."""
        return self.slips - bool(self.cash and not self.completed and not self.invoiced)

    @property
    def nothing_moved(self) -> bool:
        """Whether nothing happened, except that a document was opened."""
        return all(getattr(self.then, name) == getattr(self.now, name) for name in _COUNTERS)

    @property
    def any_change(self) -> bool:
        """Whether any document ended or any report was made."""
        return bool(self.reports or self.completed or self.invoiced or self.printouts)

    @property
    def went_backwards(self) -> bool:
        """Whether a counter went back or the memory was reset: the printer has another memory than before."""
        if self.reports < 0 or self.printouts < 0 or self._by("resetcount"):
            return True
        return self.reports == 0 and any(
            self._by(name) < 0 for name in ("lastreceipt", "lastinvoice", "receipts", "invoices")
        )

    @property
    def comparable(self) -> bool:
        """Whether both looks are at one printer with one memory."""
        return self.now.uniqueno == self.then.uniqueno and not self.went_backwards

    @property
    def uncounted(self) -> bool:
        """Whether the device is in training, so that its counters need not move, and they did not."""
        return not self.then.isfiscal and self.nothing_moved


@dataclass(frozen=True, slots=True)
class Slip:
    """The change of the cash proves a slip; if sales changed the cash too, one more printout does."""

    cash: int
    """The cash that it puts into the drawer, in grosze; below zero: that it takes out."""

    def judge(self, delta: CounterDelta, confirmed: bool | None) -> Proven | Unknown | None:
        """See ``Expected``."""
        if delta.reports or delta.completed or delta.invoiced:
            return self._by_printouts(delta, confirmed)
        doubled = delta.cash == 2 * self.cash
        # The printer had less cash than was taken out, and counts zero since (error 32).
        emptied = self.cash < 0 and delta.now.cash == 0 and delta.slips == 1
        if delta.cash == self.cash or (confirmed and (doubled or emptied or delta.uncounted)):
            return Proven((verdicts.DOUBLED,) if doubled or delta.slips > 1 else ())
        if doubled:
            return verdicts.unproven("many_slips", "the cash moved by twice the amount", delta.now)
        if delta.cash != 0:
            return verdicts.unproven("changed", "the cash moved by another amount than ours", delta.now)
        return None

    def _by_printouts(self, delta: CounterDelta, confirmed: bool | None) -> Proven | Unknown | None:
        if not confirmed and not delta.reports and delta.hidden:
            return _hidden(delta)
        if (delta.slips == 1 and not delta.reports) or (confirmed and delta.slips > 0):
            return Proven((verdicts.DOUBLED,) if delta.slips > 1 else ())
        if delta.slips == 0:
            return None
        if delta.reports:
            return verdicts.report_between(delta.now)
        return verdicts.unproven("many_slips", f"{delta.slips} slips were printed since the start", delta.now)


@dataclass(frozen=True, slots=True)
class Sheet(OtherSheet):
    """See ``OtherSheet``. No counter has cancelled receipts, so one may look like such a sheet."""

    def judge(self, delta: SheetDelta, confirmed: bool | None) -> Proven | Unknown | None:
        """See ``Expected``."""
        assert isinstance(delta, CounterDelta)
        if not confirmed and not delta.reports and delta.hidden:
            return _hidden(delta)
        return OtherSheet.judge(self, delta, confirmed)


def _hidden(delta: CounterDelta) -> Unknown:
    reason = "another program used the printer since the start, and a cancelled receipt of it looks like ours"
    return verdicts.unproven("many_slips", reason, delta.now)


def slip_of(document: CashIn | CashOut) -> Slip:
    """What that document does to the cash."""
    amount = grosze(document.amount)
    return Slip(amount if isinstance(document, CashIn) else -amount)


class NovitusXmlProof(CounterProof[NovitusXmlLook, CounterDelta]):
    """The proof of a document of one step."""

    expected: Report | Slip | Sheet

    def read(self) -> Dialogue[NovitusXmlLook]:
        """A look confirmed by a second one, with the last sale."""
        if isinstance(self.expected, Report):
            return read_stable_look()
        return read_stable_last()

    def delta(self, now: NovitusXmlLook) -> CounterDelta:
        """What happened since ``before``."""
        return CounterDelta(self.before, now)

    def printed(self, delta: CounterDelta, proven: Proven, *, confirmed: bool) -> Dialogue[Printed]:
        """A daily report has the number of its day. A slip or another sheet has none and belongs to the next one."""
        now, slip = delta.now, self.expected if isinstance(self.expected, Slip) else None
        last = now.reportscount
        number, report = (last, last) if isinstance(self.expected, Report) else (None, last + 1)
        total = None if slip is None else abs(slip.cash)
        result, paper = yield from read_result(now, number, report, total, just_now=confirmed)
        notices: tuple[Notice, ...] = proven.notices
        return Printed(result, paper, notices, {"after": now}, to_counters(now))
