"""Money and quantities: exact, never floats.

In documents and answers money is a string of złoty (``"12.30"``), and in Python a ``Decimal`` of złoty. A JSON number
is refused for money, whole or not: 12 may mean 12.00 or 0.12, and a float has lost digits before fiscald can check
them. Code that computes for a printer uses whole grosze; ``grosze`` and ``from_grosze`` convert.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from fiscald.model.strict import mistake

#: The form of an amount, and of one that is more than zero. The API's schema has the same patterns.
MONEY = r"0*[0-9]{1,8}(\.[0-9]{1,2})?"
POSITIVE_MONEY = r"0*[1-9][0-9]{0,7}(\.[0-9]{1,2})?|0+\.([1-9][0-9]?|0[1-9])"
#: More than zero, at most six decimals.
QUANTITY = r"0*[1-9][0-9]{0,8}(\.[0-9]{1,6})?|0+\.[0-9]{0,5}[1-9]0*"
#: More than 0 and less than 100, at most two decimals.
PERCENT = r"0*[1-9][0-9]?(\.[0-9]{1,2})?|0+\.([1-9][0-9]?|0[1-9])"
#: Maximum number of characters of each.
LONGEST = 20

#: How many different amounts, and quantities, are remembered: reading one takes 3 us, and a shop has few.
READ = 2048

#: The largest amount that a known printer can express, in grosze (ten digits).
MAX_GROSZE = 9_999_999_999

_PLAIN = re.compile(r"[0-9]+(\.[0-9]+)?")
_NEGATIVE = re.compile(r"[-−]\s*[0-9]+([.,][0-9]+)?")
_COMMA = re.compile(r"[0-9]+,[0-9]{1,2}")


def grosze(amount: Decimal) -> int:
    """Whole grosze of an amount of złoty."""
    return int(amount * 100)


def from_grosze(amount: int) -> Decimal:
    """An amount of złoty from whole grosze."""
    return Decimal(amount).scaleb(-2)


def format_grosze(amount: int) -> str:
    """``"12.30"`` from 1230; negative values keep their sign."""
    sign = "-" if amount < 0 else ""
    return f"{sign}{abs(amount) // 100}.{abs(amount) % 100:02d}"


def format_money(amount: Decimal) -> str:
    """``"12.30"`` from an amount of złoty."""
    return f"{amount:.2f}"


def plain(value: Decimal) -> str:
    """A decimal without exponent and without trailing zeros: ``"2"``, ``"0.755"``."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


# -- reading ---------------------------------------------------------------------------------------------


def parse_money(value: object) -> Decimal:
    """Złoty from ``"12.30"`` or from a ``Decimal`` without parts of a grosz.

    Raises ``PydanticCustomError`` with code ``money.number`` (a JSON number), ``money.type``, ``money.negative``,
    ``money.decimals``, ``money.range`` or ``money.format``.
    """
    return _read_money(_money_text(value))


@lru_cache(READ)
def _read_money(text: str) -> Decimal:
    if len(text) > LONGEST or re.fullmatch(MONEY, text) is None:
        raise _no_money(text)
    return Decimal(text).quantize(Decimal("0.01"))


def _parse_positive(value: object) -> Decimal:
    if type(value) in (int, float) and value == 0:
        raise _zero()
    amount = parse_money(value)
    if not amount:
        raise _zero()
    return amount


def _parse_balance(value: object) -> Decimal:
    match value:
        case str() if value.startswith("-"):
            return -_parse_positive(value[1:])
        case Decimal() if value < 0:
            return -_parse_positive(-value)
    return parse_money(value)


def _money_text(value: object) -> str:
    match value:
        case str():
            return value
        case Decimal() if value.is_finite():
            return plain(value)
        case bool():
            pass
        case int() | float() if value < 0:
            raise _negative()
        case int() | float():
            raise mistake(
                "money.number",
                "an amount is a string of złoty, not a JSON number: {advice}",
                "kwota musi być podana jako tekst, np. „12.00”, a nie jako liczba.",
                advice=_advice(value),
            )
    raise mistake(
        "money.type",
        'an amount is a string of złoty like "12.30", not {found}',
        "kwota musi być podana jako tekst, np. „12.30”.",
        found=_json_type(value),
    )


