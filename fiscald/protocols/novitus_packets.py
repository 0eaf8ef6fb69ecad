"""Packets of the Novitus XML protocol: ``<packet crc="XXXXXXXX">`` elements ``</packet>``, and ``<pakiet>`` in Polish.

The checksum is the ordinary CRC-32 of the bytes between the two tags, as eight hexadecimal digits; a packet may come
without one. There is no length and no byte that only a tag may have, but XML writes ``<`` in a value as ``&lt;``, so a
tag is always a tag. An opening tag inside a packet means that the end of the packet before it was lost.

Source: Novitus reference, sections 2, 3.1 and 3.3.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

#: Bytes that a printer receives in one packet; a longer one must be split (2). Clients keep below the second number.
RECEIVE_BUFFER, PRACTICAL_LIMIT = 5000, 4500
#: The longest body that a deframer keeps. Clients read replies of up to 64 KiB (2).
MAX_BODY = 65536
#: The longest opening tag.
MAX_TAG = 256


class Dialect(StrEnum):
    """The language of a packet; the value is its tag. The printer answers in the language of the request."""

    ENGLISH = "packet"
    POLISH = "pakiet"


class PacketFault(StrEnum):
    """What is wrong with a packet."""

    CRC = "its checksum is wrong"
    TAG = "its opening or closing tag is damaged"
    TOO_LONG = "it is too long"
    UNFINISHED = "its end is missing"


class Packet(NamedTuple):
    """An intact packet. ``crc``: the checksum that it came with; ``None``: it came without one."""

    body: bytes
    crc: int | None = None
    dialect: Dialect = Dialect.ENGLISH


class BadPacket(NamedTuple):
    """Something between two tags that is not a packet. ``body``: as far as it was kept."""

    fault: PacketFault
    dialect: Dialect = Dialect.ENGLISH
    body: bytes = b""


def encode_packet(body: bytes, *, crc: bool = True, dialect: Dialect = Dialect.ENGLISH) -> bytes:
    """The bytes of a packet. Raises ``ValueError`` if ``body`` has a tag of a packet in it."""
    if _TAG(body):
        raise ValueError("the elements contain the tag of a packet")
    tag = dialect.value.encode("ascii")
    checksum = b' crc="%08X"' % zlib.crc32(body) if crc else b""
    return b"<%s%s>%s</%s>" % (tag, checksum, body, tag)


#: The bytes of a tag's beginning that are kept because the rest may come with the next bytes.
_KEPT = 16
_OPENS = re.compile(rb"<(?:packet|pakiet)(?=[\s/>])").search
_TAG = re.compile(rb"<(?:packet|pakiet)(?=[\s/>])|</(?:packet|pakiet)\s{0,4}>").search
_ENDS_TAG = re.compile(rb"[<>]").search
_ATTRIBUTE = rb"""\s+([A-Za-z_][\w.-]*)\s*=\s*("[^"<>]*"|'[^'<>]*')"""
_OPENING = re.compile(rb"<(packet|pakiet)((?:%s)*)\s*(/?)>" % _ATTRIBUTE.replace(b"(", b"(?:")).fullmatch
_ATTRIBUTES = re.compile(_ATTRIBUTE).findall
_HEX = re.compile(rb"[0-9A-Fa-f]{1,8}").fullmatch


class Deframer:
    """Finds packets in a stream of bytes, in pieces of any size. Keeps at most ``limit`` bytes of a body.

    Skips bytes outside a packet (3.1).
    """

    def __init__(self, limit: int = MAX_BODY) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._scanned = 0
        self._open: tuple[Dialect, int | None] | None = None
        self._overflowed = False

    @property
    def inside(self) -> bool:
        """Whether a packet has started and not ended."""
        return self._open is not None or _OPENS(self._buffer) is not None

    def reset(self) -> None:
        """Drop an unfinished packet."""
        self._buffer.clear()
        self._leave()

    def feed(self, data: bytes) -> Iterator[Packet | BadPacket]:
        """Packets that ``data`` completes, in order."""
        self._buffer += data
        while True:
            done, item = self._outside() if self._open is None else self._inside()
            if item is not None:
                yield item
            if done:
                return

    def _outside(self) -> tuple[bool, BadPacket | Packet | None]:
        """Look for an opening tag."""
        start = _OPENS(self._buffer)
        if start is None:
            # Only what may be the beginning of a tag is kept.
            last = self._buffer.rfind(b"<", max(0, len(self._buffer) - _KEPT))
            del self._buffer[: last if last >= 0 else len(self._buffer)]
            return True, None
        del self._buffer[: start.start()]
        dialect = Dialect(self._buffer[1:7].decode("ascii"))
        end = _ENDS_TAG(self._buffer, 1)
        length = len(self._buffer) if end is None else end.start()
        if length > MAX_TAG:
            del self._buffer[:MAX_TAG]
            return False, BadPacket(PacketFault.TAG, dialect)
        if end is None:
            return True, None
        if end[0] == b"<":
            del self._buffer[:length]
            return False, BadPacket(PacketFault.TAG, dialect)
        tag = bytes(self._buffer[: end.end()])
        del self._buffer[: end.end()]
        return False, self._opened(tag, dialect)

    def _opened(self, tag: bytes, dialect: Dialect) -> BadPacket | Packet | None:
        opening = _OPENING(tag)
        if opening is None:
            return BadPacket(PacketFault.TAG, dialect)
        crc = None
        for name, value in _ATTRIBUTES(tag):
            if name == b"crc":
                # Clients drop leading zeros, so the number counts and not its digits (3.3).
                if _HEX(value[1:-1]) is None:
                    return BadPacket(PacketFault.TAG, dialect)
                crc = int(value[1:-1], 16)
        if opening[3]:
            return _verified(b"", crc, dialect)
        self._open = (dialect, crc)
        return None

    def _inside(self) -> tuple[bool, BadPacket | Packet | None]:
        """Look for the end of the packet."""
        assert self._open is not None
        dialect, crc = self._open
        end = _TAG(self._buffer, self._scanned)
        if end is None:
            if len(self._buffer) > self._limit + _KEPT:
                self._overflowed = True
                del self._buffer[: len(self._buffer) - _KEPT]
            self._scanned = max(0, len(self._buffer) - _KEPT)
            return True, None
        body = bytes(self._buffer[: end.start()])
        overflowed = self._overflowed or len(body) > self._limit
        opens_next = not end[0].startswith(b"</")
        closes_ours = dialect.value.encode("ascii") in end[0]
        del self._buffer[: end.start() if opens_next else end.end()]
        self._leave()
        if opens_next:
            return False, BadPacket(PacketFault.UNFINISHED, dialect, body[: self._limit])
        if overflowed:
            return False, BadPacket(PacketFault.TOO_LONG, dialect)
        if not closes_ours:
            return False, BadPacket(PacketFault.TAG, dialect, body)
        return False, _verified(body, crc, dialect)

    def _leave(self) -> None:
        self._open, self._overflowed, self._scanned = None, False, 0


def _verified(body: bytes, crc: int | None, dialect: Dialect) -> Packet | BadPacket:
    if crc is not None and crc != zlib.crc32(body):
        return BadPacket(PacketFault.CRC, dialect, body)
    return Packet(body, crc, dialect)
