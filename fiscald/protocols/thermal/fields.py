"""Types of Thermal values: how each is written before its terminator.

Source: Thermal reference, section 4. Amounts end with ``/``, texts with CR, the numbers of some answers with ``;``.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from operator import index
from typing import Any, NamedTuple

from fiscald.model.money import plain
from fiscald.protocols.thermal.frames import CR, HEADER_END, SLASH

_AMOUNT = re.compile(rb"(\d{0,10})(?:[.,](\d{0,2}))?").fullmatch
_RATE = re.compile(rb"\d{1,3}([,.]\d{1,2})?").fullmatch


class Brand(StrEnum):
    """Whose manual a device follows (section 1 and appendix A); Innova follows POSNET's as far as we know."""

    POSNET = "posnet"
    NOVITUS = "novitus"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How values are written: Python codec of the code page, and brand, which decides limits and layouts."""

    codec: str
    brand: Brand = Brand.POSNET


class ValueRefused(ValueError):
    """A value that its type cannot carry."""


class Value(ABC):
    """A type of value, with the terminator that usually follows it."""

    end: bytes = CR

    @abstractmethod
    def encode(self, value: Any, dialect: Dialect) -> bytes:
        """The bytes of ``value``. Raises ``ValueRefused``."""

    @abstractmethod
    def decode(self, raw: bytes, dialect: Dialect) -> Any:
        """The value of ``raw``. Raises ``ValueRefused``."""


class Amount(Value):
    """Money in grosze, or a percentage in hundredths: ``12.34``.

    POSNET takes six digits before the point and two behind it, eight where money in the drawer is meant; Novitus
    always eight (4.1). Understood are comma and dot, ``5.``, ``5.0`` and ``05.00`` (POSNET prints commas, some
    devices send leading zeros).
    """

    end = SLASH

    def __init__(self, most: int = 99_999_999, novitus: int = 9_999_999_999, least: int = 0) -> None:
        self._most = {Brand.POSNET: most, Brand.NOVITUS: novitus}
        self.least = least

    def most(self, brand: Brand) -> int:
        """The largest value that a device of that brand takes."""
        return self._most[brand]

    def _within(self, value: int, dialect: Dialect) -> int:
        if not self.least <= index(value) <= self.most(dialect.brand):  # not złoty by mistake
            raise ValueRefused(f"{value} grosze is not between {self.least} and {self.most(dialect.brand)}")
        return value

    def encode(self, value: int, dialect: Dialect) -> bytes:
        """See ``Value.encode``; nothing is ``0``, as clients send it."""
        value = self._within(value, dialect)
        return b"%d.%02d" % divmod(value, 100) if value else b"0"

    def decode(self, raw: bytes, dialect: Dialect) -> int:
        """See ``Value.decode``."""
        match = _AMOUNT(raw)
        if match is None or not (match[1] or match[2]):
            raise ValueRefused(f"{raw!r} is not an amount")
        return self._within(int(match[1] or 0) * 100 + int((match[2] or b"").ljust(2, b"0")), dialect)


class Total(Amount):
    """An amount in an answer: always with two decimals, ``0.00``."""

    def encode(self, value: int, dialect: Dialect) -> bytes:
        """See ``Value.encode``."""
        return b"%d.%02d" % divmod(self._within(value, dialect), 100)


class Measured(NamedTuple):
    """A quantity and its unit of measure."""

    number: Decimal
    unit: str = ""


class Quantity(Value):
    """A number of at most ten digits, and behind it, after a space, a unit of at most four characters.

    The number always has its dot: units are only looked for after it (4.1). When reading, the
    first number counts, whatever comes before it.
    """

    LENGTH = 16
    DIGITS = 10
    UNIT = 4

    def encode(self, value: Measured, dialect: Dialect) -> bytes:
        """See ``Value.encode``; whole ones as ``2.``, others with three decimals or more."""
        text = plain(value.number)
        if "." not in text:
            text += "."
        elif sum(char.isdigit() for char in f"{value.number:.3f}") <= self.DIGITS:
            text = max(text, f"{value.number:.3f}", key=len)
        if not value.number > 0 or sum(char.isdigit() for char in text) > self.DIGITS:
            raise ValueRefused(f"{value.number} is not a quantity of at most {self.DIGITS} digits")
        if len(value.unit) > self.UNIT:
            raise ValueRefused(f"a unit has at most {self.UNIT} characters")
        return TEXT.encode(f"{text} {value.unit}" if value.unit else text, dialect)

    def decode(self, raw: bytes, dialect: Dialect) -> Measured:
        """See ``Value.decode``."""
        text = Text(self.LENGTH).decode(raw, dialect)
        match = re.search(r"(\d+(?:[.,]\d*)?|[.,]\d+)(?:\s*(.*))", text, re.ASCII)
        if match is None or sum(char.isdigit() for char in match[1]) > self.DIGITS:
            raise ValueRefused(f"{raw!r} is not a quantity")
        return Measured(Decimal(match[1].replace(",", ".")), match[2].strip()[: self.UNIT])


class Rate(Value):
    """A VAT rate: per cent with two decimals; 100 is exempt, 101 inactive.

    Values are ``Decimal`` per cent, ``"exempt"`` or ``None``. One protocol setting of Novitus has 98.99 for exempt
    and 99.99 for inactive instead; its manual says this in one place and the opposite in another (12, no. 1): the
    table of rates is followed.
    """

    end = SLASH

    def encode(self, value: Decimal | str | None, dialect: Dialect) -> bytes:
        """See ``Value.encode``."""
        number = Decimal(101) if value is None else Decimal(100) if value == "exempt" else Decimal(value)
        return f"{number:.2f}".encode()

    def decode(self, raw: bytes, dialect: Dialect) -> Decimal | str | None:
        """See ``Value.decode``."""
        if not _RATE(raw):
            raise ValueRefused(f"{raw!r} is not a rate")
        number = Decimal(raw.decode().replace(",", "."))
        if number in (100, Decimal("98.99")):
            return "exempt"
        if number in (101, Decimal("99.99")):
            return None
        if number > 100:
            raise ValueRefused(f"{raw!r} is not a rate")
        return number


class Letter(Value):
    """A VAT rate by letter; ``Z`` or a space is the exempt one, ``P`` marks packaging in the place of a rate."""

    end = SLASH

    def encode(self, value: str, dialect: Dialect) -> bytes:
        """See ``Value.encode``."""
        if len(value) != 1 or value not in "ABCDEFGZP ":
            raise ValueRefused(f"{value!r} is not the letter of a rate")
        return value.encode()

    def decode(self, raw: bytes, dialect: Dialect) -> str:
        """See ``Value.decode``."""
        if len(raw) != 1 or raw not in b"ABCDEFGZP ":
            raise ValueRefused(f"{raw!r} is not the letter of a rate")
        return raw.decode()


class PaddedRate(Rate):
    """A VAT rate in an answer, with two digits before the point: ``08.00``.

    A recorded Novitus device and five drivers in production use this form (Thermal 1.01, 2.03 and older, Innova Profit,
    Optimus Vivo); the manual of 2006 prints ``8.00``, and the driver of Thermal 3.01 takes both. This class reads both.
    """

    def encode(self, value: Decimal | str | None, dialect: Dialect) -> bytes:
        """See ``Value.encode``."""
        return super().encode(value, dialect).rjust(len("00.00"), b"0")


class Count(Value):
    """A whole number in an answer, on a Novitus with at least so many digits."""

    end = SLASH

    def __init__(self, novitus_digits: int = 1) -> None:
        self._digits = {Brand.POSNET: 1, Brand.NOVITUS: novitus_digits}

    def encode(self, value: int, dialect: Dialect) -> bytes:
        """See ``Value.encode``."""
        if value < 0:
            raise ValueRefused(f"{value} is negative")
        return b"%0*d" % (self._digits[dialect.brand], value)

    def decode(self, raw: bytes, dialect: Dialect) -> int:
        """See ``Value.decode``."""
        if len(raw) > 10 or not raw.isdigit():
            raise ValueRefused(f"{raw!r} is not a whole number")
        return int(raw)


class Text(Value):
    """Text in the printer's code page, at most ``posnet`` (or ``novitus``) characters (4.2)."""

    def __init__(self, posnet: int, novitus: int | None = None, *, least: int = 0) -> None:
        self._limits = {Brand.POSNET: posnet, Brand.NOVITUS: posnet if novitus is None else novitus}
        self.least = least

    def limit(self, brand: Brand) -> int:
        """The largest number of characters on a device of that brand."""
        return self._limits[brand]

    #: Finds a character that cannot be sent.
    _illegal = staticmethod(re.compile(r"[\x00-\x1f]").search)

    def _within(self, text: str, dialect: Dialect) -> str:
        if self._illegal(text):
            raise ValueRefused("control characters cannot be sent")
        if not self.least <= len(text) <= self.limit(dialect.brand):
            raise ValueRefused(f"{len(text)} characters, {self.least} to {self.limit(dialect.brand)} are taken")
        return text

    def encode(self, value: str, dialect: Dialect) -> bytes:
        """See ``Value.encode``."""
        try:
            return self._within(value, dialect).encode(dialect.codec)
        except UnicodeEncodeError as error:
            raise ValueRefused(str(error)) from None

    def decode(self, raw: bytes, dialect: Dialect) -> str:
        """See ``Value.decode``."""
        return self._within(raw.decode(dialect.codec, "replace"), dialect)


