"""Turns the lines of a receipt or an invoice into commands, and predicts their refusals: they are the same in both.

Source: Thermal reference, sections 4 (limits), 5.2, 6.3. The planner turns percentages into amounts, so that neither of
the printer's two methods (6.4) has anything to round.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from fiscald.model.money import grosze
from fiscald.model.preview import Sold
from fiscald.model.receipt import Adjustment, Line
from fiscald.model.text import CODE_PAGES
from fiscald.protocols.planning import Sale, TextKind
from fiscald.protocols.rates import Rates
from fiscald.protocols.thermal.commands import LINE_DISCOUNT, LINE_SURCHARGE, OWN_DESCRIPTION
from fiscald.protocols.thermal.fields import QUANTITY, Dialect, Measured, Quantity, ValueRefused
from fiscald.protocols.thermal.layouts import RATE_LETTERS
from fiscald.protocols.thermal.planner import Planner
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


class LinePlanner(Planner):
    """Walks the lines of one document."""

    def __init__(self, profile: Profile, code_page: str, rates: Rates | None, printer_id: str | None) -> None:
        super().__init__(profile, code_page, rates, printer_id)
        self._sold: list[_Sold] = []

    def sell(self, sale: Sale, at: str) -> bool:
        """Plan all lines. ``False``: they are too many."""
        if len(sale.lines) > MAX_LINES:
            self.plan.error(
                f"{at}/lines",
                "lines.too_many",
                f"{len(sale.lines)} lines, this printer takes {MAX_LINES}; split the {sale.type}",
                f"za dużo pozycji (najwyżej {MAX_LINES}).",
            )
            return False
        for index, line in enumerate(sale.lines):
            self._line(line, index + 1, f"{at}/lines/{index}")
        return True

    def adjustment(self, adjustment: Adjustment, base: int, pointer: str, *, discount: bool) -> int:
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
            amount = self.adjustment(adjustment, value, f"{at}/{word}", discount=discount)
            delta = -amount if discount else amount
            # The printer itself prints the word "rabat" or "narzut" before it (11.5).
            adjustment_name = self.adjustment_name(adjustment, f"{at}/{word}/name", "$l", "nazwa_rabatu")
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

    def adjustment_name(self, adjustment: Adjustment, pointer: str, command: str, part: str) -> str:
        """The printed name of a discount or surcharge, within the limit of the part."""
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
