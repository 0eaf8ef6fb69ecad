"""The values of attributes: their text and their meaning.

Source: Novitus reference, section 4.2.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from fiscald.model.money import format_grosze, plain
from fiscald.model.times import POLISH_TIME
from fiscald.protocols.rates import Rate, Rates

#: The code page of both directions (4.1).
CODE_PAGE = "cp1250"
#: The letters of the VAT table.
RATE_LETTERS = "ABCDEFG"
#: The largest amount, in grosze: 999999.99 (4.3).
MAX_AMOUNT = 99_999_999

_DIGITS = re.compile(r"[0-9]{1,15}").fullmatch
_AMOUNT = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,2}))?").fullmatch
_PERCENT = re.compile(r"([0-9]{1,2}(?:\.[0-9]{1,2})?)%?").fullmatch
_MOMENT = re.compile(r"([0-9]{2})-([0-9]{2})-([0-9]{4})(?: ([0-9]{2}):([0-9]{2}))?(?::[0-9]{2})?").fullmatch
_FREE = ("free", "wolny", "zw")


def amount(grosze: int) -> str:
    """``12.50``."""
    return format_grosze(grosze)


def read_amount(text: str) -> int:
    """Grosze. Raises ``ValueError``."""
    found = _AMOUNT(text)
    if found is None:
        raise ValueError(f"{text!r} is no amount")
    value = int(found[2]) * 100 + int((found[3] or "").ljust(2, "0"))
    return -value if found[1] else value


def read_number(text: str) -> int:
    """A whole number. Raises ``ValueError``."""
    if _DIGITS(text) is None:
        raise ValueError(f"{text!r} is no number")
    return int(text)


def read_yes(text: str) -> bool:
    """``yes`` or ``no``. Raises ``ValueError``."""
    if text not in ("yes", "no"):
        raise ValueError(f"{text!r} is neither yes nor no")
    return text == "yes"


def date_text(day: datetime.date) -> str:
    """``26-11-2026``."""
    return f"{day:%d-%m-%Y}"


def moment_text(moment: datetime.datetime) -> str:
    """``26-11-2026 10:15``, in Polish time."""
    return f"{moment.astimezone(POLISH_TIME):%d-%m-%Y %H:%M}"


def read_moment(text: str) -> datetime.datetime:
    """The printer's time: Polish local time without offset. Raises ``ValueError``."""
    found = _MOMENT(text)
    if found is None:
        raise ValueError(f"{text!r} is no time")
    day, month, year, hour, minute = (int(part or 0) for part in found.groups())
    return datetime.datetime(year, month, day, hour, minute, tzinfo=POLISH_TIME)


def rate_text(rate: Rate) -> str:
    """``23%`` or ``free``. A rate that is not in use has no text."""
    return f"{plain(rate)}%" if isinstance(rate, Decimal) else "free"


def read_rate(text: str) -> Rate:
    """A rate of the VAT table. Raises ``ValueError``."""
    if text.strip().casefold() in _FREE:
        return "exempt"
    found = _PERCENT(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no VAT rate")
    return Decimal(found[1])


def read_rates(by_letter: Mapping[str, str]) -> Rates:
    """The table; a letter that is absent is not in use (5.15). Raises ``ValueError``."""
    return {letter: read_rate(by_letter[letter]) if letter in by_letter else None for letter in RATE_LETTERS}


#: How to read an attribute of a reply. Every other one is a text.
READ: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(
        ("online", "papererror", "printererror", "fiscal", "lastcommanderror", "intransaction",
         "lasttransactioncorrect", "isfiscal", "receiptopen", "lastreceipterror"),
        read_yes,
    ),
    **dict.fromkeys(
        ("resetcount", "receiptcount", "lastreceipt", "lastinvoice", "lastprintout", "reportscount", "maxreportscount",
         "printoutno", "lasterror"),
        read_number,
    ),
    **dict.fromkeys(("cash", "total", "grosstotal", "nettotal", "rest"), read_amount),
    "date": read_moment,
}  # fmt: skip


def read_attributes(attributes: Mapping[str, str], names: Mapping[str, Callable[[str], Any]] = READ) -> dict[str, Any]:
    """The values of attributes; without those that cannot be read."""
    found: dict[str, Any] = {}
    for name, text in attributes.items():
        reader = names.get(name)
        try:
            found[name] = text if reader is None else reader(text)
        except ValueError:
            continue
    return found
