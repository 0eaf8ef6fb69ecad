"""The memory of the flight recorders: the packets of each line as plain bytes, and one bound for all lines together.

A packet takes 14 bytes beside its own, and no object: a hundred full recorders are a hundred objects for the garbage
collector.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import NamedTuple

from fiscald.protocols.decoding import Direction
from fiscald.recording.packets import Event, Side

#: Bytes that the flight recorders of a daemon take together, if the configuration says nothing else.
MOST = 16 << 20
#: The line that has most loses this part of it when there is too much: looking for that line at every packet is slow.
_PART = 64
#: Microseconds since 1970, event, direction and side, length of the bytes.
_HEAD = Struct("<qBBI")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DIRECTIONS = (None, Direction.SENT, Direction.RECEIVED)
_WAYS = tuple((side, direction) for side in Side for direction in _DIRECTIONS)


class Kept(NamedTuple):
    """A packet in memory."""

    at: datetime
    event: Event
    direction: Direction | None
    data: bytes
    side: Side = Side.PRINTER


class Place(NamedTuple):
    """Where a packet is: its number, and its first byte in all bytes of the line, both counted from the start."""

    number: int
    byte: int


class Memory:
    """What the flight recorders of all printers may keep together.

    When that is full, the line that has most loses its oldest packets. So a busy printer may use what others do not
    need, and each printer keeps its equal share, if it ever used it.
    """

    def __init__(self, most: int = MOST) -> None:
        """``most``: bytes."""
        self._most = most
        self._used = 0
        self._lines: list[Line] = []

    def line(self, keep: int, size: Callable[[Direction | None, int], int]) -> Line:
        """The memory of one more line, see ``Line``."""
        line = Line(keep, size, self._note)
        self._lines.append(line)
        return line

    def _note(self, more: int) -> None:
        """A line has so many bytes more, or fewer."""
        self._used += more
        while self._used > self._most:
            largest = max(self._lines, key=lambda line: line.used)
            largest.drop(max(1, largest.used // _PART))


class Line:
    """The latest packets of one line."""

    def __init__(self, keep: int, size: Callable[[Direction | None, int], int], changed: Callable[[int], None]) -> None:
        """``keep``: at most so many bytes, counted by ``size`` from a packet's direction and length, as in a file.

        ``changed`` hears how many bytes more, or fewer, are in memory.
        """
        self._keep = keep
        self._size = size
        self._changed = changed
        self._bytes = bytearray()
        self._in_file = 0
        self.first = self.end = Place(0, 0)
        """The oldest packet that is kept, and the next one that will come."""

    @property
    def used(self) -> int:
        """Bytes in memory."""
        return len(self._bytes)

    def add(
        self, at: datetime, event: Event, direction: Direction | None, data: bytes, side: Side = Side.PRINTER
    ) -> None:
        """Remember a packet; the oldest ones go when there are too many bytes."""
        ticks = (at - _EPOCH) // timedelta(microseconds=1)
        self._bytes += _HEAD.pack(ticks, event, _WAYS.index((side, direction)), len(data))
        self._bytes += data
        more = _HEAD.size + len(data)
        self.end = Place(self.end.number + 1, self.end.byte + more)
        self._in_file += self._size(direction, len(data))
        if self._in_file > self._keep:
            self._drop(lambda _: self._in_file > self._keep)
        self._changed(more)

    def drop(self, least: int) -> None:
        """Forget the oldest packets, at least so many bytes of them."""
        self._drop(lambda dropped: dropped < least)

    def _drop(self, further: Callable[[int], bool]) -> None:
        place, number = 0, self.first.number
        while number < self.end.number and further(place):
            _, _, way, length = _HEAD.unpack_from(self._bytes, place)
            self._in_file -= self._size(_WAYS[way][1], length)
            place += _HEAD.size + length
            number += 1
        del self._bytes[:place]
        self.first = Place(number, self.first.byte + place)
        self._changed(-place)

    def read(self, place: Place) -> tuple[Kept, Place]:
        """The packet at that place, which is kept, and the place of the next one."""
        begin = place.byte - self.first.byte
        ticks, event, way, length = _HEAD.unpack_from(self._bytes, begin)
        begin += _HEAD.size
        data = bytes(self._bytes[begin : begin + length])
        following = Place(place.number + 1, place.byte + _HEAD.size + length)
        side, direction = _WAYS[way]
        return Kept(_EPOCH + timedelta(microseconds=ticks), Event(event), direction, data, side), following
