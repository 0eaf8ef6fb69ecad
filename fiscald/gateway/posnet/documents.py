"""An open document of the face as a document of the API.

The arithmetic is done: amounts are what the program's commands came to. Raises ``pydantic.ValidationError`` for what
no document can hold.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fiscald.emulator.memory import Adjustment, Line, Payment, Subtotal, Transaction
from fiscald.emulator.posnet.memory import Footer, PrintedCode
from fiscald.gateway import documents as parts
from fiscald.model.money import from_grosze
from fiscald.model.packaging import PackagingDocument
from fiscald.model.payment import Currency
from fiscald.model.payment import Payment as ModelPayment
from fiscald.model.receipt import Receipt
from fiscald.protocols.posnet.commands import PAYMENT_FORMS

#: The form of payment for each number of ``trpayment``; 1 is a currency.
TYPES = {
    0: "cash", 1: "cash", 2: "card", 3: "cheque", 4: "bon", 5: "credit", 6: "other", 7: "voucher", 8: "account",
}  # fmt: skip


def line(sold: Line) -> dict[str, Any]:
    """A sale line."""
    return parts.line(sold, _name)


def _name(adjustment: Adjustment) -> str | None:
    return None if adjustment.name in ("Rabat", "Narzut") else adjustment.name


def receipt(
    sale: Transaction,
    foot: Footer,
    code: PrintedCode | None,
    lines_below: list[str],
    currencies: dict[int, Currency],
    customer: str | None,
) -> Receipt:
    """A receipt. ``currencies``: of the payments at these places. ``customer``: of the e-receipt."""
    subtotal = next((item for item in sale.items if isinstance(item, Subtotal)), None)
    content: dict[str, Any] = {
        "lines": [line(sold) for sold in sale.lines],
        "total": from_grosze(sale.total),
        "packaging": [parts.pack(pack) for pack in sale.packaging],
        **_paid(sale, currencies),
        **(parts.adjusted(subtotal.adjustment, _name) if subtotal else {}),
        "footer": lines_below,
    }
    if sale.buyer_nip:
        content["buyer"] = parts.buyer(sale.buyer_nip)
    texts = {"cashier": foot.cc, "register": foot.cn, "system_number": foot.sn, "barcode": foot.bc}
    content |= {name: text for name, text in texts.items() if text}
    if foot.bb and code is not None:
        content["qr"] = {"text": code.content, "correction": code.correction, "size": code.dots}
    if customer is not None:
        content["e_receipt"] = {"customer_id": customer}
    return Receipt.model_validate(content)


def packaging(sale: Transaction, currencies: dict[int, Currency]) -> PackagingDocument:
    """Packaging without a sale."""
    content = {"items": [parts.pack(pack) for pack in sale.packaging], **_paid(sale, currencies)}
    return PackagingDocument.model_validate(content)


def _paid(sale: Transaction, currencies: dict[int, Currency]) -> dict[str, Any]:
    payments = [
        _payment(payment, currencies.get(place)) for place, payment in enumerate(sale.payments) if not payment.change
    ]
    change = {"change": from_grosze(sale.change_given)} if sale.change_given else {}
    return {"payments": payments, **change}


def _payment(payment: Payment, currency: Currency | None) -> ModelPayment:
    usual = payment.name in ("", "Waluta", PAYMENT_FORMS.get(payment.form))
    return ModelPayment.model_validate(
        {
            "type": TYPES[payment.form],
            "amount": from_grosze(payment.amount),
            **({} if usual else {"name": payment.name}),
            **({"currency": currency} if currency else {}),
        }
    )


def currency(values: dict[str, Any]) -> Currency:
    """What ``trpaymentcurr`` says."""
    rate = Decimal(values["ra"].replace(",", "."))
    return Currency(code=values.get("sb", ""), rate=rate, amount=from_grosze(values["wc"]))
