"""What a program and the face said to each other for one document: evidence that the job keeps (docs/gateway.md)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

import anyio

from fiscald.model.programs import MOST_BYTES, MOST_PIECES, Said, Sending

#: Bytes that follow each other faster than this are one piece: a serial line gives a frame in many parts.
TOGETHER = timedelta(milliseconds=50)
Way = Literal[">", "<"]
"""From the program, or to it."""


@dataclass
class _Piece:
    at: datetime
    direction: Way
    data: bytearray = field(default_factory=bytearray)


class Tape:
    """From the opening of a document to its answer, bounded: of a long one the middle is left out."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        """``clock`` is this computer's, aware."""
        self._clock = clock
        self.began = clock()
        self._first: list[_Piece] = []
        self._last: deque[_Piece] = deque()
        self._sizes = [0, 0]
        self._left_out = 0
        self._answered: datetime | None = None
        self._awaits_answer = False
        self._is_ordered = False
        self._ended = anyio.Event()

    def order(self) -> None:
        """The closing command has come: the document goes into order."""
        self._is_ordered = True

    def heard(self, data: bytes) -> None:
        """The program sent these bytes."""
        self._add(">", data)

    def told(self, data: bytes) -> None:
        """The face sends these bytes."""
        self._add("<", data)
        if self._awaits_answer and not self.is_over:
            self._answered = self._clock()
            self.end()

    def leave(self) -> bool:
        """The program is gone. Whether the document is in order, so that no program gets its answer."""
        if self._is_ordered:
            self.end()
        return self._is_ordered

    def end(self) -> None:
        """Nothing more belongs to the document."""
        self._ended.set()

    @property
    def is_over(self) -> bool:
        """Whether nothing more belongs to the document."""
        return self._ended.is_set()

    def expect_answer(self) -> None:
        """The next bytes of the face are the answer."""
        self._awaits_answer = True

    async def answered(self, seconds: float) -> None:
        """Wait for the answer, at most so long; then the tape is over."""
        with anyio.move_on_after(seconds):
            await self._ended.wait()
        self.end()

    def _add(self, direction: Way, data: bytes) -> None:
        at = self._clock()
        if not self._first:
            self.began = at
        half = MOST_BYTES // 2
        room = 0 if self._last else half - self._sizes[0]
        newest = [self._last[-1]] if self._last else self._first[-1:]
        joins = any(each.direction == direction and timedelta(0) <= at - each.at < TOGETHER for each in newest)
        if not joins and not self._last and len(self._first) == MOST_PIECES // 2:
            room = 0
        for place, part in ((0, data[:room]), (1, data[room:])):
            if not part:
                continue
            pieces: list[_Piece] | deque[_Piece] = self._last if place else self._first
            if not pieces or not joins:
                pieces.append(_Piece(at, direction))
            pieces[-1].data += part
            self._sizes[place] += len(part)
        self._trim(half)

    def _trim(self, half: int) -> None:
        """Leave out the oldest of the last bytes where there are too many."""
        while self._sizes[1] > half or len(self._last) > MOST_PIECES // 2:
            piece, excess = self._last[0], self._sizes[1] - half
            if len(self._last) > MOST_PIECES // 2 or excess >= len(piece.data):
                self._last.popleft()
                excess = len(piece.data)
            else:
                del piece.data[:excess]
            self._sizes[1] -= excess
            self._left_out += excess

    def sending(self) -> Sending:
        """What there is."""
        said = [Said(at=each.at, direction=each.direction, hex=each.data.hex()) for each in self._first]
        for number, each in enumerate(self._last):
            left_out = 0 if number else self._left_out
            said.append(Said(at=each.at, direction=each.direction, hex=each.data.hex(), left_out=left_out))
        return Sending(began=self.began, answered=self._answered, said=tuple(said))
