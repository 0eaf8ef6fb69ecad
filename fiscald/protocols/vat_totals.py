"""The total of a receipt by VAT rate, for the invoice in KSeF that belongs to it.

How a printer spreads a discount on the whole receipt over several rates differs between devices (POSNET reference, 6.8;
Thermal reference, 6.5). So fiscald does not compute that; it asks a printer that reports it. The tax is that of the
printers: gross times rate / (100 + rate), rounded half up (POSNET reference, 6.9).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from fiscald.model.jobs import VatTotal
from fiscald.model.money import from_grosze, half_up
from fiscald.model.preview import Sold
from fiscald.protocols.rates import Rates, rate_name


def of_lines(sold: Sequence[Sold], total: int, rates: Rates) -> tuple[VatTotal, ...] | None:
    """From the planned lines and the planned total, in grosze; ``None`` where only the printer knows."""
    groups: dict[str, int] = {}
    for line, _, vat, value in sold:
        groups[vat] = groups.get(vat, 0) + (-value if line.storno else value)
    spread = total - sum(groups.values())
    if spread:
        sold_at = [vat for vat, value in groups.items() if value]
        if len(sold_at) != 1:
            return None
        groups[sold_at[0]] += spread
    return of_groups(groups, rates)


def of_groups(groups: Mapping[str, int], rates: Rates) -> tuple[VatTotal, ...]:
    """From grosze by letter; letters without a sale are left out."""
    return tuple(
        VatTotal(
            vat=letter,
            rate=rate_name(rates[letter]) or "",
            gross=from_grosze(gross),
            tax=from_grosze(_tax(gross, rates[letter])),
        )
        for letter, gross in sorted(groups.items())
        if gross
    )


def _tax(gross: int, rate: Decimal | str | None) -> int:
    return half_up(Decimal(gross) * rate / (100 + rate)) if isinstance(rate, Decimal) else 0
