"""Recordings on disk, of all printers together: bounded by size and by age, the oldest deleted first.

They share the disk with the journal, which comes first: where the disk is nearly full nothing is recorded.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import anyio
import anyio.to_thread

from fiscald import private
from fiscald.model.disk import DISK_LOW
from fiscald.recording.packets import beginning

log = logging.getLogger(__name__)

#: Seconds between two looks at the folder and its disk.
SWEEP_EVERY = 60.0
#: A file takes at most this part of what all may take, divided by the printers, so that deleting the oldest file
#: leaves most of the rest; and no file is closed before it has so many bytes.
_PARTS, _LEAST = 8, 64 << 10


class _Found(NamedTuple):
    """A recording in the folder."""

    changed: float
    size: int
    path: Path


class RecordingFolder:
    """The folder of all recordings."""

    def __init__(
        self,
        path: Path,
        clock: Callable[[], datetime],
        *,
        size: int,
        days: int,
        free: Callable[[Path], int] | None = None,
    ) -> None:
        """``size``: at most so many bytes are kept; ``days``: nothing older. ``free`` measures the disk."""
        self.path = path
        self.clock = clock
        self._size = size
        self._days = days
        self._free = free or free_bytes
        self._printers: set[str] = set()
        self._open: Counter[Path] = Counter()
        self._due = anyio.Event()
        self.paused = False
        """The disk is nearly full: nothing is written."""

    @property
    def part(self) -> int:
        """Bytes after which a recording continues in the next file."""
        return max(_LEAST, self._size // (_PARTS * max(1, len(self._printers))))

    def open(self, printer: str, gap: Callable[[str], bytes], *, programs: bool = False) -> Recording | None:
        """A recording of a new connection; ``None`` where none can be written.

        ``gap`` makes the packet that says why something is missing. ``programs``: the printer has a gateway, so two
        connections may be written to one file.
        """
        self._printers.add(printer)
        try:
            return Recording(self, printer, gap, programs=programs)
        except OSError as error:
            log.warning("%s: no recording at %s: %s", printer, self.path, error.strerror)
            return None

    def claim(self, path: Path) -> None:
        """That file is being written, perhaps by two connections."""
        self._open[path] += 1
        self._due.set()

    def release(self, path: Path) -> None:
        """It is not any more, by one of them."""
        self._open -= Counter([path])

    async def run(self) -> None:
        """Delete old recordings regularly, and whenever a new file is opened."""
        while True:
            await anyio.to_thread.run_sync(self.sweep)
            with anyio.move_on_after(SWEEP_EVERY):
                await self._due.wait()
            self._due = anyio.Event()

    def sweep(self) -> None:
        """Delete recordings that are too old or too many, the oldest first; check the free space. Never raises."""
        kept = []
        oldest = (self.clock() - timedelta(days=self._days)).timestamp()
        for found in self._found():
            if found.changed < oldest and found.path not in self._open:
                _delete(found.path, f"older than {self._days} days")
            else:
                kept.append(found)
        total = sum(found.size for found in kept)
        # Files that are being written grow by one part at most before the next sweep.
        most = self._size - self.part * max(1, len(self._open))
        for found in kept:
            full = self._disk_nearly_full()
            if total <= most and not full:
                break
            if found.path not in self._open:
                _delete(found.path, "the disk is nearly full" if full else "too much is recorded")
                total -= found.size
        paused = self._disk_nearly_full()
        if paused != self.paused:
            log.warning("recordings %s: %s", self.path, "stop, the disk is nearly full" if paused else "go on")
        self.paused = paused

    def _found(self) -> list[_Found]:
        """Every recording, the oldest first."""
        found = []
        try:
            with os.scandir(self.path) as entries:
                for entry in entries:
                    if entry.name.endswith(".pcapng") and entry.is_file(follow_symlinks=False):
                        seen = entry.stat(follow_symlinks=False)
                        found.append(_Found(seen.st_mtime, seen.st_size, Path(entry.path)))
        except OSError:
            return []
        return sorted(found)

    def _disk_nearly_full(self) -> bool:
        try:
            return self._free(self.path) < DISK_LOW
        except OSError:
            return False


class Recording:
    """The recording of one connection: it continues in another file at midnight, and when a file is full.

    A file that cannot be written (a full disk) ends with a warning and does not delay documents.
    """

    def __init__(
        self, folder: RecordingFolder, printer: str, gap: Callable[[str], bytes], *, programs: bool = False
    ) -> None:
        """Raises ``OSError``."""
        self._folder = folder
        self._printer = printer
        self._gap = gap
        self._programs = programs
        self._missed = False
        self._descriptor: int | None = None
        self._begin()

    def _begin(self) -> None:
        """Open the file of the day, or the next one of it. Every connection is its own section, so that what a
        killed daemon left half written ends there."""
        folder = self._folder
        private.make_directory(folder.path)
        self._day = folder.clock().date()
        self._path = _next(folder.path, f"{self._printer}-{self._day:%Y-%m-%d}", folder.part)
        self._descriptor = private.open_file(self._path, os.O_WRONLY | os.O_APPEND)
        folder.claim(self._path)
        self._size = os.fstat(self._descriptor).st_size
        self._put(beginning(self._printer, programs=self._programs))

    def write(self, block: bytes) -> None:
        """Append, as long as that is possible."""
        if self._descriptor is None:
            return
        if self._folder.paused:
            self._missed = True
            return
        if self._is_full() or self._folder.clock().date() != self._day:
            self.close()
            try:
                self._begin()
            except OSError as error:
                log.warning("%s: the recording ends with %s: %s", self._printer, self._path, error.strerror)
                return
        if self._missed:
            self._missed = False
            self._put(self._gap("the disk was nearly full: nothing was recorded"))
        self._put(block)

    def _is_full(self) -> bool:
        if self._programs and self._descriptor is not None:
            self._size = os.fstat(self._descriptor).st_size  # another connection writes to it too
        return self._size >= self._folder.part

    def _put(self, block: bytes) -> None:
        if self._descriptor is None:
            return
        self._size += len(block)
        try:
            while block:
                block = block[os.write(self._descriptor, block) :]
        except OSError as error:
            log.warning("%s: the recording %s ends here: %s", self._printer, self._path, error.strerror)
            self.close()

    def close(self) -> None:
        """Nothing more is written."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._folder.release(self._path)
        self._descriptor = None


def _next(folder: Path, name: str, part: int) -> Path:
    """The newest file of that name, which ends in a number from the second one on; the next one where it is full."""
    numbers = [1]
    for path in folder.glob(f"{name}-*.pcapng"):
        number = path.stem.removeprefix(f"{name}-")
        if number.isascii() and number.isdigit():
            numbers.append(int(number))

    def numbered(number: int) -> Path:
        return folder / f"{name}.pcapng" if number == 1 else folder / f"{name}-{number}.pcapng"

    newest = numbered(max(numbers))
    full = newest.exists() and newest.stat().st_size >= part
    return numbered(max(numbers) + 1) if full else newest


def free_bytes(path: Path) -> int:
    """The free space on a directory's disk for this user. Raises ``OSError``."""
    system = os.statvfs(path)
    return system.f_bavail * system.f_frsize


def _delete(path: Path, why: str) -> None:
    try:
        path.unlink(missing_ok=True)
        log.info("the recording %s was deleted: %s", path.name, why)
    except OSError as error:
        log.warning("the recording %s cannot be deleted: %s", path, error.strerror)
