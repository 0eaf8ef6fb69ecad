"""How the documents of a POSNET Thermal and of every Novitus look on paper, in 40 columns or more.

Contents, order and wording are those of the manual's sample prints (thermal reference, 11.4 to 11.6); where it
shows none - the storno of goods, long names, training - the words are our own. The emulator's mark stands above
the line with the logo, or with the number, of every document.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from fiscald.emulator.memory import DailyRecord, Line, Pack, RateChange, Subtotal, Transaction
from fiscald.emulator.paper import Paper, PaperLine, amount
from fiscald.emulator.register import Register, tax
from fiscald.model.money import plain

LETTERS = "ABCDEFG"
RateTable = Sequence[Decimal | str | None]
#: Labels of the lines at the end of a receipt, by their number (Thermal reference, 5.6; Novitus XML reference, 5.7);
#: what is not here is printed without one (our assumption).
FOOTER_LABELS = {
    0: "Nr transakcji", 1: "Punkty", 2: "Suma punktów", 3: "Nr rejestracyjny", 4: "Nazwisko", 5: "Karta",
    6: "Numer karty", 7: "Ważna do", 8: "Kasjer", 9: "Nazw. kasjera", 10: "Zaliczka", 11: "Waluta",
    12: "Przelicznik", 13: "Nr zamówienia", 14: "Nr pracownika", 15: "Nazw. pracownika", 16: "Konto przed tr.",
    17: "Przyznano", 18: "Wykorzystano", 19: "Konto po trans.", 20: "Klient stały", 21: "Voucher",
    22: "Wartość Voucher", 23: "Zapłata Voucher", 26: "Ilość sprzedanych towarów", 27: "Numer pracownika",
    28: "Numer klienta", 29: "Udzielono łącznie rabatu", 30: "Numer", 31: "Kod", 32: "Nazwa", 33: "Opis",
    34: "Liczba",
}  # fmt: skip


@dataclass
class Foot:
    """The end of a sheet: what the closing command says."""

    who: str = ""
    """Cash register and cashier, as the closing command's kind puts it."""
    system_number: str = ""
    system_number_as: Literal["text", "qr", "barcode"] = "text"
    texts: Sequence[tuple[str, str]] = field(default_factory=tuple)
    """Lines of a label and its text."""
    lines: Sequence[str] = field(default_factory=tuple)
    drawn: Sequence[PaperLine] = field(default_factory=tuple)
    """Lines that are laid out already; they stand below all others."""
    change: int | None = None
    """The change that is printed as it was sent; ``None``: what is due back, if anything is."""


