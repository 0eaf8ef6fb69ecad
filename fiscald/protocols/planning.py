"""What planning finds out about a document, whatever the printer speaks: its faults, its sums, its texts on paper.

What is refused here is what every known printer refuses: lines and receipts of nothing, a discount that leaves
nothing, payments that do not fit. Limits differ, so who plans brings them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from fiscald.model.documents import Adjustment, Line, Payment, PaymentType, Receipt
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
from fiscald.model.preview import Sold, Totals, totals_of
from fiscald.model.problems import FieldProblem
from fiscald.model.text import TextRefused, fit
from fiscald.protocols.rates import Rates, find_rate

R = TypeVar("R")


class Item(NamedTuple, Generic[R]):
    """A request of the family, and the part of the document it stands for."""

    request: R
    pointer: str


@dataclass(slots=True)
class Findings:
    """What is known about a document before anything is sent. Every method that finds a fault adds it to ``errors``."""

    total: int = 0
    """Fiscal value, in grosze."""
    paid: int = 0
    change: int = 0
    errors: list[FieldProblem] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    lines: list[Sold] = field(default_factory=list)
    """The lines of a receipt, as they will be sold."""

    @property
    def totals(self) -> Totals | None:
        """What a receipt comes to; ``None`` for what would be refused, and for what is no receipt."""
        if self.errors or not self.lines:
            return None
        return totals_of(self.lines, total=self.total, paid=self.paid, change=self.change)

    def error(self, pointer: str, code: str, detail: str, detail_pl: str) -> None:
        """A fault of the document at ``pointer``, in English and in Polish."""
        self.errors.append(FieldProblem(pointer=pointer, code=code, detail=detail, detail_pl=detail_pl))

    def text(self, value: str, pointer: str, code_page: str, limit: int, *, cut: bool = True) -> str:
        """``value`` in the printer's code page, in at most ``limit`` characters; empty where that cannot be.

        ``cut=False``: an identifier or a line of a printout, which a cut would falsify.
        """
        try:
            fitted = fit(value, code_page, limit if cut else None)
        except TextRefused as error:
            self.error(
                pointer,
                "text.code_page",
                f"{error}; send another character in its place",
                f"znak {error.char} nie istnieje na tej drukarce.",
            )
            return ""
        if len(fitted.text) > limit:
            self.error(
                pointer,
                "text.too_long",
                f"{len(fitted.text)} characters, this printer takes {limit}; send a shorter one",
                f"tekst „{value}” jest za długi (najwyżej {limit} znaków).",
            )
            return ""
        if fitted.replaced or fitted.cut:
            done = " and ".join(["cut"] * fitted.cut + ["some characters replaced"] * fitted.replaced)
            self.notices.append(
                Notice(
                    code="text.cut" if fitted.cut else "text.replaced",
                    pointer=pointer,
                    detail=f"printed as {fitted.text!r}: {done}",
                    detail_pl=f"Wydrukowano jako „{fitted.text}”.",
                )
            )
        return fitted.text

    def rate(self, vat: str, rates: Rates | None, pointer: str) -> object:
        """The rate's index; while the table is unknown, the rate as it was written."""
        if rates is None:
            return vat
        index, code, detail = find_rate(vat, rates)
        if index is None:
            self.error(pointer, code, f"{detail}; send one of these", f"drukarka nie ma stawki PTU {vat}.")
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

    def check_total(self, receipt: Receipt, at: str, *, too_large: str | None) -> None:
        """Whether ``total`` can be closed and is what was asked for.

        ``too_large``: why the printer cannot hold it, if it cannot.
        """
        total = self.total
        if total <= 0:
            self.error(
                f"{at}/lines",
                "receipt.zero",
                f"the receipt comes to {format_grosze(total)}; the printer closes no receipt of zero or less",
                "paragon ma wartość zero.",
            )
        elif too_large is not None:
            self.error(f"{at}/lines", "receipt.too_large", too_large, "paragon ma za dużą wartość.")
        elif receipt.total is not None and grosze(receipt.total) != total:
            self.error(
                f"{at}/total",
                "receipt.total",
                f"the lines come to {format_grosze(total)}, not {format_money(receipt.total)}; "
                f"send {format_grosze(total)} or leave total out",
                f"suma paragonu wynosi {zloty(total)}, a nie {zloty(grosze(receipt.total))}.",
            )

    def refuse_buyer(self, at: str) -> None:
        """The printer does not print the buyer's NIP."""
        self.error(
            f"{at}/buyer",
            "buyer.unsupported",
            "this printer cannot print the buyer's NIP on a receipt; leave buyer out or print an invoice",
            "ta drukarka nie drukuje NIP nabywcy na paragonie.",
        )

    def check_footer(self, receipt: Receipt, most: int, at: str) -> None:
        """Whether there are at most ``most`` lines under the receipt."""
        if len(receipt.footer) > most:
            self.error(
                f"{at}/footer",
                "footer.too_many",
                f"{len(receipt.footer)} lines, this printer takes {most}",
                f"za dużo wierszy stopki (najwyżej {most}).",
            )

    def payments(self, receipt: Receipt, due: int, most: int, at: str) -> tuple[Payment, ...] | None:
        """How the ``due`` is paid: cash where nothing else is said; ``None`` where it cannot be.

        ``most``: the largest total that the printer takes.
        """
        if not 0 < self.total <= most:
            return None  # told already; what would have to be paid is not known
        if due > MAX_GROSZE:
            self.error(
                f"{at}/packaging",
                "packaging.too_large",
                "sale and packaging together are worth too much for the printer",
                "wartość opakowań jest za duża.",
            )
            return None
        if due < 0:
            self.error(
                f"{at}/packaging",
                "packaging.more_than_sale",
                f"the packaging taken back is worth {format_grosze(-due)} more than the sale; "
                "the printer gives no change without a payment. Pay it out with a document of its own",
                "zwrot opakowań przewyższa wartość sprzedaży.",
            )
            return None
        if receipt.payments or due == 0:
            return receipt.payments
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

    def give_change(self, receipt: Receipt, due: int, at: str, *, too_large: str | None) -> None:
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
                f"{format_grosze(change)}; send that or leave change out",
                f"reszta wynosi {zloty(change)}.",
            )
        self.change = change


def zloty(amount: int) -> str:
    """``"12,30 zł"`` from 1230, for people who read Polish."""
    return f"{format_grosze(amount).replace('.', ',')} zł"
