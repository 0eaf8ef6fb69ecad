"""What a serial port reads when the other end sends at another speed: garbage."""

from __future__ import annotations

import re
import termios

from fiscald.transport import ByteStream

#: termios' names of speeds.
_SPEEDS = {getattr(termios, name): int(name[1:]) for name in dir(termios) if re.fullmatch(r"B[1-9]\d*", name)}


def misread(data: bytes, *, sent_at: int, read_at: int) -> bytes:
    """``data`` as a receiver at ``read_at`` bit/s takes it from a line at ``sent_at``; 8 data bits, no parity.

    Sampled in the middle of what the receiver takes for bits, from a falling edge on. A byte whose stop bit is wrong
    is handed on all the same, as Linux does where parity is not checked (termios, INPCK).
    """
    levels = [level for byte in data for level in (0, *(byte >> bit & 1 for bit in range(8)), 1)]
    width = sent_at / read_at
    found = bytearray()

    def at(time: float) -> int:
        return levels[int(time)] if time < len(levels) else 1

    start = _fall(levels, 0.0, was=1)
    while start is not None:
        middle = start + width / 2
        if at(middle):  # shorter than half a bit: no start
            start = _fall(levels, middle, was=1)
            continue
        found.append(sum(at(middle + width * bit) << (bit - 1) for bit in range(1, 9)))
        stop = middle + width * 9
        start = _fall(levels, stop, was=at(stop))
    return bytes(found)


def _fall(levels: list[int], time: float, *, was: int) -> int | None:
    """Where the line, which ``was`` at that level, falls next."""
    for place in range(int(time), len(levels)):
        if was and not levels[place]:
            return place
        was = levels[place]
    return None


class SpeedMismatch(ByteStream):
    """The printer's end of a pseudo-terminal, as if both were serial lines: at another speed there is garbage."""

    def __init__(self, stream: ByteStream, terminal: int, baud: int) -> None:
        """``terminal``: a descriptor of the pseudo-terminal, whose speed is the other end's."""
        self._stream = stream
        self._terminal = terminal
        self._baud = baud

    @property
    def _others(self) -> int:
        return _SPEEDS.get(termios.tcgetattr(self._terminal)[5], self._baud)

    async def send(self, data: bytes) -> None:
        """See ``ByteStream.send``."""
        await self._stream.send(misread(data, sent_at=self._baud, read_at=self._others))

    async def receive(self) -> bytes:
        """See ``ByteStream.receive``."""
        while True:
            data = misread(await self._stream.receive(), sent_at=self._others, read_at=self._baud)
            if data:
                return data

    def receive_nowait(self) -> bytes:
        """See ``ByteStream.receive_nowait``."""
        return misread(self._stream.receive_nowait(), sent_at=self._others, read_at=self._baud)

    async def aclose(self) -> None:
        """See ``ByteStream.aclose``."""
        await self._stream.aclose()
