"""Whether a program got the answer to a document (docs/gateway-rules.md, "When an answer counts as delivered")."""

from __future__ import annotations

import contextlib
import fcntl
import socket
import struct
import termios
from collections.abc import Callable
from dataclasses import dataclass

import anyio

from fiscald.transport import ByteStream
from fiscald.transport.base import StreamEnded


def unacknowledged(link: socket.socket) -> int:
    """Bytes sent on a TCP connection that the other computer has not acknowledged."""
    with contextlib.suppress(OSError, ValueError):
        found: int = struct.unpack("i", fcntl.ioctl(link.fileno(), termios.TIOCOUTQ, b"\0" * 4))[0]
        return found
    return 1  # a closed socket tells nothing


@dataclass
class Answer:
    """The answer to a document."""

    delivered: Callable[[], None]
    until: float
    arrived: bool = False
    """The program's computer had it at ``until``."""


class Watch(ByteStream):
    """A stream to a program that notices whether an answer was delivered. It keeps the promise of ``ByteStream``."""

    def __init__(
        self, stream: ByteStream, peer: str, unsent: Callable[[], int], hears: Callable[[bytes], None]
    ) -> None:
        """``unsent``: how many sent bytes the program's computer has not acknowledged. ``hears`` gets all that came."""
        self._stream = stream
        self.peer = peer
        self._unsent = unsent
        self._hears = hears
        self._due: Answer | None = None
        self._sent: Answer | None = None

    def expect(self, delivered: Callable[[], None], until: float) -> None:
        """The next bytes to send have the answer to a document; ``delivered`` is called if the program gets it.

        ``until``: when the program gives up, as ``anyio.current_time``; its computer must have the answer before.
        """
        self._due = Answer(delivered, until)

    async def send(self, data: bytes) -> None:
        """See ``ByteStream.send``."""
        due, self._due = self._due, None
        await self._stream.send(data)
        if due is not None:
            self._sent = due

    async def receive(self) -> bytes:
        """See ``ByteStream.receive``."""
        answer = self._sent
        if answer is not None and not answer.arrived:
            with anyio.CancelScope(deadline=answer.until):
                return await self._receive()
            self._look(answer)
        return await self._receive()

    async def _receive(self) -> bytes:
        try:
            data = await self._stream.receive()
        except StreamEnded:
            self._judge()
            raise
        self._judge()
        self._hears(data)
        return data

    def receive_nowait(self) -> bytes:
        """See ``ByteStream.receive_nowait``."""
        return self._stream.receive_nowait()

    def _look(self, answer: Answer) -> None:
        """The program gives up now if its computer does not have the answer."""
        answer.arrived = self._unsent() == 0
        if not answer.arrived:
            self._sent = None

    def _judge(self) -> None:
        """The program did something after the answer was sent: it has it if its computer got all of it in time."""
        answer, self._sent = self._sent, None
        if answer is not None and (answer.arrived or anyio.current_time() <= answer.until) and self._unsent() == 0:
            answer.delivered()

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
    def ends(self) -> float:
        """When it may give up, as ``anyio.current_time``."""
        return self._since + self._seconds

    @property
    def over(self) -> bool:
        """Whether it may have given up."""
        return anyio.current_time() > self.ends
