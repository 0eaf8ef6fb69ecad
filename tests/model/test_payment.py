"""Payments in another currency and by a telephone."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from fiscald.model.payment import Payment

EURO = {"code": "EUR", "rate": "4.25", "amount": "10.00"}


def paid(**content: Any) -> Payment:
    return Payment.model_validate({"type": "cash", "amount": "42.50"} | content)


@pytest.mark.parametrize(
    ("rate", "amount", "value"),
    [("4.25", "10.00", "42.50"), ("4.2555", "1.11", "4.72"), ("0.0283", "1000.00", "28.30"), ("4.5", "0.01", "0.05")],
)
def test_the_amount_is_the_value_of_the_currency(rate: str, amount: str, value: str) -> None:
    """4.2555 times 1.11 is 4.723605; 4.5 times 0.01 is rounded half up."""
    payment = paid(amount=value, currency=EURO | {"rate": rate, "amount": amount})
    assert payment.currency is not None
    assert payment.currency.code == "EUR"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({"amount": "42.51"}, "payment.currency_value"),
        ({"type": "card"}, "payment.currency"),
        ({"currency": EURO | {"code": "euro"}}, "string_too_long"),
        ({"currency": EURO | {"code": "eur"}}, "string_pattern_mismatch"),
        ({"currency": EURO | {"rate": "0"}}, "quantity"),
        ({"currency": EURO | {"code": "PLN"}}, "payment.currency_own"),
    ],
)
def test_a_wrong_currency_is_refused(content: dict[str, Any], code: str) -> None:
    with pytest.raises(ValidationError) as raised:
        paid(**({"currency": EURO} | content))
    assert raised.value.errors()[0]["type"].startswith(code)


def test_the_error_has_the_right_value() -> None:
    with pytest.raises(ValidationError, match=r"10\.00 EUR at 4\.25 is worth 42\.50, not 40\.00"):
        paid(amount="40.00", currency=EURO)
