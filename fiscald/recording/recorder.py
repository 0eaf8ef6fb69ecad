"""The flight recorder: the latest conversation with a printer, always on, in memory; and on disk where asked for."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from functools import partial

import anyio

from fiscald.protocols.decoding import Direction
from fiscald.recording.folder import RecordingFolder
from fiscald.recording.memory import Memory, Place
from fiscald.recording.packets import Event, Packet, Side, beginning, encode, size
from fiscald.transport import ByteStream, Recorder

#: Seconds without a packet after which a follower is given nothing, to see whether it still wants to.
QUIET_SECONDS = 1.0
#: Packets that are made together (1 ms): more of them would hold up others; and about the bytes of them.
_AT_ONCE, _BYTES_AT_ONCE = 256, 64 * 1024
_OTHER = {Direction.SENT: Direction.RECEIVED, Direction.RECEIVED: Direction.SENT}


class FlightRecorder:
    """Keeps the latest bytes of one printer's line, both directions with their times, over all connections; and those
    between a program and the printer's gateway.

    With ``folder``, everything is also written to ``NAME-DATE.pcapng`` there.
    """

    def __init__(
        self,
        printer: str,
        family: str,
        address: str,
        clock: Callable[[], datetime],
        *,
        keep: int,
        memory: Memory | None = None,
        folder: RecordingFolder | None = None,
        programs: str | None = None,
    ) -> None:
        """``keep``: at most so many bytes of a recording are kept. ``memory``: shared with other printers.

        ``programs``: the family that programs speak to the printer's gateway; ``None``: it has none.
        """
        self._printer = printer
        self._family = family
        self._address = address
        self._clock = clock
        self._folder = folder
        self._families = {Side.PRINTER: family, Side.PROGRAM: programs or family}
        self._has_programs = programs is not None
        self._line = (memory or Memory()).line(keep, partial(size, max(self._families.values(), key=len), printer))
        self._grown: anyio.Event | None = None

    def wrap(self, stream: ByteStream) -> ByteStream:
        """The same stream to the printer, recorded from now on."""
        note, ended = self._begin(Side.PRINTER, self._address)
        return Recorder(stream, lambda way, data: note(Event.DATA, Direction(way), data), ended=ended)

    def wrap_program(self, stream: ByteStream, peer: str) -> ByteStream:
        """The same stream to a program at the gateway. What comes from it is sent to a printer, as it sees that."""
        note, ended = self._begin(Side.PROGRAM, peer)
        return Recorder(stream, lambda way, data: note(Event.DATA, _OTHER[Direction(way)], data), ended=ended)

    def _begin(self, side: Side, address: str) -> tuple[Callable[..., None], Callable[[str | None], None]]:
        """A connection has opened: what notes that something passes, and what notes its end."""
        began, ticks = self._clock(), time.monotonic()
        file = None
        if self._folder is not None:
            file = self._folder.open(self._printer, self._gap_now, programs=self._has_programs)

        def note(event: Event, direction: Direction | None = None, data: bytes = b"") -> None:
            # The host's clock may be set while a connection lasts; the distances in it stay true.
            at = began + timedelta(seconds=time.monotonic() - ticks)
            self._remember(at, event, direction, data, side)
            if file is not None:
                file.write(self._packet(at, event, direction, data, side))

        def ended(reason: str | None) -> None:
            note(Event.CLOSED) if reason is None else note(Event.LOST, data=reason.encode())
            if file is not None:
                file.close()

        note(Event.OPEN, data=address.encode())
        return note, ended

    def _packet(self, at: datetime, event: Event, direction: Direction | None, data: bytes, side: Side) -> bytes:
        return encode(Packet(at, self._families[side], self._printer, event, direction, data, side=side))

    async def capture(self) -> bytes:
        """The stored packets as a pcapng file."""
        return b"".join([piece async for piece in self.kept()])

    async def kept(self) -> AsyncIterator[bytes]:
        """The same in pieces.

        A piece is made when the one before it was taken: others have their turn in between, for of a full memory all of
        it takes longer than they may wait for an answer; and a slow reader costs no memory. What is not kept any more
        when it comes to that is a gap.
        """
        end, seen = self._line.end, self._line.first
        head = beginning(self._printer, programs=self._has_programs)
        if seen.number:
            head += self._gap(f"{seen.number} earlier packets are not kept any more")
        yield head
        while seen.number < end.number:
            data, seen = self._piece(seen, end)
            yield data
            await anyio.lowlevel.checkpoint()

    async def follow(self) -> AsyncIterator[bytes]:
        """An endless pcapng file: every new packet as it is stored.

        Yields nothing for each ``QUIET_SECONDS`` without one. The line does not wait for a slow reader: packets that
        were dropped when it returns are a gap.
        """
        seen = self._line.end
        yield beginning(self._printer, programs=self._has_programs)
        while True:
            data, seen = self._piece(seen, self._line.end)
            if not data:
                self._grown = self._grown or anyio.Event()
                with anyio.move_on_after(QUIET_SECONDS):
                    await self._grown.wait()
                    continue
            yield data

    def _piece(self, seen: Place, end: Place) -> tuple[bytes, Place]:
        """Packets from ``seen`` on, not to ``end``; and the place to go on from."""
        first = min(self._line.first, end)
        missed = first.number - seen.number
        pieces = [self._gap(f"{missed} packets were not fetched in time")] if missed > 0 else []
        seen = max(seen, self._line.first)
        left, last = _BYTES_AT_ONCE, min(seen.number + _AT_ONCE, end.number)
        while seen.number < last and left > 0:
            found, seen = self._line.read(seen)
            pieces.append(self._packet(*found))
            left -= len(pieces[-1])
        return b"".join(pieces), seen

    def _gap_now(self, why: str) -> bytes:
        return encode(Packet(self._clock(), self._family, self._printer, Event.GAP, data=why.encode()))

    def _gap(self, why: str) -> bytes:
        line = self._line
        first = line.read(line.first)[0].at if line.used else self._clock()
        return encode(Packet(first, self._family, self._printer, Event.GAP, data=why.encode()))

    def _remember(self, at: datetime, event: Event, direction: Direction | None, data: bytes, side: Side) -> None:
        # Encoded when somebody asks: nearly everything is dropped unread.
        if self._grown is not None:
            self._grown.set()
            self._grown = None
        self._line.add(at, event, direction, data, side)
