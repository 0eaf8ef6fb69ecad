"""How a POSNET printer's documents look on paper, in 40 or 56 columns.

Contents and order are those of the law; where POSNET's wording is not public the words are our own (POSNET
reference, 11.7 and 11.8). The emulator's mark stands above the fiscal logo line of every document.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from fiscald.emulator.memory import DailyRecord, Day, Line, Subtotal, Transaction
from fiscald.emulator.paper import Paper, amount, words
from fiscald.emulator.posnet.memory import PrintedCode, document_of
from fiscald.emulator.register import Register, tax
from fiscald.model.money import plain
from fiscald.protocols.posnet.commands import PAYMENT_FORMS

LETTERS = "ABCDEFG"


@dataclass
class Foot:
    """What was configured for the end of the next printout."""

    cashier: str = ""
    till: str = "1"
    system_number: str = ""
    barcode: str = ""
    code: PrintedCode | None = None
    lines: Sequence[str] = field(default_factory=tuple)
    cut: bool = False


class Sheet:
    """A document of one register being laid out."""

    def __init__(self, register: Register, width: int, foot: Foot) -> None:
        self.register = register
        self.paper = Paper(width)
        self.foot = foot
        state = register.state
        for line in state.header.split("\n"):
            self.paper.centre(_unmarked(line)[:width])
        self.paper.pair(f"{register.clock.now():%Y-%m-%d}", f"nr wydr. {state.printout_count}")

    # -- common parts ---------------------------------------------------------------------------------

    def _end(self, number: str) -> None:
        """Number line, mark, logo line, footer."""
        state, foot, paper = self.register.state, self.foot, self.paper
        who = " ".join(part for part in (number, f"#{foot.till}", foot.cashier) if part)
        paper.pair(who, f"{self.register.clock.now():%H:%M}")
        paper.mark()
        logo = "{PL}" if self.register.fiscal else "# NIEFISKALNY #"
        paper.centre(f"{logo} {state.unique_number}")

    def _nonfiscal_end(self) -> None:
        paper = self.paper
        paper.title("NIEFISKALNY")
        who = f"#{self.foot.till} {self.foot.cashier}".rstrip()
        paper.pair(who, f"{self.register.clock.now():%H:%M}")
        paper.mark()
        paper.centre(f"# NIEFISKALNY # {self.register.state.unique_number}")
        self._footer()

    def _footer(self) -> None:
        foot, paper = self.foot, self.paper
        if foot.system_number:
            paper.pair("Nr sys.", foot.system_number)
        for line in foot.lines:
            paper.left(line)  # marks are read in headers, footers and displays, not in this text (4.3)
        for line in self.register.state.footer.split("\n") if self.register.state.footer else ():
            paper.centre(_unmarked(line)[: paper.width])
        if foot.code is not None:
            paper.code(*foot.code)
        if foot.barcode:
            paper.code("barcode", foot.barcode)
        if foot.cut:
            paper.centre("-- cut --")

    def _sale(self, transaction: Transaction) -> None:
        for item in transaction.items:
            if isinstance(item, Line):
                self._line(item)
            else:
                self._subtotal(item)

    def _line(self, line: Line) -> None:
        paper, letter = self.paper, LETTERS[line.rate]
        sign = -1 if line.storno else 1
        unit = f" {line.unit}" if line.unit else ""
        if line.storno:
            paper.left("STORNO")
        paper.pair(line.name, f"{plain(line.quantity)}{unit} x{amount(line.price)} {amount(sign * line.value)}{letter}")
        if line.description:
            paper.left(f"  {line.description}")
        if line.adjustment is not None:
            paper.pair(f"  {line.adjustment.name}", _signed(sign * line.adjustment.amount))
            paper.right(f"{amount(sign * line.net)}{letter}")

    def _subtotal(self, item: Subtotal) -> None:
        paper = self.paper
        paper.rule()
        if item.rate is None:
            paper.pair("Podsuma", amount(item.subtotal))
            paper.pair(item.adjustment.name, _signed(item.adjustment.amount))
        else:
            paper.pair(f"{item.adjustment.name} PTU {LETTERS[item.rate]}", _signed(item.adjustment.amount))

    def _taxes(self, transaction: Transaction, taxed: str) -> None:
        paper, rates = self.paper, self.register.state.rates
        paper.rule()
        whole = 0
        for letter, rate, gross in zip(LETTERS, rates, transaction.totals, strict=True):
            if not gross:
                continue
            if not isinstance(rate, Decimal):
                paper.pair(f"SPRZEDAŻ ZWOLNIONA {letter}", amount(gross))
                continue
            part = tax(gross, rate)
            whole += part
            paper.pair(f"{taxed} {letter}", amount(gross - part if taxed.endswith("NETTO") else gross))
            paper.pair(f"PTU {letter} {_rate(rate)}", amount(part))
        paper.pair("SUMA PTU", amount(whole))

    def _payments(self, transaction: Transaction) -> None:
        if not transaction.payments:
            return
        paper = self.paper
        paper.rule()
        paper.left("ROZLICZENIE PŁATNOŚCI")
        for payment in transaction.payments:
            if not payment.change:
                paper.pair(payment.name or form_name(payment.form), amount(payment.amount))
        change = self.register.state.last_document.change
        if change:
            paper.pair("RESZTA", amount(change))
        paper.rule()

    def _packaging(self, transaction: Transaction) -> None:
        paper = self.paper
        paper.rule()
        paper.centre("CZĘŚĆ NIEFISKALNA")
        for title, returned in (("OPAKOWANIA WYDANE", False), ("OPAKOWANIA PRZYJĘTE", True)):
            packs = [pack for pack in transaction.packaging if pack.returned is returned]
            if packs:
                paper.left(title)
            for pack in packs:
                value = -pack.value if returned else pack.value
                paper.pair(pack.label, f"{plain(pack.quantity)} x{amount(pack.price)} {amount(value)}")
        paper.pair("DO ZAPŁATY PLN", amount(transaction.due))
        for payment in transaction.payments:
            if not payment.change:
                paper.pair(payment.name or form_name(payment.form), amount(payment.amount))
        change = self.register.state.last_document.change
        if change:
            paper.pair("RESZTA", amount(change))

    # -- documents ------------------------------------------------------------------------------------

    def receipt(self, transaction: Transaction) -> Paper:
        """A completed receipt; with packaging, payments stand in the non-fiscal part."""
        paper, fiscal = self.paper, self.register.fiscal
        paper.title("PARAGON FISKALNY" if fiscal else "NIEFISKALNY")
        paper.rule()
        self._sale(transaction)
        self._taxes(transaction, "SPRZEDAŻ OPODATKOWANA")
        paper.sum("SUMA PLN", amount(transaction.total))
        if not transaction.packaging:
            self._payments(transaction)
        if transaction.buyer_nip:
            if transaction.packaging or not transaction.payments:
                paper.rule()
            paper.centre(f"NIP NABYWCY: {transaction.buyer_nip}", style="bold")
        self._end(f"{self.register.state.day.last_receipt:06d}")
        if transaction.packaging:
            self._packaging(transaction)
        self._footer()
        return paper

    def cancelled(self, transaction: Transaction) -> Paper:
        """A receipt or invoice that was cancelled."""
        paper, fiscal = self.paper, self.register.fiscal
        word = "FAKTURA" if transaction.kind == "invoice" else "PARAGON"
        ending = "ANULOWANA" if transaction.kind == "invoice" else "ANULOWANY"
        paper.title(f"{word} FISKALNY" if fiscal and word == "PARAGON" else word if fiscal else "NIEFISKALNY")
        paper.rule()
        self._sale(transaction)
        paper.rule()
        paper.title(f"{word} {ending}")
        number = self.register.state.day.last_receipt
        self._end(f"{number:06d}" if transaction.kind == "receipt" else "")
        return paper

    def invoice(self, transaction: Transaction, *, copy: int = 0) -> Paper:
        """An invoice, or a ``copy`` of it."""
        paper, document = self.paper, document_of(transaction)
        if not self.register.fiscal:
            paper.title("NIEFISKALNY")
        paper.title(document.title or "FAKTURA")
        if document.number:
            paper.centre(f"nr {document.number}")
        paper.centre(f"KOPIA {copy}" if copy else "ORYGINAŁ")
        for text in document.above.get(0, ()):
            paper.left(text)
        paper.rule()
        paper.left("NABYWCA")
        for line in document.buyer.split("\n"):
            if line:
                paper.left(line)
        if document.nip:
            paper.left(f"NIP {_dashed(document.nip)}")
        for text in document.above.get(1, ()):
            paper.left(text)
        paper.rule()
        self._sale(transaction)
        self._taxes(transaction, "WARTOŚĆ NETTO")
        paper.pair("SUMA PLN", amount(transaction.total), style="bold")
        zloty, grosze = divmod(transaction.total, 100)
        paper.left(f"słownie: {words(zloty)} zł {grosze} gr")
        if document.due:
            paper.pair("Termin płatności:", document.due)
        if document.form:
            paper.pair("Forma płatności:", document.form)
        for text in document.texts:
            paper.left(text)
        self._payments(transaction)
        if not transaction.payments:
            paper.rule()
        self._end(f"F{self.register.state.day.last_invoice:06d}")
        self._footer()
        return paper

    def packaging(self, transaction: Transaction) -> Paper:
        """A stand-alone packaging transaction."""
        self.paper.title("NIEFISKALNY")
        self._packaging(transaction)
        self.paper.rule()
        self._nonfiscal_end()
        return self.paper

    def slip(self, title: str, rows: Sequence[tuple[str, str]], *, signature: bool = False) -> Paper:
        """A non-fiscal slip: cash in and out, goods return, log-in."""
        paper = self.paper
        paper.title("NIEFISKALNY")
        paper.centre(title)
        paper.rule()
        for left, right in rows:
            paper.pair(left, right)
        if signature:
            paper.left("")
            paper.left("podpis klienta ........................")
        paper.rule()
        self._nonfiscal_end()
        return paper

    def form(self, heading: str, lines: Sequence[str]) -> Paper:
        """A non-fiscal form; ``\\f`` stands for a separator line."""
        paper = self.paper
        paper.title("NIEFISKALNY")
        paper.centre("DOKUMENT NIEFISKALNY")
        if heading:
            paper.centre(heading)
        paper.rule()
        for line in lines:
            if line == "\f":
                paper.rule()
            else:
                paper.centre(line)
        paper.rule()
        self._nonfiscal_end()
        return paper

    def daily_report(self, record: DailyRecord) -> Paper:
        """The fiscal daily report: net and tax from the day's gross, not from the receipts."""
        paper, day, fiscal = self.paper, record.day, self.register.fiscal
        of_receipts = "PARAGONÓW FISKALNYCH" if fiscal else "PARAGONÓW"
        paper.title("RAPORT FISKALNY" if fiscal else "NIEFISKALNY")
        paper.title("DOBOWY")
        paper.pair("NR RAPORTU", str(record.number))
        paper.rule()
        paper.left("STAWKI PTU")
        for letter, rate in zip(LETTERS, record.rates, strict=True):
            paper.pair(f"PTU {letter}", _rate(rate))
        paper.rule()
        paper.left(f"SPRZEDAŻ WG {of_receipts}")
        self._day_by_rate(record.rates, day.receipts)
        paper.rule()
        paper.left("SPRZEDAŻ WG FAKTUR")
        paper.pair("ŁĄCZNA KWOTA PTU", amount(_taxes_of(day.invoices, record.rates)))
        paper.pair("ŁĄCZNA SPRZEDAŻ BRUTTO PLN", amount(sum(day.invoices)))
        paper.rule()
        paper.pair(f"LICZBA {of_receipts}", str(day.receipt_count))
        paper.pair("LICZBA FAKTUR", str(day.invoice_count))
        paper.pair("LICZBA ANULOWANYCH PARAGONÓW", str(day.cancelled_count))
        paper.pair("WARTOŚĆ ANULOWANYCH PARAGONÓW", amount(day.cancelled_value))
        paper.pair("LICZBA WYDRUKÓW NIEFISKALNYCH", str(day.nonfiscal))
        paper.pair("ZMIANY W BAZIE TOWAROWEJ", str(day.goods_changes))
        paper.pair("LICZBA ZEROWAŃ RAM", str(self.register.state.ram_resets))
        if day.first_sale is not None and day.last_sale is not None:
            paper.pair("PIERWSZA SPRZEDAŻ", f"{day.first_sale:%Y-%m-%d %H:%M}")
            paper.pair("OSTATNIA SPRZEDAŻ", f"{day.last_sale:%Y-%m-%d %H:%M}")
        paper.rule()
        self.foot.cashier = ""
        self._end("")
        return paper

    def _day_by_rate(self, rates: Sequence[Decimal | str | None], gross: Sequence[int]) -> None:
        paper = self.paper
        taxed = [
            (letter, rate, value)
            for letter, rate, value in zip(LETTERS, rates, gross, strict=True)
            if isinstance(rate, Decimal)
        ]
        for letter, rate, value in taxed:
            paper.pair(f"SPRZEDAŻ NETTO {letter}", amount(value - tax(value, rate)))
        for letter, rate, value in taxed:
            paper.pair(f"KWOTA PTU {letter}", amount(tax(value, rate)))
        exempt = sum(value for rate, value in zip(rates, gross, strict=True) if rate == "exempt")
        paper.pair("SPRZEDAŻ ZWOLNIONA", amount(exempt))
        paper.pair("ŁĄCZNA KWOTA PTU", amount(_taxes_of(gross, rates)))
        paper.pair("ŁĄCZNA SPRZEDAŻ BRUTTO PLN", amount(sum(gross)))

    def periodic_report(self, first: date, last: date, records: Sequence[DailyRecord], *, summary: bool) -> Paper:
        """A fiscal periodic report; each daily report first unless it is a summary."""
        paper = self.paper
        paper.title("RAPORT FISKALNY" if self.register.fiscal else "NIEFISKALNY")
        paper.title("OKRESOWY ŁĄCZNY" if summary else "OKRESOWY")
        paper.pair(f"OD {first}", f"DO {last}")
        paper.pair("RAPORTY DOBOWE", f"nr {records[0].number} - nr {records[-1].number}")
        paper.rule()
        if not summary:
            for record in records:
                paper.pair(f"RAPORT NR {record.number}", f"{record.at:%Y-%m-%d}")
                for letter, gross in zip(LETTERS, _gross(record.day), strict=True):
                    if gross:
                        paper.pair(f"  BRUTTO {letter}", amount(gross))
            paper.rule()
        whole = 0
        rates = records[-1].rates
        for letter, rate, gross in zip(LETTERS, rates, _sum([_gross(record.day) for record in records]), strict=True):
            if not gross:
                continue
            part = tax(gross, rate)
            whole += part
            if isinstance(rate, Decimal):
                paper.pair(f"SPRZEDAŻ NETTO {letter}", amount(gross - part))
                paper.pair(f"KWOTA PTU {letter}", amount(part))
            else:
                paper.pair(f"SPRZEDAŻ ZWOLNIONA {letter}", amount(gross))
        paper.pair("ŁĄCZNA KWOTA PTU", amount(whole))
        paper.pair("ŁĄCZNA SPRZEDAŻ BRUTTO PLN", amount(sum(sum(_gross(record.day)) for record in records)))
        of_receipts = "PARAGONÓW FISKALNYCH" if self.register.fiscal else "PARAGONÓW"
        paper.pair(f"LICZBA {of_receipts}", str(sum(record.day.receipt_count for record in records)))
        paper.pair("LICZBA FAKTUR", str(sum(record.day.invoice_count for record in records)))
        paper.rule()
        self.foot.cashier = ""
        self._end("")
        return paper


