"""Keeps the log short where programs decide how often something happens."""

from __future__ import annotations

import anyio

#: Seconds between two lines about the same thing.
SAY_AGAIN = 60.0


class Seldom:
    """Events of one kind, of which the log gets at most one a minute."""

    def __init__(self) -> None:
        self._next = float("-inf")
        self._untold = 0

    def happens(self) -> str | None:
        """Once more. Returns what to add to the line about it; ``None``: no line, it is too soon."""
        now = anyio.current_time()
        if now < self._next:
            self._untold += 1
            return None
        more = f" ({self._untold} more in the meantime)" if self._untold else ""
        self._next, self._untold = now + SAY_AGAIN, 0
        return more
