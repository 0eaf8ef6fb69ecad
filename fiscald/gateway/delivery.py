"""Whether a program got the answer to a document (docs/gateway.md, "When an answer counts as delivered")."""

from __future__ import annotations

import contextlib
import fcntl
import socket
import struct
import termios
from collections.abc import Callable

import anyio

from fiscald.transport import ByteStream
from fiscald.transport.base import StreamEnded


def unacknowledged(link: socket.socket) -> int:
    """Bytes sent on a TCP connection that the other computer has not acknowledged."""
    with contextlib.suppress(OSError, ValueError):
        found: int = struct.unpack("i", fcntl.ioctl(link.fileno(), termios.TIOCOUTQ, b"\0" * 4))[0]
        return found
    return 1  # a closed socket tells nothing


class Watch(ByteStream):
    """A stream to a program that notices whether an answer was delivered. It keeps the promise of ``ByteStream``."""

    def __init__(self, stream: ByteStream, peer: str, unsent: Callable[[], int]) -> None:
        """``unsent``: how many sent bytes the program's computer has not acknowledged."""
        self._stream = stream
        self.peer = peer
        self._unsent = unsent
        self._due: Callable[[], None] | None = None
        self._sent: Callable[[], None] | None = None

    def expect(self, delivered: Callable[[], None]) -> None:
        """The next bytes to send have the answer to a document; ``delivered`` is called if the program gets it."""
        self._due = delivered

    async def send(self, data: bytes) -> None:
        """See ``ByteStream.send``."""
        due, self._due = self._due, None
        await self._stream.send(data)
        if due is not None:
            self._sent = due

    async def receive(self) -> bytes:
        """See ``ByteStream.receive``."""
        try:
            data = await self._stream.receive()
        except StreamEnded:
            self._judge()
            raise
        self._judge()
        return data

    def receive_nowait(self) -> bytes:
        """See ``ByteStream.receive_nowait``."""
        return self._stream.receive_nowait()

    def _judge(self) -> None:
        """The program did something after the answer was sent: it has it if its computer acknowledged all of it."""
        sent, self._sent = self._sent, None
        if sent is not None and self._unsent() == 0:
            sent()

    async def aclose(self) -> None:
        """See ``ByteStream.aclose``."""
        await self._stream.aclose()


class Patience:
    """How long a program has waited for an answer."""

    def __init__(self, seconds: float) -> None:
        """``seconds``: a program that waited longer may have given up."""
        self._seconds = seconds
        self._since = 0.0

    def begin(self) -> None:
        """The program begins to wait."""
        self._since = anyio.current_time()

    @property
    def over(self) -> bool:
        """Whether it may have given up."""
        return anyio.current_time() - self._since > self._seconds
