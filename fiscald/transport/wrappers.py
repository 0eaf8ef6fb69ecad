"""Streams around streams: a recorder and a throttle. They keep the promise of ``ByteStream``."""

from __future__ import annotations

from collections.abc import Callable

import anyio

from fiscald.transport.base import ByteStream, LinkLost

#: Called with ">" (to the printer) or "<" (from it) and the bytes.
Sink = Callable[[str, bytes], None]

#: Bits on the line per byte: start, eight data, stop.
BITS_PER_BYTE = 10


class Recorder(ByteStream):
    """Shows every byte that passes to ``sink``; received bytes before they are handed on."""

    def __init__(self, stream: ByteStream, sink: Sink, *, ended: Callable[[str | None], None] = lambda _: None) -> None:
        """``ended`` is called once, when no more bytes will come: with the reason of a lost link, or ``None``."""
        self._stream = stream
        self._sink = sink
        self._ended = ended
        self._over = False
        self._ahead = 0
        """How many of the next bytes to send are recorded already."""

    async def send(self, data: bytes) -> None:
        """See ``ByteStream.send``. Recorded first: what may have been sent must be in the record."""
        self._record(data)
        try:
            await self._stream.send(data)
        except LinkLost as error:
            self._end(str(error))
            raise

    def send_nowait(self, data: bytes) -> bytes:
        """See ``ByteStream.send_nowait``. Recorded first, with the rest that is still to be sent."""
        self._record(data)
        try:
            rest = self._stream.send_nowait(data)
        except LinkLost as error:
            self._end(str(error))
            raise
        self._ahead = len(rest)
        return rest

    def _record(self, data: bytes) -> None:
        new, self._ahead = data[self._ahead :], 0
        if new and not self._over:
            self._sink(">", new)

    async def receive(self) -> bytes:
        """See ``ByteStream.receive``."""
        try:
            data = await self._stream.receive()
        except LinkLost as error:
            self._end(str(error))
            raise
        self._sink("<", data)
        return data

    def receive_nowait(self) -> bytes:
        """See ``ByteStream.receive_nowait``."""
        try:
            data = self._stream.receive_nowait()
        except LinkLost as error:
            self._end(str(error))
            raise
        if data:
            self._sink("<", data)
        return data

    async def aclose(self) -> None:
        """See ``ByteStream.aclose``."""
        await self._stream.aclose()
        self._end(None)

    def _end(self, reason: str | None) -> None:
        if not self._over:
            self._over = True
            self._ended(reason)


class Throttle(ByteStream):
    """Makes a stream as slow as a serial line of ``baud``, in both directions at once.

    Bytes leave, and received ones are handed on, when their last bit would have passed the line.
    """

    def __init__(self, stream: ByteStream, baud: int) -> None:
        self._stream = stream
        self._seconds_per_byte = BITS_PER_BYTE / baud
        self._out_free_at = self._in_free_at = float("-inf")
        self._held = b""

    async def send(self, data: bytes) -> None:
        """See ``ByteStream.send``."""
        # Pieces of about 10 ms: the receiver sees a line and not a burst, and the loop is not woken for each byte.
        piece = max(1, int(0.010 / self._seconds_per_byte))
        for start in range(0, len(data), piece):
            chunk = data[start : start + piece]
            # Waking up late must not add up: the second piece follows the first one's last bit, not its waking.
            began = max(self._out_free_at, anyio.current_time()) if start == 0 else self._out_free_at
            self._out_free_at = began + len(chunk) * self._seconds_per_byte
            await anyio.sleep_until(self._out_free_at)
            await self._stream.send(chunk)

    async def receive(self) -> bytes:
        """See ``ByteStream.receive``."""
        if not self._held:
            self._hold(await self._stream.receive())
        await anyio.sleep_until(self._in_free_at)
        return self._release()

    def receive_nowait(self) -> bytes:
        """See ``ByteStream.receive_nowait``."""
        if not self._held:
            self._hold(self._stream.receive_nowait())
        return self._release() if anyio.current_time() >= self._in_free_at else b""

    async def aclose(self) -> None:
        """See ``ByteStream.aclose``."""
        await self._stream.aclose()

    def _hold(self, data: bytes) -> None:
        # Kept here while the line is busy, so that a cancelled ``receive`` loses nothing.
        self._held = data
        self._in_free_at = max(self._in_free_at, anyio.current_time()) + len(data) * self._seconds_per_byte

    def _release(self) -> bytes:
        data, self._held = self._held, b""
        return data
