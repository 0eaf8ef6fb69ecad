"""The flight recorder: the latest conversation with a printer, always on, in memory; and on disk where asked for."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from itertools import islice

import anyio

from fiscald.protocols.decoding import Direction
from fiscald.recording.folder import RecordingFolder
from fiscald.recording.packets import Event, Packet, beginning, encode, size
from fiscald.transport import ByteStream, Recorder

#: Seconds without a packet after which a follower is given nothing, to see whether it still wants to.
QUIET_SECONDS = 1.0
#: Packets that are made together (1 ms): more of them would hold up others; and about the bytes of them.
_AT_ONCE, _BYTES_AT_ONCE = 256, 64 * 1024


#: A packet as it is kept: time, event, direction, bytes and size. A plain tuple of plain values is nothing that the
#: garbage collector looks at: with packets it held the loop for 2 ms for every full recorder.
_Kept = tuple[datetime, int, str | None, bytes, int]


class FlightRecorder:
    """Keeps the latest bytes of one printer's line, both directions with their times, over all connections.

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
        folder: RecordingFolder | None = None,
    ) -> None:
        """``keep``: at most so many bytes of a recording are kept, which take about three times that in memory."""
        self._printer = printer
        self._family = family
        self._address = address
        self._clock = clock
        self._keep = keep
        self._folder = folder
        self._packets: deque[_Kept] = deque()
        self._size = 0
        self._dropped = 0
        self._grown: anyio.Event | None = None

    def wrap(self, stream: ByteStream) -> ByteStream:
        """The same stream, recorded from now on."""
        began, ticks = self._clock(), time.monotonic()
        file = None if self._folder is None else self._folder.open(self._printer, self._gap_now)

        def note(event: Event, direction: Direction | None = None, data: bytes = b"") -> None:
            # The host's clock may be set while a connection lasts; the distances in it stay true.
            at = began + timedelta(seconds=time.monotonic() - ticks)
            packet = Packet(at, self._family, self._printer, event, direction, data)
            self._remember(packet)
            if file is not None:
                file.write(encode(packet))

        def ended(reason: str | None) -> None:
            note(Event.CLOSED) if reason is None else note(Event.LOST, data=reason.encode())
            if file is not None:
                file.close()

        note(Event.OPEN, data=self._address.encode())
        return Recorder(stream, lambda direction, data: note(Event.DATA, Direction(direction), data), ended=ended)

    async def capture(self) -> bytes:
        """The stored packets as a pcapng file."""
        return b"".join([piece async for piece in self.kept()])

    async def kept(self) -> AsyncIterator[bytes]:
        """The same in pieces.

        A piece is made when the one before it was taken: others have their turn in between, for of a full memory all of
        it takes longer than they may wait for an answer; and a slow reader costs no memory. What is not kept any more
        when it comes to that is a gap.
        """
        end = self._dropped + len(self._packets)
        seen = self._dropped
        head = beginning(self._printer)
        if self._dropped:
            head += self._gap(f"{self._dropped} earlier packets are not kept any more")
        yield head
        while seen < end:
            data, seen = self._piece(seen, end)
            yield data
            await anyio.lowlevel.checkpoint()

    async def follow(self) -> AsyncIterator[bytes]:
        """An endless pcapng file: every new packet as it is stored.

        Yields nothing for each ``QUIET_SECONDS`` without one. The line does not wait for a slow reader: packets that
        were dropped when it returns are a gap.
        """
        seen = self._dropped + len(self._packets)
        yield beginning(self._printer)
        while True:
            data, seen = self._piece(seen, self._dropped + len(self._packets))
            if not data:
                self._grown = self._grown or anyio.Event()
                with anyio.move_on_after(QUIET_SECONDS):
                    await self._grown.wait()
                    continue
            yield data

    def _piece(self, seen: int, end: int) -> tuple[bytes, int]:
        """Packets from number ``seen`` on, counted from the start, not to ``end``; and the number to go on from."""
        missed = max(min(self._dropped, end) - seen, 0)
        pieces = [self._gap(f"{missed} packets were not fetched in time")] if missed else []
        seen = max(seen, self._dropped)
        left = _BYTES_AT_ONCE
        first = seen - self._dropped
        last = max(first, min(first + _AT_ONCE, end - self._dropped))
        for at, event, direction, data, _ in islice(self._packets, first, last):
            way = None if direction is None else Direction(direction)
            pieces.append(encode(Packet(at, self._family, self._printer, Event(event), way, data)))
            seen += 1
            left -= len(pieces[-1])
            if left <= 0:
                break
        return b"".join(pieces), seen

    def _gap_now(self, why: str) -> bytes:
        return encode(Packet(self._clock(), self._family, self._printer, Event.GAP, data=why.encode()))

    def _gap(self, why: str) -> bytes:
        first = self._packets[0][0] if self._packets else self._clock()
        return encode(Packet(first, self._family, self._printer, Event.GAP, data=why.encode()))

    def _remember(self, packet: Packet) -> None:
        # Encoded when somebody asks: nearly everything is dropped unread.
        if self._grown is not None:
            self._grown.set()
            self._grown = None
        way = None if packet.direction is None else packet.direction.value
        taken = size(packet)
        self._packets.append((packet.at, packet.event.value, way, packet.data, taken))
        self._size += taken
        while self._size > self._keep:
            self._size -= self._packets.popleft()[-1]
            self._dropped += 1
