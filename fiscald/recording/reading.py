"""Decoded recordings: every frame, field and error with its time, for every family."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from io import BytesIO
from typing import NamedTuple

from fiscald.protocols import FAMILIES, family
from fiscald.protocols.base import Settings
from fiscald.protocols.decoding import DecodedFrame, Decoder, Direction
from fiscald.protocols.families import CannotDecode, decoding_of
from fiscald.recording.packets import Event, Packet, Side
from fiscald.recording.pcapng import RecordingError


class Entry(NamedTuple):
    """A frame, or an event of the line."""

    at: datetime
    """When it was whole."""
    printer: str
    family: str
    event: Event
    direction: Direction | None = None
    frame: DecodedFrame | None = None
    """Of ``DATA``."""
    note: str = ""
    """Of the others."""
    side: Side = Side.PRINTER


class Turn(NamedTuple):
    """A command of the recording, and what came before the next one."""

    command: DecodedFrame
    answers: tuple[DecodedFrame, ...]

    @property
    def name(self) -> str:
        """How a report calls it."""
        return self.command.name or self.command.text or self.command.raw.hex(" ")


def decoder(family_name: str, code_page: str | None = None) -> Decoder:
    """Names for a connection to a printer of that family. Raises ``RecordingError`` for what is not known."""
    if family_name not in FAMILIES:
        raise RecordingError(f"there is no family {family_name!r}; known: {', '.join(FAMILIES)}")
    known = family(family_name)
    pages = known.choices("code_page")
    if code_page is not None and code_page not in pages:
        but = f"but {', '.join(pages)}" if pages else "nor any other"
        raise RecordingError(f"a {family_name} printer has no code page {code_page!r}, {but}")
    try:
        decoding = decoding_of(known)
    except CannotDecode as error:
        raise RecordingError(str(error)) from None
    return decoding.decoder(Settings("", known.options(**({} if code_page is None else {"code_page": code_page}))))


class _Line:
    """The connections to one printer, or of programs to its gateway, one after the other."""

    def __init__(self, packet: Packet, code_page: str | None) -> None:
        self._family = packet.family
        self._printer = packet.printer
        self._side = packet.side
        self._code_page = code_page
        self._decoder = decoder(packet.family, code_page)

    def take(self, packet: Packet) -> Iterator[Entry]:
        """What a packet completes."""
        if packet.direction is None:
            # What was unfinished stays so: a new connection begins with nothing, and so does the time after a gap.
            yield from self.end(packet.at)
            yield Entry(packet.at, packet.printer, packet.family, packet.event, note=packet.note, side=self._side)
        else:
            for frame in self._decoder.feed(packet.direction, packet.data):
                yield self._entry(packet.at, packet.direction, frame)

    def end(self, at: datetime) -> Iterator[Entry]:
        """What is unfinished."""
        for direction in Direction:
            for frame in self._decoder.end(direction):
                yield self._entry(at, direction, frame)
        self._decoder = decoder(self._family, self._code_page)

    def _entry(self, at: datetime, direction: Direction, frame: DecodedFrame) -> Entry:
        return Entry(at, self._printer, self._family, Event.DATA, direction, frame, side=self._side)


class Conversation:
    """The frames and events of a recording that is still growing, packet by packet."""

    def __init__(self, code_page: str | None = None) -> None:
        self._code_page = code_page
        self._lines: dict[tuple[str, str, Side], _Line] = {}

    def take(self, packet: Packet) -> Iterator[Entry]:
        """What a packet completes. Raises ``RecordingError`` for an unknown family."""
        key = (packet.printer, packet.family, packet.side)
        if key not in self._lines:
            self._lines[key] = _Line(packet, self._code_page)
        yield from self._lines[key].take(packet)

    def end(self, at: datetime) -> Iterator[Entry]:
        """What is unfinished."""
        for line in self._lines.values():
            yield from line.end(at)


def entries(packets: Iterable[Packet], code_page: str | None = None) -> Iterator[Entry]:
    """Every frame and event of a recording, in order. Raises ``RecordingError`` for an unknown family."""
    conversation, at = Conversation(code_page), None
    for packet in packets:
        at = packet.at
        yield from conversation.take(packet)
    if at is not None:
        yield from conversation.end(at)


def of_printer(packets: Iterable[Packet]) -> list[Packet]:
    """Those between fiscald and the printer. Raises ``RecordingError`` if there are none."""
    found = [packet for packet in packets if packet.side is Side.PRINTER]
    if not found:
        raise RecordingError("no command is in it")
    return found


def turns(entries: Iterable[Entry]) -> list[list[Turn]]:
    """The commands of every connection to the printer, in order.

    Raises ``RecordingError``: nothing in it, or several printers.
    """
    connections: list[list[Turn]] = [[]]
    printers = set()
    for entry in entries:
        if entry.side is not Side.PRINTER:
            continue
        printers.add((entry.printer, entry.family))
        if entry.event is Event.OPEN:
            connections.append([])
        elif entry.frame is not None and entry.direction is Direction.SENT:
            connections[-1].append(Turn(entry.frame, ()))
        elif entry.frame is not None and connections[-1]:
            last = connections[-1][-1]
            connections[-1][-1] = last._replace(answers=(*last.answers, entry.frame))
    if len(printers) > 1:
        raise RecordingError(f"several printers are in it: {', '.join(sorted(name for name, _ in printers))}")
    found = [connection for connection in connections if connection]
    if not found:
        raise RecordingError("no command is in it")
    return found


def redact(packets: Iterable[Packet]) -> list[Packet]:
    """The same recording with personal data masked, packet by packet just as long.

    Frames that were intact stay so; a packet that was changed has a comment. Raises ``RecordingError``.
    """
    listed = list(packets)
    streams = {key: BytesIO(b"".join(parts)) for key, parts in _masked(listed).items()}
    found = []
    for packet in listed:
        if packet.direction is not None and packet.data:
            data = streams[packet.printer, packet.family, packet.side, packet.direction].read(len(packet.data))
            if data != packet.data:
                packet = packet._replace(data=data, comment="personal data masked")
        found.append(packet)
    return found


def _masked(packets: list[Packet]) -> dict[tuple[str, str, Side, Direction], list[bytes]]:
    """All bytes of each line, side and direction, masked: a NIP may be cut up over packets, a frame is not."""
    streams: dict[tuple[str, str, Side, Direction], list[bytes]] = {}
    for entry in entries(packets):
        if entry.direction is not None and entry.frame is not None:
            key = (entry.printer, entry.family, entry.side, entry.direction)
            streams.setdefault(key, []).append(entry.frame.masked)
    return streams
