"""What a document would come to on one printer, without sending anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pydantic import Field

from fiscald.model.documents import Document, Line
from fiscald.model.jobs import Notice
from fiscald.model.money import MAX_GROSZE, Money, from_grosze, plain
from fiscald.model.strict import Strict


class PlannedLine(Strict):
    """A line as the printer would be sent it."""

    name: str
    quantity: str = Field(examples=["2", "0.755"])
    price: Money
    vat: str = Field(description="letter of the printer's table; as it was sent while the table is unknown")
    value: Money = Field(description="with the line's own discount or surcharge")
    storno: bool = False


class Totals(Strict):
    """What a receipt comes to.

    How a discount or surcharge on the whole receipt is spread over the rates is decided by the printer: ``rates`` are
    the sums before it.
    """

    lines: tuple[PlannedLine, ...]
    rates: dict[str, Money] = Field(description="sums of the lines by rate")
    subtotal: Money = Field(description="sum of the lines, before a discount or surcharge on the whole receipt")
    total: Money
    paid: Money
    change: Money


class Sold(NamedTuple):
    """A line as a family plans it."""

    line: Line
    name: str
    """As it is printed."""
    vat: str
    """Letter of the printer's table; as it was sent while that is unknown."""
    value: int
    """Grosze, with its own discount or surcharge."""


def totals_of(sold: Sequence[Sold], *, total: int, paid: int, change: int) -> Totals | None:
    """The sums of a receipt with at least one line, from grosze; ``None`` where no printer could have them."""
    rates: dict[str, int] = {}
    for line, _, vat, value in sold:
        rates[vat] = rates.get(vat, 0) + (-value if line.storno else value)
    subtotal = sum(rates.values())
    if min(rates.values()) < 0 or max(subtotal, *(each.value for each in sold)) > MAX_GROSZE:
        return None
    lines = (
        PlannedLine(
            name=name,
            quantity=plain(line.quantity),
            price=line.price,
            vat=vat,
            value=from_grosze(value),
            storno=line.storno,
        )
        for line, name, vat, value in sold
    )
    return Totals(
        lines=tuple(lines),
        rates={letter: from_grosze(amount) for letter, amount in sorted(rates.items())},
        subtotal=from_grosze(subtotal),
        total=from_grosze(total),
        paid=from_grosze(paid),
        change=from_grosze(change),
    )


class Preview(Strict):
    """The answer to a preview: the document would be accepted."""

    printer: str
    family: str
    profile: str | None = Field(
        description="null: not configured, and the printer has never been reached; or its family has none"
    )
    code_page: str | None = Field(description="null: printers of this family have none")
    vat: dict[str, str | None] | None = Field(description="the printer's table; null: it has never been reached")
    document: Document = Field(description="as it was understood")
    totals: Totals | None = Field(description="of a receipt; null: the value of the document is not known beforehand")
    warnings: tuple[Notice, ...] = Field(description="what would be printed otherwise than asked")
