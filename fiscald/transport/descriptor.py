"""A byte stream over a file descriptor: what serial lines and sockets have in common."""

from __future__ import annotations

import os

import anyio
from anyio.lowlevel import cancel_shielded_checkpoint, checkpoint_if_cancelled

from fiscald.transport.base import ByteStream, LinkLost, StreamEnded

#: Bytes taken at once: what is made of them must not hold up the other printers.
_CHUNK = 1024


class DescriptorStream(ByteStream):
    """Moves bytes through a non-blocking descriptor that it owns.

    An empty read and ``EIO`` both mean a lost link: a pseudo-terminal or a USB serial port whose other end is
    gone reports the one or the other.
    """

    def __init__(self, descriptor: int, name: str) -> None:
        self._descriptor = descriptor
        self._name = name
        self._open = True
        os.set_blocking(descriptor, False)

    async def send(self, data: bytes) -> None:
        """See ``ByteStream.send``."""
        await checkpoint_if_cancelled()
        while data := self.send_nowait(data):
            try:
                await anyio.wait_writable(self._descriptor)
            except (OSError, anyio.ClosedResourceError) as error:
                raise self._lost(error) from None

    def send_nowait(self, data: bytes) -> bytes:
        """See ``ByteStream.send_nowait``."""
        self._check_open()
        try:
            return data[os.write(self._descriptor, data) :]
        except BlockingIOError:
            return data
        except OSError as error:
            raise self._lost(error) from None

    async def receive(self) -> bytes:
        """See ``ByteStream.receive``."""
        while True:
            self._check_open()
            try:
                # Also where bytes are there already: a printer that sends endlessly must not block the other tasks.
                await anyio.wait_readable(self._descriptor)
            except (OSError, anyio.ClosedResourceError) as error:
                raise self._lost(error) from None
            if data := self.receive_nowait():
                return data

    def receive_nowait(self) -> bytes:
        """See ``ByteStream.receive_nowait``."""
        self._check_open()
        try:
            data = os.read(self._descriptor, _CHUNK)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise self._lost(error) from None
        if not data:
            raise self._ended()
        return data

    async def aclose(self) -> None:
        """See ``ByteStream.aclose``."""
        if self._open:
            self._open = False
            anyio.notify_closing(self._descriptor)
            self._close()
        await cancel_shielded_checkpoint()

    def _close(self) -> None:
        os.close(self._descriptor)

    def _check_open(self) -> None:
        if not self._open:
            raise LinkLost(f"{self._name}: the connection is closed")

    def _ended(self) -> LinkLost:
        """The end of what the other side sends."""
        return StreamEnded(f"{self._name}: the other end closed the connection")

    def _lost(self, reason: object) -> LinkLost:
        return LinkLost(f"{self._name}: {reason}")
