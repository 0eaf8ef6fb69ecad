"""A printer's VAT table: what of it a document means, and how it is kept."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.protocols.rates import Rates, find_rate, parse_rates, plain_rates, rate_name

RATES: Rates = {
    "A": Decimal(23), "B": Decimal(8), "C": Decimal("5.50"), "D": Decimal(0), "E": None, "F": None, "G": "exempt"
}  # fmt: skip
TABLE = "its table is: A = 23%, B = 8%, C = 5.5%, D = 0%, G = exempt"


@pytest.mark.parametrize(
    ("vat", "index"), [("A", 0), ("G", 6), ("23%", 0), ("5.5%", 2), ("5.50%", 2), ("0%", 3), ("exempt", 6)]
)
def test_a_rate_is_found_by_letter_and_by_value(vat: str, index: int) -> None:
    assert find_rate(vat, RATES) == (index, "", "")


@pytest.mark.parametrize(
    ("vat", "code", "detail"),
    [
        ("H", "vat.letter", f"the printer has no rate H; {TABLE}"),
        ("E", "vat.inactive", f"rate E is not active on the printer; {TABLE}"),
        ("7%", "vat.rate", f"no rate of 7% is active on the printer; {TABLE}"),
    ],
)
def test_a_missing_rate_is_reported_with_the_known_rates(vat: str, code: str, detail: str) -> None:
    assert find_rate(vat, RATES) == (None, code, detail)


def test_a_table_without_an_exempt_rate_is_reported() -> None:
    assert find_rate("exempt", {"A": Decimal(23)})[1] == "vat.rate"


def test_an_inactive_rate_has_no_name() -> None:
    assert [rate_name(rate) for rate in RATES.values()] == ["23%", "8%", "5.5%", "0%", None, None, "exempt"]


@given(
    st.dictionaries(
        st.sampled_from("ABCDEFG"),
        st.none() | st.just("exempt") | st.decimals(0, Decimal("99.99"), places=2, allow_nan=False),
    )
)
def test_a_table_that_was_kept_is_the_same_table(rates: dict[str, Decimal | str | None]) -> None:
    assert parse_rates(plain_rates(rates)) == rates
