"""The health of the daemon and its computer: disk space, journal, access to the state directory, event loop."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import anyio
import anyio.to_thread

from fiscald.journal import JOURNAL
from fiscald.lateness import Lateness
from fiscald.model.disk import DISK_FULL, DISK_LOW
from fiscald.model.jobs import Notice
from fiscald.recording.folder import free_bytes

log = logging.getLogger(__name__)

#: Seconds between two measurements of the disk.
CHECK_INTERVAL = 60.0


class Health:
    """Measures the disk regularly, and reports from memory."""

    def __init__(
        self, state_dir: Path, *, readable: bool, beside: Callable[[], tuple[Notice, ...]] = tuple[Notice, ...]
    ) -> None:
        """``readable``: other users can read the state directory. ``beside``: further notices."""
        self._path = state_dir
        self._readable = readable
        self._beside = beside
        self._full: bool | None = None
        self.disk_free: int | None = None
        """Bytes; ``None`` if they cannot be measured."""
        self.journal_size: int | None = None
        """Bytes of the journal with the log of its newest changes; ``None`` if they cannot be measured."""
        self.lateness = Lateness()
        self.measure()

    def measure(self) -> None:
        """Measure the journal and the free space. Log it once when the space becomes too little."""
        self.journal_size = _size(self._path / JOURNAL)
        try:
            self.disk_free = free_bytes(self._path)
        except OSError:
            self.disk_free = None
        low = self.disk_free is not None and self.disk_free < DISK_LOW
        full = None if not low else self.disk_free is not None and self.disk_free < DISK_FULL
        if full is not self._full and self.disk_free is not None:
            room = f"{self.disk_free >> 20} MiB are free in {self._path}"
            if full is None:
                log.warning("%s: enough again", room)
            elif full:
                log.error("%s: soon fiscald can store no document, and then prints none", room)
            else:
                log.warning("%s: free some space before fiscald can no longer store documents", room)
        self._full = full

    async def run(self) -> None:
        """Measure for ever."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.lateness.run)
            while True:
                await anyio.sleep(CHECK_INTERVAL)
                await anyio.to_thread.run_sync(self.measure)
                self._beside()  # it is logged, also without a request

    def notices(self) -> tuple[Notice, ...]:
        """The notices for people."""
        found = []
        if self._full is not None and self.disk_free is not None:
            free = self.disk_free >> 20
            found.append(
                Notice(
                    code="disk.full" if self._full else "disk.low",
                    detail=f"{free} MiB are free in {self._path}: free some space, or fiscald soon stores no documents",
                    detail_pl=f"Kończy się miejsce na dysku (wolne {free} MiB). Zgłoś administratorowi.",
                )
            )
        if self._readable:
            found.append(
                Notice(
                    code="state.readable",
                    detail=f"other users of this computer can read {self._path}; run: chmod 700 {self._path}",
                    detail_pl="Inni użytkownicy komputera mają dostęp do katalogu programu. Zgłoś administratorowi.",
                )
            )
        return (*found, *self._beside())


def _size(journal: Path) -> int | None:
    try:
        beside = (journal.with_name(f"{journal.name}-wal"),)
        return sum(path.stat().st_size for path in (journal, *beside) if path == journal or path.exists())
    except OSError:
        return None
