"""The memory of a Thermal printer beside its register; it survives a power cut."""

from __future__ import annotations

import datetime

from pydantic import ConfigDict, Field

from fiscald.emulator.change import Change
from fiscald.emulator.layout_invoice import InvoiceTexts
from fiscald.emulator.memory import FamilyMemory, Pack, Transaction
from fiscald.emulator.paper import PaperLine
from fiscald.protocols.thermal.grammar import State

#: Records that the fiscal memory takes in its life (7.2).
RECORDS = 1830
#: Since when an emulated printer is fiscal (our assumption).
FISCALISED = datetime.date(2024, 1, 1)


class Shift(FamilyMemory):
    """The day's counters when the last shift report was made."""

    model_config = ConfigDict(extra="forbid", strict=True)

    sales: int = 0
    receipts: int = 0
    cancelled: int = 0
    stornos: int = 0
    at: str | None = None
    """When, as it is printed; ``None``: there was none today."""


class Tail(FamilyMemory):
    """The end of a receipt that is registered and not printed yet."""

    model_config = ConfigDict(extra="forbid", strict=True)

    who: str = ""
    """Cash register and cashier, as they are printed."""
    system_number: str = ""
    lines: list[str] = Field(default_factory=list)
    texts: list[tuple[str, str]] = Field(default_factory=list)
    """Keyword lines: a label and its text."""


class Appended(FamilyMemory):
    """What comes under a document that is not fiscal."""

    model_config = ConfigDict(extra="forbid", strict=True)

    system_number: str = ""
    lines: list[str] = Field(default_factory=list)


class OpenForm(FamilyMemory):
    """A form that is open; it is lost without power."""

    model_config = ConfigDict(extra="forbid", strict=True)

    number: int
    heading: str
    options: int = 0
    last: int = -1
    """The line that was printed last, of those with a number."""
    lines: list[PaperLine] = Field(default_factory=list)


#: Kinds of document in the protected memory, by the kind of sheet; a copy is none, any other sheet is not fiscal.
DOCUMENT_KINDS = {
    "periodic_report": 1, "receipt": 2, "cancelled_receipt": 4, "invoice": 8, "cancelled_invoice": 16,
    "daily_report": 32, "invoice_copy": None,
}  # fmt: skip
NOT_FISCAL = 64
#: Documents that the emulated protected memory can still return (our assumption).
KEPT = 200


class ThermalMemory(FamilyMemory):
    """The grammar's state and flags, and what counts from one daily report to the next."""

    model_config = ConfigDict(extra="forbid", strict=True)

    state: State = State.IDLE
    finished: bool = False
    """``TRF``: the last receipt was completed."""
    tail: Tail | None = None
    form: OpenForm | None = None
    appended: Appended | None = None
    """For the next document that is not fiscal."""
    of_remainder: bool | None = None
    """The method of percentages that ``$r`` chose; ``None``: the profile's."""
    compatible: bool = False
    """Whether the protocol is set to NOVITUS ZGODNY, in which ``50#s`` counts invoices in another place."""
    invoice_totals: bool = False
    """Whether ``22#s`` has the totals of the day's invoices (``243;1$r``)."""
    jpkid: int = 0
    """The id of the last document in the protected memory (Novitus)."""
    documents: list[int] = Field(default_factory=list)
    """Kinds of the last documents there."""
    lines: list[str] = Field(default_factory=list)
    """Different lines of text since the last daily report."""
    display: list[str] = Field(default_factory=list)
    """Different texts on the displays since the last daily report."""
    clock_set: bool = False
    """Whether the clock was set since the last daily report."""
    shift: Shift = Field(default_factory=Shift)
    nip: str = "1234563218"
    fiscalised: datetime.date = FISCALISED
    records: int = RECORDS
    """Records that the fiscal memory takes in its life."""

    def store(self, sheet: str) -> None:
        """A sheet leaves the printer: the protected memory keeps its document under the next id.

        The description does not say when a document is written there: with its sheet, is our assumption.
        """
        kind = DOCUMENT_KINDS.get(sheet, NOT_FISCAL)
        if kind is not None:
            self.jpkid += 1
            self.documents = [*self.documents[1 - KEPT :], kind]

    def reset_day(self) -> list[str]:
        """Reset the counters of the day; returns the texts that the report prints."""
        texts = [*self.display, *self.lines]
        self.display, self.lines, self.clock_set, self.shift = [], [], False, Shift()
        return texts


class ThermalDocument(FamilyMemory):
    """The family's part of an open receipt, or of one that is not printed yet."""

    model_config = ConfigDict(extra="forbid", strict=True)

    next: int = 1
    """The number that the next line must have."""
    lines: int = 0
    """Lines that the opening announced; 0: any."""
    system_number: str = ""
    announced: Change | None = None
    """The discount or surcharge of ``$n``, which the closing must repeat."""
    no_more_lines: bool = False
    change: int | None = None
    """Change as sent in the closing command."""
    invoice: InvoiceTexts | None = None
    listed: list[Pack] = Field(default_factory=list)
    """Packages that were named one by one after a short closing."""


def document_of(transaction: Transaction) -> ThermalDocument:
    """The document's own part of this family."""
    document = transaction.facts = ThermalDocument.of(transaction.facts)
    return document
