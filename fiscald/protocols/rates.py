"""A printer's VAT table: how to find a document's rate in it, and how to store it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from fiscald.model.money import plain

#: A rate in the printer's table: per cent, ``"exempt"``, or ``None`` for inactive.
Rate = Decimal | str | None
#: The printer's table, by letter.
Rates = Mapping[str, Rate]


def find_rate(vat: str, rates: Rates) -> tuple[int | None, str, str]:
    """The index of ``vat`` in the printer's table; or ``None`` with the code and the sentence of the error."""
    active = ", ".join(f"{letter} = {rate_name(rate)}" for letter, rate in rates.items() if rate is not None)
    letters = list(rates)
    if len(vat) == 1:
        if vat not in rates:
            return None, "vat.letter", f"the printer has no rate {vat}; its table is: {active}"
        if rates[vat] is None:
            return None, "vat.inactive", f"rate {vat} is not active on the printer; its table is: {active}"
        return letters.index(vat), "", ""
    wanted: Rate = "exempt" if vat == "exempt" else Decimal(vat.rstrip("%"))
    for index, rate in enumerate(rates.values()):
        if rate == wanted:
            return index, "", ""
    return None, "vat.rate", f"no rate of {vat} is active on the printer; its table is: {active}"


def rate_name(rate: Rate) -> str | None:
    """``"23%"``, ``"exempt"`` or ``None``."""
    return f"{plain(rate)}%" if isinstance(rate, Decimal) else rate


def plain_rates(rates: Rates) -> dict[str, str | None]:
    """The VAT table in the form that the journal and the status use."""
    return {letter: rate_name(rate) for letter, rate in rates.items()}


def parse_rates(rates: Mapping[str, str | None]) -> Rates:
    """The opposite of ``plain_rates``."""
    return {
        letter: Decimal(rate.rstrip("%")) if rate is not None and rate.endswith("%") else rate
        for letter, rate in rates.items()
    }
