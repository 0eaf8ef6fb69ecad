"""What a Novitus printer reports about itself at one moment, and the evidence that the journal keeps with a job.

The names are the language's own (Novitus reference, 5.1, 5.11 and 7), as far as it has one.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from fiscald.protocols.base import Evidence, Look


class NovitusXmlLook(Look):
    """Flags and counters at one moment; amounts in grosze. A value that was not asked for is ``None``."""

    uniqueno: str = Field(description="unique number")
    isfiscal: bool = Field(description="false: in training")
    intransaction: bool = Field(description="a receipt or an invoice is open")
    lasttransactioncorrect: bool = Field(description="the last document was closed; an opening clears it")
    resetcount: int = Field(description="resets of the memory")
    lastreceipt: int = Field(description="number of the last receipt")
    lastinvoice: int = Field(description="number of the last invoice")
    lastprintout: int = Field(description="number of the last printed document of any kind")
    cash: int = Field(description="cash in the drawer")
    receipts: int = Field(description="value of the day's receipts")
    invoices: int = Field(description="value of the day's invoices")
    reportscount: int = Field(description="daily reports")
    maxreportscount: int | None = Field(default=None, description="daily reports that the fiscal memory holds")
    last_state: str | None = Field(default=None, description="state of the open or last document that was a sale")
    last_type: str | None = Field(default=None, description="its type")
    last_number: int | None = Field(default=None, description="its number")
    last_printout: int | None = Field(default=None, description="its number among all printed documents")
    last_total: int | None = Field(default=None, description="its value")
    profile: str | None = Field(default=None, description="the profile that the document was planned for")
    rates: dict[str, str | None] | None = Field(default=None, description="the VAT table it was planned with")

    @property
    def printer_id(self) -> str:
        """The unique number."""
        return self.uniqueno

    @property
    def printouts(self) -> int:
        """The number of the last printed document of any kind."""
        return self.lastprintout


class NovitusXmlEvidence(Evidence):
    """The evidence of a job."""

    family: Literal["novitus-xml"] = "novitus-xml"
    version: Literal[2] = 2
    before: NovitusXmlLook | None = None
    opened: NovitusXmlLook | None = None
    after: NovitusXmlLook | None = None
