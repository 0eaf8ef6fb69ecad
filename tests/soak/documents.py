"""What the clients sell: documents of which each can be told from all others on paper.

A receipt has a number in the name of its first line (which no cancelling and no power cut can take off the
sheet), the same number as its system number (which they can), and a price of its own. A slip has an amount of
its own. A daily report has its number.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import Any

from fiscald.model.money import format_grosze

#: Names keep their rate for ever: a printer refuses one that went down and up again.
_GOODS = (
    ("Kawa", "12.50", "A"), ("Bułka", "1.50", "5%"), ("Żurek", "18.90", "8%"), ("Gazeta", "4.99", "B"),
    ("Znaczek", "3.90", "exempt"),
)  # fmt: skip
_CASHIERS = ("Anna", "Łukasz", "Zofia")
_MARK = re.compile(r"Towar (\d{5})\b")
#: Kinds of documents and how often they come.
_TYPES = {"receipt": 90, "cash_in": 7, "daily_report": 3}
#: Above what is sold on any receipt.
_NOTE = "500.00"


@dataclass(frozen=True, slots=True)
class Sale:
    """A document with the key that was minted for it."""

    key: str
    printer: str
    document: dict[str, Any]


def make_sale(seed: int, serial: int, printer: str) -> Sale:
    """The ``serial``-th document of a campaign; its content depends on nothing but the arguments."""
    chance = random.Random(f"{seed}/{serial}")
    (kind,) = chance.choices(list(_TYPES), weights=list(_TYPES.values()))
    document: dict[str, Any] = {"type": kind}
    if kind == "receipt":
        document |= _receipt(serial, chance)
    elif kind == "cash_in":
        document["amount"] = format_grosze(10_000 + serial)
    return Sale(f"SOAK/{seed}/{serial:05d}", printer, document)


def _receipt(serial: int, chance: random.Random) -> dict[str, Any]:
    lines: list[dict[str, Any]] = [
        {"name": f"Towar {serial:05d}", "price": format_grosze(100 + serial), "vat": chance.choice("ABC")},
    ]
    for name, price, vat in chance.sample(_GOODS, chance.randint(0, 3)):
        line: dict[str, Any] = {
            "name": name,
            "price": price,
            "vat": vat,
            "quantity": chance.choice(["1", "2", "0.755"]),
        }
        if chance.random() < 0.2:
            line["discount"] = {"percent": "10"}
        lines.append(line)
    receipt: dict[str, Any] = {"lines": lines, "system_number": f"WZ/{serial:05d}"}
    if chance.random() < 0.3:
        receipt["payments"] = [{"type": "card", "amount": "0.50"}, {"type": "cash", "amount": _NOTE}]
    if chance.random() < 0.3:
        # With lines under the receipt it is registered before its sheet is out: two steps to be interrupted.
        receipt["footer"] = ["Dziękujemy", f"Zapraszamy po {serial}"]
    if chance.random() < 0.2:
        receipt["buyer"] = {"nip": "5260250274"}
    if chance.random() < 0.3:
        receipt["cashier"] = chance.choice(_CASHIERS)
    return receipt


def mark_of(document: dict[str, Any]) -> str | None:
    """What only the sheet of this document carries; ``None`` for a report, which is known by its result alone."""
    if document["type"] == "receipt":
        return str(document["lines"][0]["name"])
    if document["type"] == "cash_in":
        return mark_of_slip(document["amount"])
    return None


def mark_of_slip(amount: str) -> str:
    """The mark of a slip of that amount of złoty."""
    return f"cash_in {amount}"


def mark_of_report(number: int) -> str:
    """The mark of the daily report of that number."""
    return f"daily_report {number}"


def marks_on(text: str) -> list[str]:
    """The marks of receipts that stand on a sheet."""
    return [match[0] for match in _MARK.finditer(text)]