class Raw(Value):
    """Bytes that are no text of the printer: as they are, one character each."""

    def encode(self, value: str, dialect: Dialect) -> bytes:
        """See ``Value.encode``."""
        return value.encode("latin-1")

    def decode(self, raw: bytes, dialect: Dialect) -> str:
        """See ``Value.decode``."""
        return raw.decode("latin-1")


class Header(Text):
    """The lines above every document: CR or LF ends a line, SO makes it wide (``$f``, 5.1)."""

    end = HEADER_END

    _illegal = staticmethod(re.compile(r"[\x00-\x09\x0b\x0c\x0f-\x1f]").search)

    def encode(self, value: str, dialect: Dialect) -> bytes:
        """See ``Value.encode``."""
        raw = super().encode(value, dialect)
        if HEADER_END in raw:
            raise ValueRefused("this code page has a character on the byte that ends the header")
        return raw


class Lines(Text):
    """Text in which LF begins a new line (NOV 3.16.1). The marks of bold and centred text have ESC and are not sent."""

    _illegal = staticmethod(re.compile(r"[\x00-\x09\x0b-\x1f]").search)


class FormText(Text):
    """A field of a non-fiscal form. ``bytes`` are sent as they are: text in another code page than the printer's."""

    def encode(self, value: str | bytes, dialect: Dialect) -> bytes:
        """See ``Value.encode``."""
        if isinstance(value, str):
            return super().encode(value, dialect)
        self._within(value.decode("latin-1"), dialect)
        return value


TEXT = Text(16)
#: Price, line value, discount, total and payments (4.1).
AMOUNT = Amount()
#: Money in the drawer: eight digits on every device (4.1).
CASH = Amount(9_999_999_999)
TOTAL = Total(99_999_999_999, 99_999_999_999)
QUANTITY = Quantity()
RATE = Rate()
PADDED_RATE = PaddedRate()
LETTER = Letter()
#: The longest field of any form; on a Novitus the text of a QR code (NOV 3.22).
FORM_TEXT = FormText(64, 1852)
COUNT = Count()
#: The number of a protected memory: ``0001``.
MEMORY = Count(novitus_digits=4)
RAW = Raw()
#: Year, month and day in the status: a recorded Novitus device has ``20;07;23``.
DATE_PART = Count(novitus_digits=2)
