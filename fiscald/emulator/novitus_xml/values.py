"""Values of attributes: amounts, quantities, percentages, dates (Novitus XML reference, 4.2).

Each function raises ``NovitusError`` with the number that it is given for a value that does not fit. An attribute
without a value counts as not given (3.5).
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import TypeVar

from fiscald.emulator.change import Change
from fiscald.emulator.novitus.documents import Code
from fiscald.emulator.novitus.refusals import BAD_DATE, BAD_DISCOUNT, BAD_PARAMETER, BAD_TEXT, NovitusError
from fiscald.emulator.novitus.reports import parsed_day
from fiscald.protocols.novitus_elements import Element

#: A parameter is missing.
MISSING = 3
_AMOUNT = re.compile(r"(\d{1,9})(?:\.(\d{1,2}))?", re.ASCII).fullmatch
_DECIMAL = re.compile(r"\d{1,9}(\.\d{1,8})?", re.ASCII).fullmatch
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,2})?)\s*%", re.ASCII).fullmatch
_NUMBER = re.compile(r"\d{1,9}", re.ASCII).fullmatch
_TIME = re.compile(r"(\d{1,2}):(\d{2})", re.ASCII).fullmatch
#: Characters that no value may have (3.5), and those that become a space.
_FORBIDDEN = re.compile(r'["\x7f]').search
_BLANK = re.compile(r"[\x00-\x1f\x80-\x9f]")
T = TypeVar("T")


def text(element: Element, name: str) -> str:
    """A text; empty: none."""
    value = _BLANK.sub(" ", element.get(name) or "")
    if _FORBIDDEN(value):
        raise NovitusError(BAD_TEXT)
    return value.strip()


def plain(content: str) -> str:
    """The text of an element, without control characters."""
    return _BLANK.sub(" ", content)


def given(element: Element, name: str) -> str | None:
    """A value as it is written, if there is one."""
    return (element.get(name) or "").strip() or None


def amount(element: Element, name: str, error: int) -> int | None:
    """Złoty with up to two decimals, in grosze."""
    value = given(element, name)
    return None if value is None else grosze(value, error)


def grosze(value: str, error: int) -> int:
    """The same of a text."""
    found = _AMOUNT(value)
    if found is None:
        raise NovitusError(error)
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def required(value: T | None) -> T:
    """A value that must be there."""
    if value is None:
        raise NovitusError(MISSING)
    return value


def decimal(element: Element, name: str, error: int) -> Decimal | None:
    """A quantity, or the course of a currency."""
    value = given(element, name)
    if value is None:
        return None
    if _DECIMAL(value) is None:
        raise NovitusError(error)
    return Decimal(value)


def number(element: Element, name: str, error: int = BAD_PARAMETER) -> int | None:
    """A whole number."""
    value = given(element, name)
    if value is None:
        return None
    if _NUMBER(value) is None:
        raise NovitusError(error)
    return int(value)


def choice(element: Element, name: str, words: Mapping[str, T], default: str) -> T:
    """One of some words, in any case of letters; ``default``: where there is none."""
    word = (given(element, name) or default).lower()
    if word not in words:
        raise NovitusError(BAD_PARAMETER)
    return words[word]


def flag(element: Element, name: str, *, default: bool = False) -> bool:
    """Yes or no."""
    return choice(element, name, {"yes": True, "no": False}, "yes" if default else "no")


#: Names of discounts by ``descid`` (5.6).
_DESCRIPTIONS = (
    "", "okolicznościowy", "okazja", "świąteczny", "stały klient", "jubileuszowy", "urodzinowy", "dla pracownika",
    "promocja", "nagroda", "wyprzedaż", "przecena", "sezonowy", "nocny", "obsługa",
)  # fmt: skip


def change(element: Element) -> Change:
    """A ``discount``: amount or percentage, off or on, with its name."""
    value = required(given(element, "value"))
    markup = choice(element, "action", {"discount": False, "markup": True}, "discount")
    place = number(element, "descid", BAD_DISCOUNT) or 0
    if place >= len(_DESCRIPTIONS):
        raise NovitusError(BAD_DISCOUNT)
    name = text(element, "name") or _DESCRIPTIONS[place]
    percent = _PERCENT(value)
    if percent is None:
        return Change(grosze(value, BAD_DISCOUNT), False, markup, name)
    return Change(int(Decimal(percent[1]) * 100), True, markup, name)


def code(element: Element, name: str) -> Code | None:
    """A number that is printed as text, behind ``@`` as a QR code, behind ``#`` as a bar code."""
    value = text(element, name)
    mark = value[:1]
    if mark in ("@", "#"):
        return Code(value[1:], "qr" if mark == "@" else "barcode") if value[1:] else None
    return Code(value) if value else None


def day(element: Element, name: str) -> datetime.date | None:
    """A date, day first."""
    value = given(element, name)
    return None if value is None else parsed_day(value)


def moment(value: str) -> datetime.datetime:
    """Date and time, local and without a zone."""
    date, _, time = value.strip().partition(" ")
    clock = _TIME(time.strip())
    if clock is None:
        raise NovitusError(BAD_DATE)
    try:
        return datetime.datetime.combine(parsed_day(date), datetime.time(int(clock[1]), int(clock[2])))
    except ValueError:
        raise NovitusError(BAD_DATE) from None


# -- what replies hold ----------------------------------------------------------------------------------


def money(value: int) -> str:
    """``12.50``."""
    sign = "-" if value < 0 else ""
    return f"{sign}{abs(value) // 100}.{abs(value) % 100:02d}"


def yes(condition: object) -> str:
    """``yes`` or ``no``."""
    return "yes" if condition else "no"


def shown(moment: datetime.datetime | datetime.date, time: str = "") -> str:
    """A date as replies have it; ``time``: the format of what follows."""
    return f"{moment:%d-%m-%Y}" + (f" {moment.strftime(time)}" if time else "")