def _advice(number: float) -> str:
    """The correct form of a number that is not negative."""
    if not number <= MAX_GROSZE:  # neither is NaN
        return 'write it like "12.30"'
    if isinstance(number, int):
        other = f' ("{format_grosze(number)}" if this is grosze)' if number >= 100 else ""
        return f'write "{number}.00"{other}'
    if abs(number - round(number, 2)) > 1e-9:
        return f"write it with two decimals; {_QUANTITY_AND_PRICE}"
    return f'write "{number:.2f}"'


_QUANTITY_AND_PRICE = (
    "for goods whose price has parts of a grosz, send quantity and price whose product is the value of the line"
)


def _no_money(text: str) -> Exception:
    """Why ``text`` is not an amount."""
    if _NEGATIVE.fullmatch(text):
        return _negative()
    if _COMMA.fullmatch(text):
        return mistake(
            "money.format",
            'an amount is written with a dot: write "{right}"',
            "kwotę zapisuje się z kropką, np. „12.30”.",
            right=text.replace(",", "."),
        )
    if _PLAIN.fullmatch(text) is None:
        return mistake(
            "money.format",
            'an amount is written like "12.30": digits, a dot, at most two digits; no sign, comma, blank or currency',
            "kwotę zapisuje się cyframi z kropką, np. „12.30”.",
        )
    whole, _, decimals = text.partition(".")
    if len(decimals) > 2 and len(whole) < LONGEST:
        return mistake(
            "money.decimals",
            "an amount has at most two decimals; {advice}",
            "kwota może mieć najwyżej dwa miejsca po przecinku; należy podać ilość i cenę.",
            advice=_QUANTITY_AND_PRICE,
        )
    return mistake(
        "money.range",
        "an amount is at most {most}, and has at most {longest} characters",
        "kwota może wynosić najwyżej {most}.",
        most=format_grosze(MAX_GROSZE),
        longest=LONGEST,
    )


def _negative() -> Exception:
    return mistake(
        "money.negative",
        "an amount cannot be negative: to lower a price use a discount, to take a line back repeat it with "
        '"storno": true; money paid out is a document of type cash_out or goods_return',
        "kwota nie może być ujemna; należy użyć rabatu albo storna.",
    )


def _zero() -> Exception:
    return mistake("money.zero", "this amount must be more than zero", "kwota musi być większa od zera.")


def _json_type(value: object) -> str:
    names = {bool: "true or false", type(None): "null", list: "a list", dict: "an object"}
    return names.get(type(value), type(value).__name__)


def _parse_quantity(value: object) -> Decimal:
    return _read_quantity(_decimal_text(value, "quantity", "a quantity", "ilość", "0.755"))


@lru_cache(READ)
def _read_quantity(text: str) -> Decimal:
    if re.fullmatch(QUANTITY, text) is None or len(text) > LONGEST:
        if _PLAIN.fullmatch(text) is not None and not Decimal(text):
            raise mistake("quantity.zero", "a quantity must be more than zero", "ilość musi być większa od zera.")
        if _NEGATIVE.fullmatch(text):
            raise mistake(
                "quantity.negative",
                'a quantity cannot be negative: to take a line back repeat it with "storno": true, for packaging that '
                'comes back send "returned": true; money paid back for goods of an earlier receipt is a document of '
                "type goods_return",
                "ilość nie może być ujemna; należy użyć storna, a po wydrukowaniu paragonu – zwrotu towaru.",
            )
        raise mistake(
            "quantity.format",
            'a quantity is written like "0.755": at most 999999999, at most six decimals; no sign, comma or '
            "blank{advice}",
            "ilość zapisuje się cyframi z kropką, np. „0.755”; musi być większa od zera.",
            advice=_with_a_dot(text, QUANTITY),
        )
    return Decimal(text)


