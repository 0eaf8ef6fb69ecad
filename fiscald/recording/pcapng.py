"""The few blocks of pcapng that recordings are made of: section, interface, packet.

Source: draft-ietf-opsawg-pcapng, sections 3 and 4. Written is little-endian with microseconds; read is what any
program may have made of it: both byte orders, any resolution, unknown blocks and options.
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

#: Link type USER0: the packets are the business of who made the file.
USER0 = 147
#: What every file begins with, in both byte orders.
MAGIC = b"\x0a\x0d\x0d\x0a"
_SECTION, _INTERFACE, _PACKET = 0x0A0D0D0A, 1, 6
_ORDERS = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
_COMMENT, _APPLICATION, _NAME, _FLAGS, _RESOLUTION, _OFFSET = 1, 4, 2, 2, 9, 14
_INBOUND, _OUTBOUND = 1, 2
#: The longest block that is believed.
_MAX_BLOCK = 1 << 24
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: So that it is a time in every time zone.
_LAST = datetime(9999, 12, 30, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class RecordingError(ValueError):
    """A file that is no recording; ``str`` says what is wrong with it."""


class Captured(NamedTuple):
    """A packet of a file."""

    at: datetime
    data: bytes
    link: int
    """Link type of its interface."""
    comment: str = ""


class _Interface(NamedTuple):
    link: int
    ticks: int
    """Per second."""
    offset: int
    """Seconds."""


class _Damage(Exception):
    """A block is not what it says to be."""


def section(comment: str = "") -> bytes:
    """The beginning of a file, or of another one behind it."""
    options = {_COMMENT: comment.encode(), _APPLICATION: b"fiscald"}
    return _block(_SECTION, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1), options)


def interface(name: str, link: int = USER0) -> bytes:
    """What the packets behind it come from."""
    return _block(_INTERFACE, struct.pack("<HHI", link, 0, 0), {_NAME: name.encode()})


def packet(at: datetime, data: bytes, *, outbound: bool | None = None, comment: str = "", number: int = 0) -> bytes:
    """A packet. ``number``: of its interface, the first one of the section is 0."""
    ticks = (at - _EPOCH) // _MICROSECOND
    head = struct.pack("<IIIII", number, ticks >> 32, ticks & 0xFFFFFFFF, len(data), len(data))
    flags = b"" if outbound is None else struct.pack("<I", _OUTBOUND if outbound else _INBOUND)
    return _block(_PACKET, head + _padded(data), {_COMMENT: comment.encode(), _FLAGS: flags})


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _block(kind: int, body: bytes, options: dict[int, bytes]) -> bytes:
    given = [struct.pack("<HH", code, len(value)) + _padded(value) for code, value in options.items() if value]
    body += b"".join([*given, bytes(4)] if given else [])
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


class Reader:
    """Reads a file, piece by piece; what is damaged is skipped up to the next section, and told in ``warnings``."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self._buffer = b""
        self._at = 0
        """Where in the buffer the next block begins."""
        self._place = 0
        """Where in the file the buffer begins."""
        self._order = ""
        self._interfaces: list[_Interface] = []

    def feed(self, data: bytes) -> list[Captured]:
        """Packets that ``data`` completes, in order. Raises ``RecordingError`` if the file is none of this kind."""
        self._buffer += data
        found = []
        while len(self._buffer) - self._at >= 12:
            try:
                if not self._order and self._buffer[:4] != MAGIC:
                    raise _Damage("it does not begin with a section")
                length = self._length()
                if len(self._buffer) - self._at < length:
                    break
                packet = self._read(self._buffer[self._at : self._at + length])
                self._at += length
            except _Damage as damage:
                self._resume(str(damage))
                continue
            if packet is not None:
                found.append(packet)
        self._buffer, self._place, self._at = self._buffer[self._at :], self._place + self._at, 0
        return found

    def end(self) -> list[Captured]:
        """The file ends here: what is unfinished becomes a warning, and sections inside of it are read."""
        found = []
        if not self._order:
            raise RecordingError("this is no pcapng file: it is too short")
        while self._buffer:
            self._resume("the file ends in the middle of a block")
            found += self.feed(b"")
        return found

    def _resume(self, damage: str) -> None:
        if not self._order:
            raise RecordingError(f"this is no pcapng file: {damage}")
        self.warnings.append(f"at byte {self._place + self._at}: {damage}")
        following = self._buffer.find(MAGIC, self._at + 1)
        self._at = len(self._buffer) if following < 0 else following

    def _length(self) -> int:
        order = self._order
        if self._buffer[self._at : self._at + 4] == MAGIC:
            found = _ORDERS.get(self._buffer[self._at + 8 : self._at + 12])
            if found is None:
                raise _Damage("its byte order is unknown")
            order = found
        (length,) = struct.unpack_from(order + "I", self._buffer, self._at + 4)
        if length % 4 or not 12 <= length <= _MAX_BLOCK:
            raise _Damage(f"a block cannot have {length} bytes")
        return int(length)

    def _read(self, block: bytes) -> Captured | None:
        if block[:4] == MAGIC:
            self._order = _ORDERS[block[8:12]]
        kind, length = struct.unpack_from(self._order + "II", block)
        if struct.unpack_from(self._order + "I", block, length - 4) != (length,):
            raise _Damage("a block has two different lengths")
        body = block[8:-4]
        try:
            if kind == _SECTION:
                self._interfaces = []
            elif kind == _INTERFACE:
                self._interfaces.append(self._interface(body))
            elif kind == _PACKET:
                return self._packet(body)
        except (struct.error, OverflowError):
            raise _Damage("a block is not built as its kind") from None
        return None

    def _interface(self, body: bytes) -> _Interface:
        (link,) = struct.unpack_from(self._order + "H", body)
        options = self._options(body[8:])
        (resolution,) = options.get(_RESOLUTION, b"\x06")[:1] or b"\x06"
        ticks = 2 ** (resolution & 0x7F) if resolution & 0x80 else 10**resolution
        (offset,) = struct.unpack(self._order + "q", options.get(_OFFSET, bytes(8)))
        return _Interface(link, ticks, offset)

    def _packet(self, body: bytes) -> Captured:
        number, high, low, length, _ = struct.unpack_from(self._order + "IIIII", body)
        if number >= len(self._interfaces):
            raise _Damage("a packet of an interface that is not described")
        data = body[20 : 20 + length]
        if len(data) < length:
            raise _Damage("a packet is shorter than it says")
        options = self._options(body[20 + length + -length % 4 :])
        where = self._interfaces[number]
        ticks = high << 32 | low
        at = _EPOCH + timedelta(seconds=where.offset, microseconds=ticks * 10**6 // where.ticks)
        if not _EPOCH <= at <= _LAST:
            raise _Damage("a packet of no time that there will be")
        return Captured(at, data, where.link, options.get(_COMMENT, b"").decode("utf-8", "replace"))

    def _options(self, data: bytes) -> dict[int, bytes]:
        found: dict[int, bytes] = {}
        while len(data) >= 4:
            code, length = struct.unpack_from(self._order + "HH", data)
            if code == 0:
                break
            value = data[4 : 4 + length]
            if len(value) < length:
                raise _Damage("an option is longer than its block")
            found.setdefault(code, value)
            data = data[4 + length + -length % 4 :]
        return found


def read(data: bytes) -> tuple[list[Captured], list[str]]:
    """All packets of a file, and what is wrong with it. Raises ``RecordingError`` if it is none of this kind."""
    reader = Reader()
    packets = reader.feed(data) + reader.end()
    return packets, reader.warnings
