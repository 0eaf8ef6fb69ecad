"""The licence number: 29 characters that are exchanged once for a certificate, and do not unlock the program.

A program that can check a number offline can also make one, so offline a number proves nothing. Its MAC is for the
vendor, under a key that never leaves the vendor. What a number can do offline is to be read aloud and typed
without doubt: see ``number_reading``.

A number is a secret of its buyer: a ``repr`` shows its first and last group only.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum
from typing import ClassVar

from fiscald.licence.number_check import CHECKS, LENGTH, check_symbols

#: The symbols 0..31: base 32 after Crockford, without I, L, O and U.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
#: Characters in a group; the last group, that of the check symbols, has four.
GROUP = 5
FISCALD = 1
APP, BANK, FISCAL, SUPPORT = 1, 2, 4, 8
MODULES = {APP: "app", BANK: "bank", FISCAL: "fiscal"}
EPOCH = datetime.date(2025, 1, 1)
KEY_BYTES = 32

#: The fields of the 25 data symbols and their widths in bits, from the first bit on.
_LAYOUT = {
    "version": 3, "kind": 2, "product": 5, "flags": 10, "mac_key": 3, "reserved": 2, "day": 15, "serial": 35, "mac": 50,
}  # fmt: skip


class Kind(IntEnum):
    """The kind of a number, which decides the field it is typed into."""

    LICENCE = 0
    """A licence: the first field, X."""
    UPDATES = 1
    """A year of updates and support: the second field, Y."""


def field_of(kind: int) -> str:
    """The field that a number of this kind is typed into."""
    return "X" if kind == Kind.LICENCE else "Y"


class NumberCode(StrEnum):
    """The result of reading a number. All but ``OK`` and ``FUTURE_DATE`` refuse it."""

    OK = "OK"
    TYPO_ONE = "NUMBER_TYPO_ONE"
    SWAP = "NUMBER_SWAP"
    GROUPS_SWAPPED = "NUMBER_GROUPS_SWAPPED"
    TYPO_TWO = "NUMBER_TYPO_TWO"
    TYPO_MANY = "NUMBER_TYPO_MANY"
    MISSING_ONE = "NUMBER_MISSING_ONE"
    EXTRA_ONE = "NUMBER_EXTRA_ONE"
    LENGTH = "NUMBER_LENGTH"
    NON_ASCII = "NUMBER_NON_ASCII"
    BAD_CHAR = "NUMBER_BAD_CHAR"
    VERSION = "NUMBER_VERSION"
    RESERVED = "NUMBER_RESERVED"
    KIND = "NUMBER_KIND"
    FLAGS = "NUMBER_FLAGS"
    OTHER_PRODUCT = "NUMBER_OTHER_PRODUCT"
    WRONG_FIELD = "NUMBER_WRONG_FIELD"
    FUTURE_DATE = "NUMBER_FUTURE_DATE"


@dataclass(frozen=True, slots=True, repr=False)
class Number:
    """A well-formed number. Raises ``ValueError`` for fields that no number can have."""

    version: ClassVar[int] = 1
    reserved: ClassVar[int] = 0

    kind: Kind
    product: int
    flags: int
    """``APP``, ``BANK``, ``FISCAL`` and ``SUPPORT``, added up."""
    mac_key: int
    """Generation of the vendor's MAC key, 0..7."""
    day: int
    """Issue date in days since 2025-01-01, up to 2114-09-19."""
    serial: int
    """35 random bits, unique at the vendor."""
    mac: int
    """The first 50 bits of an HMAC-SHA-256; only the vendor can check them."""

    def __post_init__(self) -> None:
        fields = {name: int(getattr(self, name)) for name in _LAYOUT}
        for name, bits in _LAYOUT.items():
            if not 0 <= fields[name] < 1 << bits:
                raise ValueError(f"{name} does not fit into {bits} bits")
        if code := structure_fault(fields):
            raise ValueError(f"these fields do not make a number: {code}")

    def __repr__(self) -> str:
        return f"Number({self.hint})"

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules it stands for, as a certificate's ``mod`` names them."""
        return tuple(name for flag, name in MODULES.items() if self.flags & flag)

    @property
    def support(self) -> bool:
        """Whether a year of updates and support is in it."""
        return bool(self.flags & SUPPORT)

    @property
    def issued(self) -> datetime.date:
        """The issue date."""
        return EPOCH + datetime.timedelta(days=self.day)

    @property
    def symbols(self) -> tuple[int, ...]:
        """The 29 symbols: 25 of the fields, 4 that check them."""
        bits = self._bits()
        data = [bits >> shift & 31 for shift in range((LENGTH - CHECKS - 1) * 5, -1, -5)]
        return (*data, *check_symbols(data))

    @property
    def text(self) -> str:
        """The form printed for the buyer: upper case, 5-5-5-5-5-4."""
        plain = self._plain()
        return "-".join(plain[start : start + GROUP] for start in range(0, LENGTH, GROUP))

    @property
    def hint(self) -> str:
        """First and last group: enough to recognise one's number, useless to others."""
        return f"{self.text[:GROUP]}-{self.text[-CHECKS:]}"

    @property
    def digest(self) -> str:
        """How a certificate names its number (``num.h``): base64url of a SHA-256, without padding."""
        digest = hashlib.sha256(b"fiscald-number-v1\0" + self._plain().encode("ascii")).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")

    @property
    def message(self) -> bytes:
        """The input of the MAC: the 75 bits from version to serial, in 10 bytes, big-endian."""
        return (self._bits() >> _LAYOUT["mac"]).to_bytes(10, "big")

    def authentic(self, key: bytes) -> bool:
        """Whether it was issued with ``key``, the MAC key of generation ``mac_key``. In constant time."""
        return hmac.compare_digest(self.mac.to_bytes(7, "big"), _mac(self.message, key).to_bytes(7, "big"))

    def _bits(self) -> int:
        word = 0
        for name, bits in _LAYOUT.items():
            word = word << bits | getattr(self, name)
        return word

    def _plain(self) -> str:
        return "".join(ALPHABET[symbol] for symbol in self.symbols)