def form_name(form: int) -> str:
    """The usual name of a payment form."""
    return PAYMENT_FORMS.get(form, "Inna")


def _taxes_of(gross: Sequence[int], rates: Sequence[Decimal | str | None]) -> int:
    return sum(tax(value, rate) for value, rate in zip(gross, rates, strict=True))


def _gross(day: Day) -> list[int]:
    return [receipt + invoice for receipt, invoice in zip(day.receipts, day.invoices, strict=True)]


def _sum(columns: Sequence[Sequence[int]]) -> list[int]:
    return [sum(values) for values in zip(*columns, strict=True)]


def _signed(grosze: int) -> str:
    return f"+{amount(grosze)}" if grosze > 0 else amount(grosze)


def _rate(rate: Decimal | str | None) -> str:
    if isinstance(rate, Decimal):
        return f"{rate:.2f}%".replace(".", ",")
    return "zw." if rate == "exempt" else "---"


def _dashed(nip: str) -> str:
    return f"{nip[:3]}-{nip[3:6]}-{nip[6:8]}-{nip[8:]}" if len(nip) == 10 else nip


def _unmarked(line: str) -> str:
    """Text without formatting marks: ``&b``, ``&1`` ...; ``&&`` is an ampersand."""
    out, marked = [], False
    for char in line:
        if marked:
            marked = False
            if char == "&":
                out.append("&")
        elif char == "&":
            marked = True
        else:
            out.append(char)
    return "".join(out)
