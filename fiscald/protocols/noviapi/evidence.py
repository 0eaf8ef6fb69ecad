"""What a NoviAPI printer reports about itself at one moment, and the evidence that the journal keeps with a job.

Source: the contract (status); Novitus reference, 5.11 (``info checkout``, through ``direct_io``) and 7.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from fiscald.protocols.base import Evidence, Look


class NoviApiLook(Look):
    """Memory, totals and counters at one moment; amounts in grosze."""

    unique_number: str = Field(description="unique number")
    reports: int = Field(description="daily reports (status fiscal_memory)")
    jpkid: int = Field(description="number of the last document in the protected memory")
    receipts: int = Field(description="totals of the day from receipts, all rates (status device)")
    invoices: int = Field(description="totals of the day from invoices, all rates")
    lastreceipt: int = Field(description="number of the last receipt (info checkout)")
    receiptcount: int = Field(description="receipts, as the printer counts them")
    lastinvoice: int = Field(description="number of the last invoice")
    lastprintout: int = Field(description="number of the last printout of any kind")
    cash: int | None = Field(default=None, description="cash in the drawer; null: the printer does not say")
    fiscal: bool = Field(default=True, description="false: in training")
    profile: str | None = Field(default=None, description="the profile that the document was planned for")
    rates: dict[str, str | None] | None = Field(default=None, description="the VAT table it was planned with")
    own_id: str | None = Field(default=None, description="the printer's id of our document")

    @property
    def printer_id(self) -> str:
        """The unique number."""
        return self.unique_number

    @property
    def printouts(self) -> int:
        """The number of the last printout."""
        return self.lastprintout


class NoviApiEvidence(Evidence):
    """The evidence of a job."""

    family: Literal["noviapi"] = "noviapi"
    version: Literal[2] = 2
    before: NoviApiLook | None = None
    opened: NoviApiLook | None = None
    after: NoviApiLook | None = None
