"""Money and quantities: exact, never floats.

On the wire money is a string of złoty (``"12.30"``) or an integer of grosze (``1230``). Inside it is always
an integer number of grosze. A JSON float is refused wherever money or a quantity is expected: it has lost
digits before anyone could check them.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

_MONEY = re.compile(r"(\d{1,12})(?:\.(\d{1,2}))?", re.ASCII)
_QUANTITY = re.compile(r"\d{1,9}(?:\.\d{1,6})?", re.ASCII)
_PERCENT = re.compile(r"\d{1,3}(?:\.\d{1,2})?", re.ASCII)

#: The largest amount any of the known printers can express, in grosze (ten digits).
MAX_GROSZE = 9_999_999_999


def _refuse_number_type(value: object, what: str, example: str) -> None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        code = "money.float" if isinstance(value, float) else "money.type"
        raise PydanticCustomError(
            code,
            '{what} must be a string like "{example}" or an integer, not {found}',
            {
                "what": what,
                "example": example,
                "found": "a JSON float" if code == "money.float" else _json_type(value),
            },
        )


def _json_type(value: object) -> str:
    names = {bool: "true/false", type(None): "null", list: "a list", dict: "an object"}
    return names.get(type(value), type(value).__name__)


def parse_grosze(value: object) -> int:
    """Grosze from ``"12.30"`` (złoty) or ``1230`` (grosze).

    Raises ``PydanticCustomError`` with code ``money.float``, ``money.type``, ``money.format`` or ``money.range``.
    """
    _refuse_number_type(value, "an amount", "12.30")
    if isinstance(value, str):
        match = _MONEY.fullmatch(value)
        if match is None:
            raise PydanticCustomError(
                "money.format",
                'an amount is written like "12.30": digits, a dot, at most two digits; no sign, comma or blank',
            )
        grosze = int(match[1]) * 100 + int((match[2] or "0").ljust(2, "0"))
    else:
        assert isinstance(value, int)
        grosze = value
    if not 0 <= grosze <= MAX_GROSZE:
        raise PydanticCustomError(
            "money.range",
            "an amount lies between 0.00 and {most}",
            {"most": format_grosze(MAX_GROSZE)},
        )
    return grosze


def format_grosze(grosze: int) -> str:
    """``"12.30"`` from 1230; negative values keep their sign."""
    sign = "-" if grosze < 0 else ""
    return f"{sign}{abs(grosze) // 100}.{abs(grosze) % 100:02d}"


def _parse_decimal(value: object, what: str, example: str, shape: re.Pattern[str], code: str) -> Decimal:
    _refuse_number_type(value, what, example)
    text = str(value)
    if shape.fullmatch(text) is None:
        raise PydanticCustomError(
            code,
            '{what} is written like "{example}": digits and at most one dot; no sign, comma or blank',
            {"what": what, "example": example},
        )
    return Decimal(text)


def _parse_quantity(value: object) -> Decimal:
    quantity = _parse_decimal(value, "a quantity", "0.755", _QUANTITY, "quantity.format")
    if not quantity:
        raise PydanticCustomError("quantity.zero", "a quantity must be more than zero")
    return quantity


def _parse_percent(value: object) -> Decimal:
    percent = _parse_decimal(value, "a percentage", "10", _PERCENT, "percent.format")
    if not 0 < percent < 100:
        raise PydanticCustomError("percent.range", "a percentage lies between 0.01 and 99.99")
    return percent


def _positive(value: int) -> int:
    if value == 0:
        raise PydanticCustomError("money.zero", "this amount must be more than zero")
    return value


def plain(value: Decimal) -> str:
    """A decimal without exponent and without trailing zeros: ``"2"``, ``"0.755"``."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _schema(description: str, example: str) -> WithJsonSchema:
    pattern = r"^\d+(\.\d+)?$"
    schema: dict[str, Any] = {
        "anyOf": [
            {"type": "string", "pattern": pattern, "maxLength": 20},
            {"type": "integer", "minimum": 0, "maximum": MAX_GROSZE},
        ],
        "description": description,
        "examples": [example],
    }
    return WithJsonSchema(schema)


#: An amount of money. A string is złoty, an integer is grosze; kept as integer grosze.
Grosze = Annotated[
    int,
    BeforeValidator(parse_grosze),
    PlainSerializer(format_grosze, return_type=str),
    _schema("Money: a string of złoty, or an integer of grosze", "12.30"),
]

#: An amount of money that is not zero.
PositiveGrosze = Annotated[
    Grosze, Field(description="more than zero"), BeforeValidator(lambda v: _positive(parse_grosze(v)))
]

#: How much was sold, in units of the line; more than zero.
Quantity = Annotated[
    Decimal,
    BeforeValidator(_parse_quantity),
    PlainSerializer(plain, return_type=str),
    _schema("A quantity: a string or a whole number of units", "0.755"),
]

#: A percentage from 0.01 to 99.99.
Percent = Annotated[
    Decimal,
    BeforeValidator(_parse_percent),
    PlainSerializer(plain, return_type=str),
    _schema("A percentage: a string or a whole number", "10"),
]


def half_up(value: Decimal) -> int:
    """The nearest integer, halves away from zero: the rounding of every known printer."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def line_value(price: int, quantity: Decimal) -> int:
    """Value of a line in grosze: price times quantity, rounded half up."""
    return half_up(price * quantity)


def percent_of(value: int, percent: Decimal) -> int:
    """``percent`` per cent of ``value`` in grosze, rounded half up."""
    return half_up(value * percent / 100)
