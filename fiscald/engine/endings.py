"""Callers that wait for the end of a job."""

from __future__ import annotations

from weakref import WeakValueDictionary

import anyio

from fiscald.journal import Entry


class Ending:
    """Wakes the callers that wait for the end of one job."""

    def __init__(self, *, stopping: bool) -> None:
        self.event = anyio.Event()
        self.entry: Entry | None = None
        if stopping:
            self.event.set()

    async def wait(self) -> Entry | None:
        """The job when it is final; ``None``: the daemon stops."""
        await self.event.wait()
        return self.entry


class Endings:
    """The endings of all jobs. An ending lives as long as a caller waits for it."""

    def __init__(self) -> None:
        self._endings: WeakValueDictionary[str, Ending] = WeakValueDictionary()
        self._stopping = False

    def of(self, key: str) -> Ending:
        """The ending of the job with that key."""
        return self._endings.setdefault(key, Ending(stopping=self._stopping))

    def ended(self, entry: Entry) -> None:
        """A job is final."""
        ending = self._endings.get(entry.job.key)
        if ending is not None:
            ending.entry = entry
            ending.event.set()

    def stop(self) -> None:
        """The daemon stops: wake all callers."""
        self._stopping = True
        for ending in list(self._endings.values()):
            ending.event.set()