def _parse_percent(value: object) -> Decimal:
    text = _decimal_text(value, "percent", "a percentage", "procent", "7.5")
    if re.fullmatch(PERCENT, text) is None or len(text) > LONGEST:
        if re.fullmatch(r"[0-9]+(\.[0-9]{1,2})?", text) is not None:
            raise mistake(
                "percent.range",
                "a percentage is at least 0.01 and at most 99.99; to give goods away leave their line out",
                "procent musi być większy od 0 i mniejszy od 100.",
            )
        if _NEGATIVE.fullmatch(text):
            raise mistake(
                "percent.negative",
                "a percentage cannot be negative: the opposite of a discount is a surcharge",
                "procent nie może być ujemny; zamiast ujemnego rabatu należy użyć narzutu.",
            )
        raise mistake(
            "percent.format",
            'a percentage is written like "7.5": at most two decimals; no sign, comma, blank or %{advice}',
            "procent zapisuje się cyframi z kropką, np. „7.5”.",
            advice=_with_a_dot(text.removesuffix("%").rstrip(" "), PERCENT),
        )
    return Decimal(text)


def _with_a_dot(text: str, pattern: str) -> str:
    """The correct form, if the intended value is clear."""
    right = text.replace(",", ".")
    return f'; write "{right}"' if len(right) <= LONGEST and re.fullmatch(pattern, right) else ""


def _decimal_text(value: object, code: str, what: str, what_pl: str, example: str) -> str:
    """The text of a string or of a whole number."""
    match value:
        case str():
            return value
        case Decimal() if value.is_finite():
            return plain(value)
        case bool():
            pass
        case int():
            return str(value) if abs(value) < 10**LONGEST else "9" * LONGEST
        case float() if value < 0:
            return repr(value)  # refused below: it is negative
    raise mistake(
        f"{code}.type",
        '{what} is a string like "{example}" or a whole number, not {found}',
        "{what_pl}: należy podać tekst, np. „{example}”, albo liczbę całkowitą.",
        what=what,
        what_pl=what_pl,
        example=example,
        found=f'a JSON float; write "{value}"' if isinstance(value, float) else _json_type(value),
    )


# -- the types -------------------------------------------------------------------------------------------


def _schema(pattern: str, description: str, *examples: str, whole: dict[str, int] | None = None) -> WithJsonSchema:
    """``whole``: bounds of the whole numbers that are accepted as well."""
    string: dict[str, Any] = {"type": "string", "pattern": f"^({pattern})$", "maxLength": LONGEST}
    schema = string if whole is None else {"anyOf": [string, {"type": "integer"} | whole]}
    return WithJsonSchema(schema | {"description": description, "examples": list(examples)})


#: An amount of money: a ``Decimal`` of złoty with two decimals.
Money = Annotated[
    Decimal,
    BeforeValidator(parse_money),
    PlainSerializer(format_money, return_type=str),
    _schema(MONEY, "Money: a string of złoty, never a JSON number", "12.30"),
]

#: An amount of money that is not zero.
PositiveMoney = Annotated[
    Decimal,
    BeforeValidator(_parse_positive),
    PlainSerializer(format_money, return_type=str),
    _schema(POSITIVE_MONEY, "Money, more than zero: a string of złoty, never a JSON number", "12.30"),
]

#: Money that goes one way or the other: a negative amount is paid out.
Balance = Annotated[
    Decimal,
    BeforeValidator(_parse_balance),
    PlainSerializer(format_money, return_type=str),
    _schema(f"-?({MONEY})", "Money, negative if it is paid out: a string of złoty", "12.30", "-0.50"),
]

#: How much was sold, in units of the line; more than zero.
Quantity = Annotated[
    Decimal,
    BeforeValidator(_parse_quantity),
    PlainSerializer(plain, return_type=str),
    _schema(QUANTITY, "A quantity: a string or a whole number", "0.755", whole={"minimum": 1, "maximum": 999_999_999}),
]

#: A percentage from 0.01 to 99.99.
Percent = Annotated[
    Decimal,
    BeforeValidator(_parse_percent),
    PlainSerializer(plain, return_type=str),
    _schema(PERCENT, "A percentage: a string or a whole number", "7.5", whole={"minimum": 1, "maximum": 99}),
]


# -- computing -------------------------------------------------------------------------------------------


def half_up(value: Decimal) -> int:
    """The nearest integer, halves away from zero, as every known printer rounds."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def line_value(price: int, quantity: Decimal) -> int:
    """Value of a line in grosze: price (in grosze) times quantity, rounded half up."""
    return half_up(price * quantity)


def percent_of(value: int, percent: Decimal) -> int:
    """``percent`` per cent of ``value`` in grosze, rounded half up."""
    return half_up(value * percent / 100)
