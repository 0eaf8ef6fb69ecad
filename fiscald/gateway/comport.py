"""A virtual serial port over the network (RFC 2217): the telnet side of a gateway, in front of its face.

pyserial's ``PortManager`` speaks the protocol; behind it stands no real port, but ``Line``, which keeps the settings.
"""

from __future__ import annotations

import struct
from typing import cast

import anyio.lowlevel
import serial
from serial import rfc2217

from fiscald.transport import ByteStream, LinkLost

#: Bytes of a subnegotiation; the longest that a program needs is a signature.
LONGEST = 256
#: A serial port is no faster than this.
FASTEST = 4_000_000
#: Bytes that are understood before other tasks run.
SLICE = 256
IAC = b"\xff"


class Line:
    """The settings of a serial port that does not exist: kept as the program sets them, with no effect."""

    parity = serial.PARITY_NONE
    stopbits = serial.STOPBITS_ONE
    xonxoff = False
    rtscts = False
    break_condition = False
    dtr = True
    rts = True
    #: Read while a program is connected, and then the face has power: a printer is there and ready to receive.
    cts = True
    dsr = True
    cd = True
    ri = False

    def __init__(self) -> None:
        self._baudrate = 9600
        self._bytesize = serial.EIGHTBITS

    @property
    def baudrate(self) -> int:
        """Bits per second."""
        return self._baudrate

    @baudrate.setter
    def baudrate(self, value: int) -> None:
        if not 0 < value <= FASTEST:
            raise ValueError(f"no serial port has the speed {value}")
        self._baudrate = value

    @property
    def bytesize(self) -> int:
        """Bits of a character."""
        return self._bytesize

    @bytesize.setter
    def bytesize(self, value: int) -> None:
        if value not in (serial.SEVENBITS, serial.EIGHTBITS):
            raise ValueError(f"no character has {value} bits here")
        self._bytesize = value

    def reset_input_buffer(self) -> None:
        """Nothing waits here."""

    def reset_output_buffer(self) -> None:
        """Nothing waits here."""


class _Replies:
    """What the manager answers."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes) -> None:
        """Keep it for ``ComPortStream``."""
        self.data += data


class _Manager(rfc2217.PortManager):
    """pyserial's, which leaves out the questions for DTR, RTS and break."""

    def __init__(self, line: Line, replies: _Replies) -> None:
        # The stubs ask for real ports; the manager uses nothing but what Line and _Replies have.
        super().__init__(cast("rfc2217.Serial", line), cast("rfc2217.Serial", replies))
        self._line = line

    def _telnet_process_subnegotiation(self, suboption: bytes) -> None:
        asked = suboption[2:3] if suboption[:2] == rfc2217.COM_PORT_OPTION + rfc2217.SET_CONTROL else b""
        states = {
            rfc2217.SET_CONTROL_REQ_BREAK_STATE: (
                self._line.break_condition, rfc2217.SET_CONTROL_BREAK_ON, rfc2217.SET_CONTROL_BREAK_OFF,
            ),
            rfc2217.SET_CONTROL_REQ_DTR: (
                self._line.dtr, rfc2217.SET_CONTROL_DTR_ON, rfc2217.SET_CONTROL_DTR_OFF,
            ),
            rfc2217.SET_CONTROL_REQ_RTS: (
                self._line.rts, rfc2217.SET_CONTROL_RTS_ON, rfc2217.SET_CONTROL_RTS_OFF,
            ),
        }  # fmt: skip
        if asked in states:
            is_on, on, off = states[asked]
            self.rfc2217_send_subnegotiation(rfc2217.SERVER_SET_CONTROL, on if is_on else off)
        else:
            super()._telnet_process_subnegotiation(suboption)  # type: ignore[misc]  # not in the stubs


class ComPortStream(ByteStream):
    """The bytes of a program behind a virtual serial port. It keeps the promise of ``ByteStream``.

    Telnet's own bytes are answered here and never reach the face. ``LinkLost`` ends a connection whose telnet makes no
    sense, or that does not read the answers to it.
    """

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._replies = _Replies()
        self.line = Line()
        self._manager = _Manager(self.line, self._replies)
        self._raw = b""
        """Received, and not understood yet."""

    async def send(self, data: bytes) -> None:
        """See ``ByteStream.send``."""
        # Whatever still has to be said about the line goes first, because it must not come between the two of an IAC.
        pending = bytes(self._replies.data)
        self._replies.data.clear()
        await self._stream.send(pending + data.replace(IAC, IAC + IAC))

    async def receive(self) -> bytes:
        """See ``ByteStream.receive``."""
        while True:
            self._reply()
            if self._raw:
                await anyio.lowlevel.checkpoint()
            else:
                self._raw = await self._stream.receive()
            data = self._understand()
            if data:
                self._reply()
                return data

    def receive_nowait(self) -> bytes:
        """See ``ByteStream.receive_nowait``."""
        self._raw = self._raw or self._stream.receive_nowait()
        data = self._understand()
        self._reply()
        return data

    def _understand(self) -> bytes:
        """What a slice of the received bytes has for the face."""
        part, self._raw = self._raw[:SLICE], self._raw[SLICE:]
        try:
            data = b"".join(self._manager.filter(part))
        except (ValueError, TypeError, KeyError, struct.error):
            raise LinkLost("the program sent an RFC 2217 command that makes no sense") from None
        if len(self._manager.suboption or b"") > LONGEST:
            raise LinkLost(f"the program sent an RFC 2217 command of more than {LONGEST} bytes")
        return data

    def _reply(self) -> None:
        """Answer what was asked about the line; never waits. The system has room for far more than a program asks."""
        if not self._replies.data:
            return
        rest = self._stream.send_nowait(bytes(self._replies.data))
        self._replies.data.clear()
        if rest:
            raise LinkLost("the program does not read the answers to its RFC 2217 commands")

    async def aclose(self) -> None:
        """See ``ByteStream.aclose``."""
        await self._stream.aclose()