def issue(*, kind: Kind, flags: int, issued: datetime.date, serial: int, mac_key: int, key: bytes) -> Number:
    """A new number of the vendor's. Raises ``ValueError`` for fields that no number can have.

    ``serial`` must be random and never used before: a counter would tell sales figures and let neighbours be
    guessed. ``key`` is the MAC key of generation ``mac_key``, 32 bytes.
    """
    draft = Number(kind, FISCALD, flags, mac_key, (issued - EPOCH).days, serial, mac=0)
    return replace(draft, mac=_mac(draft.message, key))


def unpack(word: tuple[int, ...]) -> dict[str, int]:
    """The fields in a valid word of 29 symbols."""
    data = 0
    for symbol in word[:-CHECKS]:
        data = data << 5 | symbol
    fields = {}
    for name, bits in reversed(_LAYOUT.items()):
        fields[name] = data & (1 << bits) - 1
        data >>= bits
    return fields


def structure_fault(fields: Mapping[str, int]) -> NumberCode | None:
    """Why these fields are not a number this program knows; ``None`` if they are."""
    kind, flags = fields["kind"], fields["flags"]
    if fields["version"] != Number.version:
        return NumberCode.VERSION
    if fields["reserved"] or flags & ~(APP | BANK | FISCAL | SUPPORT):
        return NumberCode.RESERVED
    if kind not in (Kind.LICENCE, Kind.UPDATES):
        return NumberCode.KIND
    if (kind == Kind.LICENCE and not flags & APP) or (kind == Kind.UPDATES and flags != SUPPORT):
        return NumberCode.FLAGS
    if fields["product"] != FISCALD:
        return NumberCode.OTHER_PRODUCT
    return None


def _mac(message: bytes, key: bytes) -> int:
    if len(key) != KEY_BYTES:
        raise ValueError(f"a MAC key has {KEY_BYTES} bytes, not {len(key)}")
    return int.from_bytes(hmac.digest(key, b"fiscald-licence-number-v1\0" + message, "sha256")[:7], "big") >> 6
