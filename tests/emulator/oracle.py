"""The arithmetic of a discount on a whole receipt, once more and independently: fractions, and the words of the manuals.

``python -m tests.emulator.oracle --cases 100000`` compares it with the emulated printers on random receipts, most of
them of few grosze; the tests do so with a slice.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from decimal import Decimal
from fractions import Fraction

from fiscald.emulator.memory import Line, Transaction
from fiscald.emulator.spread import by_size, over_lines, proportional


def half_up(value: Fraction) -> int:
    """The nearest whole number of a non-negative value; halves go up."""
    return int(value + Fraction(1, 2))


def posnet_2006(totals: list[int], change: int) -> list[int]:
    """Thermal reference, 6.5: totals recomputed with the percentage; the difference over the totals by size."""
    whole = sum(totals)
    wanted = whole + change
    new = [half_up(Fraction(total * wanted, whole)) for total in totals]
    ranked = [letter for _, letter in sorted((-total, letter) for letter, total in enumerate(totals) if total > 0)]
    while (missing := wanted - sum(new)) != 0:
        one = 1 if missing > 0 else -1
        too_small = (one > 0) if change > 0 else (one < 0)  # the computed change is smaller than the real one
        for rank, letter in enumerate(ranked if too_small else ranked[::-1]):
            if missing == 0:
                break
            grosze = one
            next_total = totals[ranked[rank + 1]] if rank + 1 < len(ranked) else None
            twice = too_small and next_total is not None and totals[letter] >= 2 * next_total
            if twice and abs(missing) >= 2 and _allowed(totals[letter], new[letter] + 2 * one, change):
                grosze = 2 * one
            if _allowed(totals[letter], new[letter] + grosze, change):
                new[letter] += grosze
                missing -= grosze
    return new


def _allowed(was: int, becomes: int, change: int) -> bool:
    """A correction never lowers a total that a surcharge was laid on, nor raises one that was discounted."""
    return becomes >= 0 and (becomes >= was if change > 0 else becomes <= was)


def novitus_online(lines: list[tuple[int, int]], change: int) -> list[int]:
    """Thermal reference, 6.5: every line takes ``round2(s * R)``; the difference goes over consecutive lines.

    ``lines``: letter and value, in order.
    """
    whole = sum(value for _, value in lines)
    ratio = Fraction(abs(change), whole)
    sign = 1 if change > 0 else -1
    new = [value + sign * half_up(value * ratio) for _, value in lines]
    missing = whole + change - sum(new)
    while missing != 0:
        quantum = 1 if abs(missing) <= len(lines) else abs(missing) // len(lines)
        quantum *= 1 if missing > 0 else -1
        for place in range(len(lines)):
            if missing != 0 and new[place] + quantum >= 0:
                new[place] += quantum
                missing -= quantum
    totals = [0] * 7
    for (letter, _), value in zip(lines, new, strict=True):
        totals[letter] += value
    return totals


def posnet_online(totals: list[int], change: int) -> list[int]:
    """POSNET reference, 6.8: exact shares cut to grosze; the rest to the largest remainders, ties in letter order."""
    whole = sum(totals)
    exact = [Fraction(abs(change) * total, whole) for total in totals]
    parts = [int(share) for share in exact]
    order = sorted(range(7), key=lambda letter: (parts[letter] - exact[letter], letter))
    for letter in order[: abs(change) - sum(parts)]:
        parts[letter] += 1
    return [total + (part if change > 0 else -part) for total, part in zip(totals, parts, strict=True)]


def random_lines(dice: random.Random) -> list[tuple[int, int]]:
    """A receipt: letters and values; half of them of a few grosze, where rounding shows."""
    most = dice.choice((1, 2, 3, 5, 10, 100, 2000, 10**6, 10**9))
    return [(dice.randrange(7), dice.randint(1, most)) for _ in range(dice.choice((1, 2, 3, 4, 7, 12)))]


def random_change(dice: random.Random, whole: int) -> int:
    """A discount that leaves something, or a surcharge."""
    if whole > 1 and dice.random() < 0.7:
        return -dice.choice((1, whole - 1, dice.randint(1, whole - 1), max(whole // 2, 1)))
    return dice.choice((1, dice.randint(1, 3 * whole)))


def transaction(lines: list[tuple[int, int]]) -> Transaction:
    """The open receipt with these lines."""
    totals = [0] * 7
    for letter, value in lines:
        totals[letter] += value
    items = [
        Line(name=f"Towar {place}", rate=letter, price=value, quantity=Decimal(1), value=value)
        for place, (letter, value) in enumerate(lines)
    ]
    return Transaction(kind="receipt", block_mode=False, items=list(items), totals=totals)


def compare(lines: list[tuple[int, int]], change: int) -> list[str]:
    """The differences; empty if there are none."""
    open_receipt = transaction(lines)
    pairs = {
        "posnet 2006": (by_size(open_receipt, change), posnet_2006(open_receipt.totals, change)),
        "novitus": (over_lines(open_receipt, change), novitus_online(lines, change)),
        "posnet online": (proportional(open_receipt, change), posnet_online(open_receipt.totals, change)),
    }
    return [
        f"{name}: {lines} by {change} is {ours}, not {right}" for name, (ours, right) in pairs.items() if ours != right
    ]


def compare_many(cases: int, seed: int) -> list[str]:
    """The differences of so many random receipts."""
    dice = random.Random(seed)
    found = []
    for _ in range(cases):
        lines = random_lines(dice)
        whole = sum(value for _, value in lines)
        found += compare(lines, random_change(dice, whole))
    return found


def main() -> int:
    """Compare; 1 if anything differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.emulator.oracle", description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    began = time.monotonic()
    found = compare_many(options.cases, options.seed)
    sys.stdout.write("\n".join([*found[:10], f"{options.cases} receipts, {len(found)} differences"]) + "\n")
    sys.stdout.write(f"{time.monotonic() - began:.0f} s\n")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
