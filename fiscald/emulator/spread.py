"""How a discount or surcharge on everything sold is divided among the rates: each family of printers has its own way.

A spread gets the open document and the signed amount in grosze, and returns the new totals of the rates;
their sum changes by exactly that amount.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from fiscald.emulator.memory import RATES, Transaction
from fiscald.model.money import half_up

Spread = Callable[[Transaction, int], list[int]]


def proportional(transaction: Transaction, change: int) -> list[int]:
    """Each rate takes its exact share cut to grosze; the rest goes, one grosz each, to the largest remainders.

    Ties in letter order. Choice; only the proportion is published (POSNET reference, section 6.8).
    """
    totals, base = transaction.totals, transaction.total
    sign = 1 if change > 0 else -1
    shares = [divmod(abs(change) * part, base) for part in totals]
    rest = abs(change) - sum(share for share, _ in shares)
    largest = sorted(range(RATES), key=lambda index: (-shares[index][1], index))[:rest]
    return [
        total + sign * (share + (index in largest))
        for index, (total, (share, _)) in enumerate(zip(totals, shares, strict=True))
    ]


def by_size(transaction: Transaction, change: int) -> list[int]:
    """Every total is recomputed and rounded; what is missing goes to the largest, what is too much off the smallest.

    A total at least twice the next smaller one takes two grosze at once. No total moves past where it was
    (thermal reference, section 6.5, Posnet and older).
    """
    before, base = transaction.totals, transaction.total
    after = [half_up(Decimal(total * (base + change)) / base) for total in before]
    left = base + change - sum(after)
    largest_first = sorted((index for index in range(RATES) if before[index]), key=lambda index: -before[index])

    def fits(index: int, step: int) -> bool:
        moved = after[index] + step
        return moved >= 0 and (moved - before[index]) * change >= 0

    while left:
        grows = (left > 0) == (change > 0)
        for place, index in enumerate(largest_first if grows else reversed(largest_first)):
            step = 1 if left > 0 else -1
            smaller = largest_first[place + 1 :] if grows else []
            if smaller and before[index] >= 2 * before[smaller[0]] and abs(left) > 1 and fits(index, 2 * step):
                step *= 2
            if left and fits(index, step):
                after[index] += step
                left -= step
    return after


def over_lines(transaction: Transaction, change: int) -> list[int]:
    """Every line takes its rounded share; what is missing is handed out over the lines in their order.

    One grosz each, or evenly many when there are more grosze than lines; a line that would become negative is passed
    over. A storno, and a discount of a rate given before, takes its share like a line, and nothing of what is
    handed out; no rate becomes negative (choice; thermal reference, section 6.5, Novitus).
    """
    base = transaction.total
    parts = [(line.rate, -line.net if line.storno else line.net) for line in transaction.lines]
    for rate, total in enumerate(transaction.totals):
        other = total - sum(value for of, value in parts if of == rate)
        if other:
            parts.append((rate, other))
    values = [value + half_up(Decimal(value * change) / base) for _, value in parts]
    left = base + change - sum(values)
    while left:
        # There is always a line that can take one: all together they are worth more than nothing, before and after.
        step = (1 if left > 0 else -1) * max(1, abs(left) // len(parts))
        for index, (_, sold) in enumerate(parts):
            if left and sold > 0 and values[index] + step >= 0:
                values[index] += step
                left -= step
    totals = [0] * RATES
    for (rate, _), value in zip(parts, values, strict=True):
        totals[rate] += value
    return _none_negative(totals)


def _none_negative(totals: list[int]) -> list[int]:
    """Rounding lines and their stornos apart may leave a rate a few grosze short: the largest gives them."""
    short = -sum(min(total, 0) for total in totals)
    totals = [max(total, 0) for total in totals]
    for _ in range(short):
        totals[totals.index(max(totals))] -= 1
    return totals


def percent_of_each(
    totals: Sequence[int], percent: Decimal, *, surcharge: bool = False, of_remainder: bool = True
) -> list[int]:
    """Every total with ``percent`` off, or on it.

    ``of_remainder``: what is left is rounded, otherwise what is taken off (thermal reference, section 6.4).
    """
    return [percentage(total, percent, surcharge=surcharge, of_remainder=of_remainder) + total for total in totals]


def percentage(value: int, percent: Decimal, *, surcharge: bool = False, of_remainder: bool = True) -> int:
    """The signed change that ``percent`` makes to ``value``; see ``percent_of_each``."""
    if surcharge:
        return half_up(value * percent / 100)
    if of_remainder:
        return half_up(value * (100 - percent) / 100) - value
    return -half_up(value * percent / 100)
