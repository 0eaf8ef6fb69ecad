"""Sequences of the Thermal protocol, ``ESC P Ps;...;Pn xx string cc ESC \\``, and its single bytes.

Source: Thermal reference, sections 3.1 to 3.3. The check byte is the XOR of everything between ``ESC P`` and its
own two digits. The bytes alone do not show whether a sequence has one: two last digits that fit count as the check
byte, and the code that knows the command decides. Control bytes can never be part of a value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import IntEnum
from functools import lru_cache, reduce
from operator import xor
from typing import ClassVar, NamedTuple

ESC, BEGIN, END = 0x1B, b"P", b"\\"
CR, SLASH = b"\r", b"/"
#: Ends the text of the header (5.1); the one byte that is no character of any text.
HEADER_END = b"\xff"

#: The longest sequence that is kept until its end comes. The printer's buffer for a whole receipt has 2 KB (2).
MAX_FRAME = 2048
#: The one sequence that may be longer, and how long: a document out of a Novitus's protected memory (NOV 4.4.8).
LONG_FRAME, MAX_LONG_FRAME = b"@PMD", 32_768
#: A cache of encoded and decoded sequences: most of a day are the same few hundred.
REMEMBERED = 512
#: Most digits of a parameter: Novitus error numbers have four.
_MAX_DIGITS = 4

# Identifiers have two characters. Of the longer ones, which exist on Novitus only (3.1), those of the protected memory
# are known here.
# One firmware puts a control byte in front of the number in ``#Z`` (3.4, a client's observation).
_PAYLOAD = re.compile(rb"([\x00-\x1f]?)([0-9;]*)(@PM[A-Z]|[$#^@!?*][A-Za-z])(.*)", re.DOTALL)
#: Finds a byte that would end a sequence, or is answered inside one.
_ENDS = re.compile(rb"[\x05\x07\x10\x18\x1a\x1b]").search


class Control(IntEnum):
    """Single bytes that a host sends, and those that open and close nothing."""

    ENQ = 0x05
    """Answered by one byte, in the order of commands."""
    BEL = 0x07
    DLE = 0x10
    """Answered by one byte at once, whatever the printer does."""
    CAN = 0x18
    """Drops an unfinished sequence. Never cancels a receipt."""
    DLE2 = 0x1A
    """Novitus: answered at once by a sequence."""


class Enq(NamedTuple):
    """The answer to ENQ (3.3)."""

    fiscal: bool
    """FSK: fiscal, not training."""
    done: bool
    """CMD: the last command was executed correctly."""
    open: bool
    """PAR: a receipt is open."""
    finished: bool
    """TRF: the last receipt was closed correctly."""

    @property
    def byte(self) -> int:
        """As it is sent: ``0110 FSK CMD PAR TRF``."""
        return 0x60 | self.fiscal << 3 | self.done << 2 | self.open << 1 | self.finished


class Dle(NamedTuple):
    """The answer to DLE (3.3)."""

    online: bool
    """ONL."""
    no_paper: bool
    """PE/AKK: no paper, or the battery is discharged."""
    fault: bool
    """ERR: the mechanism or its controller reports a fault."""

    @property
    def byte(self) -> int:
        """As it is sent: ``01110 ONL PE ERR``."""
        return 0x70 | self.online << 2 | self.no_paper << 1 | self.fault


def status_byte(byte: int) -> Enq | Dle | None:
    """The meaning of a single byte from a printer, or ``None``. ENQ and DLE have different ranges (3.3)."""
    if 0x60 <= byte <= 0x6F:
        return Enq(*(bool(byte & mask) for mask in (8, 4, 2, 1)))
    if 0x70 <= byte <= 0x77:
        return Dle(*(bool(byte & mask) for mask in (4, 2, 1)))
    return None


class FrameFault(IntEnum):
    """Why bytes are no valid sequence. A printer answers with its error 3 (rule 5 names no number, choice)."""

    SYNTAX = 1
    """No parameters and identifier at its beginning, or another escape sequence inside."""
    TOO_LONG = 2


class Frame(NamedTuple):
    """A sequence: decimal parameters, identifier, the rest."""

    params: tuple[int | None, ...]
    """``None``: an empty one (real printers accept a trailing semicolon)."""
    name: str
    """Identifier, two characters, of the protected memory four; upper and lower case differ."""
    body: bytes = b""
    digits: bytes = b""
    """The last two digits if they are the check byte of the bytes before them; empty: they are not."""

    @property
    def unchecked(self) -> Frame:
        """The same sequence, read without a check byte: the digits belong to the body."""
        return self._replace(body=self.body + self.digits, digits=b"")

    @property
    def payload(self) -> bytes:
        """The bytes that the check byte covers."""
        head = b";".join(b"" if param is None else b"%d" % param for param in self.params)
        return head + self.name.encode("ascii") + self.body

    @property
    def checked(self) -> Frame:
        """The same with its check byte."""
        return self._replace(digits=check(self.payload))


class BadFrame(NamedTuple):
    """Something between ``ESC P`` and ``ESC \\`` that is not a sequence."""

    fault: FrameFault


def check(payload: bytes) -> bytes:
    """The check byte of ``payload`` as two upper-case hexadecimal digits."""
    return b"%02X" % reduce(xor, payload, 0xFF)


@lru_cache(REMEMBERED)
def encode(frame: Frame) -> bytes:
    """The bytes of ``frame``. Raises ``ValueError`` for a byte that would end it."""
    payload = frame.payload + frame.digits
    if _ENDS(payload):
        raise ValueError(f"{payload!r} contains a byte that would end the sequence")
    return b"\x1b" + BEGIN + payload + b"\x1b" + END


@lru_cache(REMEMBERED)
def decode(payload: bytes) -> Frame | BadFrame:
    """The sequence in ``payload`` (the bytes between ``ESC P`` and ``ESC \\``), or why they are none."""
    return _decode(payload)


def _decode(payload: bytes) -> Frame | BadFrame:
    match = _PAYLOAD.fullmatch(payload)
    if match is None:
        return BadFrame(FrameFault.SYNTAX)
    _, head, name, body = match.groups()
    params = head.split(b";") if head else []
    if any(len(param) > _MAX_DIGITS for param in params):
        return BadFrame(FrameFault.SYNTAX)
    digits = body[-2:]
    # The printer accepts lower-case digits (3.2).
    if len(digits) < 2 or digits.upper() != check(payload[:-2]):
        digits = b""
    return Frame(
        tuple(int(param) if param else None for param in params),
        name.decode("ascii"),
        body[: len(body) - len(digits)],
        digits,
    )


#: ESC, and what is between two of them; a host's bytes that may mean something alone are alone.
_ANSWER_RUNS = re.compile(rb"\x1b|[^\x1b]+").findall
_COMMAND_RUNS = re.compile(rb"[\x05\x07\x10\x18\x1a\x1b]|[^\x05\x07\x10\x18\x1a\x1b]+").findall
_STATUS = {byte: status for byte in range(256) if (status := status_byte(byte)) is not None}


class _Sequences:
    """Finds sequences in a stream of bytes, in pieces of any size. Keeps at most ``MAX_FRAME`` bytes, of the longest
    kind of answer ``MAX_LONG_FRAME``.
    """

    _long: ClassVar[bytes | None] = None
    """The beginning of sequences that may be longer."""

    def __init__(self) -> None:
        self._frame: bytearray | None = None
        self._escape = False
        self._fault: FrameFault | None = None

    @property
    def inside(self) -> bool:
        """Whether a sequence has started and not ended."""
        return self._frame is not None

    @property
    def escaped(self) -> bool:
        """Whether the last byte was ESC."""
        return self._escape

    def reset(self) -> None:
        """Drop an unfinished sequence."""
        self._frame, self._escape, self._fault = None, False, None

    def _take(self, run: bytes) -> tuple[Frame | BadFrame | None, bytes]:
        """Bytes without ESC that may belong to a sequence; the sequence that they end, and those that are outside."""
        item = None
        if self._escape:
            self._escape = False
            item, run = self._escaped(run[0]), run[1:]
        if self._frame is None:
            return item, run
        if self._fault is None:
            room = self._room(run)
            if len(run) > room:
                self._fault = FrameFault.TOO_LONG
            self._frame += run[:room]
        return item, b""

    def _room(self, run: bytes) -> int:
        """How many bytes more the sequence may have."""
        assert self._frame is not None
        longer = self._long is not None and (self._frame[:8] + run[:8]).startswith(self._long)
        return (MAX_LONG_FRAME if longer else MAX_FRAME) - len(self._frame)

    def _escaped(self, byte: int) -> Frame | BadFrame | None:
        if byte == BEGIN[0]:
            # Also inside a sequence: the bytes before it are dropped (3.1 rule 3).
            self._frame, self._fault = bytearray(), None
        elif byte != END[0]:
            # The bytes up to the end of the sequence are ignored (3.1 rule 4).
            self._fault = self._fault or FrameFault.SYNTAX
        elif self._frame is not None:
            frame, fault = bytes(self._frame), self._fault
            self.reset()
            if fault is not None:
                return BadFrame(fault)
            # The cache is for what a day repeats, and a long sequence is no part of that.
            return decode(frame) if len(frame) <= MAX_FRAME else _decode(frame)
        if self._frame is None:
            self._fault = None
        return None


class CommandDeframer(_Sequences):
    """What a host sends: sequences and single bytes, by the parser rules of 3.1."""

    def feed(self, data: bytes) -> Iterator[Frame | BadFrame | Control]:
        """Sequences that ``data`` completes and single bytes in it, in order.

        Inside a sequence ENQ and BEL are bytes like others, DLE and DLE2 are recognised, CAN ends it (rule 2).
        """
        for run in _COMMAND_RUNS(data):
            byte = run[0]
            if byte == ESC:
                self._escape = True
            elif byte in (Control.DLE, Control.DLE2):
                yield Control(byte)
            elif byte == Control.CAN:
                self.reset()
                yield Control.CAN
            elif byte in (Control.ENQ, Control.BEL) and not self.inside:
                self.reset()
                yield Control(byte)
            elif (item := self._take(run)[0]) is not None:
                yield item


class AnswerDeframer(_Sequences):
    """What a printer sends: sequences, and the single bytes that answer ENQ and DLE."""

    _long = LONG_FRAME

    def feed(self, data: bytes) -> Iterator[Frame | BadFrame | Enq | Dle]:
        """Sequences that ``data`` completes and status bytes outside of them, in order; the rest is ignored."""
        for run in _ANSWER_RUNS(data):
            if run[0] == ESC:
                self._escape = True
                continue
            item, outside = self._take(run)
            if item is not None:
                yield item
            for byte in outside:
                if byte in _STATUS:
                    yield _STATUS[byte]
