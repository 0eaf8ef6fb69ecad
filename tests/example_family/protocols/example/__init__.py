"""A line is ``text*HH`` and LF; HH is the exclusive or of the text's bytes.

======== ============================= ============================================================
command  answer                        meaning
======== ============================= ============================================================
WHO      WHO EMU 0000000001            unique number
SEE      SEE ready reports slips cash  always answered at once; ready 0 or 1, cash in the drawer
IN 100   IN, or ERR 1                  cash in, in grosze: one more slip
======== ============================= ============================================================
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import xor

LONGEST = 64


def line(text: str) -> bytes:
    """A text as it is sent."""
    data = text.encode("ascii")
    return data + b"*%02X\n" % reduce(xor, data, 0)


class Lines:
    """Finds lines in a stream of bytes: a text, or ``None`` for bytes that are none."""

    def __init__(self) -> None:
        self._kept = b""

    def feed(self, data: bytes) -> Iterator[str | None]:
        """What ``data`` completes."""
        *whole, self._kept = (self._kept + data).split(b"\n")
        if len(self._kept) > LONGEST:
            self._kept = b""
            yield None
        for piece in whole:
            text = piece.rpartition(b"*")[0]
            good = text.isascii() and piece + b"\n" == line(text.decode("ascii"))
            yield text.decode("ascii") if good else None
