"""Turns a receipt into commands: does the printer's arithmetic and predicts its refusals.

Source: Thermal reference, sections 4 (limits), 5.2 to 5.5, 6.3. The planner turns percentages into
amounts, so that neither of the printer's two methods (6.4) has anything to round. ``TOTAL`` of a closing is the sum of
the lines after their own discounts and before the discount of the whole receipt. Brands differ by a grosz in how they
spread that discount over the rates (6.5), so the planner predicts only the sum.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

from fiscald.model.money import grosze
from fiscald.model.packaging import Packaging
from fiscald.model.payment import Payment, PaymentType
from fiscald.model.polish import PAYMENTS as PAYMENTS_PL
from fiscald.model.preview import Sold
from fiscald.model.receipt import Adjustment, Line, Receipt
from fiscald.model.text import CODE_PAGES
from fiscald.protocols.planning import TextKind
from fiscald.protocols.rates import Rates
from fiscald.protocols.thermal.closing import HIGHEST_PACKAGING, Closing, count
from fiscald.protocols.thermal.commands import (
    DISCOUNT_AMOUNT,
    LINE_DISCOUNT,
    LINE_SURCHARGE,
    OWN_DESCRIPTION,
    SURCHARGE_AMOUNT,
    request,
)
from fiscald.protocols.thermal.fields import QUANTITY, Dialect, Measured, Quantity, ValueRefused
from fiscald.protocols.thermal.layouts import RATE_LETTERS
from fiscald.protocols.thermal.planner import Form, Plan, Planner
from fiscald.protocols.thermal.profiles import Profile

#: The number of a line is one byte (5.2).
MAX_LINES = 255


class _Sold(NamedTuple):
    """A sale line as its storno must repeat it."""

    name: str
    rate: object
    price: int
    quantity: Decimal
    adjustment: int


class _ReceiptPlanner(Planner):
    """Walks one receipt; collects commands, errors and notices."""

    def __init__(self, profile: Profile, code_page: str, rates: Rates | None, printer_id: str | None) -> None:
        super().__init__(profile, code_page, rates, printer_id)
        self._sold: list[_Sold] = []

    # -- the receipt ----------------------------------------------------------------------------------

    def receipt(self, receipt: Receipt) -> Plan:
        at = "/document"
        self._open(receipt, at)
        if len(receipt.lines) > MAX_LINES:
            self.plan.error(
                f"{at}/lines",
                "lines.too_many",
                f"{len(receipt.lines)} lines, this printer takes {MAX_LINES}; split the receipt",
                f"za dużo pozycji (najwyżej {MAX_LINES}).",
            )
            return self.plan
        for index, line in enumerate(receipt.lines):
            self._line(line, index + 1, f"{at}/lines/{index}")
        self.plan.total = self.plan.lines_total
        adjustment = self._adjust(receipt, at)
        beyond = max(self.plan.total, self.plan.lines_total) > self.most
        self.plan.check_total(receipt, at, too_large=f"the receipt is worth {self.too_much}" if beyond else None)
        packaging = self._packaging(receipt.packaging, at)
        due = self.plan.total + sum(-value if returned else value for _, value, returned in packaging)
        cash, forms = self._payments(receipt, due, at)
        closing = Closing(self).values(receipt, adjustment, packaging, cash, forms, at)
        if not self.plan.errors:
            self.plan.close = request(self.profile.closing, self.brand, **closing)
        return self.plan

    def _open(self, receipt: Receipt, at: str) -> None:
        """``$h`` without block mode, so that the printer checks every line at once; and the buyer (5.2, 5.6)."""
        nip = receipt.buyer.nip if receipt.buyer else None
        knows = self.profile.nip is not None and (
            self.printer_id is None
            or not self.profile.nip_prefixes
            or self.printer_id.startswith(self.profile.nip_prefixes)
        )
        if nip is not None and not knows:
            self.plan.refuse_buyer(at)
        if receipt.buyer and receipt.buyer.vat_id:
            self.plan.refuse_vat_id(at, knows_nip=knows)
        if receipt.e_receipt is not None:
            self.plan.refuse_e_receipt(at)
        if nip is not None and self.profile.nip == "$h":
            # With the prefix "PL", as in a client's paper tests.
            self.add(at, "$h", Pl=0, Pn=0, P0=0, idtype=1, PL=1, id=nip)
            return
        self.add(at, "$h", Pl=0)
        if nip is not None:
            self.add(f"{at}/buyer/nip", "$N 1", nip=nip)

    def _adjustment(self, adjustment: Adjustment, base: int, pointer: str, *, discount: bool) -> int:
        """Grosze of a discount or surcharge on ``base``."""
        amount = self.plan.adjustment(adjustment, base, pointer, discount=discount)
        if amount > self.most and not (discount and amount >= base):
            self.plan.error(pointer, "adjustment.too_large", self.too_much, "za duży rabat lub narzut.")
        return amount

    def _line(self, line: Line, number: int, at: str) -> None:
        name = self.plan.goods(line, f"{at}/name", self.code_page, self.limit("$l", "nazwa"))
        description = self._description(line, f"{at}/description")
        rate = self.plan.rate(line.vat, self.rates, f"{at}/vat")
        quantity = self._quantity(line, at)
        value = self.plan.line_value(line, at)
        if max(value, grosze(line.price)) > self.most:
            self.plan.error(at, "line.too_large", f"price or value are {self.too_much}", "pozycja ma za dużą wartość.")
        adjustment, delta, adjustment_name = line.discount or line.surcharge, 0, ""
        if adjustment is not None and value:
            discount = line.discount is not None
            word = "discount" if discount else "surcharge"
            if not self.profile.line_adjustments:
                self.unsupported(
                    f"{at}/{word}", "line.adjustment", "discount or surcharge of a line", "rabatu ani narzutu pozycji",
                    "put it into the price",
                )  # fmt: skip
            amount = self._adjustment(adjustment, value, f"{at}/{word}", discount=discount)
            delta = -amount if discount else amount
            # The printer itself prints the word "rabat" or "narzut" before it (11.5).
            adjustment_name = self._adjustment_name(adjustment, f"{at}/{word}/name", "$l", "nazwa_rabatu")
        sold = _Sold(name, rate, grosze(line.price), line.quantity, delta)
        if line.storno:
            self._storno(line, sold, at)
        else:
            self._sold.append(sold)
        change = -(value + delta) if line.storno else value + delta
        self.plan.lines_total += change
        letter = RATE_LETTERS[rate] if isinstance(rate, int) else line.vat
        self.plan.lines.append(Sold(line, name, letter, value + delta))
        totals = list(self.plan.running[-1])
        totals[rate if isinstance(rate, int) else 0] += change
        self.plan.running.append(totals)
        # A description needs the fourth parameter, and so also the two before it (forms 2 to 6, 5.2).
        kind = 0 if not delta else LINE_DISCOUNT if delta < 0 else LINE_SURCHARGE
        more = delta or description
        self.add(
            at,
            "$l",
            Pi=0 if line.storno else number,
            Pr=kind if more else None,
            Po=(OWN_DESCRIPTION if adjustment_name else 0) if more else None,
            Pd=1 if description else None,
            nazwa=name,
            ilosc=quantity,
            ptu=RATE_LETTERS[rate] if isinstance(rate, int) else "A",
            cena=grosze(line.price),
            brutto=min(value, self.most),
            rabat=abs(delta) if more else None,
            nazwa_rabatu=adjustment_name if delta else None,
            opis=description,
        )

    def _description(self, line: Line, pointer: str) -> str | None:
        if not line.description:
            return None
        if not self.profile.descriptions:
            self.plan.left_out(pointer, "this printer prints no line under the goods")
            return None
        return self.text(line.description, pointer, "$l", "opis") or None

    def _adjustment_name(self, adjustment: Adjustment, pointer: str, command: str, part: str) -> str:
        return self.plan.adjustment_name(adjustment, "", lambda text: self.text(text, pointer, command, part))

    def _quantity(self, line: Line, at: str) -> Measured:
        unit = ""
        if line.unit:
            unit = self.plan.text(line.unit, f"{at}/unit", self.code_page, Quantity.UNIT, TextKind.GOODS)
        measured = Measured(line.quantity, unit)
        try:
            QUANTITY.encode(measured, Dialect(CODE_PAGES[self.code_page], self.brand))
        except ValueRefused:
            self.plan.error(
                f"{at}/quantity",
                "quantity.digits",
                f"this printer takes {Quantity.DIGITS} digits; round the quantity",
                f"ilość może mieć najwyżej {Quantity.DIGITS} cyfr.",
            )
        return measured

    def _storno(self, line: Line, sold: _Sold, at: str) -> None:
        """A storno repeats an earlier line: name, rate, price, quantity and discount (5.2)."""
        if sold in self._sold:
            self._sold.remove(sold)
            return
        self.plan.error(
            at,
            "storno.no_line",
            "no remaining earlier line has this name, VAT rate, price, quantity and discount; this printer reverses "
            "whole lines only, so repeat one exactly as it was sold",
            f"nie ma wcześniejszej pozycji „{line.name}” o tej samej ilości, cenie i rabacie do stornowania.",
        )

    def _adjust(self, receipt: Receipt, at: str) -> dict[str, Any]:
        """The discount or surcharge of the whole receipt for the closing command: ``Px``, value, name."""
        adjustment = receipt.discount or receipt.surcharge
        if adjustment is None or self.plan.lines_total <= 0:
            return {"Px": 0, "rabat": 0}
        discount = receipt.discount is not None
        word = "discount" if discount else "surcharge"
        if not self.profile.receipt_adjustments:
            self.unsupported(
                f"{at}/{word}", "receipt.adjustment", "discount or surcharge of a receipt",
                "rabatu ani narzutu paragonu", "put it into the prices",
            )  # fmt: skip
        amount = self._adjustment(adjustment, self.plan.lines_total, f"{at}/{word}", discount=discount)
        self.plan.total += -amount if discount else amount
        kind = DISCOUNT_AMOUNT if discount else SURCHARGE_AMOUNT
        amount = min(amount, self.most)
        where, part = ("$n", "nazwa") if self.profile.names_adjustment == "$n" else ("$y", "opis_rabatu")
        name = self._adjustment_name(adjustment, f"{at}/{word}/name", where, part)
        closing: dict[str, Any] = {"Px": kind, "rabat": amount}
        if self.profile.names_adjustment == "$n":
            # Only announced here; the closing command repeats it (5.4).
            self.add(f"{at}/{word}", "$n", Px=kind, nazwa=name, wartosc=amount)
        elif name:
            closing |= {"Psx": 1, "opis_rabatu": name}
        return closing

    def _packaging(self, packaging: tuple[Packaging, ...], at: str) -> list[tuple[Packaging, int, bool]]:
        """Deposits: ``$d`` carries the whole amount, the closing command repeats it (5.3)."""
        highest = self.profile.packaging
        if packaging and highest is None:
            self.unsupported(f"{at}/packaging", "packaging.unsupported", "returnable packaging", "opakowań zwrotnych")
            return []
        valued = []
        names: dict[int, str] = {}
        for index, item in enumerate(packaging):
            pointer = f"{at}/packaging/{index}"
            value = self.plan.packaging_value(item, pointer, self.most)
            number = item.printed_number(HIGHEST_PACKAGING)
            if item.name:
                self.plan.notice(
                    "packaging.name_not_printed",
                    f"{pointer}/name",
                    f"printed as number {number}: this printer prints no name of packaging",
                    f"Opakowanie wydrukowano jako nr {number}.",
                )
            first = names.setdefault(number, item.name or "")
            if first != (item.name or ""):
                self.plan.notice(
                    "packaging.same_number",
                    pointer,
                    f"printed under number {number}, like {first or 'another one'!r}: send a number with each",
                    f"Opakowanie ma na wydruku ten sam numer ({number}) co inne.",
                )
            if highest is not None and not 1 <= number <= highest:
                self.plan.error(
                    f"{pointer}/number",
                    "packaging.number",
                    f"this printer takes numbers from 1 to {highest}",
                    f"numer opakowania musi być od 1 do {highest}.",
                )
            if self.profile.packaging_single and item.quantity != 1:
                self.plan.error(
                    f"{pointer}/quantity",
                    "packaging.quantity",
                    "whether this printer takes the amount for one piece or for all depends on its settings; "
                    "send each piece as a separate entry",
                    "każde opakowanie trzeba wysłać osobno.",
                )
            valued.append((item, value, item.returned))
            self.add(
                pointer,
                "$d 10" if item.returned else "$d 6",
                kwota=value,
                nr=str(number),
                ilosc=count(item),
            )
        return valued

    def _payments(self, receipt: Receipt, due: int, at: str) -> tuple[int, list[Form]]:
        """Cash, and the other forms in order. The closing command has both (5.5)."""
        payments = self.plan.payments(receipt, due, self.most, at)
        if payments is None:
            return 0, []
        cash, forms = 0, []
        for index, payment in enumerate(payments):
            pointer = f"{at}/payments/{index}"
            self.plan.pay(payment, due, pointer)
            if payment.type is PaymentType.CASH:
                cash += grosze(payment.amount)
                if payment.name:
                    self.plan.left_out(f"{pointer}/name", "this printer prints no name of a cash payment")
            elif (form := self._form(payment, pointer)) is not None:
                forms.append(form)
        if len(forms) > self.profile.max_payments:
            self.plan.error(
                f"{at}/payments",
                "payments.too_many",
                f"{len(forms)} payments besides cash, this printer takes {self.profile.max_payments}",
                f"za dużo form płatności (najwyżej {self.profile.max_payments}).",
            )
        beyond = self.plan.paid > self.most
        self.plan.give_change(receipt, due, at, too_large=f"the payments are {self.too_much}" if beyond else None)
        return cash, forms

    def _form(self, payment: Payment, pointer: str) -> Form | None:
        number = self.profile.forms.get(payment.type)
        if number is None:
            self.unsupported(
                f"{pointer}/type", "payment.unsupported", f"payment of type {payment.type}",
                f"formy płatności: {PAYMENTS_PL[payment.type]}", "send another type",
            )  # fmt: skip
            return None
        # The printer prints the usual name of the form, and then this one (11.5).
        usual = {PaymentType.TRANSFER: "Przelew", PaymentType.VOUCHER: "Voucher"}.get(payment.type, "")
        own = "" if self._means_itself(payment.type) else usual
        name = payment.name and self.text(payment.name, f"{pointer}/name", "$b 1", "nazwa")
        return Form(number, grosze(payment.amount), name or own)

    def _means_itself(self, kind: PaymentType) -> bool:
        """Whether the printer has a separate form for that type."""
        number = self.profile.forms[kind]
        return next(other for other, known in self.profile.forms.items() if known == number) is kind


def plan_receipt(
    receipt: Receipt, profile: Profile, code_page: str, rates: Rates | None, printer_id: str | None = None
) -> Plan:
    """The commands of ``receipt``; or in ``errors`` every refusal that the planner can predict.

    ``rates`` is the printer's table by letter. ``printer_id`` is its unique number, which shows whether it prints the
    buyer's NIP. While they are unknown (``None``), the planner does not check them and the commands must not be sent.
    """
    return _ReceiptPlanner(profile, code_page, rates, printer_id).receipt(receipt)
