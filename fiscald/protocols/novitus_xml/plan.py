"""Turns a receipt into elements: does the printer's arithmetic and predicts its refusals.

Source: Novitus reference, sections 4.3, 5.3 to 5.9 and 6.2. ``total`` of the closing element is the sum after the
discount on the subtotal, and without packaging.
"""

from __future__ import annotations

from fiscald.model.money import grosze, plain
from fiscald.model.packaging import Packaging
from fiscald.model.payment import Payment, PaymentType
from fiscald.model.polish import PAYMENTS as PAYMENTS_PL
from fiscald.model.receipt import Receipt
from fiscald.protocols.novitus_elements import Element, element
from fiscald.protocols.novitus_xml.fields import CODE_PAGE, MAX_AMOUNT, amount
from fiscald.protocols.novitus_xml.options import NovitusXmlOptions
from fiscald.protocols.novitus_xml.plan_lines import TOO_MUCH, LinePlanner
from fiscald.protocols.novitus_xml.planner import LIMITS, MAX_ADDITIONAL, MAX_PAYMENTS, Plan
from fiscald.protocols.planning import Item, Paid, Sale, TextKind
from fiscald.protocols.rates import Rates

#: The language's name of each form of payment. Its ``voucher`` is printed "Bon" and its ``bon`` "Voucher" (5.5). It has
#: no other form: only a later version names one, in Polish.
FORMS: dict[PaymentType, str] = {
    PaymentType.CASH: "cash",
    PaymentType.CARD: "card",
    PaymentType.CHEQUE: "cheque",
    PaymentType.BON: "voucher",
    PaymentType.CREDIT: "credit",
    PaymentType.VOUCHER: "bon",
    PaymentType.ACCOUNT: "account",
    PaymentType.TRANSFER: "transfer",
    PaymentType.MOBILE: "mobile",
}
FOREIGN = "foreign"
#: Pieces of packaging in one element (4.3).
MAX_PIECES = 9999
#: The extra line for any text: its label is "Opis" (5.7). A footer of free text would be a definition, and the printer
#: lets only one of those change between two daily reports.
TEXT_LINE = "33"
#: The first character of a system number that the printer prints as a code (5.3).
AS_QR, AS_BARCODE = "@", "#"
#: Characters that remain of a system number behind it.
MAX_CODE = LIMITS["systemno"] - 1


class SalePlanner(LinePlanner):
    """What the documents that somebody pays for have in common."""

    def packaging(self, items: tuple[Packaging, ...], at: str) -> int:
        """Deposits, each as one element. Returns their value in grosze, below zero if more is taken back."""
        value = 0
        for index, item in enumerate(items):
            pointer = f"{at}/{index}"
            worth = self.plan.packaging_value(item, pointer, MAX_AMOUNT)
            if item.quantity != round(item.quantity) or item.quantity > MAX_PIECES:
                self.plan.error(
                    f"{pointer}/quantity",
                    "packaging.quantity",
                    f"this printer takes whole pieces, at most {MAX_PIECES}",
                    f"liczba opakowań musi być całkowita (najwyżej {MAX_PIECES}).",
                )
            for named in filter(lambda each: getattr(item, each) is not None, ("name", "number")):
                self.plan.notice(
                    "packaging.name_not_printed",
                    f"{pointer}/{named}",
                    "printed without name and number: this printer has no place for them",
                    "Opakowanie wydrukowano bez nazwy i numeru.",
                )
            value += -worth if item.returned else worth
            self.plan.containers_sent.append(worth)
            self.plan.after.append(Item(
                element(
                    "container", action="sale", price=amount(grosze(item.price)), type="in" if item.returned else "out",
                    quantity=plain(item.quantity),
                ),
                pointer,
            ))  # fmt: skip
        return value

    def pay(self, document: Paid, due: int, at: str) -> None:
        """The payments. Without any, the printer books cash and prints none (5.5)."""
        payments = self.plan.payments(document, due, MAX_AMOUNT, at)
        if payments is None:
            return
        besides_cash = sum(payment.type is not PaymentType.CASH for payment in payments)
        if len(payments) > MAX_PAYMENTS or besides_cash >= MAX_PAYMENTS:
            self.plan.error(
                f"{at}/payments",
                "payments.too_many",
                f"{len(payments)} payments, this printer takes {MAX_PAYMENTS}, of which one is cash",
                f"za dużo form płatności (najwyżej {MAX_PAYMENTS}, w tym gotówka).",
            )
        for index, payment in enumerate(payments):
            pointer = f"{at}/payments/{index}"
            self.plan.pay(payment, due, pointer)
            one = self._payment(payment, pointer)
            if one is not None and document.payments:
                self.plan.after.append(Item(one, pointer))
                self.plan.payments_sent.append((one.get("type") or "", grosze(payment.amount)))
        beyond = f"the payments are {TOO_MUCH}" if self.plan.paid > MAX_AMOUNT else None
        if due >= 0:
            self.plan.give_change(document, due, at, too_large=beyond)

    def _payment(self, payment: Payment, pointer: str) -> Element | None:
        if payment.currency is not None:
            return self._foreign(payment, pointer)
        form = FORMS.get(payment.type)
        if form is None:
            self.unsupported(
                f"{pointer}/type", "payment.unsupported", f"payment of type {payment.type}",
                f"formy płatności: {PAYMENTS_PL[payment.type]}", "send another type",
            )  # fmt: skip
            return None
        name = self.text(payment.name, f"{pointer}/name", "payment name")
        return element("payment", type=form, action="add", value=amount(grosze(payment.amount)), name=name)

    def _foreign(self, payment: Payment, pointer: str) -> Element:
        """The value is in the other currency; the printer multiplies it with the rate (5.5)."""
        currency = payment.currency
        assert currency is not None
        if payment.name:
            self.plan.left_out(f"{pointer}/name", "the name of a payment in another currency is that of the currency")
        if grosze(currency.amount) > MAX_AMOUNT or not 0 < currency.rate < 10_000:
            self.plan.error(
                f"{pointer}/currency",
                "currency.too_large",
                f"the amount is {TOO_MUCH}, or the rate is not below 10000",
                "za duża kwota lub kurs waluty.",
            )
        return element(
            "payment", type=FOREIGN, action="add", value=amount(grosze(currency.amount)), rate=plain(currency.rate),
            name=currency.code,
        )  # fmt: skip

    def till(self, sale: Sale, at: str) -> str | None:
        """The till's number for the closing element."""
        return self.text(sale.till, f"{at}/register", "checkout", TextKind.NUMBER)

    def cashier(self, sale: Sale, at: str) -> str | None:
        """The cashier's name for the closing element."""
        return self.text(sale.cashier, f"{at}/cashier", "cashier")

    def system_number(self, sale: Sale, at: str) -> str | None:
        """The application's own number."""
        written = self.text(sale.system_number, f"{at}/system_number", "systemno", TextKind.NUMBER)
        if written is not None and written.startswith((AS_QR, AS_BARCODE)):
            self.plan.error(
                f"{at}/system_number",
                "system_number.letters",
                "this printer takes a system number that begins with @ or # for a code; send another one",
                "numer systemowy nie może zaczynać się od znaku @ ani #.",
            )
        return written


