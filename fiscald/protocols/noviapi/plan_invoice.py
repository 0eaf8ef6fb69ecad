"""Turns an invoice into the content of a request. The sale itself is planned as that of a receipt (``plan``).

Source: the contract (schema ``invoice``); Novitus reference, sections 5.10 and N5.
"""

from __future__ import annotations

from typing import Any

from fiscald.model.invoice import Invoice
from fiscald.protocols.noviapi import fields as f
from fiscald.protocols.noviapi.options import NoviApiOptions
from fiscald.protocols.noviapi.plan import Plan, Planner
from fiscald.protocols.noviapi.profiles import Profile
from fiscald.protocols.planning import TextKind
from fiscald.protocols.rates import Rates

_AT = "/document"
NEEDS_NUMBER = "this printer prints no invoice without the buyer's number (nip or vat_id); print a receipt"
NEEDS_ADDRESS = "this printer needs at least one line of the buyer's address"


class _InvoicePlanner(Planner):
    """Walks one invoice."""

    def invoice(self, invoice: Invoice) -> Plan:
        info, buyer = self._info(invoice), self._buyer_of(invoice)
        summary = self.sold(invoice)
        if len(self.items) > f.MAX_ITEMS:
            self.plan.error(
                f"{_AT}/lines", "invoice.too_many", f"{len(self.items)} lines, this printer takes {f.MAX_ITEMS}",
                f"za dużo pozycji (najwyżej {f.MAX_ITEMS}).",
            )  # fmt: skip
        payments = self.payments(invoice, self.plan.total) if invoice.payments else []
        if invoice.payments:
            summary |= self._paid()
        else:
            # As in the contract's first example: the invoice shows no payment, and the printer books none of it.
            summary["pay_in"] = f.money(max(0, self.plan.total))
            self._unpaid(invoice)
        self.put("info", info)
        self.put("buyer", buyer)
        self.put("options", {"enable_payment_form": True} if payments else {})
        self.put("items", self.items)
        self.put("payments", payments)
        self.put("summary", summary)
        self.put("system_info", self.system_info(invoice.cashier, invoice.till, invoice.system_number))
        return self.plan

    def _info(self, invoice: Invoice) -> dict[str, Any]:
        number = self.text(invoice.number, f"{_AT}/number", "info.number", TextKind.WHOLE)
        form = invoice.payment_form and self.text(
            invoice.payment_form, f"{_AT}/payment_form", "info.payment_form", TextKind.WHOLE
        )
        values: dict[str, Any] = {
            "number": number,
            "copy_count": invoice.copies or None,
            "date_of_sell": invoice.sale_date and f.date(invoice.sale_date),
            "date_of_payment": invoice.due_date and f.date(invoice.due_date),
            "payment_form": form or None,
        }
        return {name: value for name, value in values.items() if value is not None}

    def _buyer_of(self, invoice: Invoice) -> dict[str, Any]:
        buyer = invoice.buyer
        self.plan.check_vat_id(buyer, _AT)
        if buyer.nip is None and buyer.vat_id is None:
            self.plan.error(
                f"{_AT}/buyer", "invoice.buyer_number", NEEDS_NUMBER,
                "ta drukarka nie drukuje faktury bez numeru NIP lub VAT UE nabywcy.",
            )  # fmt: skip
        if not buyer.address:
            self.plan.error(
                f"{_AT}/buyer/address", "invoice.address", NEEDS_ADDRESS, "należy podać adres nabywcy.",
            )  # fmt: skip
        # On narrow paper the printer leaves out what is beyond its line.
        width = min(f.LENGTHS["buyer.address"], self.profile.columns)
        address = [
            self.text(line, f"{_AT}/buyer/address/{index}", width, TextKind.WHOLE)
            for index, line in enumerate(buyer.address)
        ]
        kind = {"id_type": "nip"} if buyer.nip else {}
        return kind | {
            "name": self.text(buyer.name, f"{_AT}/buyer/name", "buyer.name", TextKind.WHOLE),
            "id": buyer.nip or buyer.vat_id,
            "address": address,
        }

    def _unpaid(self, invoice: Invoice) -> None:
        """The invoice shows no payment."""
        self.plan.due = self.plan.total
        if invoice.change is not None:
            self.plan.error(
                f"{_AT}/change", "receipt.change", "there is no payment, so there is no change; leave change out",
                "bez płatności nie ma reszty.",
            )  # fmt: skip


def plan_invoice(invoice: Invoice, profile: Profile, rates: Rates | None, options: NoviApiOptions) -> Plan:
    """The content of ``invoice``; or in ``errors`` every refusal that the planner can predict (``plan_receipt``)."""
    return _InvoicePlanner(profile, rates, options).invoice(invoice)
