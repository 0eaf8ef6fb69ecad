"""The daemon's own place: is there room on its disk, and is what it keeps for its own user alone?"""

from __future__ import annotations

import logging
from pathlib import Path

import anyio
import anyio.to_thread

from fiscald.model.disk import DISK_FULL, DISK_LOW
from fiscald.model.jobs import Notice
from fiscald.recording.folder import free_bytes

log = logging.getLogger(__name__)

#: Seconds between two looks at the disk.
CHECK_INTERVAL = 60.0


class Health:
    """Measured now and then; told from memory."""

    def __init__(self, state_dir: Path, *, readable: bool) -> None:
        """``readable``: other users may look into the state directory."""
        self._path = state_dir
        self._readable = readable
        self._full: bool | None = None
        self.disk_free: int | None = None
        """Bytes; ``None`` where that cannot be measured."""
        self.measure()

    def measure(self) -> None:
        """Look at the disk; say it once when it becomes too little."""
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
                log.error("%s: soon no document can be stored, and none is printed then", room)
            else:
                log.warning("%s: free some before documents can no longer be stored", room)
        self._full = full

    async def run(self) -> None:
        """Go on measuring, for ever."""
        while True:
            await anyio.sleep(CHECK_INTERVAL)
            await anyio.to_thread.run_sync(self.measure)

    def notices(self) -> tuple[Notice, ...]:
        """What a person should know."""
        found = []
        if self._full is not None and self.disk_free is not None:
            free = self.disk_free >> 20
            found.append(
                Notice(
                    code="disk.full" if self._full else "disk.low",
                    detail=f"{free} MiB are free in {self._path}: free some before documents can no longer be stored",
                    detail_pl=f"Kończy się miejsce na dysku (wolne {free} MiB). Zgłoś administratorowi.",
                )
            )
        if self._readable:
            found.append(
                Notice(
                    code="state.readable",
                    detail=f"other users of this computer may look into {self._path}; run: chmod 700 {self._path}",
                    detail_pl="Inni użytkownicy komputera mają dostęp do katalogu programu. Zgłoś administratorowi.",
                )
            )
        return tuple(found)
