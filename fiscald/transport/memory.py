"""Two ends of a line in memory, for tests and simulations."""

from __future__ import annotations

import anyio
from anyio.lowlevel import cancel_shielded_checkpoint, checkpoint, checkpoint_if_cancelled

from fiscald.transport.base import ByteStream, LinkLost, StreamEnded


class MemoryStream(ByteStream):
    """One end; ``memory_line`` makes both."""

    def __init__(self) -> None:
        self._inbox = bytearray()
        self._arrived = anyio.Event()
        self._peer: MemoryStream = self
        self._ended = False

    async def send(self, data: bytes) -> None:
        """See ``ByteStream.send``."""
        await checkpoint()
        self.send_nowait(data)

    def send_nowait(self, data: bytes) -> bytes:
        """See ``ByteStream.send_nowait``. It takes everything."""
        if self._ended:
            raise LinkLost("the memory line is closed")
        self._peer.deliver(data)
        return b""

    async def receive(self) -> bytes:
        """See ``ByteStream.receive``."""
        await checkpoint_if_cancelled()
        while not self._inbox and not self._ended:
            self._arrived = anyio.Event()
            await self._arrived.wait()
        data = self.receive_nowait()
        await cancel_shielded_checkpoint()
        return data

    def receive_nowait(self) -> bytes:
        """See ``ByteStream.receive_nowait``."""
        if not self._inbox and self._ended:
            raise StreamEnded("the other end closed the memory line")
        data = bytes(self._inbox)
        self._inbox.clear()
        return data

    async def aclose(self) -> None:
        """See ``ByteStream.aclose``."""
        self.cut()
        await cancel_shielded_checkpoint()

    def deliver(self, data: bytes) -> None:
        """Bytes arrive at this end."""
        self._inbox += data
        self._arrived.set()

    def cut(self) -> None:
        """Both ends notice that the line is gone; what has arrived can still be read."""
        for end in (self, self._peer):
            end._ended = True
            end._arrived.set()


def memory_line() -> tuple[MemoryStream, MemoryStream]:
    """Two connected ends."""
    one, other = MemoryStream(), MemoryStream()
    one._peer, other._peer = other, one
    return one, other
