"""A printer seen from its port: bytes in, bytes out, in time. No I/O and no clock.

Every family is served over this one interface: ``PortServer`` (a pseudo-terminal, TCP, a line in memory), the pytest
plugin, ``fiscalctl preview`` and ``fiscalctl replay`` know nothing else of what a port carries. A port whose printer
says nothing after a command returns no bytes from ``poll``; one that speaks HTTP begins a new exchange in
``connected`` and closes the connection with ``hangs_up``.
"""

from __future__ import annotations

from typing import Protocol


class Port(Protocol):
    """The port of a printer, emulated or played from a recording; one program is connected at a time.

    Times are seconds of any steady clock.
    """

    @property
    def powered(self) -> bool:
        """Without power a port neither takes nor gives bytes."""

    @property
    def second_caller_seconds(self) -> float:
        """How long a second program waits for the first one to go, before its connection is closed."""

    def connected(self, now: float) -> None:
        """A program opened the connection; it has sent nothing yet. Bytes that ``poll`` gives now are unsolicited."""

    def receive(self, data: bytes, now: float) -> None:
        """Bytes arrived."""

    def poll(self, now: float) -> bytes:
        """The bytes to send by now."""

    @property
    def hangs_up(self) -> bool:
        """Whether the printer closes the connection, once the bytes of ``poll`` are sent."""

    def wakeup(self) -> float | None:
        """When the next action is due, if nothing arrives before; ``None``: never."""

    def disconnected(self) -> None:
        """The connection is closed, by either side."""


class LocalLine:
    """A program's end of a connection to a port in the same process, in virtual time.

    For programs that need no other line: ``send``, then ``receive`` until the answer is complete. Where it does not
    come, ``wait`` lets time pass until the printer may have something to say.
    """

    def __init__(self, port: Port) -> None:
        """Connect."""
        self._port = port
        self._open = False
        self.now = 0.0
        """Seconds since the line was made."""
        self._connect()

    def _connect(self) -> None:
        self._port.connected(self.now)
        self._open = True

    @property
    def closed(self) -> bool:
        """Whether the printer closed the connection; the next ``send`` opens another one."""
        return not self._open

    def send(self, data: bytes) -> None:
        """Send bytes to the printer."""
        if self.closed:
            self._connect()
        self._port.receive(data, self.now)

    def receive(self) -> bytes:
        """What the printer has sent by now."""
        data = b""
        while self._open and (part := self._port.poll(self.now)):
            data += part
        if self._open and self._port.hangs_up:
            self._open = False
            self._port.disconnected()
        return data

    def wait(self, seconds: float) -> bool:
        """Let time pass until the printer does something; false if it does nothing within ``seconds``."""
        due = self._port.wakeup() if self._open else None
        # ``receive`` has already taken what was due by now.
        if due is None or not self.now < due <= self.now + seconds:
            return False
        self.now = due
        return True
