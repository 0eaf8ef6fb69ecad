"""The content of a packet of a recording: a header, and bytes of the line or a note about it.

The header is documented in ``docs/recordings.md``: version, direction and side, event, length of the family's name,
length of the printer's name (a byte each), then both names.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import NamedTuple

from fiscald.protocols.decoding import Direction
from fiscald.recording import pcapng
from fiscald.recording.pcapng import USER0, Captured, RecordingError

VERSION = 1
_DIRECTIONS: tuple[Direction | None, ...] = (None, Direction.SENT, Direction.RECEIVED)


#: The direction's byte is so much more in the conversation of a program with a gateway.
_OF_PROGRAM = 4


class Side(StrEnum):
    """Whose conversation a packet belongs to. In both, bytes are sent to a printer or received from it."""

    PRINTER = "printer"
    """fiscald and the printer."""
    PROGRAM = "program"
    """A program and the gateway, which is a printer for it (docs/gateway.md)."""


class Event(IntEnum):
    """What happened."""

    DATA = 0
    """Bytes passed."""
    OPEN = 1
    """A connection was opened; the note is its address."""
    CLOSED = 2
    """We closed it."""
    LOST = 3
    """It was lost; the note says how."""
    GAP = 4
    """Something is missing here; the note says what."""


class Packet(NamedTuple):
    """One moment of a recording."""

    at: datetime
    """Aware."""
    family: str
    printer: str
    event: Event
    direction: Direction | None = None
    """Of bytes."""
    data: bytes = b""
    """The bytes, or the note in UTF-8."""
    comment: str = ""
    """What was done to it since."""
    side: Side = Side.PRINTER

    @property
    def note(self) -> str:
        """What an event says."""
        return "" if self.event is Event.DATA else self.data.decode("utf-8", "replace")


class Recording(NamedTuple):
    """A file."""

    packets: list[Packet]
    warnings: list[str]
    """What of it could not be read."""


def encode(packet: Packet) -> bytes:
    """The block of a packet."""
    family, printer = packet.family.encode(), packet.printer.encode()
    of_program = packet.side is Side.PROGRAM
    way = _DIRECTIONS.index(packet.direction) + _OF_PROGRAM * of_program
    numbers = (VERSION, way, packet.event, len(family), len(printer))
    payload = bytes(numbers) + family + printer + packet.data
    outbound = None if packet.direction is None else packet.direction is Direction.SENT
    return pcapng.packet(packet.at, payload, outbound=outbound, comment=packet.comment, number=int(of_program))


def size(family: str, printer: str, direction: Direction | None, length: int) -> int:
    """Bytes of the block of a packet without comment, whose bytes or note are so many."""
    payload = 5 + len(family) + len(printer.encode()) + length
    return 32 + payload + -payload % 4 + (0 if direction is None else 12)


def beginning(printer: str, comment: str = "", *, programs: bool = False) -> bytes:
    """What stands before the packets of a printer. ``programs``: also before those of a gateway's programs."""
    found = pcapng.section(comment) + pcapng.interface(printer)
    return found + pcapng.interface(f"{printer} {Side.PROGRAM}") if programs else found


def decode(captured: Captured) -> Packet:
    """The packet in ``captured``. Raises ``RecordingError``."""
    data = captured.data
    if captured.link != USER0 or len(data) < 5:
        raise RecordingError("a packet that is not of a fiscal printer's line")
    version, way, event, family, printer = data[:5]
    side, direction = (Side.PROGRAM, way - _OF_PROGRAM) if way >= _OF_PROGRAM else (Side.PRINTER, way)
    if version != VERSION:
        raise RecordingError(f"the header of its packets has version {version}, this program reads version {VERSION}")
    names = data[5 : 5 + family + printer]
    if direction >= len(_DIRECTIONS) or event not in set(Event) or len(names) < family + printer:
        raise RecordingError("a packet whose header is not ours")
    if (event == Event.DATA) != (direction > 0):
        raise RecordingError("a packet of bytes without direction, or of an event with one")
    try:
        family_name, printer_name = names[:family].decode("ascii"), names[family:].decode("utf-8")
    except UnicodeDecodeError:
        raise RecordingError("a packet whose names are no text") from None
    body = data[5 + family + printer :]
    return Packet(
        captured.at, family_name, printer_name, Event(event), _DIRECTIONS[direction], body, captured.comment, side
    )


def read(data: bytes) -> Recording:
    """The recording in a file. Raises ``RecordingError``; what is cut off at its end becomes a warning."""
    found, warnings = pcapng.read(data)
    return Recording([decode(captured) for captured in found], warnings)


def write(packets: Iterable[Packet], comment: str = "") -> bytes:
    """The file of a recording."""
    listed = list(packets)
    blocks = [encode(packet) for packet in listed]
    programs = any(packet.side is Side.PROGRAM for packet in listed)
    return beginning(listed[0].printer if listed else "", comment, programs=programs) + b"".join(blocks)
