"""Types of POSNET parameters: how a value is written between two TABs.

Source: POSNET reference, section 4.
"""

from __future__ import annotations

import datetime
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from operator import index
from typing import Any

_CONTROL, _CONTROL_BUT_LF = re.compile(r"[\x00-\x1f]"), re.compile(r"[\x00-\x09\x0b-\x1f]")


class Generation(StrEnum):
    """Devices before 2019 and from 2019 on (section 1)."""

    OLD = "old"
    ONLINE = "online"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How values are written: Python codec of the code page, and generation of the device.

    The generation decides text limits and flag letters.
    """

    codec: str
    generation: Generation = Generation.ONLINE


class ValueFault(StrEnum):
    """Why a value does not fit its type."""

    CONVERSION = "conversion"
    LENGTH = "length"


class ValueRefused(ValueError):
    """A value that its type cannot carry."""

    def __init__(self, fault: ValueFault, detail: str) -> None:
        self.fault = fault
        super().__init__(detail)


def _conversion(detail: str) -> ValueRefused:
    return ValueRefused(ValueFault.CONVERSION, detail)


class Value(ABC):
    """A type of parameter."""

    @abstractmethod
    def encode(self, value: Any, dialect: Dialect) -> bytes:
        """The bytes of ``value``. Raises ``ValueRefused``."""

    @abstractmethod
    def decode(self, raw: bytes, dialect: Dialect) -> Any:
        """The value of ``raw``. Raises ``ValueRefused``."""


class Integer(Value):
    """Digits without sign, from ``least`` to ``most``."""

    def __init__(self, most: int, least: int = 0) -> None:
        self.least = least
        self.most = most

    def encode(self, value: int, dialect: Dialect) -> bytes:
        """See ``Value.encode``."""
        number = index(value)  # refuses a ``Decimal`` of złoty by mistake
        if not self.least <= number <= self.most:
            raise _conversion(f"{value} is not between {self.least} and {self.most}")
        return b"%d" % number

    def decode(self, raw: bytes, dialect: Dialect) -> int:
        """See ``Value.decode``."""
        if len(raw) > 19 or not raw.isdigit():
            raise _conversion(f"{raw!r} is not a whole number")
        number = int(raw)
        if not self.least <= number <= self.most:
            raise _conversion(f"{number} is not between {self.least} and {self.most}")
        return number


class Quantity(Value):
    """A decimal with a dot; three decimals are sent when it is not whole or not 1 (recorded ``il2.000``)."""

    def encode(self, value: Decimal, dialect: Dialect) -> bytes:
        """See ``Value.encode``."""
        if value != round(value, 3):
            raise _conversion(f"{value} has more than three decimals")
        return f"{value:.3f}".encode()

    def decode(self, raw: bytes, dialect: Dialect) -> Decimal:
        """See ``Value.decode``."""
        if not re.fullmatch(rb"\d{1,10}(\.\d{1,6})?", raw):
            raise _conversion(f"{raw!r} is not a quantity")
        return Decimal(raw.decode())


class Rate(Value):
    """A VAT rate with comma and two decimals; 100,00 is exempt, 101,00 inactive.

    Values are ``Decimal`` per cent, ``"exempt"`` or ``None``.
    """

    def encode(self, value: Decimal | str | None, dialect: Dialect) -> bytes:
        """See ``Value.encode``."""
        number = Decimal(101) if value is None else Decimal(100) if value == "exempt" else Decimal(value)
        return f"{number:.2f}".replace(".", ",").encode()

    def decode(self, raw: bytes, dialect: Dialect) -> Decimal | str | None:
        """See ``Value.decode``."""
        if not re.fullmatch(rb"\d{1,3}([,.]\d{1,2})?", raw):
            raise _conversion(f"{raw!r} is not a rate")
        number = Decimal(raw.decode().replace(",", "."))
        if number == 101:
            return None
        if number == 100:
            return "exempt"
        if number > 100:
            raise _conversion(f"{raw!r} is not a rate")
        return number


class Flag(Value):
    """Yes or no. Commands carry 1/0; answers T/N (ONLINE) or Y/N (older); every spelling is understood."""

    def __init__(self, *, answer: bool = False) -> None:
        self.answer = answer

    def encode(self, value: bool, dialect: Dialect) -> bytes:
        """See ``Value.encode``."""
        if not self.answer:
            return b"1" if value else b"0"
        yes = b"T" if dialect.generation == Generation.ONLINE else b"Y"
        return yes if value else b"N"

    def decode(self, raw: bytes, dialect: Dialect) -> bool:
        """See ``Value.decode``."""
        if raw in (b"1", b"y", b"Y", b"t", b"T"):
            return True
        if raw in (b"0", b"n", b"N", b"f", b"F"):
            return False
        raise _conversion(f"{raw!r} is not a flag")


class Date(Value):
    """``YYYY-MM-DD``; unpadded months and days are understood (one client sends them)."""

    def encode(self, value: datetime.date, dialect: Dialect) -> bytes:
        """See ``Value.encode``."""
        return value.isoformat().encode()

    def decode(self, raw: bytes, dialect: Dialect) -> datetime.date:
        """See ``Value.decode``."""
        match = re.fullmatch(rb"(\d{4})-(\d{1,2})-(\d{1,2})", raw)
        if match is None:
            raise _conversion(f"{raw!r} is not a date")
        try:
            return datetime.date(*map(int, match.groups()))
        except ValueError as error:
            raise _conversion(str(error)) from None


class DateTime(Value):
    """``YYYY-MM-DD;HH:MM``, naive, by the printer's clock; older firmware sends one-digit hours."""

    def encode(self, value: datetime.datetime, dialect: Dialect) -> bytes:
        """See ``Value.encode``."""
        return f"{value:%Y-%m-%d;%H:%M}".encode()

    def decode(self, raw: bytes, dialect: Dialect) -> datetime.datetime:
        """See ``Value.decode``."""
        match = re.fullmatch(rb"(\d{4})-(\d{1,2})-(\d{1,2});(\d{1,2}):(\d{2})", raw)
        if match is None:
            raise _conversion(f"{raw!r} is not a date and time")
        year, month, day, hour, minute = map(int, match.groups())
        try:
            return datetime.datetime(year, month, day, hour, minute)  # noqa: DTZ001 - the wire carries no zone
        except ValueError as error:
            raise _conversion(str(error)) from None


