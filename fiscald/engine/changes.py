"""What has changed since the start, and who waits for the next change."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

import anyio

from fiscald.journal import Phase


class Changes:
    """Counts the changes of printers, of the licence and of jobs, and wakes everyone who waits for one."""

    def __init__(self, printers: Iterable[str]) -> None:
        #: The number of the last change of each printer, the newest change last. The empty name stands for the licence.
        self.numbers = dict.fromkeys(("", *printers), 0)
        #: How many changes of jobs there were that the journal may have as events.
        self.jobs = 0
        self._next = anyio.Event()

    def add(self, name: str) -> None:
        """Count the changes of something else under that name, too."""
        self.numbers = {name: 0, **self.numbers}

    def count(self, name: str, phase: Phase | None = None) -> None:
        """A printer, or the licence, has changed; or one of its jobs, which is in that phase now."""
        if name in self.numbers:
            newest = self.numbers[next(reversed(self.numbers))]
            del self.numbers[name]
            self.numbers[name] = newest + 1
        self.jobs += phase is not None
        self.wake()

    def wake(self) -> None:
        """Wake everyone who waits for a change."""
        self._next.set()
        self._next = anyio.Event()

    def next(self) -> Callable[[float], Awaitable[bool]]:
        """A function that waits for the next change after this call, at most so many seconds. It returns whether one
        came.
        """
        event = self._next

        async def wait(seconds: float) -> bool:
            with anyio.move_on_after(seconds):
                await event.wait()
            return event.is_set()

        return wait
