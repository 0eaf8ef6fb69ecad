"""Returnable packaging without a sale on a Novitus printer: a receipt of containers only.

The printer knows it as a transaction of type ``container``, closed like a receipt of 0.00 [choice]. It moves
no counter of receipts and no totals. So ``lasttransaction`` decides: the first printed document since ours was open is
ours, and it says whether that was closed or cancelled.

Source: Novitus reference, sections 5.9 and 5.11.
"""

from __future__ import annotations

from fiscald.model.jobs import VatTotal
from fiscald.model.money import MAX_GROSZE
from fiscald.model.packaging import PackagingDocument
from fiscald.model.printers import Snapshot
from fiscald.protocols.base import Check, Checkpoint, Dialogue, Settings, Verdict
from fiscald.protocols.novitus_elements import element
from fiscald.protocols.novitus_xml.course import Course
from fiscald.protocols.novitus_xml.evidence import NovitusXmlLook
from fiscald.protocols.novitus_xml.fields import MAX_AMOUNT, amount
from fiscald.protocols.novitus_xml.options import NovitusXmlOptions
from fiscald.protocols.novitus_xml.plan import SalePlanner
from fiscald.protocols.novitus_xml.plan_lines import TOO_MUCH
from fiscald.protocols.novitus_xml.planner import Plan
from fiscald.protocols.novitus_xml.proof import CANCELLED, CLOSED, CounterDelta
from fiscald.protocols.novitus_xml.queries import read_stable_last
from fiscald.protocols.proof import verdicts
from fiscald.protocols.proof.counters import incomparable
from fiscald.protocols.proof.verdicts import CommitReply
from fiscald.protocols.rates import Rates

_AT = "/document"


def plan_packaging(document: PackagingDocument, options: NovitusXmlOptions) -> Plan:
    """The elements of ``document``; or in ``errors`` every refusal that the planner can predict."""
    planner = SalePlanner(options, None)
    plan = planner.plan
    plan.opening = element("receipt", action="begin", mode="online", pharmaceutical="no")
    due = planner.packaging(document.items, f"{_AT}/items")
    if abs(due) > MAX_AMOUNT or sum(plan.containers_sent) > MAX_GROSZE:
        plan.error(f"{_AT}/items", "packaging.too_large", f"the packaging is worth {TOO_MUCH}; use several documents",
                   "wartość opakowań jest za duża.")  # fmt: skip
    planner.pay(document, due, _AT)
    plan.close = element("receipt", action="close", total=amount(0))
    return plan


class PackagingCourse(Course[PackagingDocument]):
    """See ``Course``."""

    # A receipt to which nothing was added yet is called a receipt.
    word, tag, kinds = "packaging", "receipt", ("container", "receipt")

    def plan(self, options: NovitusXmlOptions, rates: Rates) -> Plan:
        """See ``Course.plan``."""
        return plan_packaging(self.document, options)

    def completed(self, delta: CounterDelta) -> int:
        """Completed receipts: while ours is open there is none."""
        return delta.completed

    def verdict(
        self, opened: NovitusXmlLook, plan: Plan, reply: CommitReply | None, sold: tuple[VatTotal, ...] | None = None
    ) -> Dialogue[Verdict]:
        """See ``Course.verdict``."""
        confirmed = reply is not None and reply.refusal is None
        now = yield from read_stable_last()
        delta = CounterDelta(opened, now)
        if not delta.comparable:
            return incomparable(delta, self.settings)
        if confirmed and not now.intransaction:
            return (yield from self._done(now, opened, plan, just_now=True))
        if now.last_printout == opened.lastprintout + 1:
            if now.last_state == CANCELLED:
                return verdicts.ended_by_others(reply, "the packaging was cancelled", now)
            if now.last_state == CLOSED and now.last_type == "container":
                return (yield from self._done(now, opened, plan, just_now=False))
        if now.intransaction and not delta.any_change:
            return (yield from self.not_closed(opened, plan, reply, now))
        if delta.reports:
            return verdicts.report_between(now)
        if now.intransaction or delta.printouts:
            return verdicts.unproven("many_slips", "other documents were printed since the start", now)
        return verdicts.unproven("vanished", "the packaging is no longer open, and no counter moved", now)

    def _done(self, now: NovitusXmlLook, opened: NovitusXmlLook, plan: Plan, *, just_now: bool) -> Dialogue[Verdict]:
        return (yield from self.printed(now, None, opened.reportscount + 1, plan, None, just_now=just_now))


def carry_out(document: PackagingDocument, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """Print it on the printer with that unique number."""
    return PackagingCourse(document, settings).carry_out(printer_id)


def recover(document: PackagingDocument, settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
    """After silence, a lost link or a killed daemon."""
    return PackagingCourse(document, settings).recover(checkpoint)


def check(document: PackagingDocument, settings: Settings, _snapshot: Snapshot | None) -> Check:
    """The refusals that the planner predicts, and the sums."""
    plan = plan_packaging(document, NovitusXmlOptions.of(settings))
    return Check(tuple(plan.errors), tuple(plan.notices), plan.totals)
