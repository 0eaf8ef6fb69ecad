"""The paper of a Novitus's invoice (NOV 3.16).

Its description has no sample print. What is printed and what each option leaves out are the description's; the
order and the words that it does not name are our assumption.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal

from pydantic import ConfigDict, Field

from fiscald.emulator.layout import Foot, Sheet, day_text
from fiscald.emulator.memory import FamilyMemory, Transaction
from fiscald.emulator.paper import amount, words
from fiscald.emulator.register import Register

#: Bits of the three numbers of print options (``@c``).
NO_WORDS, BOLD_BUYER, BOLD_SELLER, BOLD_NIP = 0x01, 0x04, 0x08, 0x10
LINE_NUMBERS, DUE_FIRST, GROSZE_IN_WORDS, NO_SAME_DAY, NO_SELLER, PAYMENTS = 0x02, 0x04, 0x08, 0x10, 0x20, 0x80
NO_BUYER, PAID_IN_CASH, NO_SELLER_WORD, NO_ORIGINAL, VAT = 0x01, 0x02, 0x04, 0x08, 0x10
_ID_NAMES = ("NIP", "REGON", "PESEL")
_DOTS = "." * 24


def packed(options: Iterable[int]) -> list[int]:
    """The three numbers of print options, from those options' places in the printer's list: 6, 8 and 5 of them."""
    bits = 0
    for option in options:
        bits |= 1 << (option - 1)
    return [bits & 0x3F, bits >> 6 & 0xFF, bits >> 14]


class InvoiceTexts(FamilyMemory):
    """What an invoice of a Novitus prints besides its lines, and how (NOV 3.16)."""

    model_config = ConfigDict(extra="forbid", strict=True)

    number: str = ""
    buyer: list[str] = Field(default_factory=list)
    """Lines of the address."""
    name: str = ""
    nip: str = ""
    id_type: int = 0
    """0 NIP, 1 REGON, 2 PESEL."""
    due: str = ""
    form: str = ""
    recipient: str = ""
    issuer: str = ""
    information: str = ""
    sold: str = ""
    """Day of the sale, if another was sent."""
    paid: str | None = None
    """The text of what is paid; ``None``: the line is not printed."""
    buyer_signs: int = 0
    """0: the place for the signature alone, 1: with the name, 2: neither."""
    seller_signs: int = 0
    buyer_signature: str = ""
    seller_signature: str = ""
    signatures: bool = True
    seller_pl: bool = False
    """Whether the seller's NIP has PL in front of it."""
    copies: int = 1
    """Sheets besides the original."""
    options: list[int] = Field(default_factory=lambda: [0, 0, 0])
    """The three numbers of print options of ``@c``."""
    buyer_is_recipient: bool = False
    footers: list[tuple[str, str]] = Field(default_factory=list)
    """Lines of ``20;x$z``: a label and its text."""


class InvoiceSheet(Sheet):
    """An invoice being laid out."""

    def invoice(self, transaction: Transaction, texts: InvoiceTexts, which: str) -> None:
        """``which`` is ORYGINAŁ or KOPIA; empty: neither is printed."""
        paper, (first, second, third) = self.paper, texts.options
        if not self.register.fiscal:
            paper.title("NIEFISKALNY")
        paper.title("FAKTURA VAT" if third & VAT else "FAKTURA")
        if texts.number:
            paper.centre(f"nr {texts.number}")
        if which:
            paper.centre(which)
        today = day_text(self.register.clock.now().date())
        if not (second & NO_SAME_DAY and texts.sold in ("", today)):
            paper.pair("Data sprzedaży:", texts.sold or today)
        if not second & NO_SELLER:
            self._seller(texts)
        self._buyer(texts)
        self._rule()
        if second & DUE_FIRST:
            self._money("Do zapłaty", transaction.total)
        self._sale(transaction)
        self._taxes(transaction)
        if not first & NO_WORDS:
            zloty, grosze = divmod(transaction.total, 100)
            cents = words(grosze) if second & GROSZE_IN_WORDS else str(grosze)
            paper.left(f"Słownie: {words(zloty)} zł {cents} gr")
        if texts.paid is not None:
            paper.pair("Zapłacono", texts.paid or amount(transaction.total))
        if third & PAID_IN_CASH:
            paper.left("Zapłacono gotówką")
        for label, text in (("Termin płatności:", texts.due), ("Forma płatności:", texts.form)):
            if text:
                paper.pair(label, text)
        if transaction.payments:
            self._rule()
            self._payments(transaction)
        if texts.signatures:
            self._signatures(texts)
        self._fiscal_end(f"F{self.register.state.day.last_invoice % 10_000:04d}")
        self._system_number()
        self._footer()

    def _seller(self, texts: InvoiceTexts) -> None:
        """The header above has the seller's name; here are the word and the NIP."""
        style = _bold(texts.options[0] & BOLD_SELLER)
        if not texts.options[2] & NO_SELLER_WORD:
            self.paper.left("Sprzedawca:", style=style)
        self.paper.left(f"NIP {'PL ' if texts.seller_pl else ''}{self.nip}")

    def _buyer(self, texts: InvoiceTexts) -> None:
        paper, (first, _, third) = self.paper, texts.options
        paper.left("Odbiorca:" if texts.buyer_is_recipient else "Nabywca:", style=_bold(first & BOLD_BUYER))
        if not third & NO_BUYER:
            for line in (*texts.name.split("\n"), *texts.buyer):
                if line:
                    paper.left(line)
        if texts.nip:
            paper.left(f"{_ID_NAMES[texts.id_type]} {texts.nip}", style=_bold(first & BOLD_NIP))
        for line in texts.information.split("\n"):
            if line:
                paper.left(line)
        for label, text in (("Odebrał:", texts.recipient), ("Wystawił:", texts.issuer)):
            if text:
                paper.pair(label, text)

    def _signatures(self, texts: InvoiceTexts) -> None:
        for kind, name, what in (
            (texts.buyer_signs, texts.buyer_signature, "podpis osoby uprawnionej do odbioru"),
            (texts.seller_signs, texts.seller_signature, "podpis osoby uprawnionej do wystawienia"),
        ):
            if kind == 2:
                continue
            self.paper.left("")
            if kind == 1 and name:
                self.paper.centre(name)
            self.paper.centre(_DOTS)
            self.paper.centre(what)


def _bold(bit: int) -> Literal["plain", "bold"]:
    return "bold" if bit else "plain"


def invoice_sheets(
    register: Register, width: int, nip: str, transaction: Transaction, texts: InvoiceTexts, foot: Foot
) -> Iterator[tuple[str, InvoiceSheet, dict[str, Any]]]:
    """The original and its copies, each with its kind and facts. The counters count the original alone (assumption)."""
    for copy in range(texts.copies + 1):
        which = "KOPIA" if copy else "" if texts.options[2] & NO_ORIGINAL and not texts.copies else "ORYGINAŁ"
        sheet = InvoiceSheet(register, width, foot, nip)
        sheet.invoice(transaction, texts, which)
        if copy:
            yield "invoice_copy", sheet, {"copy": copy}
        else:
            facts: dict[str, Any] = {"total": transaction.total, "totals": list(transaction.totals)}
            facts |= {"number": register.state.day.last_invoice, "invoice": texts.number, "copies": texts.copies}
            yield "invoice", sheet, facts
