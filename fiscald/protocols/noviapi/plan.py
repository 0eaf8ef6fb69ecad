"""Turns a receipt into the content of a request: does the printer's arithmetic and predicts its refusals.

The planner turns percentages into amounts, so that the printer has nothing to round. ``total`` is the sum of the lines
with their own discounts, before a discount on all of them, and without deposits (the example of the contract; choice:
its description says the opposite of deposits, and nothing of the discount; in XML the total of the closing command is
the same sum, 5.3). Storno is not in the contract.

Source: the contract (schema ``receipt``); Novitus reference, sections 5.4 to 5.9, 6.2 and N4.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fiscald.model.barcodes import QrCode
from fiscald.model.e_receipt import EReceipt
from fiscald.model.money import MAX_GROSZE, format_grosze, grosze
from fiscald.model.packaging import Packaging
from fiscald.model.payment import Currency, Payment, PaymentType
from fiscald.model.preview import Sold
from fiscald.model.receipt import Adjusted, Line, Receipt
from fiscald.protocols.noviapi import fields as f
from fiscald.protocols.noviapi.options import CODE_PAGE, NoviApiOptions
from fiscald.protocols.noviapi.profiles import Profile
from fiscald.protocols.planning import Paid, PlanBuilder, Sale, TextKind
from fiscald.protocols.rates import Rates

_AT = "/document"
NO_STORNO = "a document of NoviAPI has no storno; leave out the line and the one that it takes back"
NO_VAT_ID_ON_RECEIPT = "only a Polish NIP is known to be printed"
#: What the printer does with an e-receipt that it cannot send at the end of the printing.
SEND_MODES = {True: "always_print_and_send_later", False: "no_print_send_later"}


@dataclass(slots=True)
class Plan(PlanBuilder):
    """The content of a request; or the errors (``errors``)."""

    content: dict[str, Any] = field(default_factory=dict)
    pointers: list[str] = field(default_factory=list)
    """For each of the request's ``items`` or ``lines``: the part of the document that it prints."""


