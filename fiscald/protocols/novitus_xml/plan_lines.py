"""Turns the lines of a receipt or an invoice into elements, and predicts their refusals.

The planner turns percentages into amounts, so that neither of the printer's two methods (6.2, rule 2) has anything to
round. It refuses to reverse a line with a discount: no source says what the printer subtracts then.

Source: Novitus reference, sections 4.3, 5.4, 5.6 and 6.2.
"""

from __future__ import annotations

from decimal import Decimal

from fiscald.model.money import format_grosze, grosze, plain
from fiscald.model.preview import Sold
from fiscald.model.receipt import Adjustment, Line
from fiscald.protocols.novitus_elements import Element, element
from fiscald.protocols.novitus_xml.fields import CODE_PAGE, MAX_AMOUNT, RATE_LETTERS, amount
from fiscald.protocols.novitus_xml.options import NovitusXmlOptions
from fiscald.protocols.novitus_xml.planner import LIMITS, MAX_ITEMS, Planner
from fiscald.protocols.planning import Item, Sale, TextKind
from fiscald.protocols.rates import Rates

#: Decimals of a quantity that every device is taken to know; the newest firmware knows six (4.2) [choice].
MAX_DECIMALS = 3
TOO_MUCH = f"more than {format_grosze(MAX_AMOUNT)}, the most this printer takes"


class LinePlanner(Planner):
    """Walks the lines of one document."""

    def __init__(self, options: NovitusXmlOptions, rates: Rates | None) -> None:
        super().__init__(options)
        self.rates = rates
        #: What is left of each line that was sold without a discount, by name, rate and price.
        self._sold: dict[tuple[str, object, int], Decimal] = {}

    def sell(self, sale: Sale, at: str) -> None:
        """Plan all lines and the discount on all of them, and check the total."""
        if len(sale.lines) > MAX_ITEMS:
            self.plan.error(
                f"{at}/lines",
                "lines.too_many",
                f"{len(sale.lines)} lines, this printer takes {MAX_ITEMS}; split the {sale.type}",
                f"za dużo pozycji (najwyżej {MAX_ITEMS}).",
            )
            return
        for index, line in enumerate(sale.lines):
            self._line(line, f"{at}/lines/{index}")
        self.plan.total = self.plan.lines_total
        self._adjust(sale, at)
        beyond = max(self.plan.total, self.plan.lines_total) > MAX_AMOUNT
        self.plan.check_total(sale, at, too_large=f"the {sale.type} is worth {TOO_MUCH}" if beyond else None)

    def _line(self, line: Line, at: str) -> None:
        name = self._name(line, f"{at}/name")
        unit = self.text(line.unit, f"{at}/unit", "item quantityunit", TextKind.GOODS)
        description = self.text(line.description, f"{at}/description", "item description")
        rate = self.plan.rate(line.vat, self.rates, f"{at}/vat")
        if line.quantity != round(line.quantity, MAX_DECIMALS):
            self.plan.error(
                f"{at}/quantity",
                "quantity.decimals",
                f"this printer takes {MAX_DECIMALS} decimals; round the quantity",
                f"ilość może mieć najwyżej {MAX_DECIMALS} miejsca po przecinku.",
            )
        value = self.plan.line_value(line, at)
        if max(value, grosze(line.price)) > MAX_AMOUNT:
            self.plan.error(at, "line.too_large", f"price or value are {TOO_MUCH}", "pozycja ma za dużą wartość.")
        adjustment, delta = line.discount or line.surcharge, 0
        inside: list[Element] = []
        if adjustment is not None and value:
            discount = line.discount is not None
            word = "discount" if discount else "surcharge"
            change = self._amount(adjustment, value, f"{at}/{word}", discount=discount)
            delta = -change if discount else change
            inside = [self._discount(adjustment, change, f"{at}/{word}/name", discount=discount)]
        letter = [*self.rates][rate] if self.rates is not None and isinstance(rate, int) else line.vat
        if line.storno:
            self._storno(line, (name, rate, grosze(line.price)), at, adjusted=bool(inside))
        elif not inside:
            key = (name, rate, grosze(line.price))
            self._sold[key] = self._sold.get(key, Decimal(0)) + line.quantity
        change = -(value + delta) if line.storno else value + delta
        self.plan.lines_total += change
        self.plan.by_rate[letter] = self.plan.by_rate.get(letter, 0) + change
        self.plan.items.append(Item(
            element(
                "item", *inside, name=name, quantity=plain(line.quantity), quantityunit=unit,
                ptu=letter if letter in RATE_LETTERS else "A", price=amount(grosze(line.price)),
                description=description, action="storno" if line.storno else "sale", total=amount(value),
            ),
            at,
        ))  # fmt: skip
        self.plan.lines.append(Sold(line, name, letter, value + delta))

    def _name(self, line: Line, pointer: str) -> str:
        unquoted = line.model_copy(update={"name": self.plan.unquoted(line.name, pointer)})
        return self.plan.goods(unquoted, pointer, CODE_PAGE, self.options.name_length)

    def _amount(self, adjustment: Adjustment, base: int, pointer: str, *, discount: bool) -> int:
        found = self.plan.adjustment(adjustment, base, pointer, discount=discount)
        if found > MAX_AMOUNT and not (discount and found >= base):
            self.plan.error(pointer, "adjustment.too_large", TOO_MUCH, "za duży rabat lub narzut.")
        return found

    def _discount(self, adjustment: Adjustment, change: int, pointer: str, *, discount: bool) -> Element:
        name = self.plan.adjustment_name(
            adjustment, "", lambda text: self.plan.attribute(text, pointer, LIMITS["discount name"])
        )
        action = "discount" if discount else "markup"
        return element("discount", value=amount(change), name=name or None, action=action)

    def _storno(self, line: Line, key: tuple[str, object, int], at: str, *, adjusted: bool) -> None:
        """A storno repeats name, unit, rate and price of an earlier line (5.4)."""
        if adjusted:
            self.plan.error(
                at,
                "storno.adjustment",
                "no source says what this printer reverses of a line with a discount or surcharge; leave both lines "
                "out",
                "pozycji z rabatem lub narzutem nie można stornować na tej drukarce.",
            )
            return
        left = self._sold.get(key, Decimal(0))
        if not left:
            self.plan.error(
                at,
                "storno.no_line",
                "no earlier line without a discount has this name, VAT rate and price and something left to reverse; "
                "repeat the line exactly as it was sold",
                f"nie ma wcześniejszej pozycji „{line.name}” do stornowania.",
            )
        elif line.quantity > left:
            self.plan.error(
                f"{at}/quantity",
                "storno.quantity",
                f"only {plain(left)} of the earlier line is left; reverse at most that",
                "storno większe niż sprzedana ilość.",
            )
        else:
            self._sold[key] = left - line.quantity

    def _adjust(self, sale: Sale, at: str) -> None:
        """The discount on the whole, as one on the subtotal: the printer compares its own sum with ``total`` (5.6)."""
        adjustment = sale.discount or sale.surcharge
        if adjustment is None or self.plan.lines_total <= 0:
            return
        discount = sale.discount is not None
        word = "discount" if discount else "surcharge"
        change = self._amount(adjustment, self.plan.lines_total, f"{at}/{word}", discount=discount)
        self.plan.total += -change if discount else change
        one = self._discount(adjustment, min(change, MAX_AMOUNT), f"{at}/{word}/name", discount=discount)
        *given, action = one.attributes
        where = (("type", "subtotal"), ("total", amount(self.plan.lines_total)))
        self.plan.after.append(Item(one._replace(attributes=(*given, *where, action)), f"{at}/{word}"))
