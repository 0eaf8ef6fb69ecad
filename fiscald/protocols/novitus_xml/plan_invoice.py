"""Turns an invoice into elements, and predicts the printer's refusals. Its lines are planned as those of a receipt.

Source: Novitus reference, sections 4.3 and 5.10.
"""

from __future__ import annotations

from fiscald.model.invoice import Invoice
from fiscald.protocols.novitus_elements import Element, element
from fiscald.protocols.novitus_xml.fields import CODE_PAGE, MAX_AMOUNT, amount, date_text
from fiscald.protocols.novitus_xml.options import NovitusXmlOptions
from fiscald.protocols.novitus_xml.plan import SalePlanner
from fiscald.protocols.novitus_xml.planner import LIMITS, Plan
from fiscald.protocols.planning import TextKind
from fiscald.protocols.rates import Rates

#: Lines for the buyer: the name and the address.
MAX_LINES = 8
#: ``copies`` of the original alone. Otherwise there is one copy and so many more.
ORIGINAL_ONLY = "255"
#: The option that allows payments.
_PAYMENTS = "14"
NO_VAT_ID = "no source says whether it takes the VAT number of another country"
_AT = "/document"


class _InvoicePlanner(SalePlanner):
    """Walks one invoice."""

    def invoice(self, invoice: Invoice) -> Plan:
        self.plan.opening = self._opening(invoice)
        self.sell(invoice, _AT)
        total = self.plan.total
        if invoice.payments:
            self.pay(invoice, total, _AT)
        elif invoice.change is not None:
            self.plan.error(
                f"{_AT}/change",
                "receipt.change",
                "there is no payment, so there is no change; leave change out",
                "bez płatności nie ma reszty.",
            )
        else:
            self.plan.due = total
        self.plan.close = element(
            "invoice", action="close", total=amount(min(max(total, 0), MAX_AMOUNT)),
            systemno=self.system_number(invoice, _AT), checkout=self.till(invoice, _AT),
            cashier=self.cashier(invoice, _AT),
        )  # fmt: skip
        return self.plan

    def _opening(self, invoice: Invoice) -> Element:
        """Without a place for signatures, and without the names of persons."""
        options = [element("option", id=_PAYMENTS)] if invoice.payments else []
        form = invoice.payment_form
        return element(
            "invoice", *self._customer(invoice), *options,
            invoicetype="invoice", action="begin",
            number=self._whole(invoice.number, "number", LIMITS["invoice number"]),
            nip=invoice.buyer.nip,
            description="both" if invoice.copies else "original",
            paymentname=self._whole(form, "payment_form", LIMITS["invoice paymentname"]) if form else None,
            paymentdate=None if invoice.due_date is None else date_text(invoice.due_date),
            copies=str(invoice.copies - 1) if invoice.copies else ORIGINAL_ONLY,
            signarea="no", customernameoptions="none", sellernameoptions="none",
            selldate=None if invoice.sale_date is None else date_text(invoice.sale_date),
        )  # fmt: skip

    def _customer(self, invoice: Invoice) -> list[Element]:
        buyer = invoice.buyer
        if buyer.vat_id is not None:
            self.plan.error(
                f"{_AT}/buyer/vat_id",
                "buyer.vat_id_unsupported",
                f"{NO_VAT_ID} on an invoice; leave it out, or print the invoice on another printer",
                "ta drukarka nie drukuje na fakturze numeru VAT UE nabywcy.",
            )
        if len(buyer.address) > MAX_LINES - 1:
            self.plan.error(
                f"{_AT}/buyer/address",
                "invoice.address",
                f"{len(buyer.address)} lines, this printer takes {MAX_LINES - 1}; put street and town into fewer lines",
                f"adres nabywcy może mieć najwyżej wierszy: {MAX_LINES - 1}.",
            )
        given = [("buyer/name", buyer.name)]
        given += [(f"buyer/address/{index}", line) for index, line in enumerate(buyer.address)]
        most = LIMITS["invoice customer"]
        return [
            element("customer", text=self.plan.text(text, f"{_AT}/{where}", CODE_PAGE, most, TextKind.WHOLE))
            for where, text in given
        ]

    def _whole(self, value: str, field: str, limit: int) -> str:
        return self.plan.attribute(value, f"{_AT}/{field}", limit, TextKind.WHOLE)


def plan_invoice(invoice: Invoice, options: NovitusXmlOptions, rates: Rates | None) -> Plan:
    """The elements of ``invoice``; or in ``errors`` every refusal that the planner can predict.

    ``rates`` is the printer's table by letter. While it is unknown (``None``), the planner does not check it and the
    elements must not be sent.
    """
    return _InvoicePlanner(options, rates).invoice(invoice)
