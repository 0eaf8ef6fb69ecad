"""Parts of an open document of a face as parts of a document of the API, as every family has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fiscald.emulator.memory import Adjustment, Line, Pack
from fiscald.model.money import from_grosze

#: The letters of VAT rates.
LETTERS = "ABCDEFG"
#: A printer's name for what has none.
PACKAGING = "Opakowanie zwrotne"

Name = Callable[[Adjustment], str | None]
"""The program's own name of a discount or surcharge; ``None``: it gave none."""


def line(sold: Line, name: Name) -> dict[str, Any]:
    """A sale line."""
    return {
        "name": sold.name,
        "quantity": sold.quantity,
        "price": from_grosze(sold.price),
        "vat": LETTERS[sold.rate],
        **({"unit": sold.unit} if sold.unit else {}),
        **({"description": sold.description} if sold.description else {}),
        **({"storno": True} if sold.storno else {}),
        **adjusted(sold.adjustment, name),
    }


def adjusted(adjustment: Adjustment | None, name: Name) -> dict[str, Any]:
    """A discount or a surcharge; nothing where there is none."""
    if adjustment is None:
        return {}
    own = name(adjustment)
    made = {"amount": from_grosze(abs(adjustment.amount)), **({"name": own} if own else {})}
    return {"discount" if adjustment.amount < 0 else "surcharge": made}


def pack(item: Pack) -> dict[str, Any]:
    """Returnable packaging."""
    return {
        "price": from_grosze(item.price),
        "quantity": item.quantity,
        "returned": item.returned,
        **({"number": item.number} if item.number else {}),
        **({"name": item.name or PACKAGING} if item.name or not item.number else {}),
    }


def buyer(number: str) -> dict[str, Any]:
    """The buyer's number: a Polish one has digits only."""
    return {"nip" if number.isdigit() else "vat_id": number}