class Sheet:
    """A document of one register being laid out."""

    def __init__(self, register: Register, width: int, foot: Foot, nip: str) -> None:
        self.register = register
        self.paper = Paper(width)
        self.foot = foot
        self.nip = f"{nip[:3]}-{nip[3:6]}-{nip[6:8]}-{nip[8:]}"
        state = register.state
        for line in state.header.split("\n"):
            self.paper.centre(line.strip("\x0e ")[:width])
        self.paper.rule()
        if "NIP" not in state.header:
            self.paper.centre(f"NIP {self.nip}")
        self.paper.pair(f"{register.clock.now():%Y-%m-%d}", str(state.printout_count))

    # -- common parts ---------------------------------------------------------------------------------

    def _rule(self) -> None:
        self.paper.left("- " * (self.paper.width // 2))

    def _money(self, left: str, grosze: int, letter: str = " ") -> None:
        """A label, and an amount that leaves room for the letter of a rate."""
        self.paper.pair(left, amount(grosze) + letter)

    def _number(self) -> str:
        number = self.register.state.unique_number
        return f"{number[:3]} {number[3:].strip()}"

    def _time_line(self, number: str = "") -> None:
        self.paper.pair(f"{number} {self.foot.who}".strip(), f"{self.register.clock.now():%H:%M}")

    def _fiscal_end(self, number: str) -> None:
        self._time_line(number)
        self.paper.mark()
        logo = "{PL}" if self.register.fiscal else "# NIEFISKALNY #"
        self.paper.centre(f"{logo} {self._number()}")

    def _nonfiscal_end(self, *, marked: bool = True) -> None:
        paper = self.paper
        if marked:
            paper.title("NIEFISKALNY")
        self._time_line()
        paper.mark()
        paper.centre(self._number())

    def _system_number(self) -> None:
        if self.foot.system_number:
            self._code("Nr sys.", self.foot.system_number_as, self.foot.system_number)

    def _code(self, label: str, printed_as: Literal["text", "qr", "barcode"], text: str) -> None:
        if printed_as == "text":
            self.paper.centre(f"{label}: {text}")
        else:
            self.paper.code(printed_as, text)

    def _footer(self) -> None:
        foot, paper = self.foot, self.paper
        if foot.texts:
            paper.left("")
        for label, value in foot.texts:
            if label:
                paper.pair(f"{label}:", value)
            else:
                paper.left(value)
        if any(foot.lines):
            paper.left("")
        for line in foot.lines:
            paper.centre(line)
        paper.lines += foot.drawn

    def _sale(self, transaction: Transaction) -> None:
        for item in transaction.items:
            if isinstance(item, Line):
                self._line(item)
            elif item.at_close:
                self._closing_change(item)
            elif item.rate is None:
                self._money("Podsuma:", item.subtotal)
                self._money(item.adjustment.name, item.adjustment.amount)
                self._money("Podsuma:", item.subtotal + item.adjustment.amount)
            else:
                self._money(item.adjustment.name, item.adjustment.amount, LETTERS[item.rate])

    def _line(self, line: Line) -> None:
        paper, letter = self.paper, LETTERS[line.rate]
        sign = -1 if line.storno else 1
        if line.advance:
            paper.left(line.advance)
            self._money(line.name, sign * line.value, letter)
            return
        if line.storno:
            paper.left("STORNO")
        count = f"{_quantity(line.quantity)}{' ' if line.unit else ''}{line.unit}"
        paper.pair(line.name, f"{count}x{amount(line.price)} {amount(sign * line.value)}{letter}")
        if line.description:
            paper.left(f"Opis: {line.description}")
        if line.code is not None:
            self._code("Kod", *line.code)
        if line.adjustment is None:
            return
        self._money(f"   {line.adjustment.name}", sign * line.adjustment.amount)
        paper.right(f"{amount(sign * line.net)}{letter}")

    def _closing_change(self, item: Subtotal) -> None:
        self._rule()
        self._money("Podsuma", item.subtotal)
        if item.adjustment.name.endswith("%"):
            self.paper.left(f"   {item.adjustment.name}")
        else:
            self._money(f"   {item.adjustment.name}", abs(item.adjustment.amount))

    def _taxes(self, transaction: Transaction) -> None:
        rates, whole = self.register.state.rates, 0
        if not any(isinstance(item, Subtotal) and item.at_close for item in transaction.items):
            self._rule()
        for letter, rate, gross in zip(LETTERS, rates, transaction.totals, strict=True):
            if gross and isinstance(rate, Decimal):
                whole += tax(gross, rate)
                self._money(f"Sprzed. opodatk. {letter}", gross)
                self._money(f"Kwota PTU {letter} {_percent(rate)} %", tax(gross, rate))
        self._money("ŁĄCZNA KWOTA PTU", whole)
        for letter, rate, gross in zip(LETTERS, rates, transaction.totals, strict=True):
            if gross and not isinstance(rate, Decimal):
                self._money(f"Sprzed. zwoln. {letter}", gross)
        self.paper.pair("S U M A", f"{' '.join(amount(transaction.total))}  ", style="bold")

    def _payments(self, transaction: Transaction) -> None:
        for payment in transaction.payments:
            if payment.form == 0:
                self._money("Gotówka", payment.amount)
        for payment in transaction.payments:
            if payment.form != 0:
                self._money(payment.name, payment.amount)
        change = self.register.state.last_document.change
        sent = self.foot.change
        if change > 0 or sent is not None:
            self._money("Reszta", change if sent is None else sent)

    def _packaging(self, transaction: Transaction) -> None:
        paper = self.paper
        paper.title("NIEFISKALNY")
        paper.centre("Rozliczenie opakowań zwrotnych")
        for title, returned in (("Wydania opakowań", False), ("Zwroty opakowań", True)):
            packs = [pack for pack in transaction.packaging if pack.returned is returned]
            if packs:
                paper.centre(title)
            for pack in packs:
                self._pack(pack)
        self._rule()
        self._money("Do zapłaty", transaction.due)

    def _pack(self, pack: Pack) -> None:
        value = -pack.value if pack.returned else pack.value
        count = _quantity(pack.quantity)
        name = f"{pack.name} {pack.number}".strip() if pack.name else f"Opakowanie zwr.{pack.number}"
        self._money(f"{name}{' ' * 7}{count}x{amount(pack.price)}", value)

    # -- documents ------------------------------------------------------------------------------------

    def receipt(self, transaction: Transaction) -> Paper:
        """A completed receipt; with deposits the payments stand in the part that is not fiscal."""
        paper = self.paper
        paper.title("PARAGON FISKALNY" if self.register.fiscal else "NIEFISKALNY")
        self._sale(transaction)
        self._taxes(transaction)
        shown = bool(transaction.payments) or self.foot.change is not None
        if shown and not transaction.packaging:
            self._rule()
            self._payments(transaction)
        if transaction.buyer_nip:
            paper.centre(f"NIP NABYWCY: {transaction.buyer_nip}", style="bold")
        self._fiscal_end(f"{self.register.state.day.last_receipt % 10_000:04d}")
        self._system_number()
        if transaction.packaging:
            paper.left("")
            self._packaging(transaction)
            self._payments(transaction)
        self._footer()
        return paper

    def packaging(self, transaction: Transaction) -> Paper:
        """A document of deposits alone is not fiscal."""
        self._packaging(transaction)
        self._payments(transaction)
        self._nonfiscal_end()
        self._system_number()
        self._footer()
        return self.paper

    def cancelled(self, transaction: Transaction, ending: str) -> Paper:
        """A receipt that was cancelled: neither number nor logo."""
        paper = self.paper
        if transaction.lines:
            word = "FAKTURA" if transaction.kind == "invoice" else "PARAGON FISKALNY"
            paper.title(word if self.register.fiscal else "NIEFISKALNY")
            self._sale(transaction)
        if transaction.packaging:
            self._packaging(transaction)
        paper.title(ending)
        self._time_line()
        paper.mark()
        return paper

    def slip(self, title: str, rows: Iterable[tuple[str, str]] = (), *, spaced: bool = False) -> Paper:
        """A slip that is not fiscal: cash, cashiers, programming. A row without label is centred."""
        paper = self.paper
        paper.title("NIEFISKALNY")
        if spaced:
            paper.title(title)
        elif title:
            paper.centre(title)
        for left, right in rows:
            if left:
                paper.pair(left, right)
            else:
                paper.centre(right)
        self._nonfiscal_end()
        self._system_number()
        self._footer()
        return paper

    def form(self, heading: str, lines: Sequence[PaperLine], ending: str, *, marked: bool) -> Paper:
        """A form that is not fiscal; ``marked``: its first and last words say so."""
        paper = self.paper
        if marked:
            paper.title("NIEFISKALNY")
        if heading:
            paper.centre(heading)
        paper.lines += lines
        if ending:
            paper.centre(ending)
        self._nonfiscal_end(marked=marked)
        self._system_number()
        self._footer()
        return paper

    def daily_report(self, record: DailyRecord) -> Paper:
        """Net and tax are computed from the day's totals, not from its receipts (6.7)."""
        paper, day = self.paper, record.day
        paper.title("FISKALNY" if self.register.fiscal else "NIEFISKALNY")
        paper.title("RAPORT DOBOWY")
        self._rates(record.rates)
        self._rule()
        paper.pair(f"{record.at:%Y-%m-%d}", str(record.number))
        self._rule()
        self._sums(record.rates, day.receipts, [tax(g, r) for g, r in zip(day.receipts, record.rates, strict=True)])
        counts = [
            ("ZMIANY W BAZIE TOWAROWEJ", str(day.goods_changes), day.goods_changes),
            ("ILOŚĆ ANULOWANYCH PARAGONÓW", str(day.cancelled_count), day.cancelled_count),
            ("KWOTA ANULOWANYCH PARAGONÓW", amount(day.cancelled_value), day.cancelled_count),
        ]
        for label, value, shown in counts:
            if shown:
                self._rule()
                paper.pair(label, value)
        self._rule()
        paper.pair("ILOŚĆ PARAGONÓW", str(day.receipt_count))
        paper.pair("ILOŚĆ POZYCJI", str(day.positions))
        if day.invoice_count or day.cancelled_invoices:
            self._rule()
            paper.centre("FAKTURY")
            taxes = [tax(g, r) for g, r in zip(day.invoices, record.rates, strict=True)]
            self._sums(record.rates, day.invoices, taxes)
            paper.pair("ILOŚĆ FAKTUR", str(day.invoice_count))
            paper.pair("ILOŚĆ ANULOWANYCH FAKTUR", str(day.cancelled_invoices))
        self._fiscal_end("")
        self._footer()
        return paper

    def periodic_report(
        self,
        first: str,
        last: str,
        records: Sequence[DailyRecord],
        changes: Sequence[RateChange],
        *,
        summary: bool,
    ) -> Paper:
        """The daily reports of a period, unless it is a summary, and their sums."""
        paper = self.paper
        paper.title("FISKALNY" if self.register.fiscal else "NIEFISKALNY")
        paper.title("RAPORT OKRESOWY")
        paper.pair(f"Od: {first}", f"Do: {last}")
        paper.pair(f"Od rap.: {records[0].number}", f"Do rap.: {records[-1].number}")
        if not summary:
            for record in records:
                self._rule()
                paper.pair(f"{record.at:%Y-%m-%d}", str(record.number))
                taxes = [tax(g, r) for g, r in zip(record.day.receipts, record.rates, strict=True)]
                self._sums(record.rates, record.day.receipts, taxes)
            for change in changes:
                self._rule()
                paper.left(f"ZMIANA STAWEK PTU {change.at:%Y-%m-%d}")
                self._rates(change.rates)
        self._rule()
        paper.centre("ŁĄCZNY RAPORT OKRESOWY")
        gross = [sum(column) for column in zip(*(record.day.receipts for record in records), strict=True)]
        taxes = [sum(tax(r.day.receipts[index], r.rates[index]) for r in records) for index in range(len(LETTERS))]
        self._sums(records[-1].rates, gross, taxes)
        paper.pair("ZEROWANIE RAM", str(self.register.state.ram_resets))
        paper.pair("ZMIANY W BAZIE TOWAROWEJ", str(sum(record.day.goods_changes for record in records)))
        paper.pair("ILOŚĆ PARAGONÓW", str(sum(record.day.receipt_count for record in records)))
        paper.pair("ILOŚĆ ANULOWANYCH PARAGONÓW", str(sum(record.day.cancelled_count for record in records)))
        paper.pair("KWOTA ANULOWANYCH PARAGONÓW", amount(sum(record.day.cancelled_value for record in records)))
        self._fiscal_end("")
        return paper

    def _rates(self, rates: RateTable) -> None:
        for letter, rate in zip(LETTERS, rates, strict=True):
            self.paper.pair(f"PTU {letter}", rate_text(rate))

    def _sums(self, rates: RateTable, gross: Sequence[int], taxes: Sequence[int]) -> None:
        """Net of every active rate, tax of those that have any, and the whole; the net of reports, not the gross."""
        paper = self.paper
        rows = list(zip(LETTERS, rates, gross, taxes, strict=True))
        for letter, rate, value, part in rows:
            if isinstance(rate, Decimal):
                paper.pair(f"Sprzed. opodatk. PTU {letter}", amount(value - part))
            elif rate is not None:
                paper.pair(f"Sprzed. zwoln.  PTU {letter}", amount(value))
        for letter, rate, _, part in rows:
            if isinstance(rate, Decimal) and rate:
                paper.pair(f"Kwota PTU {letter}", amount(part))
        paper.pair("ŁĄCZNA KWOTA PTU", amount(sum(taxes)))
        paper.pair("ŁĄCZNA NALEŻNOŚĆ", amount(sum(gross)))


def rate_text(rate: Decimal | str | None) -> str:
    """A rate in a table of rates."""
    if isinstance(rate, Decimal):
        return f"{rate:.2f} %".replace(".", ",")
    return "---" if rate is None else "SP.ZW.PTU"


def day_text(day: date) -> str:
    """A date as reports write it."""
    return f"{day:%Y-%m-%d}"


def _percent(rate: Decimal) -> str:
    return plain(rate).replace(".", ",")


def _quantity(quantity: Decimal) -> str:
    """``1``; ``1,100``: whole numbers as they are, others with three decimals or more (11.5)."""
    text = plain(quantity)
    if "." in text and len(text.partition(".")[2]) < 3:
        text = f"{quantity:.3f}"
    return text.replace(".", ",")
