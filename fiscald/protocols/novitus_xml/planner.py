"""The parts of every plan: its limits, its texts, its elements.

Limits are those of chapter 4.3, column "driver limit": what every device of the family is known to take.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fiscald.protocols.novitus_elements import Element
from fiscald.protocols.novitus_xml.fields import CODE_PAGE
from fiscald.protocols.novitus_xml.options import NovitusXmlOptions
from fiscald.protocols.planning import Item, PlanBuilder, TextKind

#: Characters of a text, by its element and attribute.
LIMITS = {
    "item quantityunit": 4,
    "item description": 35,
    "discount name": 20,
    "payment name": 16,
    "cashier": 17,
    "checkout": 8,
    "systemno": 30,
    "additional value": 25,
    "invoice number": 56,
    "invoice paymentname": 20,
    "invoice customer": 44,
    "barcode": 30,
    "qrcode": 1852,
    "display text": 40,
    "header text": 40,
}
MAX_ITEMS, MAX_PAYMENTS, MAX_ADDITIONAL = 255, 16, 20
#: A text that must not stand in an attribute, and what stands there instead (3.5).
_QUOTE, _INSTEAD = '"', "'"


@dataclass(slots=True)
class Plan(PlanBuilder):
    """A document, ready to send; or the errors (``errors``)."""

    opening: Element | None = None
    items: list[Item[Element]] = field(default_factory=list)
    """Sales and reversals, in order."""
    after: list[Item[Element]] = field(default_factory=list)
    """The discount on the whole, packaging and payments, in order."""
    close: Element | None = None
    lines_total: int = 0
    """The sum of the lines, in grosze, before the discount on the whole."""
    by_rate: dict[str, int] = field(default_factory=dict)
    """The same by letter."""
    payments_sent: list[tuple[str, int]] = field(default_factory=list)
    """Type and value of each payment that is sent."""
    containers_sent: list[int] = field(default_factory=list)
    """The value of each packaging, in grosze."""

    def attribute(self, value: str, pointer: str, limit: int, kind: TextKind = TextKind.FREE) -> str:
        """``value`` within ``limit`` characters, for an attribute."""
        return self.text(self.unquoted(value, pointer), pointer, CODE_PAGE, limit, kind)

    def unquoted(self, value: str, pointer: str) -> str:
        """``value`` without the character that must not stand in an attribute, in whatever way it is written (3.5)."""
        if _QUOTE in value:
            value = value.replace(_QUOTE, _INSTEAD)
            detail = f"printed as {value!r}: this printer takes no {_QUOTE} here"
            self.notice("text.replaced", pointer, detail, f"Wydrukowano jako „{value}”.")
        return value


class Planner:
    """The printer's limits, and the plan so far."""

    def __init__(self, options: NovitusXmlOptions) -> None:
        self.options = options
        self.plan = Plan()

    def text(self, value: str | None, pointer: str, what: str, kind: TextKind = TextKind.FREE) -> str | None:
        """``value`` within the limit of the attribute; ``None``: there is none, or nothing of it is left."""
        return self.plan.attribute(value, pointer, LIMITS[what], kind) or None if value else None

    def unsupported(self, pointer: str, code: str, what: str, what_pl: str, instead: str = "leave it out") -> None:
        """Add an error: no printer of the family can print this."""
        self.plan.error(
            pointer, code, f"this printer prints no {what}; {instead}", f"ta drukarka nie drukuje {what_pl}."
        )
