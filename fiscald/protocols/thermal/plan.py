"""Turns a receipt into commands: does the printer's arithmetic and predicts its refusals.

Source: Thermal reference, sections 4 (limits), 5.2 to 5.5, 6.3. The planner turns percentages into
amounts, so that neither of the printer's two methods (6.4) has anything to round. ``TOTAL`` of a closing is the sum of
the lines after their own discounts and before the discount of the whole receipt. Brands differ by a grosz in how they
spread that discount over the rates (6.5), so the planner predicts only the sum.
"""

from __future__ import annotations

from typing import Any

from fiscald.model.money import grosze
from fiscald.model.packaging import Packaging
from fiscald.model.payment import Payment, PaymentType
from fiscald.model.polish import PAYMENTS as PAYMENTS_PL
from fiscald.model.receipt import Receipt
from fiscald.protocols.rates import Rates
from fiscald.protocols.thermal.closing import HIGHEST_PACKAGING, Closing, count
from fiscald.protocols.thermal.commands import (
    DISCOUNT_AMOUNT,
    SURCHARGE_AMOUNT,
    request,
)
from fiscald.protocols.thermal.plan_lines import LinePlanner
from fiscald.protocols.thermal.planner import Form, Plan
from fiscald.protocols.thermal.profiles import Profile

#: Forms of payment that a printer may lack: the form that stands for them is named.
OWN_NAMES = {
    PaymentType.TRANSFER: "Przelew",
    PaymentType.VOUCHER: "Voucher",
    PaymentType.MOBILE: "Płatność mobilna",
}


class _ReceiptPlanner(LinePlanner):
    """Walks one receipt; collects commands, errors and notices."""

    # -- the receipt ----------------------------------------------------------------------------------

    def receipt(self, receipt: Receipt) -> Plan:
        at = "/document"
        self._open(receipt, at)
        if not self.sell(receipt, at):
            return self.plan
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
        knows = self.profile.takes_nip(self.printer_id)
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
        amount = self.adjustment(adjustment, self.plan.lines_total, f"{at}/{word}", discount=discount)
        self.plan.total += -amount if discount else amount
        kind = DISCOUNT_AMOUNT if discount else SURCHARGE_AMOUNT
        amount = min(amount, self.most)
        where, part = ("$n", "nazwa") if self.profile.names_adjustment == "$n" else ("$y", "opis_rabatu")
        name = self.adjustment_name(adjustment, f"{at}/{word}/name", where, part)
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
            if payment.currency is not None:
                self.unsupported(
                    f"{pointer}/currency", "currency.unsupported", "payment in another currency",
                    "płatności w obcej walucie", "send its value as cash",
                )  # fmt: skip
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
        usual = OWN_NAMES.get(payment.type, "")
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
