"""What two looks at a Thermal printer prove: the difference of its counters, and the proof of one-step documents.

Source: Thermal reference, sections 7 (counters) and 9.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fiscald.model.cash import CashIn, CashOut, GoodsReturn
from fiscald.model.jobs import Notice
from fiscald.model.money import grosze
from fiscald.protocols.base import Dialogue, Printed, Unknown
from fiscald.protocols.proof import verdicts
from fiscald.protocols.proof.counters import CounterProof, OtherSheet, Proven, Report
from fiscald.protocols.thermal.evidence import ThermalLook
from fiscald.protocols.thermal.queries import read_result, read_stable_counters, to_counters

#: Receipts are numbered from 0 to 9999 (5.9).
RECEIPT_NUMBERS = 10_000
#: The fields of a look to compare: all except the identity and the flags.
_COUNTERS = ("n_dobowych", "par_num", "anul", "anul_kwota", "numer", "tot", "cash", "Pz")


@dataclass(frozen=True, slots=True)
class CounterDelta:
    """What happened on the printer between two looks."""

    then: ThermalLook
    now: ThermalLook

    LOWER: ClassVar[str] = "the printer's counters are lower than before, or it was reset"

    def _by(self, name: str) -> int:
        """By how much a counter moved; 0 if the device does not report it."""
        then, now = getattr(self.then, name), getattr(self.now, name)
        return 0 if then is None or now is None else int(now) - int(then)

    @property
    def reports(self) -> int:
        """Daily reports. After one, every counter of the day has started again from zero.

        A device in training stores no record: if its numbers start again, there was a report (choice).
        """
        training = not self.then.Pm and self.completed < 0
        return self._by("n_dobowych") or int(training)

    @property
    def completed(self) -> int:
        """Completed receipts (of the same day, if their numbers start again after the daily report).

        Novitus counts for years, up to 9999 (5.9). Then the number starts again without a report.
        """
        by = self._by("par_num")
        over = by < -RECEIPT_NUMBERS // 2 and not self._by("n_dobowych") and self.printouts > 0 and self._by("tot") >= 0
        return by + RECEIPT_NUMBERS if over else by

    @property
    def cancelled(self) -> int:
        """Cancelled receipts of the same day. The printer need not count one without lines (5.5)."""
        if self.now.anul is not None and self.then.anul is not None:
            return self._by("anul")
        return max(self.printouts - self.completed, 0)

    @property
    def one_completed(self) -> bool:
        """Whether exactly one receipt ended, and was completed."""
        return (self.reports, self.completed, self.cancelled) == (0, 1, 0)

    @property
    def printouts(self) -> int:
        """Printed documents of any kind."""
        return self._by("numer")

    @property
    def sales(self) -> int:
        """Value of completed receipts of the same day, in grosze."""
        return self._by("tot")

    @property
    def cancelled_value(self) -> int | None:
        """Value of cancelled receipts of the same day, in grosze. Some devices do not report it."""
        known = self.then.anul_kwota is not None and self.now.anul_kwota is not None
        return self._by("anul_kwota") if known else None

    @property
    def cash(self) -> int:
        """The change of the cash in the drawer, in grosze, from slips and sales."""
        return self._by("cash")

    @property
    def slips(self) -> int:
        """Printouts that are neither receipts nor daily reports. After a report: all documents beside the reports."""
        fiscal = 0 if self.reports else self.completed + self.cancelled
        return self.printouts - self.reports - fiscal

    @property
    def other_sheets(self) -> int:
        """Printouts that are neither receipts nor daily reports nor slips: those move the cash, if no sale does."""
        return self.slips - bool(self.cash and not self.completed)

    @property
    def nothing_moved(self) -> bool:
        """Whether nothing happened, except that a receipt was opened."""
        return all(getattr(self.then, name) == getattr(self.now, name) for name in _COUNTERS)

    @property
    def any_change(self) -> bool:
        """Whether any receipt ended or any report was made. (The number of printouts may move at an opening.)"""
        return bool(self.reports or self.completed or self.cancelled)

    @property
    def went_backwards(self) -> bool:
        """Whether a counter went back or the memory was reset: the printer has another memory than before."""
        if self.reports < 0 or self.printouts < 0 or self._by("Pz"):
            return True
        names = ("anul", "tot", "anul_kwota")
        return self.reports == 0 and (self.completed < 0 or any(self._by(name) < 0 for name in names))

    @property
    def comparable(self) -> bool:
        """Whether both looks are at one printer with one memory."""
        return self.now.nr_unikatowy == self.then.nr_unikatowy and not self.went_backwards

    @property
    def fiscal(self) -> bool:
        """Whether the device was fiscalised."""
        return bool(self.then.Pm)

    @property
    def uncounted(self) -> bool:
        """Whether the device is in training, so that its counters need not move, and they did not."""
        return not self.then.Pm and not self.any_change and self.printouts == 0


@dataclass(frozen=True, slots=True)
class Slip:
    """The change of the cash proves a slip (9.3); if sales changed the cash too, one more printout does."""

    cash: int
    """The cash that it puts into the drawer, in grosze; below zero: that it takes out."""
    due: int | None = None
    """What was paid for packaging, in grosze; negative: paid out."""
    notices: tuple[Notice, ...] = ()

    @property
    def total(self) -> int | None:
        """The value that the answer reports, in grosze; ``None``: it has none, or is in ``due``."""
        return abs(self.cash) if self.due is None else None

    def judge(self, delta: CounterDelta, confirmed: bool | None) -> Proven | Unknown | None:
        """See ``Expected``."""
        taken = self.cash < 0 and delta.now.cash == 0
        if confirmed is False and taken:
            # Refused, perhaps for lack of cash. Then the printer forgets its cash (5.7), so the change proves nothing.
            if delta.slips == 0:
                return None
            return verdicts.unproven(
                "many_slips", "the slip was refused, and one was printed since the start", delta.now
            )
        if delta.reports or delta.completed:
            return self._by_printouts(delta, confirmed)
        return self._by_cash(delta, confirmed, taken=taken)

    def _by_cash(self, delta: CounterDelta, confirmed: bool | None, *, taken: bool) -> Proven | Unknown | None:
        """Nothing else moved the cash."""
        doubled = delta.cash == 2 * self.cash
        # If the cable doubled it, the printer refuses the second one for lack of cash and forgets its cash (5.7).
        emptied = taken and delta.slips == 1
        if delta.cash == self.cash or (confirmed and (doubled or emptied or delta.uncounted)):
            return Proven((verdicts.DOUBLED,) if doubled or delta.slips > 1 else ())
        if doubled:
            return verdicts.unproven("many_slips", "the cash moved by twice the amount", delta.now)
        if delta.cash != 0:
            return verdicts.unproven("changed", "the cash moved by another amount than ours", delta.now)
        return None

    def _by_printouts(self, delta: CounterDelta, confirmed: bool | None) -> Proven | Unknown | None:
        """Sales moved the cash too, or a report came in between."""
        if (delta.slips == 1 and not delta.reports) or (confirmed and delta.slips > 0):
            return Proven((verdicts.DOUBLED,) if delta.slips > 1 else ())
        if delta.slips == 0:
            return None
        if delta.reports:
            return verdicts.report_between(delta.now)
        return verdicts.unproven("many_slips", f"{delta.slips} slips were printed since the start", delta.now)


def slip_of(document: CashIn | CashOut | GoodsReturn) -> Slip:
    """What that document does to the counters."""
    amount = grosze(document.amount)
    return Slip(amount if isinstance(document, CashIn) else -amount)


class ThermalProof(CounterProof[ThermalLook, CounterDelta]):
    """The proof of a document of one step."""

    expected: Report | Slip | OtherSheet

    def read(self) -> Dialogue[ThermalLook]:
        """A look confirmed by a second one."""
        return read_stable_counters()

    def delta(self, now: ThermalLook) -> CounterDelta:
        """What happened since ``before``."""
        return CounterDelta(self.before, now)

    def printed(self, delta: CounterDelta, proven: Proven, *, confirmed: bool) -> Dialogue[Printed]:
        """A daily report has the number of its day. A slip or another report has none and belongs to the next one."""
        now, slip = delta.now, self.expected if isinstance(self.expected, Slip) else None
        last = now.n_dobowych
        number, report = (last, last) if isinstance(self.expected, Report) else (None, last + 1)
        total = None if slip is None else slip.total
        due = None if slip is None else slip.due
        result, paper = yield from read_result(self.settings, now, number, report, total, just_now=confirmed, due=due)
        notices = proven.notices if slip is None else slip.notices + proven.notices
        return Printed(result, paper, notices, {"after": now}, to_counters(now))
