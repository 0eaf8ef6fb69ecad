"""What a Thermal printer reports about itself at one moment, and the evidence that the journal keeps with a job.

The names are the reference's own: ``23#s``, ``24#s``, ``28#s``, ``50#s`` (Thermal reference, 5.9 and 7).
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from fiscald.protocols.base import Evidence, Look


class ThermalLook(Look):
    """Flags and counters at one moment; amounts in grosze. A value that the device does not report is ``None``."""

    nr_unikatowy: str = Field(description="unique number")
    Pm: int = Field(description="1: fiscalised; 0: in training")
    Pt: int = Field(description="1: a receipt is open")
    Px: int = Field(description="1: the last receipt was closed; an opening clears it")
    Pz: int = Field(description="resets of the memory")
    par_num: int = Field(description="number of the last receipt")
    cash: int = Field(description="cash in the drawer")
    parag: int | None = Field(default=None, description="completed receipts of the day")
    anul: int | None = Field(default=None, description="cancelled receipts of the day")
    anul_kwota: int | None = Field(default=None, description="value of cancelled receipts of the day")
    n_wolnych: int | None = Field(default=None, description="free records of the fiscal memory")
    tot: int = Field(description="value of completed receipts of the day")
    n_dobowych: int = Field(description="daily reports")
    numer: int = Field(description="printed documents of any kind")
    faktury: int | None = Field(default=None, description="number of the last invoice")
    jpkid: int | None = Field(default=None, description="id of the last document in the protected memory")
    pamiec: str | None = Field(default=None, description="label of the protected memory")
    profile: str | None = Field(default=None, description="the profile that the document was planned for")
    rates: dict[str, str | None] | None = Field(default=None, description="the VAT table it was planned with")

    @property
    def printer_id(self) -> str:
        """The unique number."""
        return self.nr_unikatowy

    @property
    def printouts(self) -> int:
        """The number of the last printed document of any kind."""
        return self.numer


class ThermalEvidence(Evidence):
    """The evidence of a job."""

    family: Literal["thermal"] = "thermal"
    version: Literal[2] = 2
    before: ThermalLook | None = None
    opened: ThermalLook | None = None
    after: ThermalLook | None = None
