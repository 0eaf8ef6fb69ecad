"""The memory of a Novitus printer beside its register; it survives a power cut."""

from __future__ import annotations

import datetime
from typing import Literal

from pydantic import ConfigDict, Field

from fiscald.emulator.layout_invoice import InvoiceTexts
from fiscald.emulator.memory import FamilyMemory, Transaction

#: Since when an emulated printer is fiscal (our assumption).
FISCALISED = datetime.date(2024, 1, 1)
#: Daily reports and resets in the life of the fiscal memory (Novitus XML reference, 5.11, NoviAPI part).
MAX_REPORTS, MAX_RESETS, MAX_RATE_CHANGES, MAX_CURRENCY_CHANGES = 2195, 200, 30, 4
#: Sheets that are no document in the protected memory.
NO_DOCUMENT = frozenset(("invoice_copy", "copy"))


class LastTransaction(FamilyMemory):
    """What the printer answers about the last receipt or invoice that ended."""

    model_config = ConfigDict(extra="forbid", strict=True)

    transaction: Transaction
    state: Literal["close", "canceled"]
    number: int | None = None
    at: datetime.datetime
    printout: int
    till: str = ""
    cashier: str = ""
    system_number: str = ""
    rest: int = 0


class NovitusMemory(FamilyMemory):
    """Flags, counters and settings."""

    model_config = ConfigDict(extra="forbid", strict=True)

    finished: bool = False
    """The last transaction was completed."""
    last: LastTransaction | None = None
    jpkid: int = 0
    """The number of the last document in the protected memory."""
    of_remainder: bool = False
    """The method of percentages (option ``discountcalculation``): whether what is left is rounded."""
    footer: list[str] = Field(default_factory=list)
    """The lines that were defined since the last daily report; empty: none yet."""
    clock_set: bool = False
    """Whether the clock was set since the last daily report."""
    nip: str = "1234563218"
    fiscalised: datetime.date = FISCALISED
    sent: int = 0
    """The number of the last document that the repository of the tax office has."""
    sent_on: datetime.date | None = None
    options: dict[str, str] = Field(default_factory=dict)
    """Settings by their number."""
    graphics: dict[int, str] = Field(default_factory=dict)
    """Pictures as hexadecimal text."""
    paper: int = 0
    """Lines printed since the counter was cleared."""
    servers: dict[str, str] = Field(default_factory=dict)
    """Addresses of servers, and other settings of its connections, by their names."""
    drawer_from: int = 0
    """Openings of the drawer when their counter was cleared."""

    def reset_day(self) -> None:
        """The daily report: what counts from one to the next."""
        self.footer, self.clock_set = [], False


class NovitusDocument(FamilyMemory):
    """The family's part of an open receipt or invoice."""

    model_config = ConfigDict(extra="forbid", strict=True)

    buffered: bool = False
    """Lines come out with the end of the receipt; there may be fewer of them."""
    announced: bool = False
    """A discount is on the display; the closing is free to bring another one (our assumption)."""
    invoice: InvoiceTexts | None = None
    rests: list[tuple[str, int]] = Field(default_factory=list)
    """Change in other currencies: name and hundredths."""


def document_of(transaction: Transaction) -> NovitusDocument:
    """The document's own part of this family."""
    document = transaction.facts = NovitusDocument.of(transaction.facts)
    return document