class _ReceiptPlanner(SalePlanner):
    """Walks one receipt."""

    def receipt(self, receipt: Receipt) -> Plan:
        at = "/document"
        self.plan.opening = element("receipt", action="begin", mode="online", pharmaceutical="no")
        if receipt.buyer is not None and receipt.buyer.vat_id:
            self.plan.refuse_vat_id(at, knows_nip=True)
        if receipt.e_receipt is not None:
            self.plan.refuse_e_receipt(at)
        self.sell(receipt, at)
        due = self.plan.total + self.packaging(receipt.packaging, f"{at}/packaging")
        self.pay(receipt, due, at)
        number = self._number_or_code(receipt, at)
        nip = receipt.buyer.nip if receipt.buyer else None
        self.plan.close = element(
            "receipt", *self._footer(receipt, at), action="close", systemno=number,
            checkout=self.till(receipt, at), cashier=self.cashier(receipt, at),
            total=amount(min(max(self.plan.total, 0), MAX_AMOUNT)), nip=nip,
        )  # fmt: skip
        return self.plan

    def _number_or_code(self, receipt: Receipt, at: str) -> str | None:
        """The printer has one place for the system number, a bar code and a QR code (5.3)."""
        given = [name for name in ("system_number", "barcode", "qr") if getattr(receipt, name) is not None]
        if len(given) > 1:
            self.plan.error(
                f"{at}/{given[1]}",
                "barcode.or_number",
                "this printer prints one of these: system number, bar code, QR code; send one of them",
                "można wydrukować numer systemowy, kod kreskowy albo kod QR, nie kilka naraz.",
            )
        if receipt.barcode is not None:
            return f"{AS_BARCODE}{self._code(receipt.barcode, f'{at}/barcode', 'barcode')}"
        if receipt.qr is not None:
            self.plan.plain_code(receipt.qr, f"{at}/qr")
            return f"{AS_QR}{self._code(receipt.qr.text, f'{at}/qr/text', 'qr')}"
        return self.system_number(receipt, at)

    def _code(self, value: str, pointer: str, word: str) -> str:
        if len(value) > MAX_CODE or '"' in value:
            self.plan.error(
                pointer,
                f"{word}.too_long",
                f"this printer takes {MAX_CODE} characters in such a code, without quotation marks; send a shorter one",
                f"kod jest za długi (najwyżej znaków: {MAX_CODE}).",
            )
            return ""
        return self.plan.text(value, pointer, CODE_PAGE, MAX_CODE, TextKind.WHOLE)

    def _footer(self, receipt: Receipt, at: str) -> list[Element]:
        """Labelled lines under the receipt; a number of an invoice that is too long for one line takes two."""
        most = LIMITS["additional value"]
        if receipt.invoice_reference is not None:
            self.plan.notice(
                "invoice_reference.no_code",
                f"{at}/invoice_reference",
                "printed as a number only: this printer prints no long QR codes under a receipt",
                "Wydrukowano sam numer KSeF: ta drukarka nie drukuje kodów QR.",
            )

        def write(line: str, pointer: str) -> str:
            if pointer.endswith("/invoice_reference"):
                return line
            return self.plan.attribute(line, pointer, most)

        found: list[Element] = []
        for text, _ in self.plan.footer_lines(receipt, MAX_ADDITIONAL - 1, at, write):
            parts = [text[start : start + most] for start in range(0, len(text), most)]
            found += [element("additional", type="line", id=TEXT_LINE, value=part) for part in parts]
        if receipt.footer:
            self.plan.notice(
                "footer.label",
                f"{at}/footer",
                "printed behind the label 'Opis': this printer has no other place for a line that changes",
                "Wiersze pod paragonem zaczynają się od słowa „Opis”.",
            )
        return found


def plan_receipt(receipt: Receipt, options: NovitusXmlOptions, rates: Rates | None) -> Plan:
    """The elements of ``receipt``; or in ``errors`` every refusal that the planner can predict.

    ``rates`` is the printer's table by letter. While it is unknown (``None``), the planner does not check it and the
    elements must not be sent.
    """
    return _ReceiptPlanner(options, rates).receipt(receipt)