class Planner:
    """Walks one document; collects its content, errors and notices."""

    def __init__(self, profile: Profile, rates: Rates | None, options: NoviApiOptions) -> None:
        self.profile = profile
        self.rates = rates
        self.options = options
        self.plan = Plan()
        self.items: list[dict[str, Any]] = []

    # -- helpers --------------------------------------------------------------------------------------

    def text(self, value: str, pointer: str, limit: int | str, kind: TextKind = TextKind.FREE) -> str:
        """``value`` as the printer prints it. ``limit``: characters, or the name of a field."""
        most = f.LENGTHS[limit] if isinstance(limit, str) else limit
        return self.plan.text(value, pointer, CODE_PAGE, most, kind)

    def put(self, name: str, value: Any) -> None:
        """Add a member of the content, unless it is empty."""
        if value:
            self.plan.content[name] = value

    # -- the receipt ----------------------------------------------------------------------------------

    def receipt(self, receipt: Receipt) -> Plan:
        """The content of a receipt."""
        summary = self.sold(receipt)
        given, taken = self._containers(receipt.packaging, f"{_AT}/packaging")
        self._count_items(_AT)
        payments = self.payments(receipt, self.plan.total + given - taken)
        self.put("items", self.items)
        self.put("payments", payments)
        self.put("summary", summary | self._paid())
        self.put("printout_lines", self._footer(receipt))
        self.put("buyer", self._buyer(receipt))
        self.put("system_info", self.system_info(receipt.cashier, receipt.till, receipt.system_number))
        return self.plan

    def sold(self, sale: Sale) -> dict[str, Any]:
        """The lines, the discount on all of them, and the total: the beginning of the summary."""
        for index, line in enumerate(sale.lines):
            self._line(line, f"{_AT}/lines/{index}", self._description_limit(sale))
        lines = self.plan.total
        summary: dict[str, Any] = {"total": f.money(max(0, min(lines, MAX_GROSZE)))}
        if lines > 0 and (found := self._adjustment(sale, lines, _AT)) is not None:
            delta, summary["discount_markup"] = found
            self.plan.total += delta
        too_large = f"the {sale.type} is worth too much for the printer"
        self.plan.check_total(sale, _AT, too_large=too_large if max(lines, self.plan.total) > MAX_GROSZE else None)
        return summary

    def _paid(self) -> dict[str, str]:
        change = {"change": f.money(self.plan.change)} if self.plan.change else {}
        return {"pay_in": f.money(min(self.plan.paid, MAX_GROSZE))} | change

    def _description_limit(self, sale: Sale) -> int:
        return self.profile.description if isinstance(sale, Receipt) else self.profile.invoice_description

    def _line(self, line: Line, at: str, description_limit: int) -> None:
        name = self.plan.goods(line, f"{at}/name", CODE_PAGE, f.LENGTHS["article.name"])
        unit = line.unit and self.text(line.unit, f"{at}/unit", "article.unit", TextKind.GOODS)
        description = line.description and self.text(line.description, f"{at}/description", description_limit)
        rate = self.plan.rate(line.vat, self.rates, f"{at}/vat")
        letter = [*self.rates][rate] if self.rates is not None and isinstance(rate, int) else None
        if line.storno:
            self.plan.error(
                f"{at}/storno", "storno.unsupported", NO_STORNO, "ta drukarka nie przyjmuje pozycji storno.",
            )  # fmt: skip
        value = self.plan.line_value(line, at)
        if value > MAX_GROSZE:
            self.plan.error(
                at, "line.too_large", f"the line is worth more than {format_grosze(MAX_GROSZE)}",
                "pozycja ma za dużą wartość.",
            )  # fmt: skip
        article = {
            "name": name, "ptu": letter or "A", "quantity": f.number(line.quantity),
            "price": f.money(grosze(line.price)), "value": f.money(min(value, MAX_GROSZE)),
        }  # fmt: skip
        content: dict[str, Any] = article | {
            key: text for key, text in (("unit", unit), ("description", description)) if text
        }
        delta = 0
        if value and (found := self._adjustment(line, value, at)) is not None:
            delta, content["discount_markup"] = found
        self.plan.total += value + delta
        self.plan.lines.append(Sold(line, name, letter or line.vat, value + delta))
        self.add_item({"article": content}, at)

    def add_item(self, item: dict[str, Any], pointer: str) -> None:
        """Add an item, and what it prints."""
        self.items.append(item)
        self.plan.pointers.append(pointer)

    def _adjustment(self, holder: Adjusted, base: int, at: str) -> tuple[int, dict[str, str]] | None:
        """What a discount or surcharge changes, in grosze, and its content."""
        adjustment = holder.discount or holder.surcharge
        if adjustment is None:
            return None
        discount = holder.discount is not None
        word = "discount" if discount else "surcharge"
        amount = self.plan.adjustment(adjustment, base, f"{at}/{word}", discount=discount)
        # The printer writes "rabat" or "narzut" in front of it.
        name = self.plan.adjustment_name(
            adjustment, "", lambda text: self.text(text, f"{at}/{word}/name", "discount_markup.name")
        )
        kind = "value_discount" if discount else "value_markup"
        content = {"type": kind, "value": f.money(min(amount, MAX_GROSZE))} | ({"name": name} if name else {})
        return (-amount if discount else amount), content

    def _containers(self, packaging: tuple[Packaging, ...], at: str) -> tuple[int, int]:
        """The values given out and taken back."""
        given = taken = 0
        for index, item in enumerate(packaging):
            pointer = f"{at}/{index}"
            value = self.plan.packaging_value(item, pointer, MAX_GROSZE)
            if not f.decimals(item.quantity, f.CONTAINER_DECIMALS):
                self.plan.error(
                    f"{pointer}/quantity", "packaging.quantity",
                    "this printer takes two decimals of a quantity of packaging; round it",
                    "ilość opakowań może mieć najwyżej dwa miejsca po przecinku.",
                )  # fmt: skip
            content: dict[str, Any] = {"value": f.money(value), "quantity": f.number(item.quantity)}
            if item.name and (name := self.text(item.name, f"{pointer}/name", "container.name")):
                content["name"] = name
            if item.number is not None or "name" not in content:
                content["number"] = item.printed_number(f.HIGHEST_CONTAINER)
                if content["number"] > f.HIGHEST_CONTAINER:
                    self.plan.error(
                        f"{pointer}/number", "packaging.number",
                        f"this printer takes numbers up to {f.HIGHEST_CONTAINER}; send a smaller one or the name alone",
                        f"numer opakowania może mieć najwyżej wartość {f.HIGHEST_CONTAINER}.",
                    )  # fmt: skip
            if item.returned:
                taken += value
            else:
                given += value
            self.add_item({"container_return" if item.returned else "container": content}, pointer)
        return given, taken

    def _count_items(self, at: str) -> None:
        if len(self.items) > f.MAX_ITEMS:
            self.plan.error(
                f"{at}/lines", "receipt.too_many",
                f"{len(self.items)} lines and pieces of packaging, this printer takes {f.MAX_ITEMS}; print several "
                "receipts",
                f"za dużo pozycji (najwyżej {f.MAX_ITEMS}).",
            )  # fmt: skip

    def payments(self, document: Paid, due: int) -> list[dict[str, Any]]:
        """The payments and the change."""
        payments = self.plan.payments(document, due, MAX_GROSZE, _AT)
        if payments is None:
            return []
        if len(payments) > f.MAX_PAYMENTS:
            self.plan.error(
                f"{_AT}/payments", "payments.too_many",
                f"{len(payments)} payments, this printer takes {f.MAX_PAYMENTS}",
                f"za dużo form płatności (najwyżej {f.MAX_PAYMENTS}).",
            )  # fmt: skip
        content = [self._payment(each, due, f"{_AT}/payments/{index}") for index, each in enumerate(payments)]
        too_large = "the payments are too large for the printer" if self.plan.paid > MAX_GROSZE else None
        self.plan.give_change(document, due, _AT, too_large=too_large)
        return content

    def _payment(self, payment: Payment, due: int, pointer: str) -> dict[str, Any]:
        self.plan.pay(payment, due, pointer)
        value = f.money(min(grosze(payment.amount), MAX_GROSZE))
        if payment.currency is not None:
            return {"currency": self._currency(payment.currency, value, pointer)}
        if payment.type is PaymentType.CASH:
            if payment.name:
                self.plan.left_out(f"{pointer}/name", "this printer prints no name of a cash payment")
            return {"cash": {"value": value}}
        name = payment.name and self.text(payment.name, f"{pointer}/name", "payment.name")
        return {f.FORMS[payment.type]: {"value": value} | ({"name": name} if name else {})}

    def _currency(self, currency: Currency, value: str, pointer: str) -> dict[str, Any]:
        if not f.decimals(currency.rate, f.COURSE_DECIMALS):
            self.plan.error(
                f"{pointer}/currency/rate", "currency.decimals",
                f"this printer takes {f.COURSE_DECIMALS} decimals of an exchange rate; round it",
                f"kurs waluty może mieć najwyżej {f.COURSE_DECIMALS} miejsca po przecinku.",
            )  # fmt: skip
        return {
            "name": currency.code, "course": f.number(currency.rate), "is_change": False,
            "currency_value": f.money(min(grosze(currency.amount), MAX_GROSZE)), "local_value": value,
        }  # fmt: skip

    # -- what is not sold -------------------------------------------------------------------------------

    def _buyer(self, receipt: Receipt) -> dict[str, Any]:
        buyer: dict[str, Any] = {}
        if receipt.buyer is not None:
            if receipt.buyer.nip is None:
                self.plan.refuse_vat_id(_AT, knows_nip=True)
            else:
                buyer["nip"] = receipt.buyer.nip
        if receipt.e_receipt is not None:
            buyer["e_document"] = self._e_document(receipt.e_receipt)
        return buyer

    def _e_document(self, wanted: EReceipt) -> dict[str, str]:
        limit = f.LENGTHS["transaction_id"]
        if len(wanted.customer_id) > limit:
            self.plan.too_long(wanted.customer_id, f"{_AT}/e_receipt/customer_id", limit)
        content = {"transaction_id": wanted.customer_id[:limit]}
        if self.options.e_document_protocol is not None:
            content["protocol"] = self.options.e_document_protocol
        if wanted.print is not None:
            content["print_send_mode"] = SEND_MODES[wanted.print]
        return content

    def _footer(self, receipt: Receipt) -> list[dict[str, Any]]:
        """Text and codes under the receipt. The codes come first in the count, so that none is left out."""
        codes: list[dict[str, Any]] = []
        if receipt.barcode is not None:
            codes += self.barcode(receipt.barcode, f"{_AT}/barcode")
        if receipt.qr is not None:
            codes += self.qr(receipt.qr, f"{_AT}/qr")
        if receipt.invoice_reference is not None:
            codes += self.qr(receipt.invoice_reference.code, f"{_AT}/invoice_reference", ours=True)
        lines = self.plan.footer_lines(
            receipt, f.MAX_PRINTOUT_LINES - len(codes), _AT,
            lambda line, pointer: self.text(line, pointer, self.profile.columns),
        )  # fmt: skip
        return [*({"textline": {"text": text, "masked": False}} for text, _ in lines), *codes]

    def barcode(self, value: str, pointer: str) -> list[dict[str, Any]]:
        """A bar code. The printer leaves out one that is too long, so it is refused."""
        text = self.text(value, pointer, self.profile.barcode, TextKind.NUMBER)
        return [{"barcode": {"text": text, "masked": False}}] if text else []

    def qr(self, qr: QrCode, pointer: str, *, ours: bool = False) -> list[dict[str, Any]]:
        """A QR code. ``ours``: its size is fiscald's, so a notice about it would say nothing."""
        if not ours:
            self.plan.plain_code(qr, pointer)
        if len(qr.text) > f.LENGTHS["qrcode.text"]:
            self.plan.too_long(qr.text, f"{pointer}/text", f.LENGTHS["qrcode.text"])
            return []
        return [{"qrcode": {"text": qr.text, "masked": False}}]

    def system_info(self, cashier: str | None, till: str | None, number: str | None) -> dict[str, Any]:
        """Cashier, till and system number."""
        values: dict[str, Any] = {
            "cashier_name": cashier and self.text(cashier, f"{_AT}/cashier", "cashier_name"),
            "cash_number": till and self.text(till, f"{_AT}/register", "cash_number", TextKind.NUMBER),
        }
        printed = number and self.text(number, f"{_AT}/system_number", "system_number", TextKind.NUMBER)
        if printed:
            values["system_number"] = {"print_as": "text", "value": printed}
        return {name: value for name, value in values.items() if value}


def plan_receipt(receipt: Receipt, profile: Profile, rates: Rates | None, options: NoviApiOptions) -> Plan:
    """The content of ``receipt``; or in ``errors`` every refusal that the planner can predict.

    ``rates`` is the printer's table by letter. While it is unknown (``None``), rates are not checked and the content
    must not be sent.
    """
    return Planner(profile, rates, options).receipt(receipt)
