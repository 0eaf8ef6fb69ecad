"""The contract of a connection to a printer.

Every stream, wrapper and test fake keeps this promise; nothing above it knows whether bytes travel over a
serial line, a socket or memory.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class ByteStream(ABC):
    """A two-way stream of bytes to one printer, used by one task at a time in each direction.

    After any method has raised ``LinkLost`` or the stream was closed, every further call raises ``LinkLost``.
    Cancelling a call loses no received byte; a cancelled or failed ``send`` may have sent any part of its bytes.
    """

    @abstractmethod
    async def send(self, data: bytes) -> None:
        """Send all of ``data``. Returns when the system has taken it, which says nothing about the printer.

        Raises ``LinkLost``.
        """

    def send_nowait(self, data: bytes) -> bytes:
        """Send what the system takes of ``data`` at once, and return the rest: empty if it took all. Never waits.

        The rest, if there is any, must be the next that is sent. A stream that can only wait takes nothing.
        Raises ``LinkLost``.
        """
        return data

    @abstractmethod
    async def receive(self) -> bytes:
        """Wait for bytes and return some of those that are there: at least one.

        Lets other tasks run at every call, also where bytes are there already. Raises ``LinkLost`` at the end of the
        stream and when the device is gone.
        """

    @abstractmethod
    def receive_nowait(self) -> bytes:
        """Some of the bytes that have already arrived; none if there are none. Never waits.

        Raises ``LinkLost``.
        """

    @abstractmethod
    async def aclose(self) -> None:
        """Close; may be called more than once, and on a broken stream. Never raises."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


class LinkError(Exception):
    """A connection cannot be made or has ended. One class per condition; ``str`` says it in one sentence."""

    #: Which condition, as the problem catalogue calls it.
    code = "link.lost"


class DeviceAbsent(LinkError):
    """There is no such device: switched off, unplugged, or under another name."""

    code = "link.absent"


class AccessDenied(LinkError):
    """The device exists, but this user may not open it."""

    code = "link.denied"


#: What it means that a network printer takes a connection and ends it without a word.
TAKEN = "another computer or program has this printer"


class PortHeld(LinkError):
    """Another program holds the port, or another computer the printer."""

    code = "link.held"


class Unreachable(LinkError):
    """A network address refuses or does not answer."""

    code = "link.refused"


class HostRefused(Unreachable):
    """The host answers, and nothing listens at the port."""


class LinkLost(LinkError):
    """An open connection has ended: cable pulled, printer off, other end closed."""

    code = "link.lost"


class StreamEnded(LinkLost):
    """The other end closed the connection in order: everything that it sent has arrived."""


class AddressError(ValueError):
    """An impossible address in the configuration."""