class Moment(Value):
    """ISO time with offset and seconds (ONLINE)."""

    def encode(self, value: datetime.datetime, dialect: Dialect) -> bytes:
        """See ``Value.encode``."""
        return value.isoformat(timespec="seconds").encode()

    def decode(self, raw: bytes, dialect: Dialect) -> datetime.datetime:
        """See ``Value.decode``."""
        try:
            moment = datetime.datetime.fromisoformat(raw.decode("ascii"))
        except ValueError:
            raise _conversion(f"{raw!r} is not an ISO time") from None
        if moment.tzinfo is None:
            raise _conversion(f"{raw!r} has no offset")
        return moment


class Text(Value):
    """Text in the printer's code page, at most ``online`` (or ``old``) characters.

    ``lines`` allows line feeds. The limits are section 4.3's.
    """

    def __init__(self, online: int, old: int | None = None, *, lines: bool = False) -> None:
        self._limits = {Generation.ONLINE: online, Generation.OLD: online if old is None else old}
        self._control = (_CONTROL_BUT_LF if lines else _CONTROL).search

    def limit(self, generation: Generation) -> int:
        """The largest number of characters on a device of that generation."""
        return self._limits[generation]

    def encode(self, value: str | bytes, dialect: Dialect) -> bytes:
        """See ``Value.encode``. Bytes are text that is encoded already, in any code page."""
        if isinstance(value, bytes):
            _ = self.encode(value.decode("latin-1"), Dialect("latin-1", dialect.generation))
            return value
        if self._control(value):
            raise _conversion("control characters cannot be sent")
        if len(value) > self.limit(dialect.generation):
            raise ValueRefused(ValueFault.LENGTH, f"{len(value)} characters, at most {self.limit(dialect.generation)}")
        try:
            return value.encode(dialect.codec)
        except UnicodeEncodeError as error:
            raise _conversion(str(error)) from None

    def decode(self, raw: bytes, dialect: Dialect) -> str:
        """See ``Value.decode``."""
        text = raw.decode(dialect.codec, "replace")
        if self._control(text):
            raise _conversion("control characters in a text")
        if len(text) > self.limit(dialect.generation):
            raise ValueRefused(ValueFault.LENGTH, f"{len(text)} characters, at most {self.limit(dialect.generation)}")
        return text


AMOUNT = Integer(9_999_999_999)
COUNT = Integer(9_999_999_999)
PERCENT = Integer(9999, least=1)
RATE_INDEX = Integer(102)
QUANTITY = Quantity()
RATE = Rate()
FLAG = Flag()
ANSWER_FLAG = Flag(answer=True)
DATE = Date()
DATETIME = DateTime()
MOMENT = Moment()


def small(most: int, least: int = 0) -> Integer:
    """A whole number in a range."""
    return Integer(most, least)
