"""The flight recorder: the latest conversation with a printer, always on, in memory; and on disk where asked for."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import datetime, timedelta
from itertools import islice

import anyio

from fiscald.protocols.base import Direction
from fiscald.recording.folder import RecordingFolder
from fiscald.recording.packets import Event, Packet, beginning, encode, size
from fiscald.transport import ByteStream, Recorder

#: Seconds without a packet after which whoever follows is given nothing, to see whether it still wants to.
QUIET_SECONDS = 1.0
#: Packets that are made together (1 ms): more of them would hold up others.
_AT_ONCE = 256


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
        self._packets: deque[Packet] = deque()
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
        """What is kept, as a pcapng file.

        It is made in parts, and others have their turn in between: of a full memory all of it takes longer than they
        may wait for an answer. In a thread it would keep them waiting longer, for the interpreter's lock.
        """
        head, packets = beginning(self._printer), list(self._packets)
        if self._dropped:
            head += self._gap(f"{self._dropped} earlier packets are not kept any more")
        parts = [head]
        for first in range(0, len(packets), _AT_ONCE):
            parts.append(_encoded(packets[first : first + _AT_ONCE]))
            await anyio.lowlevel.checkpoint()
        return b"".join(parts)

    async def follow(self) -> AsyncIterator[bytes]:
        """A pcapng file that goes on for ever: from now on, every packet as it is kept.

        Nothing at all is said for each ``QUIET_SECONDS`` without one. Nobody waits for a slow reader: what is not kept
        any more when it comes back is a gap.
        """
        seen = self._dropped + len(self._packets)
        yield beginning(self._printer)
        while True:
            missed = max(self._dropped - seen, 0)
            data = self._gap(f"{missed} packets were not fetched in time") if missed else b""
            seen = max(seen, self._dropped)
            first = seen - self._dropped
            packets = list(islice(self._packets, first, first + _AT_ONCE))
            data += _encoded(packets)
            seen += len(packets)
            if not data:
                self._grown = self._grown or anyio.Event()
                with anyio.move_on_after(QUIET_SECONDS):
                    await self._grown.wait()
                    continue
            yield data

    def _gap_now(self, why: str) -> bytes:
        return encode(Packet(self._clock(), self._family, self._printer, Event.GAP, data=why.encode()))

    def _gap(self, why: str) -> bytes:
        first = self._packets[0].at if self._packets else self._clock()
        return encode(Packet(first, self._family, self._printer, Event.GAP, data=why.encode()))

    def _remember(self, packet: Packet) -> None:
        # Encoded when somebody asks: nearly everything is dropped unread.
        if self._grown is not None:
            self._grown.set()
            self._grown = None
        self._packets.append(packet)
        self._size += size(packet)
        while self._size > self._keep:
            self._size -= size(self._packets.popleft())
            self._dropped += 1


def _encoded(packets: Iterable[Packet]) -> bytes:
    return b"".join(map(encode, packets))
