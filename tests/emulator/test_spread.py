"""How discounts are laid on rates: the thermal manual's printed examples, and laws that hold for every spread."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fiscald.emulator.memory import Line, Transaction
from fiscald.emulator.spread import Spread, by_size, over_lines, percent_of_each, percentage, proportional
from tests.emulator.oracle import compare, compare_many, transaction


def sold(*values: int) -> Transaction:
    """One line for each rate that sold something."""
    lines = [
        Line(name=f"Towar {rate}", rate=rate, price=value, quantity=Decimal(1), value=value)
        for rate, value in enumerate(values)
        if value
    ]
    return Transaction(kind="receipt", block_mode=False, items=list(lines), totals=list(values))


@pytest.mark.parametrize("spread", [by_size, over_lines, proportional])
def test_the_printed_surcharge_of_one_zloty(spread: Spread) -> None:
    """Posnet manual, printout 138: B 700, C 53, G 1000; 1.00 more."""
    after = spread(sold(0, 70000, 5300, 0, 0, 0, 100_000), 100)
    assert after == [0, 70040, 5303, 0, 0, 0, 100_057]


def test_the_printed_discount_of_one_rate() -> None:
    assert by_size(sold(0, 4900, 0, 0, 0, 0, 0), -1000) == [0, 3900, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        # Each share is 0.333...: rounded nothing is taken off, so the largest (here A) loses it.
        ((1000, 1000, 1000, 0, 0, 0, 0), -1, [999, 1000, 1000, 0, 0, 0, 0]),
        # 2 grosze over three equals: each share 0.667 is rounded up; the smallest, from G on, gets one back.
        ((1000, 1000, 1000, 0, 0, 0, 0), -2, [999, 999, 1000, 0, 0, 0, 0]),
        ((1000, 1000, 1000, 0, 0, 0, 0), 2, [1001, 1001, 1000, 0, 0, 0, 0]),
        # Five halves of a grosz or less each: 2 short, and A is more than twice B, so it takes both at once.
        ((2000, 800, 800, 800, 800, 800, 0), -3, [1997, 800, 800, 800, 800, 800, 0]),
    ],
)
def test_rounding_remainders_go_to_the_largest_or_the_smallest_rate(
    before: tuple[int, ...], change: int, after: list[int]
) -> None:
    assert by_size(sold(*before), change) == after


@given(st.lists(st.integers(0, 10**6), min_size=7, max_size=7).filter(lambda v: sum(v) > 1), st.data())
@pytest.mark.parametrize("spread", [by_size, over_lines, proportional])
def test_the_shares_of_a_spread_add_up_to_the_amount(spread: Spread, values: list[int], data: st.DataObject) -> None:
    change = data.draw(st.one_of(st.integers(1 - sum(values), -1), st.integers(1, 10**7)))
    after = spread(sold(*values), change)
    assert sum(after) == sum(values) + change
    for had, has in zip(values, after, strict=True):
        assert has >= 0
        assert (has - had) * change >= 0 or spread is not by_size, "nothing moves the wrong way"
        assert abs((has - had) - Decimal(had) * change / sum(values)) <= 7
        assert had or not has, "what was not sold takes no part"


def test_random_receipts_agree_with_the_arithmetic_of_the_manuals() -> None:
    """A slice; ``python -m tests.emulator.oracle`` compares 100,000."""
    assert compare_many(3000, seed=1) == []


@pytest.mark.parametrize(
    ("lines", "change", "after"),
    [
        ([(0, 1), (1, 1)], -1, [1, 0, 0, 0, 0, 0, 0]),
        ([(0, 1000), (1, 1000)], -1999, [1, 0, 0, 0, 0, 0, 0]),
        ([(0, 1), (0, 1), (0, 1)], -2, [1, 0, 0, 0, 0, 0, 0]),
        ([(2, 1), (0, 1), (1, 1)], -2, [0, 0, 1, 0, 0, 0, 0]),
    ],
)
def test_the_remaining_grosz_goes_to_the_first_line(
    lines: list[tuple[int, int]], change: int, after: list[int]
) -> None:
    assert over_lines(transaction(lines), change) == after
    assert compare(lines, change) == []


@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(1, 5)), min_size=1, max_size=8),
    st.lists(st.booleans(), min_size=8, max_size=8),
    st.lists(st.integers(-2, 2), min_size=7, max_size=7),
    st.data(),
)
@pytest.mark.parametrize("spread", [by_size, over_lines, proportional])
def test_tiny_receipts_with_stornos_and_discounts_before_are_spread(
    spread: Spread, lines: list[tuple[int, int]], reversed_: list[bool], before: list[int], data: st.DataObject
) -> None:
    """Whatever lies on the rates, the whole comes out and no rate is negative."""
    receipt = transaction(lines)
    for (rate, value), back in zip(lines, reversed_, strict=False):
        if back and value <= receipt.totals[rate]:
            line = Line(name="x", rate=rate, price=value, quantity=Decimal(1), value=value, storno=True)
            receipt.items.append(line)
            receipt.totals[rate] -= value
    for rate, change in enumerate(before):
        if receipt.totals[rate] + change > 0:
            receipt.totals[rate] += change
    assume(receipt.total > 0)
    change = data.draw(st.integers(1 - receipt.total, 20).filter(bool))
    after = spread(receipt, change)
    assert sum(after) == receipt.total + change
    assert min(after) >= 0


def test_a_storno_bears_its_share_of_a_discount_over_lines() -> None:
    transaction = sold(1000, 500, 0, 0, 0, 0, 0)
    back = Line(name="Towar 0", rate=0, price=400, quantity=Decimal(1), value=400, storno=True)
    transaction.items.append(back)
    transaction.totals[0] -= 400
    assert over_lines(transaction, -110) == [540, 450, 0, 0, 0, 0, 0]


def test_a_discount_after_another_counts_it_as_a_line() -> None:
    transaction = sold(1000, 500, 0, 0, 0, 0, 0)
    transaction.totals[0] -= 100
    assert over_lines(transaction, -140) == [810, 450, 0, 0, 0, 0, 0]


def test_the_two_methods_of_per_cent_differ_at_half_a_grosz() -> None:
    assert percentage(10, Decimal(5)) == 0
    assert percentage(10, Decimal(5), of_remainder=False) == -1
    assert percentage(8000, Decimal(15)) == -1200
    assert percentage(1000, Decimal("0.05"), surcharge=True) == 1
    assert percent_of_each([10000, 1100], Decimal(5)) == [9500, 1045]
