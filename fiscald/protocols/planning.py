"""The planning of a document that all families share: its errors, its sums, its texts on paper.

These checks refuse what every known printer refuses: lines and receipts of zero, a discount that leaves nothing,
payments that do not fit. Limits differ between families, so the family's planner passes them in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from fiscald.model.barcodes import QrCode
from fiscald.model.invoice import Invoice, InvoiceBuyer
from fiscald.model.jobs import Notice
from fiscald.model.money import (
    MAX_GROSZE,
    format_grosze,
    format_money,
    from_grosze,
    grosze,
    line_value,
    percent_of,
    plain,
)
from fiscald.model.packaging import Packaging, PackagingDocument
from fiscald.model.payment import Payment, PaymentType
from fiscald.model.preview import Sold, Totals, totals_of
from fiscald.model.receipt import Adjustment, Buyer, Line, Receipt, describe_adjustment
from fiscald.model.tax import check_digit_fits
from fiscald.protocols.rates import Rates, find_rate
from fiscald.protocols.texts import TextKind as TextKind
from fiscald.protocols.texts import Texts

R = TypeVar("R")
#: A document that registers a sale.
Sale = Receipt | Invoice
#: A document that somebody pays for.
Paid = Sale | PackagingDocument
OWN_CODE_SIZE = "printed in the printer's own size and correction: no way to choose them is known"
_POLISH = {"receipt": "paragon", "invoice": "faktura"}


class Item(NamedTuple, Generic[R]):
    """A request of the family, and the part of the document that it prints."""

    request: R
    pointer: str


@dataclass(slots=True)
class PlanBuilder(Texts):
    """Collects what planning finds out about a document: also its sums. See ``Texts``."""

    total: int = 0
    """Fiscal value, in grosze."""
    paid: int = 0
    change: int = 0
    cash: int = 0
    """The part of ``paid`` that is cash."""
    due: int | None = None
    """What has to be paid, in grosze: the total and the packaging. Negative: what is paid out; ``None``: not known."""
    lines: list[Sold] = field(default_factory=list)
    """The lines of a receipt as the printer will sell them."""

    @property
    def totals(self) -> Totals | None:
        """The sums of a document that somebody pays for; ``None`` if it has errors or no price."""
        if self.errors or self.due is None:
            return None
        return totals_of(self.lines, total=self.total, due=self.due, paid=self.paid, change=self.change)

    def adjustment_name(self, adjustment: Adjustment, word: str, write: Callable[[str], str]) -> str:
        """The printed name of a discount or surcharge: its own if ``write`` leaves any of it, or the usual one."""
        own = write(adjustment.name) if adjustment.name else ""
        return own or write(describe_adjustment(adjustment.model_copy(update={"name": None}), word).strip())

    def rate(self, vat: str, rates: Rates | None, pointer: str) -> object:
        """The rate's index. While the table is unknown, the rate as it was sent."""
        if rates is None:
            return vat
        index, code, detail = find_rate(vat, rates)
        if index is None:
            rate_pl = "zwolnionej" if vat == "exempt" else vat
            self.error(pointer, code, f"{detail}; send one of these", f"drukarka nie ma stawki PTU {rate_pl}.")
        return index

    def adjustment(self, adjustment: Adjustment, base: int, pointer: str, *, discount: bool) -> int:
        """Grosze of a discount or surcharge on ``base``."""
        if adjustment.amount is not None:
            amount = grosze(adjustment.amount)
        else:
            assert adjustment.percent is not None
            amount = percent_of(base, adjustment.percent)
        if amount == 0:
            self.error(
                pointer,
                "adjustment.zero",
                f"{adjustment.percent}% of {format_grosze(base)} rounds to 0.00; leave it out",
                "rabat lub narzut wynosi zero.",
            )
        elif discount and amount >= base:
            self.error(
                pointer,
                "discount.too_large",
                f"a discount of {format_grosze(amount)} leaves nothing of {format_grosze(base)}; "
                "the printer refuses it. Leave the goods out or make the discount smaller",
                "rabat nie może być równy wartości ani większy od niej.",
            )
        return amount

    def line_value(self, line: Line, at: str) -> int:
        """Price times quantity, in grosze."""
        value = line_value(grosze(line.price), line.quantity)
        if value == 0:
            self.error(
                at,
                "line.zero",
                f"{plain(line.quantity)} x {format_money(line.price)} rounds to 0.00; the printer refuses such a line",
                "wartość pozycji wynosi zero.",
            )
        return value

    def check_total(self, sale: Sale, at: str, *, too_large: str | None) -> None:
        """Check that the printer can close this total, and that the document has the same total.

        ``too_large``: why the printer cannot hold the total; ``None``: it can.
        """
        total, word, polish = self.total, sale.type, _POLISH[sale.type]
        if total <= 0:
            self.error(
                f"{at}/lines",
                f"{word}.zero",
                f"the {word} comes to {format_grosze(total)}; the printer closes no {word} of zero or less",
                f"{polish} ma wartość zero.",
            )
        elif too_large is not None:
            self.error(f"{at}/lines", f"{word}.too_large", too_large, f"{polish} ma za dużą wartość.")
        elif sale.total is not None and grosze(sale.total) != total:
            self.error(
                f"{at}/total",
                f"{word}.total",
                f"the lines come to {format_grosze(total)}, not {format_money(sale.total)}; "
                f"send {format_grosze(total)} or leave total out",
                f"suma pozycji wynosi {zloty(total)}, a nie {zloty(grosze(sale.total))}.",
            )

    def refuse_buyer(self, at: str) -> None:
        """Add an error: the printer cannot print the buyer's NIP."""
        self.error(
            f"{at}/buyer",
            "buyer.unsupported",
            "this printer cannot print the buyer's NIP on a receipt; leave buyer out or print an invoice",
            "ta drukarka nie drukuje NIP nabywcy na paragonie.",
        )

    def refuse_vat_id(self, at: str, *, knows_nip: bool) -> None:
        """The printer has no place for a VAT number of another country."""
        self.error(
            f"{at}/buyer/vat_id",
            "buyer.vat_id_unsupported",
            f"this printer cannot print the VAT number of another country on a receipt"
            f"{', only a Polish NIP' if knows_nip else ''}; leave buyer out or print an invoice",
            "ta drukarka nie drukuje na paragonie numeru VAT UE nabywcy.",
        )

    def refuse_e_receipt(self, at: str) -> None:
        """Add an error: the printer sends no e-receipts, or no open source says how."""
        self.error(
            f"{at}/e_receipt",
            "e_receipt.unsupported",
            "fiscald knows no way to send an e-receipt from this printer (POSNET ONLINE printers have one); leave "
            "e_receipt out",
            "z tej drukarki nie można wysłać e-paragonu.",
        )

    def check_vat_id(self, buyer: Buyer | InvoiceBuyer, at: str) -> None:
        """A wrong check digit is printed as it is, for each country has its own rules; a notice reports it."""
        if buyer.vat_id is not None and not check_digit_fits(buyer.vat_id):
            self.notices.append(
                Notice(
                    code="buyer.vat_id_check_digit",
                    pointer=f"{at}/buyer/vat_id",
                    detail=f"printed as {buyer.vat_id}, though its check digit does not fit: a digit may be mistyped",
                    detail_pl=f"Numer VAT UE nabywcy {buyer.vat_id} może być błędny (nie zgadza się cyfra kontrolna).",
                )
            )

    def plain_code(self, qr: QrCode, pointer: str) -> None:
        """The printer has no choice of a code's size and correction: a notice, if the document asks for others than
        the usual ones.
        """
        if qr != QrCode(text=qr.text):
            self.notice("qr.plain", pointer, OWN_CODE_SIZE, "Kod QR ma wielkość ustawioną w drukarce.")

    def footer_lines(
        self, receipt: Receipt, most: int, at: str, write: Callable[[str, str], str]
    ) -> list[tuple[str, str]]:
        """The lines under the receipt that hold something, with their pointers; beyond ``most`` they are left out.

        The number of the invoice is first, so that it is not left out.
        """
        lines, reference = [], receipt.invoice_reference
        given = [(reference.line, f"{at}/invoice_reference")] if reference else []
        given += [(line, f"{at}/footer/{index}") for index, line in enumerate(receipt.footer)]
        for index, (line, pointer) in enumerate(given):
            if index >= most:
                self.left_out(pointer, f"this printer takes {most} lines under a receipt")
            elif text := write(line, pointer):
                lines.append((text, pointer))
        return lines

    def packaging_value(self, item: Packaging, pointer: str, most: int) -> int:
        """Price times quantity of packaging, in grosze; 0 after an error."""
        value = line_value(grosze(item.price), item.quantity)
        if 0 < value <= most and item.quantity == round(item.quantity, 3):
            return value
        self.error(
            pointer,
            "packaging.value",
            "price times quantity is zero or too much, or has too many decimals",
            "błędna wartość opakowania.",
        )
        return 0

    def payments(self, document: Paid, due: int, most: int, at: str) -> tuple[Payment, ...] | None:
        """How the ``due`` is paid: cash where nothing else is said; ``None`` where it cannot be.

        ``most``: the largest total that the printer takes.
        """
        sale = not isinstance(document, PackagingDocument)
        if sale and not 0 < self.total <= most:
            return None  # told already; what would have to be paid is not known
        self.due = due
        if due > MAX_GROSZE:
            self.error(
                f"{at}/packaging" if sale else f"{at}/items",
                "packaging.too_large",
                "sale and packaging together are worth too much for the printer",
                "wartość opakowań jest za duża.",
            )
            return None
        if due < 0 and sale:
            self.error(
                f"{at}/packaging",
                "packaging.more_than_sale",
                f"the packaging taken back is worth {format_grosze(-due)} more than the sale; "
                "the printer gives no change without a payment. Take it back with a document of type packaging, or pay "
                "it out with one of type cash_out",
                "zwrot opakowań przewyższa wartość sprzedaży.",
            )
            return None
        if due < 0 and (document.payments or document.change is not None):
            field = "payments" if document.payments else "change"
            self.error(
                f"{at}/{field}",
                "packaging.paid_out",
                f"{format_grosze(-due)} is paid out to the customer in cash; leave {field} out",
                "za zwrot opakowań nie przyjmuje się zapłaty.",
            )
            return None
        if document.payments or due <= 0 or isinstance(document, Invoice):
            return document.payments
        return (Payment(type=PaymentType.CASH, amount=from_grosze(due)),)

    def pay(self, payment: Payment, due: int, pointer: str) -> None:
        """One more payment; change is given from cash alone, so nothing else may follow what covers the ``due``."""
        if self.paid >= due and payment.type is not PaymentType.CASH:
            self.error(
                pointer,
                "payment.superfluous",
                f"the payments before this one already cover the {format_grosze(due)} due; leave it out",
                "płatność jest zbędna, należność jest już pokryta.",
            )
        self.paid += grosze(payment.amount)
        if payment.type is PaymentType.CASH:
            self.cash += grosze(payment.amount)

    def give_change(self, receipt: Paid, due: int, at: str, *, too_large: str | None) -> None:
        """The ``change`` after all payments; nothing of it where they fall short.

        ``too_large``: why the printer cannot hold what was paid, if it cannot.
        """
        change = self.paid - due
        if change < 0:
            self.error(
                f"{at}/payments",
                "payments.short",
                f"the payments come to {format_grosze(self.paid)}, {format_grosze(due)} is due; "
                f"{format_grosze(-change)} is missing",
                f"brakuje {zloty(-change)} do zapłaty.",
            )
            return
        if too_large is not None:
            self.error(f"{at}/payments", "payments.too_large", too_large, "za duża kwota płatności.")
        if receipt.change is not None and grosze(receipt.change) != change:
            self.error(
                f"{at}/change",
                "receipt.change",
                f"{format_grosze(self.paid)} was paid for {format_grosze(due)}, so the change is "
                f"{format_grosze(change)}; send that or leave change out"
                f"{_other_payments(receipt, change, at)}",
                f"reszta wynosi {zloty(change)}, a nie {zloty(grosze(receipt.change))}.",
            )
        elif change > self.cash:
            self._tell_of_cash(receipt, change - self.cash, at)
        self.change = change

    def _tell_of_cash(self, receipt: Paid, amount: int, at: str) -> None:
        """Change is cash, whatever was paid with: more of it than came in leaves the drawer."""
        place, lower = _lowered(receipt, amount)
        advice = f"; if that is not meant, the amount of this payment is {format_grosze(lower)}" if lower > 0 else ""
        self.notices.append(
            Notice(
                code="payment.cash_leaves_drawer",
                pointer=f"{at}/payments/{place}/amount",
                detail=f"change is cash, and {format_grosze(amount)} of it was not paid in cash: "
                f"it leaves the drawer{advice}",
                detail_pl=f"Reszta to gotówka: {zloty(amount)} wyjdzie z kasy, choć nie wpłacono tego gotówką. "
                "Sprawdź kwoty płatności.",
            )
        )


def _lowered(receipt: Paid, amount: int) -> tuple[int, int]:
    """Which payment to lower by ``amount``, and to what: the last that is not cash, if it is large enough."""
    amounts = [grosze(payment.amount) for payment in receipt.payments]
    fitting = [place for place, have in enumerate(amounts) if have > amount] or [len(amounts) - 1]
    not_cash = [place for place in fitting if receipt.payments[place].type is not PaymentType.CASH]
    place = (not_cash or fitting)[-1]
    return place, amounts[place] - amount


def _other_payments(receipt: Paid, change: int, at: str) -> str:
    """What else to do where the document's own ``change`` is less than comes out: lower what was paid."""
    assert receipt.change is not None
    over = change - grosze(receipt.change)
    if over <= 0 or not receipt.payments:
        return ""
    place, lower = _lowered(receipt, over)
    if lower <= 0:
        return f"; or lower the payments by {format_grosze(over)}"
    return f"; or lower {at}/payments/{place}/amount to {format_grosze(lower)}"


def zloty(amount: int) -> str:
    """``"12,30 zł"`` from 1230, for people who read Polish."""
    return f"{format_grosze(amount).replace('.', ',')} zł"
