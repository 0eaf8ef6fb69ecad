"""Frames of the POSNET protocol: ``STX mnemonic TAB (xx value TAB)* # CRC16 ETX``.

Source: POSNET reference, sections 3.1, 3.2, 3.3 and 3.6. The deframer looks for the frame and verifies its
checksum by hand; construct describes the body. A checksum mark is the *last* ``#``, five bytes before ETX:
names may contain ``#``. There is no escaping, so control bytes can never be part of a value.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from construct import GreedyBytes, GreedyRange, NullTerminated, Struct, Terminated

from fiscald.protocols.compiled import Compiled, Mismatch

STX, ETX, TAB, MARK = b"\x02", b"\x03", b"\t", b"#"
TOKEN, ERROR = "@", "?"

#: The longest frame a printer takes, and so the longest we keep while waiting for its end (3.5, choice).
MAX_FRAME = 8192
#: The longest mnemonic; the published buffer is 16, but names in use reach 20 (3.6, choice).
MAX_MNEMONIC = 24

#: A cache of encoded and decoded frames: most frames of a day are the same few hundred.
REMEMBERED = 512

#: Finds a byte that no part of a frame may contain.
_ENDS = re.compile(rb"[\x02\x03\t]").search
_RUNS = re.compile(rb"[\x02\x03]|[^\x02\x03]+").findall

_ENDED = NullTerminated(GreedyBytes, term=TAB)
#: The part covered by the checksum. ``GreedyRange`` swallows the error of its last element, ``Terminated`` shows it.
BODY = Struct("mnemonic" / _ENDED, "fields" / GreedyRange(_ENDED), Terminated)
_BODY = Compiled(BODY)


class FrameFault(IntEnum):
    """Numbers of frame errors that the frame itself can cause (section 8, class frame)."""

    CRC = 5
    FIELD = 6
    MNEMONIC = 7
    CRC_LENGTH = 9
    TOO_LONG = 11
    SYNTAX = 15


class Field(NamedTuple):
    """A parameter: two-character name (``@`` and ``?`` have one) and its bytes."""

    name: str
    value: bytes


class Frame(NamedTuple):
    """An intact frame. ``immediate``: the mnemonic was sent with ``!``."""

    mnemonic: str
    fields: tuple[Field, ...] = ()
    immediate: bool = False

    def get(self, name: str) -> bytes | None:
        """The value of the first parameter called ``name``."""
        for each, value in self.fields:
            if each == name:
                return value
        return None


class BadFrame(NamedTuple):
    """Something between STX and ETX that is not a frame, with the error a printer answers."""

    fault: FrameFault
    mnemonic: str | None = None


def crc16(payload: bytes) -> bytes:
    """CRC-16/XMODEM of ``payload`` as four upper-case hexadecimal digits."""
    return b"%04X" % binascii.crc_hqx(payload, 0)


@lru_cache(REMEMBERED)
def encode(frame: Frame) -> bytes:
    """The bytes of ``frame``. Raises ``ValueError`` for a byte that would break the frame."""
    mnemonic = frame.mnemonic.encode("ascii")
    fields = [name.encode("ascii") + value for name, value in frame.fields]
    for part in (mnemonic, *fields):
        if _ENDS(part):
            raise ValueError(f"{part!r} contains a byte that would end the field or the frame")
    payload = _BODY.build({"mnemonic": b"!" * frame.immediate + mnemonic, "fields": fields})
    return STX + payload + MARK + crc16(payload) + ETX


def decode(payload: bytes) -> Frame | BadFrame:
    """The frame in ``payload`` (what the checksum covers), or what is wrong with it."""
    try:
        body = _BODY.parse(payload)
    except Mismatch:
        return BadFrame(FrameFault.SYNTAX)
    name: bytes = body["mnemonic"]
    immediate = name.startswith(b"!")
    mnemonic = name.removeprefix(b"!").decode("ascii", "replace")
    if not 0 < len(mnemonic) <= MAX_MNEMONIC:
        return BadFrame(FrameFault.MNEMONIC)
    fields = []
    for chunk in body["fields"]:
        length = 1 if chunk[:1] in (b"@", b"?") else 2
        if len(chunk) < length:
            return BadFrame(FrameFault.FIELD, mnemonic)
        fields.append(Field(chunk[:length].decode("ascii", "replace"), chunk[length:]))
    return Frame(mnemonic, tuple(fields), immediate)


class Deframer:
    """Finds frames in a stream of bytes, in pieces of any size. Keeps at most ``MAX_FRAME`` bytes.

    Ignores bytes outside a frame. STX inside a frame starts a new one and drops the bytes before it.
    """

    def __init__(self) -> None:
        self._frame: bytearray | None = None
        self._overflowed = False

    @property
    def inside(self) -> bool:
        """Whether a frame has started and not ended."""
        return self._frame is not None

    def reset(self) -> None:
        """Drop an unfinished frame."""
        self._frame = None
        self._overflowed = False

    def feed(self, data: bytes) -> Iterator[Frame | BadFrame]:
        """Frames that ``data`` completes, in order."""
        for run in _RUNS(data):
            if run == STX:
                self._frame, self._overflowed = bytearray(), False
            elif self._frame is None:
                continue
            elif run == ETX:
                frame, self._frame = bytes(self._frame), None
                yield BadFrame(FrameFault.TOO_LONG) if self._overflowed else _verified(frame)
            else:
                room = MAX_FRAME - len(self._frame)
                self._overflowed = self._overflowed or len(run) > room
                self._frame += run[:room]


@lru_cache(REMEMBERED)
def _verified(frame: bytes) -> Frame | BadFrame:
    payload, mark, digits = frame[:-5], frame[-5:-4], frame[-4:]
    if len(frame) < 6 or mark != MARK:
        # A client that drops leading zeros of the checksum gets a separate error (3.6 rule 2).
        short = frame.rpartition(MARK)[2]
        if MARK in frame[-5:] and short and all(char in b"0123456789abcdefABCDEF" for char in short):
            return BadFrame(FrameFault.CRC_LENGTH)
        return BadFrame(FrameFault.SYNTAX)
    # The printer accepts lower-case digits; one client sends them in production (3.1).
    if digits.upper() != crc16(payload):
        return BadFrame(FrameFault.CRC)
    return decode(payload)
