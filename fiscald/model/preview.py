"""What a document would come to on one printer, without sending anything."""

from __future__ import annotations

from pydantic import Field

from fiscald.model.documents import Document
from fiscald.model.jobs import Notice
from fiscald.model.money import Grosze
from fiscald.model.strict import Strict


class PlannedLine(Strict):
    """A line as the printer would be sent it."""

    name: str
    quantity: str = Field(examples=["2", "0.755"])
    price: Grosze
    vat: str = Field(description="letter of the printer's table; as it was sent while the table is unknown")
    value: Grosze = Field(description="with the line's own discount or surcharge")
    storno: bool = False


class Totals(Strict):
    """What a receipt comes to.

    How a discount or surcharge on the whole receipt is spread over the rates is the printer's business: ``rates`` are
    the sums before it.
    """

    lines: tuple[PlannedLine, ...]
    rates: dict[str, Grosze] = Field(description="sums of the lines by rate")
    subtotal: Grosze = Field(description="sum of the lines, before a discount or surcharge on the whole receipt")
    total: Grosze
    paid: Grosze
    change: Grosze


class Preview(Strict):
    """The answer to a preview: the document would be accepted."""

    printer: str
    family: str
    profile: str | None = Field(description="null: not configured, and the printer has never been reached")
    code_page: str
    vat: dict[str, str | None] | None = Field(description="the printer's table; null: it has never been reached")
    document: Document = Field(description="as it was understood")
    totals: Totals | None = Field(description="of a receipt; null: the document has no value that could be foretold")
    warnings: tuple[Notice, ...] = Field(description="what would be printed otherwise than asked")
