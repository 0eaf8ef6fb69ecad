"""A receipt and an invoice on a Novitus printer: what proves them.

The printer counts them apart: ``lastreceipt`` and the totals of receipts, ``lastinvoice`` and the totals of invoices.
``lasttransaction`` says of the last one whether it was closed or cancelled, its total, and its number among all printed
documents. The first document that gets such a number after ours was open is ours. So if that of the last one is the
next, it is ours, whatever a daily report did to the counters.

No source says whether a cancelled document takes a number of receipts (7). So a receipt counts as completed only if the
totals moved with the number.

Source: Novitus reference, sections 5.11, 7 and 9.2.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import TypeVar

from fiscald.model.invoice import Invoice
from fiscald.model.jobs import VatTotal
from fiscald.model.printers import Snapshot
from fiscald.model.receipt import Receipt
from fiscald.protocols.base import (
    Baseline,
    Check,
    Checkpoint,
    Dialogue,
    NotPrinted,
    Printed,
    Settings,
    Unknown,
    Verdict,
)
from fiscald.protocols.novitus_xml.course import Course
from fiscald.protocols.novitus_xml.evidence import NovitusXmlLook
from fiscald.protocols.novitus_xml.options import NovitusXmlOptions, profile_of
from fiscald.protocols.novitus_xml.plan import plan_receipt
from fiscald.protocols.novitus_xml.plan_invoice import plan_invoice
from fiscald.protocols.novitus_xml.planner import Plan
from fiscald.protocols.novitus_xml.proof import CANCELLED, CLOSED, CounterDelta
from fiscald.protocols.novitus_xml.queries import read_last, read_light, read_look, read_stable_last
from fiscald.protocols.novitus_xml.status import find_profile
from fiscald.protocols.proof import verdicts
from fiscald.protocols.proof.counters import incomparable
from fiscald.protocols.proof.verdicts import CommitReply, Ending
from fiscald.protocols.rates import Rates, parse_rates

D = TypeVar("D", Receipt, Invoice)
#: Why an older printer prints no invoice.
NO_INVOICE = "no source says how its counters count an invoice, so nothing would prove it"


@dataclass(frozen=True, slots=True)
class _Ended:
    """How many documents of one kind ended between two looks (see ``verdicts.Endings``)."""

    now: NovitusXmlLook
    completed: int
    cancelled: int
    sales: int
    cancelled_value: int | None = None


class SaleCourse(Course[D]):
    """See ``Course``."""

    @abstractmethod
    def ended(self, delta: CounterDelta) -> _Ended:
        """How many documents of its kind ended."""

    @abstractmethod
    def number(self, look: NovitusXmlLook) -> int:
        """The number of the last document of its kind."""

    @abstractmethod
    def look_after(self, opened: NovitusXmlLook) -> Dialogue[NovitusXmlLook]:
        """The look right after the printer confirmed the closing element."""

    @abstractmethod
    def unexplained(self, ended: _Ended, now: NovitusXmlLook) -> Unknown | None:
        """Why a document of which no counter moved may be registered after all."""

    def completed(self, delta: CounterDelta) -> int:
        """How many documents of its kind were completed."""
        return self.ended(delta).completed

    def verdict(
        self, opened: NovitusXmlLook, plan: Plan, reply: CommitReply | None, sold: tuple[VatTotal, ...] | None = None
    ) -> Dialogue[Verdict]:
        """See ``Course.verdict``."""
        confirmed = reply is not None and reply.refusal is None
        if confirmed:
            after = yield from self.look_after(opened)
            if self._as_planned(CounterDelta(opened, after), plan):
                # The printer confirms it, the counters agree, and nothing else was printed.
                done = yield from self._done(opened, after, plan, sold, just_now=True)
                return replace(done, baseline=self.baseline(after))
        now = yield from read_stable_last()
        delta = CounterDelta(opened, now)
        if not delta.comparable:
            return incomparable(delta, self.settings)
        if confirmed and (delta.reports or delta.uncounted or self._as_planned(delta, plan)):
            # After a report the counters show nothing.
            return (yield from self._done(opened, now, plan, sold, just_now=True))
        first = self._first_state(opened, now, plan)
        if first == CLOSED:
            return (yield from self._done(opened, now, plan, sold, just_now=confirmed))
        if first == CANCELLED:
            return verdicts.ended_by_others(reply, f"the {self.word} was cancelled before it was registered", now)
        if delta.reports:
            return verdicts.report_between(now)
        return (yield from self._by_counters(opened, plan, reply, sold, delta))

    def _by_counters(
        self,
        opened: NovitusXmlLook,
        plan: Plan,
        reply: CommitReply | None,
        sold: tuple[VatTotal, ...] | None,
        delta: CounterDelta,
    ) -> Dialogue[Verdict]:
        """What the counters alone show, if no report came in between."""
        now, confirmed = delta.now, reply is not None and reply.refusal is None
        if not confirmed and self._first_differs(opened, now, plan):
            # Ours had lines, so its cancellation would have been the first sheet.
            return verdicts.unproven("changed", f"the {self.word} was registered with other content than ours", now)
        ended = self.ended(delta)
        if not ended.completed and not (now.intransaction and not ended.cancelled):
            doubt = self.unexplained(ended, now)
            if doubt is not None:
                return doubt
        # Opening clears the flag of the last closing, and only a closing sets it (5.1).
        ending = verdicts.ending(
            ended,
            plan.total,
            reply,
            is_open=now.intransaction,
            closed=now.lasttransactioncorrect,
            word=self.word,
        )
        if ending is Ending.NONE:
            return (yield from self.not_closed(opened, plan, reply, now))
        if isinstance(ending, NotPrinted | Unknown):
            return ending
        if ended.completed == 1:
            return (yield from self._done(opened, now, plan, sold, just_now=confirmed))
        # A cancelled document without lines may leave no trace, so ours need not be the first one.
        last = yield from read_last()
        like_ours = last.state == CLOSED and last.total == plan.total and self._holds(plan, last)
        last_is_ours = verdicts.last_is_ours(
            ended, plan.total, like_ours=like_ours, confirmed=confirmed, word=self.word
        )
        if isinstance(last_is_ours, Unknown):
            return last_is_ours
        return (yield from self._done(opened, now, plan, sold, just_now=confirmed, last=last_is_ours))

    def _as_planned(self, delta: CounterDelta, plan: Plan) -> bool:
        """Whether exactly one document was printed since: one of its kind, with our total."""
        ended = self.ended(delta)
        return (
            delta.comparable
            and (delta.reports, ended.completed, ended.cancelled) == (0, 1, 0)
            and ended.sales == plan.total
            and not delta.now.intransaction
        )

    def _first_state(self, opened: NovitusXmlLook, now: NovitusXmlLook, plan: Plan) -> str | None:
        """What the printer says of the first document after ours was open, if that is the last one too."""
        if now.last_printout is None or now.last_printout != opened.lastprintout + 1:
            return None
        if now.last_state == CLOSED and (now.last_total != plan.total or now.last_type not in self.kinds):
            # Not ours, or one that another program has sold on. The counters show it as well as anything.
            return None
        return now.last_state

    def _first_differs(self, opened: NovitusXmlLook, now: NovitusXmlLook, plan: Plan) -> bool:
        """Whether the first document after ours was open was closed with another total than ours: another program has
        sold on ours, and closed it. Only if that is the last one too does the printer show it.
        """
        first = now.last_printout is not None and now.last_printout == opened.lastprintout + 1
        return first and now.last_state == CLOSED and now.last_total != plan.total and now.last_type in self.kinds

    def _done(
        self,
        opened: NovitusXmlLook,
        now: NovitusXmlLook,
        plan: Plan,
        sold: tuple[VatTotal, ...] | None,
        *,
        just_now: bool,
        last: bool = False,
    ) -> Dialogue[Printed]:
        """The answer. Ours was the first of its kind to end after ``opened``; or (``last``) the last one."""
        number = self.number(now) if last else self.number(opened) + 1
        return self.printed(now, number, opened.reportscount + 1, plan, sold, just_now=just_now)


class ReceiptCourse(SaleCourse[Receipt]):
    """A receipt."""

    word, tag, kinds = "receipt", "receipt", ("receipt",)

    def plan(self, options: NovitusXmlOptions, rates: Rates) -> Plan:
        """See ``Course.plan``."""
        return plan_receipt(self.document, options, rates)

    def ended(self, delta: CounterDelta) -> _Ended:
        """See ``SaleCourse.ended``."""
        return _Ended(delta.now, delta.completed, delta.cancelled, delta.sales)

    def number(self, look: NovitusXmlLook) -> int:
        """See ``SaleCourse.number``."""
        return look.lastreceipt

    def look_after(self, opened: NovitusXmlLook) -> Dialogue[NovitusXmlLook]:
        """Exactly one more printed document, so what is not asked again cannot have moved."""
        return read_light(opened)

    def unexplained(self, ended: _Ended, now: NovitusXmlLook) -> Unknown | None:
        """The number, the totals and the flag of receipts would have moved."""
        return None


class InvoiceCourse(SaleCourse[Invoice]):
    """An invoice. No conclusion rests on counters of invoices that stand still."""

    # ``lasttransaction`` calls both kinds a receipt (5.11).
    word, tag, kinds = "invoice", "invoice", ("invoice", "receipt")

    def plan(self, options: NovitusXmlOptions, rates: Rates) -> Plan:
        """See ``Course.plan``."""
        return plan_invoice(self.document, options, rates)

    def ended(self, delta: CounterDelta) -> _Ended:
        """See ``SaleCourse.ended``."""
        return _Ended(delta.now, delta.invoiced, delta.cancelled, delta.invoice_sales)

    def number(self, look: NovitusXmlLook) -> int:
        """See ``SaleCourse.number``."""
        return look.lastinvoice

    def look_after(self, opened: NovitusXmlLook) -> Dialogue[NovitusXmlLook]:
        """Flags and all counters."""
        return read_look()

    def unexplained(self, ended: _Ended, now: NovitusXmlLook) -> Unknown | None:
        """The counters of invoices did not move: the invoice was cancelled, or the printer does not count it there."""
        return verdicts.unproven("vanished", "the invoice is no longer open, and nothing shows whether it ended", now)


# -- handlers -------------------------------------------------------------------------------------------


def carry_out(document: Receipt, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """Print it on the printer with that unique number."""
    return ReceiptCourse(document, settings).carry_out(printer_id)


def carry_on(document: Receipt, settings: Settings, found: Baseline[NovitusXmlLook]) -> Dialogue[Verdict]:
    """Print it soon after another receipt that left ``found``."""
    profile = yield from find_profile(settings)
    return (yield from ReceiptCourse(document, settings).print_on(profile.name, found, carried_on=True))


def recover(document: Receipt, settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
    """After silence, a lost link or a killed daemon."""
    return ReceiptCourse(document, settings).recover(checkpoint)


def check(document: Receipt, settings: Settings, snapshot: Snapshot | None) -> Check:
    """The refusals that the planner predicts, and the sums. Checks the rates only if the printer's table is known."""
    plan = plan_receipt(document, NovitusXmlOptions.of(settings), rates_of(snapshot))
    return Check(tuple(plan.errors), tuple(plan.notices), plan.totals)


def rates_of(snapshot: Snapshot | None) -> Rates | None:
    """The printer's table, if it is known."""
    return parse_rates(snapshot.rates) if snapshot and any(snapshot.rates.values()) else None


def carry_out_invoice(document: Invoice, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """Print it on the printer with that unique number."""
    return InvoiceCourse(document, settings).carry_out(printer_id)


def recover_invoice(document: Invoice, settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
    """After silence, a lost link or a killed daemon."""
    return InvoiceCourse(document, settings).recover(checkpoint)


def check_invoice(document: Invoice, settings: Settings, snapshot: Snapshot | None) -> Check:
    """See ``check``."""
    plan = plan_invoice(document, NovitusXmlOptions.of(settings), rates_of(snapshot))
    if not profile_of(settings, snapshot).invoices:
        plan.error(
            "/document",
            "invoice.unsupported",
            f"{NO_INVOICE}; print it on another printer",
            "na tej drukarce nie można drukować faktur.",
        )
    return Check(tuple(plan.errors), tuple(plan.notices), plan.totals)
