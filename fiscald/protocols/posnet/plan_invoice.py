"""Turns an invoice into commands. The sale itself is planned as that of a receipt (``plan``).

Older devices take everything with the opening command, and no payments. ONLINE devices have a command each for buyer,
number and free text, and take payments. Limits differ between sources; fiscald keeps to the lower ones, because no
source says what a printer does with a text that is too long.

Source: POSNET reference, section 5.8.
"""

from __future__ import annotations

from fiscald.model.invoice import Invoice
from fiscald.protocols.planning import TextKind
from fiscald.protocols.posnet.commands import request
from fiscald.protocols.posnet.fields import Generation
from fiscald.protocols.posnet.plan import Plan, Planner
from fiscald.protocols.posnet.profiles import Profile
from fiscald.protocols.rates import Rates

#: Lines of name and address: older devices (together), ONLINE devices (the address).
OLD_LINES, ONLINE_LINES = 3, 6
#: Characters of a line of the name on an ONLINE invoice.
ONLINE_NAME = 256
#: Characters of number, payment date and payment form that all sources of older devices agree on.
OLD_NUMBER, OLD_DATE, OLD_FORM = 15, 16, 20
#: Sections of an ONLINE invoice: above the seller, above the first line, below the amount in words.
TOP, MIDDLE, BOTTOM = 0, 1, 2
_AT = "/document"


class _InvoicePlanner(Planner):
    """Walks one invoice."""

    def invoice(self, invoice: Invoice) -> Plan:
        if self.generation is Generation.ONLINE:
            self._open_online(invoice)
        else:
            self._open_old(invoice)
        self.plan.check_vat_id(invoice.buyer, _AT)
        self.foot(invoice, _AT)
        self.sold(invoice, _AT)
        if invoice.payments:
            self.payments(invoice, self.plan.total, _AT)
        else:
            self._unpaid(invoice)
        if not self.plan.errors:
            self.plan.close = request(
                "trend", to=self.plan.total, re=self.plan.change or None, fp=self.plan.paid or None
            )
        return self.plan

    def _open_online(self, invoice: Invoice) -> None:
        self.add(_AT, "trfvinit", cc=invoice.copies or None)
        buyer = invoice.buyer
        address = self._address(invoice, ONLINE_LINES)
        self.add(
            f"{_AT}/buyer",
            "trfvbuyer",
            na=self._fitting(buyer.name, "buyer/name", ONLINE_NAME),
            ni=buyer.nip or buyer.vat_id,
            ad="\n".join(address) or None,
            sc=TOP,
        )
        number = self.text(invoice.number, f"{_AT}/number", "trfvnumber", "nb", TextKind.WHOLE)
        self.add(f"{_AT}/number", "trfvnumber", nb=number, sc=TOP)
        form = invoice.payment_form
        texts = (
            ("sale_date", f"Data sprzedaży: {invoice.sale_date}" if invoice.sale_date else "", MIDDLE),
            ("due_date", f"Termin płatności: {invoice.due_date}" if invoice.due_date else "", BOTTOM),
            ("payment_form", f"Forma płatności: {form}" if form else "", BOTTOM),
        )
        for field, text, section in texts:
            if text:
                written = self._fitting(text, field, self.profile.columns)
                self.add(f"{_AT}/{field}", "trfvfreedata", tx=written, sc=section)

    def _open_old(self, invoice: Invoice) -> None:
        buyer = invoice.buyer
        if invoice.sale_date is not None:
            self.plan.error(
                f"{_AT}/sale_date",
                "invoice.sale_date",
                "this printer has no place for a date of sale that is not the day of the invoice; leave it out, or "
                "print the invoice on the day of the sale",
                "ta drukarka nie drukuje na fakturze osobnej daty sprzedaży.",
            )
        if invoice.payments:
            self.plan.error(
                f"{_AT}/payments",
                "invoice.payments",
                "this printer takes no payments on an invoice; leave payments out, and name the form in payment_form",
                "ta drukarka nie przyjmuje płatności na fakturze.",
            )
        name = self._fitting(buyer.name, "buyer/name", self.profile.columns)
        self.add(
            _AT,
            "trfvinit",
            nb=self._fitting(invoice.number, "number", OLD_NUMBER),
            ni=buyer.nip or buyer.vat_id,
            na="\n".join((name, *self._address(invoice, OLD_LINES - 1))),
            pd=None if invoice.due_date is None else str(invoice.due_date),
            pt=invoice.payment_form and self._fitting(invoice.payment_form, "payment_form", OLD_FORM),
            cc=invoice.copies or None,
        )

    def _address(self, invoice: Invoice, most: int) -> list[str]:
        address = invoice.buyer.address
        if len(address) > most:
            self.plan.error(
                f"{_AT}/buyer/address",
                "invoice.address",
                f"{len(address)} lines, this printer takes {most}; put street and town into fewer lines",
                f"adres nabywcy może mieć najwyżej wierszy: {most}.",
            )
        return [
            self._fitting(line, f"buyer/address/{index}", self.profile.columns) for index, line in enumerate(address)
        ]

    def _fitting(self, value: str, field: str, limit: int) -> str:
        return self.plan.text(value, f"{_AT}/{field}", self.code_page, limit, TextKind.WHOLE)

    def _unpaid(self, invoice: Invoice) -> None:
        """The invoice shows no payment."""
        self.plan.due = self.plan.total
        if invoice.change is not None:
            self.plan.error(
                f"{_AT}/change",
                "receipt.change",
                "there is no payment, so there is no change; leave change out",
                "bez płatności nie ma reszty.",
            )


def plan_invoice(invoice: Invoice, profile: Profile, code_page: str, rates: Rates | None) -> Plan:
    """The commands of ``invoice``; or in ``errors`` every refusal that the planner can predict (``plan_receipt``)."""
    return _InvoicePlanner(profile, code_page, rates).invoice(invoice)
