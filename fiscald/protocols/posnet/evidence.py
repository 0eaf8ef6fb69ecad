"""What a POSNET printer reports about itself at one moment, and the evidence that the journal keeps with a job.

The names are the printer's own: fields of ``scnt``, and of ``stot`` under ``day`` (POSNET reference, 5.3 and 7).
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from fiscald.protocols.base import Evidence, Look


class PosnetDay(BaseModel):
    """The totals of the open day, as far as the device reports them; amounts in grosze."""

    model_config = ConfigDict(frozen=True)

    pn: int | None = Field(default=None, description="completed receipts")
    ct: int | None = Field(default=None, description="value of cancelled receipts")
    cn: int | None = Field(default=None, description="cancelled receipts")
    nf: int | None = Field(default=None, description="non-fiscal printouts")
    sales: int | None = Field(default=None, description="value of completed receipts")
    invoices: int | None = Field(default=None, description="value of completed invoices")
    last_sale: str | None = Field(default=None, description="time of the last sale; ISO 8601, perhaps without offset")


class PosnetLook(Look):
    """Counters and totals at one moment. A value that the device does not report is ``None``."""

    nu: str = Field(description="unique number")
    rd: int = Field(description="daily reports")
    hn: int = Field(description="printed documents of any kind")
    bn: int = Field(description="completed receipts of the day; of older devices, the last number")
    bt: int | None = Field(default=None, description="number of the last receipt")
    bc: int | None = Field(default=None, description="cancelled receipts of the day")
    fn: int | None = Field(default=None, description="invoices of the day")
    fc: int | None = Field(default=None, description="cancelled invoices of the day")
    day: PosnetDay | None = None
    fiscal: bool | None = Field(default=None, description="false: in training")
    profile: str | None = Field(default=None, description="the profile that the document was planned for")
    rates: dict[str, str | None] | None = Field(default=None, description="the VAT table it was planned with")
    edocument: str | None = Field(
        default=None,
        description="id of the e-document that it is bound to; empty: another document may be it",
    )

    @property
    def printer_id(self) -> str:
        """The unique number."""
        return self.nu

    @property
    def printouts(self) -> int:
        """The number of the last printed document of any kind."""
        return self.hn

    @property
    def last_number(self) -> int:
        """The number of the last receipt."""
        return self.bn if self.bt is None else self.bt


class PosnetEvidence(Evidence):
    """The evidence of a job."""

    family: Literal["posnet"] = "posnet"
    version: Literal[2] = 2
    before: PosnetLook | None = None
    opened: PosnetLook | None = None
    after: PosnetLook | None = None
