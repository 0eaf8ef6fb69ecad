"""Types of POSNET parameters: how a value stands between two TABs.

Source: POSNET reference, section 4. Each type is a construct adapter over the field's bytes; ``build`` and
``parse`` take the context keywords ``codec`` (Python codec of the printer's code page) and ``generation``
(of the device; it decides text limits and flag letters).
"""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from construct import Adapter, GreedyBytes

if TYPE_CHECKING:
    _Adapter = Adapter[bytes, bytes, Any, Any]
else:
    _Adapter = Adapter


class Generation(StrEnum):
    """Devices before 2019 and from 2019 on (section 1)."""

    OLD = "old"
    ONLINE = "online"


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


class Value(_Adapter):
    """A type of parameter. ``build`` and ``parse`` raise ``ValueRefused`` and nothing else."""

    def __init__(self) -> None:
        super().__init__(GreedyBytes)


class Integer(Value):
    """Digits without sign, from ``least`` to ``most``."""

    def __init__(self, most: int, least: int = 0) -> None:
        super().__init__()
        self.least = least
        self.most = most

    def _encode(self, obj: int, context: Any, path: Any) -> bytes:
        if not self.least <= obj <= self.most:
            raise _conversion(f"{obj} is not between {self.least} and {self.most}")
        return b"%d" % obj

    def _decode(self, obj: bytes, context: Any, path: Any) -> int:
        if not re.fullmatch(rb"\d{1,19}", obj):
            raise _conversion(f"{obj!r} is not a whole number")
        if not self.least <= int(obj) <= self.most:
            raise _conversion(f"{int(obj)} is not between {self.least} and {self.most}")
        return int(obj)


class Quantity(Value):
    """A decimal with a dot; three decimals are sent when it is not whole or not 1 (recorded ``il2.000``)."""

    def _encode(self, obj: Decimal, context: Any, path: Any) -> bytes:
        if obj != round(obj, 3):
            raise _conversion(f"{obj} has more than three decimals")
        return f"{obj:.3f}".encode()

    def _decode(self, obj: bytes, context: Any, path: Any) -> Decimal:
        if not re.fullmatch(rb"\d{1,10}(\.\d{1,6})?", obj):
            raise _conversion(f"{obj!r} is not a quantity")
        return Decimal(obj.decode())


class Rate(Value):
    """A VAT rate with comma and two decimals; 100,00 is exempt, 101,00 inactive.

    Values are ``Decimal`` per cent, ``"exempt"`` or ``None``.
    """

    def _encode(self, obj: Decimal | str | None, context: Any, path: Any) -> bytes:
        number = Decimal(101) if obj is None else Decimal(100) if obj == "exempt" else Decimal(obj)
        return f"{number:.2f}".replace(".", ",").encode()

    def _decode(self, obj: bytes, context: Any, path: Any) -> Decimal | str | None:
        if not re.fullmatch(rb"\d{1,3}([,.]\d{1,2})?", obj):
            raise _conversion(f"{obj!r} is not a rate")
        number = Decimal(obj.decode().replace(",", "."))
        if number == 101:
            return None
        if number == 100:
            return "exempt"
        if number > 100:
            raise _conversion(f"{obj!r} is not a rate")
        return number


class Flag(Value):
    """Yes or no. Commands carry 1/0; answers T/N (ONLINE) or Y/N (older); every spelling is understood."""

    def __init__(self, *, answer: bool = False) -> None:
        super().__init__()
        self.answer = answer

    def _encode(self, obj: bool, context: Any, path: Any) -> bytes:
        if not self.answer:
            return b"1" if obj else b"0"
        yes = b"T" if context.generation == Generation.ONLINE else b"Y"
        return yes if obj else b"N"

    def _decode(self, obj: bytes, context: Any, path: Any) -> bool:
        if obj in (b"1", b"y", b"Y", b"t", b"T"):
            return True
        if obj in (b"0", b"n", b"N", b"f", b"F"):
            return False
        raise _conversion(f"{obj!r} is not a flag")


class Date(Value):
    """``YYYY-MM-DD``; unpadded months and days are understood (one client sends them)."""

    def _encode(self, obj: datetime.date, context: Any, path: Any) -> bytes:
        return obj.isoformat().encode()

    def _decode(self, obj: bytes, context: Any, path: Any) -> datetime.date:
        match = re.fullmatch(rb"(\d{4})-(\d{1,2})-(\d{1,2})", obj)
        if match is None:
            raise _conversion(f"{obj!r} is not a date")
        try:
            return datetime.date(*map(int, match.groups()))
        except ValueError as error:
            raise _conversion(str(error)) from None


class DateTime(Value):
    """``YYYY-MM-DD;HH:MM``, naive, by the printer's clock; older firmware sends one-digit hours."""

    def _encode(self, obj: datetime.datetime, context: Any, path: Any) -> bytes:
        return f"{obj:%Y-%m-%d;%H:%M}".encode()

    def _decode(self, obj: bytes, context: Any, path: Any) -> datetime.datetime:
        match = re.fullmatch(rb"(\d{4})-(\d{1,2})-(\d{1,2});(\d{1,2}):(\d{2})", obj)
        if match is None:
            raise _conversion(f"{obj!r} is not a date and time")
        year, month, day, hour, minute = map(int, match.groups())
        try:
            return datetime.datetime(year, month, day, hour, minute)  # noqa: DTZ001 - the wire carries no zone
        except ValueError as error:
            raise _conversion(str(error)) from None


class Moment(Value):
    """ISO time with offset and seconds (ONLINE)."""

    def _encode(self, obj: datetime.datetime, context: Any, path: Any) -> bytes:
        return obj.isoformat(timespec="seconds").encode()

    def _decode(self, obj: bytes, context: Any, path: Any) -> datetime.datetime:
        try:
            moment = datetime.datetime.fromisoformat(obj.decode("ascii"))
        except ValueError:
            raise _conversion(f"{obj!r} is not an ISO time") from None
        if moment.tzinfo is None:
            raise _conversion(f"{obj!r} has no offset")
        return moment


class Text(Value):
    """Text in the printer's code page, at most ``online`` (or ``old``) characters.

    ``lines`` allows line feeds. The limits are section 4.3's.
    """

    def __init__(self, online: int, old: int | None = None, *, lines: bool = False) -> None:
        super().__init__()
        self._limits = {Generation.ONLINE: online, Generation.OLD: online if old is None else old}
        self._lines = lines

    def limit(self, generation: Generation) -> int:
        """Most characters on a device of that generation."""
        return self._limits[generation]

    def _encode(self, obj: str, context: Any, path: Any) -> bytes:
        if any(ord(char) < 32 and not (self._lines and char == "\n") for char in obj):
            raise _conversion("control characters cannot be sent")
        if len(obj) > self.limit(context.generation):
            raise ValueRefused(ValueFault.LENGTH, f"{len(obj)} characters, at most {self.limit(context.generation)}")
        try:
            return obj.encode(context.codec)
        except UnicodeEncodeError as error:
            raise _conversion(str(error)) from None

    def _decode(self, obj: bytes, context: Any, path: Any) -> str:
        text = obj.decode(context.codec, "replace")
        if any(ord(char) < 32 and not (self._lines and char == "\n") for char in text):
            raise _conversion("control characters in a text")
        if len(text) > self.limit(context.generation):
            raise ValueRefused(ValueFault.LENGTH, f"{len(text)} characters, at most {self.limit(context.generation)}")
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
