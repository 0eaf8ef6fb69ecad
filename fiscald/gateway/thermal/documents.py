"""An open document of the Thermal face as a document of the API.

The arithmetic is done: amounts are what the program's commands came to. Raises ``pydantic.ValidationError`` for what
no document can hold.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fiscald.emulator.memory import Adjustment, Line, Pack, Payment, Subtotal, Transaction
from fiscald.emulator.paper import PaperLine
from fiscald.gateway import documents as parts
from fiscald.model.money import from_grosze
from fiscald.model.packaging import PackagingDocument
from fiscald.model.printout import Printout
from fiscald.model.receipt import Receipt
from fiscald.protocols.thermal.commands import PAYMENT_FORMS

#: The form of payment for each ``Pfx``; 8 is a currency, which a Thermal closing does not describe. 9 and 10: Novitus.
TYPES = {
    0: "cash", 1: "card", 2: "cheque", 3: "bon", 4: "other", 5: "credit", 6: "account", 7: "voucher", 9: "mobile",
    10: "voucher",
}  # fmt: skip
#: A discount as the emulated printer prints it: a word that every printer has, the program's text, a sign.
_NAMED = re.compile(r"(?:rabat|narzut):? ?(.*?)(?: =)?", re.DOTALL)
#: What a bar code of the API holds.
_BARCODE = re.compile(r"[A-Za-z0-9]{1,64}", re.ASCII).fullmatch


@dataclass(frozen=True, slots=True)
class Foot:
    """What the program says for the foot of a receipt."""

    till: str
    cashier: str
    system_number: str
    lines: Sequence[str]


def line(sold: Line) -> dict[str, Any]:
    """A sale line."""
    return parts.line(sold, _name)


def _name(adjustment: Adjustment) -> str | None:
    match = _NAMED.fullmatch(adjustment.name)
    return (adjustment.name if match is None else match[1]) or None


def receipt(sale: Transaction, foot: Foot) -> Receipt:
    """A receipt."""
    subtotal = next((item for item in sale.items if isinstance(item, Subtotal)), None)
    content: dict[str, Any] = {
        "lines": [line(sold) for sold in sale.lines],
        "total": from_grosze(sale.total),
        "packaging": packs(sale.packaging),
        "payments": _paid(sale),
        **(parts.adjusted(subtotal.adjustment, _name) if subtotal else {}),
        "footer": [text for text in foot.lines if text],
    }
    if sale.buyer_nip:
        content["buyer"] = parts.buyer(re.sub("[- ]", "", sale.buyer_nip))
    texts = {"cashier": foot.cashier, "register": foot.till, **_numbered(foot.system_number)}
    return Receipt.model_validate(content | {name: text for name, text in texts.items() if text})


def _numbered(number: str) -> dict[str, str]:
    """The system number, or the bar code that a Thermal printer makes of one between two ``#``."""
    inside = number[1:-1] if number.startswith("#") and number.endswith("#") else ""
    return {"barcode": inside} if _BARCODE(inside) else {"system_number": number}


def packaging(sale: Transaction) -> PackagingDocument:
    """Packaging without a sale."""
    return PackagingDocument.model_validate({"items": packs(sale.packaging), "payments": _paid(sale)})


def packs(packaging: Sequence[Pack]) -> list[dict[str, Any]]:
    """Packaging without what was taken back again.

    Raises ``ValueError`` for a storno without an entry of the same kind and price that is large enough.
    """
    left: list[Pack] = []
    for item in packaging:
        if item.value >= 0:
            left.append(item)
            continue
        place = next((place for place, each in enumerate(left) if _is_part(item, each)), None)
        if place is None:
            raise ValueError("a storno of packaging that is not there")
        rest = left[place].quantity - item.quantity
        left[place : place + 1] = [left[place].model_copy(update={"quantity": rest})] if rest else []
    return [parts.pack(item) for item in left]


def _is_part(storno: Pack, entry: Pack) -> bool:
    kinds = [(each.number, each.price, each.returned) for each in (storno, entry)]
    return kinds[0] == kinds[1] and storno.quantity <= entry.quantity


def _paid(sale: Transaction) -> list[dict[str, Any]]:
    """The payments; what they leave is paid in cash, as on a printer."""
    found = [_payment(payment) for payment in sale.payments]
    rest = sale.due - sale.paid
    if found and rest > 0:
        found.append({"type": "cash", "amount": from_grosze(rest)})
    return found


def _payment(payment: Payment) -> dict[str, Any]:
    name = payment.name.removeprefix(PAYMENT_FORMS.get(payment.form, "Inna")).strip()
    made = {"type": TYPES[payment.form], "amount": from_grosze(payment.amount)}
    return made | ({"name": name} if name else {})


def printout(heading: str, paper: Sequence[PaperLine], below: Sequence[str]) -> Printout:
    """A form that is not fiscal."""
    lines = [*(_printed(each) for each in paper), *(text for text in below if text)]
    return Printout.model_validate({"title": heading or None, "lines": lines or [""]})


def _printed(each: PaperLine) -> Any:
    text = each.text.strip()
    if each.code is not None:
        kind, content = each.code
        return {"barcode": content} if kind == "barcode" else {"qr": {"text": content, "correction": each.correction}}
    if text and not text.strip("-"):
        return {"rule": True}
    return {"text": text, "bold": True} if each.style != "plain" else text
