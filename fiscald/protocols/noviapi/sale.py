"""Receipts and invoices on a NoviAPI printer: their content, and their answer."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fiscald.model.invoice import Invoice
from fiscald.model.jobs import Notice, Paper, Result
from fiscald.model.money import from_grosze
from fiscald.model.printers import Snapshot
from fiscald.model.receipt import Receipt
from fiscald.protocols import vat_totals
from fiscald.protocols.base import Check, Checkpoint, Dialogue, Printed, Settings, Verdict
from fiscald.protocols.noviapi.commands import INVOICE, RECEIPT, Reply
from fiscald.protocols.noviapi.course import Course
from fiscald.protocols.noviapi.e_receipt import state_in
from fiscald.protocols.noviapi.evidence import NoviApiLook
from fiscald.protocols.noviapi.options import NoviApiOptions, profile_of
from fiscald.protocols.noviapi.plan import Plan, plan_receipt
from fiscald.protocols.noviapi.plan_invoice import plan_invoice
from fiscald.protocols.noviapi.profiles import Profile
from fiscald.protocols.noviapi.queries import to_counters
from fiscald.protocols.planning import Sale
from fiscald.protocols.rates import Rates, parse_rates

S = TypeVar("S", bound=Sale)


def number_unknown(jpkid: int | None) -> Notice:
    """Another document of the kind came out meanwhile, so the counters do not show the number of ours."""
    place = "" if jpkid is None else f"; it is document {jpkid} of the protected memory (jpkid)"
    return Notice(
        code="number.unknown",
        detail=f"printed, but other documents were printed at the same time and its number is not known{place}",
        detail_pl="Dokument wydrukowano, ale jego numeru nie można ustalić: w tym czasie drukowały inne stanowiska.",
    )


def device_values(reply: Reply, own_id: str | None) -> dict[str, Any]:
    """The printer's own names of the document."""
    values = {"jpkid": reply.number("request", "jpkid"), "id": own_id}
    return {name: value for name, value in values.items() if value is not None}


@dataclass
class _SaleCourse(Course[S], Generic[S]):
    """What receipts and invoices have in common."""

    @abstractmethod
    def last_number(self, look: NoviApiLook) -> int:
        """The number of the last document of the kind."""

    @property
    def total(self) -> int:
        """See ``Course``."""
        return self.plan.total

    def counted_since(self, now: NoviApiLook) -> int | None:
        """See ``Course``. The numbers go on after a daily report."""
        return self.last_number(now) - self.last_number(self.before) if now.fiscal else None

    def printed(self, reply: Reply, now: NoviApiLook) -> Printed:
        """Ours is the only one of its kind since the look before, or its number is not known."""
        before, notices = self.before, tuple(self.plan.notices) + self.notices
        same_day = now.reports == before.reports
        moved = self.last_number(now) - self.last_number(before)
        number = self.last_number(now) if same_day and moved == 1 else None
        if number is None and now.fiscal:
            notices += (number_unknown(reply.number("request", "jpkid")),)
        rates = parse_rates(before.rates or {})
        result = Result(
            number=number,
            daily_report=before.reports + 1 if same_day else None,
            printer_id=now.unique_number,
            fiscal=now.fiscal,
            total=from_grosze(self.plan.total),
            totals=vat_totals.of_lines(self.plan.lines, self.plan.total, rates),
            due=None if self.plan.due is None else from_grosze(self.plan.due),
            device=device_values(reply, self.own_id),
        )
        return Printed(result, Paper.PRINTED, notices, {"after": now}, to_counters(now))


@dataclass
class ReceiptCourse(_SaleCourse[Receipt]):
    """A receipt."""

    endpoint = RECEIPT

    def make_plan(self, profile: Profile, rates: Rates) -> Plan:
        """See ``Course``."""
        return plan_receipt(self.document, profile, rates, NoviApiOptions.of(self.settings))

    def last_number(self, look: NoviApiLook) -> int:
        """The number of the last receipt."""
        return look.lastreceipt

    def value_since(self, now: NoviApiLook) -> int | None:
        """A daily report clears the totals."""
        return now.receipts - self.before.receipts if now.reports == self.before.reports else None

    def printed(self, reply: Reply, now: NoviApiLook) -> Printed:
        """Also the two facts about its e-receipt."""
        printed = super().printed(reply, now)
        if self.document.e_receipt is None:
            return printed
        found = state_in(reply, self.own_id or "")
        on_paper = {True: Paper.PRINTED, False: Paper.NONE, None: Paper.UNKNOWN}[found.printed]
        return Printed(
            printed.result.model_copy(update={"e_receipt": found}), on_paper, printed.notices, printed.evidence,
            printed.counters,
        )  # fmt: skip


@dataclass
class InvoiceCourse(_SaleCourse[Invoice]):
    """An invoice."""

    endpoint = INVOICE

    def make_plan(self, profile: Profile, rates: Rates) -> Plan:
        """See ``Course``."""
        return plan_invoice(self.document, profile, rates, NoviApiOptions.of(self.settings))

    def last_number(self, look: NoviApiLook) -> int:
        """The number of the last invoice."""
        return look.lastinvoice

    def value_since(self, now: NoviApiLook) -> int | None:
        """A daily report clears the totals."""
        return now.invoices - self.before.invoices if now.reports == self.before.reports else None


def _course(document: Sale, settings: Settings) -> ReceiptCourse | InvoiceCourse:
    if isinstance(document, Receipt):
        return ReceiptCourse(document, settings)
    return InvoiceCourse(document, settings)


def carry_out(document: Sale, settings: Settings, printer_id: str | None) -> Dialogue[Verdict]:
    """Print it on the printer with that unique number."""
    return _course(document, settings).carry_out(printer_id)


def recover(document: Sale, settings: Settings, checkpoint: Checkpoint) -> Dialogue[Verdict]:
    """After silence, a lost link or a killed daemon: ask for the state of its id, and decide."""
    return _course(document, settings).recover(checkpoint)


def check(document: Sale, settings: Settings, snapshot: Snapshot | None) -> Check:
    """Checks the rates only if the printer's table is known."""
    rates = parse_rates(snapshot.rates) if snapshot and any(snapshot.rates.values()) else None
    profile, options = profile_of(settings, snapshot), NoviApiOptions.of(settings)
    if isinstance(document, Receipt):
        plan = plan_receipt(document, profile, rates, options)
    else:
        plan = plan_invoice(document, profile, rates, options)
    return Check(tuple(plan.errors), tuple(plan.notices), plan.totals)
