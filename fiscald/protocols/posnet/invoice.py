"""An invoice on a POSNET printer: how fiscald carries it out and recovers it.

Theory. The printer counts invoices apart from receipts: ``scnt fn`` completed ones, ``fc`` cancelled ones. While ours
is open (``scomm ts`` 33), no other document can end. So the first invoice that ended after ours was open is ours, and a
receipt proves nothing. Older devices do not count cancelled invoices: there a sheet that no other counter explains may
be one. No counter has the value of cancelled invoices.

Source: POSNET reference, sections 5.3, 5.8 and 7.
"""

from __future__ import annotations

from dataclasses import dataclass

from fiscald.model.invoice import Invoice
from fiscald.model.printers import Snapshot
from fiscald.protocols.base import Check, Checkpoint, Dialogue, Settings, Verdict
from fiscald.protocols.posnet.course import Course
from fiscald.protocols.posnet.evidence import PosnetLook
from fiscald.protocols.posnet.options import code_page, profile_of
from fiscald.protocols.posnet.plan import Plan
from fiscald.protocols.posnet.plan_invoice import plan_invoice
from fiscald.protocols.posnet.profiles import Profile
from fiscald.protocols.posnet.proof import CounterDelta
from fiscald.protocols.posnet.queries import LastDocument
from fiscald.protocols.posnet.receipt import ReceiptProof
from fiscald.protocols.proof.verdicts import CommitReply
from fiscald.protocols.rates import Rates, parse_rates


def check(document: Invoice, settings: Settings, snapshot: Snapshot | None) -> Check:
    """The refusals that the planner predicts, and the sums. Checks the rates only if the printer's table is known."""
    rates = parse_rates(snapshot.rates) if snapshot and any(snapshot.rates.values()) else None
    plan = plan_invoice(document, profile_of(settings, snapshot), code_page(settings), rates)
    return Check(tuple(plan.errors), tuple(plan.notices), plan.totals)


class InvoiceCourse(Course[Invoice]):
    """See ``Course``."""

    word = "invoice"
    open_types = (33,)

    def plan(self, profile: Profile, code_page: str, rates: Rates) -> Plan:
        """The commands of the invoice."""
        return plan_invoice(self.document, profile, code_page, rates)

    def verdict(self, opened: PosnetLook, plan: Plan, reply: CommitReply | None) -> Dialogue[Verdict]:
        """What became of it after its closing step was sent."""
        return InvoiceProof(opened, plan, self.settings).verdict(reply)


def carry_out(invoice: Invoice, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """Print it on the printer with that unique number."""
    return InvoiceCourse(invoice, settings).carry_out(printer_id)


def recover(invoice: Invoice, settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
    """After silence, a lost link or a killed daemon: read the printer, cancel ours if it is open, decide."""
    return InvoiceCourse(invoice, settings).recover(checkpoint)


class InvoiceDelta(CounterDelta):
    """What happened between two looks, for the proof of an invoice: invoices in the place of receipts."""

    @property
    def completed(self) -> int:
        """Completed invoices of the same day."""
        return self.invoices

    @property
    def cancelled(self) -> int:
        """Cancelled invoices of the same day; of older devices, sheets that may be one."""
        if self.now.fc is not None:
            return self._by("fc")
        receipts = CounterDelta(self.then, self.now)
        others = receipts.completed + receipts.cancelled + (self._day_by("nf") or 0)
        return max(self.printouts - self.reports - self.invoices - others, 0)

    @property
    def sold_at(self) -> str | None:
        """The time of the last sale of the day, if it was the only completed invoice."""
        receipts = CounterDelta(self.then, self.now)
        only = self.completed == 1 and not receipts.completed
        return self.now.day.last_sale if only and self.now.day is not None else None

    @property
    def sales(self) -> int | None:
        """Value of completed invoices of the same day, in grosze."""
        return self._day_by("invoices")

    @property
    def cancelled_value(self) -> int | None:
        """No counter has it."""
        return None


@dataclass(frozen=True, slots=True)
class InvoiceProof(ReceiptProof):
    """Decides whether our invoice was registered after its closing step was sent."""

    word = "invoice"

    def delta(self, now: PosnetLook) -> CounterDelta:
        """What happened since it was open."""
        return InvoiceDelta(self.opened, now)

    def last_number(self, look: PosnetLook) -> int:
        """How many invoices of the open day were completed."""
        return look.fn or 0

    def is_open(self, open_type: int) -> bool:
        """Whether that type of document is an invoice."""
        return open_type in InvoiceCourse.open_types

    def like_ours(self, last: LastDocument) -> bool:
        """Whether that document has our total. Without payments the printer may add one itself."""
        return last.total == self.plan.total
