"""The memory of a POSNET printer beside its register; it survives a power cut."""

from __future__ import annotations

from typing import Literal, NamedTuple

from pydantic import ConfigDict, Field

from fiscald.emulator.memory import FamilyMemory, Transaction
from fiscald.model.qr import Correction
from fiscald.protocols.posnet.grammar import State

CodeKind = Literal["qr", "aztec", "datamatrix", "pdf417"]
#: The last number of an e-document on the recorded device, before the next one is asked for.
FIRST_EDOCUMENT = 3053
#: Records of e-documents that the printer keeps; older ones are dropped (our assumption).
EDOCUMENTS = 1000


class PrintedCode(NamedTuple):
    """A code that waits for the next printout; ``correction`` and ``dots`` are those of a QR code."""

    kind: CodeKind
    content: str
    correction: Correction = "L"
    dots: int = 4


class Footer(FamilyMemory):
    """The end of the next printout, as ``ftrcfg`` set it; the fields are named as its parameters."""

    model_config = ConfigDict(extra="ignore", strict=True)

    cc: str | None = None
    """Cashier."""
    cn: str | None = None
    """Number of the cash register."""
    sn: str | None = None
    """System number."""
    bc: str | None = None
    """Content of a bar code."""
    bb: int | None = None
    """Where the prepared code is printed; 0 nowhere."""
    fe: int | None = None
    """How the paper ends; 0 cuts it."""


class EDocument(FamilyMemory):
    """An e-document: to whom it goes, and its record once it was printed (POSNET reference, 5.7)."""

    model_config = ConfigDict(extra="forbid", strict=True)

    number: int
    customer: str
    kind: str = ""
    """What kind of document it became; empty: it is only bound."""
    sent: bool = False
    """Whether it went to its server at once."""


class PosnetMemory(FamilyMemory):
    """The grammar's state, and what was configured or begun for a printout that did not come yet."""

    model_config = ConfigDict(extra="forbid", strict=True)

    state: State = State.IDLE
    kept: Footer = Field(default_factory=Footer)
    """Cashier and cash register, for all printouts (``ftrcfg`` with ``ca``)."""
    pending: Footer = Field(default_factory=Footer)
    """For the next printout only."""
    code: PrintedCode | None = None
    """What ``qrcode`` and its like prepared."""
    footer: list[str] = Field(default_factory=list)
    """Lines of the receipt that was registered with an open footer."""
    form: list[str] | None = None
    """Heading and lines of the form that is open."""
    edocument: int | None = None
    """The last number of an e-document."""
    binding: EDocument | None = None
    """The e-document that the next document becomes."""
    edocuments: list[EDocument] = Field(default_factory=list)
    """The records of e-documents, oldest first."""

    def take_binding(self, kind: str) -> EDocument | None:
        """The e-document that a document of that kind becomes; every document uses the binding up."""
        bound, self.binding = self.binding, None
        if bound is not None:
            bound.kind = kind
            self.edocuments = [*self.edocuments, bound][-EDOCUMENTS:]
        return bound

    def take_form(self) -> list[str]:
        """Heading and lines of the form, which is open no longer."""
        form, self.form = self.form, None
        return form or [""]


class PosnetDocument(FamilyMemory):
    """The family's part of an open invoice (POSNET reference, 5.8)."""

    model_config = ConfigDict(extra="forbid", strict=True)

    title: str | None = None
    number: str | None = None
    buyer: str = ""
    """Name and address, a line each."""
    nip: str | None = None
    due: str | None = None
    """The payment date, as sent."""
    form: str | None = None
    """The form of payment, as sent."""
    copies: int = 0
    above: dict[int, list[str]] = Field(default_factory=dict)
    """Free text above the lines, by section."""
    texts: list[str] = Field(default_factory=list)
    """Free text below the amount in words."""


def document_of(transaction: Transaction) -> PosnetDocument:
    """The document's own part of this family."""
    document = transaction.facts = PosnetDocument.of(transaction.facts)
    return document
