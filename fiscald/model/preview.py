"""The preview of a document on one printer: totals and warnings; nothing is sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pydantic import Field

from fiscald.model.documents import Document
from fiscald.model.jobs import Notice
from fiscald.model.money import MAX_GROSZE, Balance, Money, from_grosze, plain
from fiscald.model.receipt import Line
from fiscald.model.strict import Strict


class PlannedLine(Strict):
    """A line as fiscald would send it to the printer."""

    name: str
    quantity: str = Field(examples=["2", "0.755"])
    price: Money
    vat: str = Field(description="letter of the printer's table; the rate of the request while the table is unknown")
    value: Money = Field(description="with the line's own discount or surcharge")
    storno: bool = False


class Totals(Strict):
    """The sums of a receipt, or of packaging without a sale.

    The printer decides how it spreads a discount or surcharge on the whole receipt over the rates: ``rates`` are the
    sums before it.
    """

    lines: tuple[PlannedLine, ...]
    rates: dict[str, Money] = Field(description="sums of the lines by rate")
    subtotal: Money = Field(description="sum of the lines, before a discount or surcharge on the whole receipt")
    total: Money
    due: Balance = Field(description="total and packaging together; negative: what the customer gets")
    paid: Money
    change: Money


class Sold(NamedTuple):
    """A line as a family plans it."""

    line: Line
    name: str
    """As the printer prints it."""
    vat: str
    """Letter of the printer's table; the rate of the request while the table is unknown."""
    value: int
    """Grosze, including the line's discount or surcharge."""


def totals_of(sold: Sequence[Sold], *, total: int, due: int, paid: int, change: int) -> Totals | None:
    """The sums of a document, from grosze; ``None`` if no printer can register them."""
    rates: dict[str, int] = {}
    for line, _, vat, value in sold:
        rates[vat] = rates.get(vat, 0) + (-value if line.storno else value)
    subtotal = sum(rates.values())
    if min(rates.values(), default=0) < 0 or max(subtotal, *(each.value for each in sold), 0) > MAX_GROSZE:
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
        due=from_grosze(due),
        paid=from_grosze(paid),
        change=from_grosze(change),
    )


class Preview(Strict):
    """The answer to a preview: the document would be accepted."""

    printer: str
    family: str
    profile: str | None = Field(
        description="null: not configured and the printer has never answered; or its family has no profiles"
    )
    code_page: str | None = Field(description="null: printers of this family have none")
    vat: dict[str, str | None] | None = Field(description="the printer's table; null: the printer has never answered")
    document: Document = Field(description="the document as fiscald understood it")
    totals: Totals | None = Field(
        description="of a receipt or of packaging; null: fiscald cannot know the value beforehand"
    )
    warnings: tuple[Notice, ...] = Field(description="what the printer would print differently from the request")
