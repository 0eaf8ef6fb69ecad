"""The state directory: who may use it, one daemon at a time, and the mark that tells an older copy of the journal.

The file ``lock`` keeps a second daemon out. In it stands the mark: which journal ran here last, and its last change.
It is written after every change and is not synced, so it may be behind the journal, never ahead of it: a journal that
is behind the mark is an older copy.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path
from typing import NamedTuple

from fiscald import private
from fiscald.journal.errors import DirectoryRefused, JournalError

#: Names in the directory: the journal, the lock, and how those of unfinished copies of the journal begin.
JOURNAL, LOCK, COPY = "journal.db", "lock", ".copy-"
_MARK_BYTES = 128


class Mark(NamedTuple):
    """The journal that ran in a directory last."""

    journal: str
    """Its id."""
    event: int
    """Its last change."""
    inode: int
    """Of the file that holds the mark: a copied directory has another one."""


class StateDirectory:
    """The locked directory."""

    def __init__(self, path: Path) -> None:
        """Lock ``path``, made if it is missing. Raises ``JournalError`` saying what to do."""
        prepare(path)
        self.path = path
        lock = path / LOCK
        self.used = private.was_used(path)
        """Whether a daemon has run here before."""
        self.first = not lock.exists()
        """Whether there was no file for the mark: no daemon ran here, or what was put here came without it."""
        try:
            self._lock = private.open_file(lock, os.O_RDWR)
        except OSError as error:
            raise JournalError(f"{path}: {error.strerror}; make it a directory that this user may write") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise JournalError(f"{path} is in use by another fiscald; stop that one first") from None
        self.inode = os.fstat(self._lock).st_ino

    def read_mark(self) -> Mark | None:
        """The mark; ``None`` where there is none, or none that can be read."""
        try:
            journal, event, inode = os.pread(self._lock, _MARK_BYTES, 0).decode("ascii").split()
            return Mark(journal, int(event), int(inode))
        except (OSError, ValueError):
            return None

    def write_mark(self, journal: str, event: int) -> None:
        """Remember the last change. A mark that cannot be written stays behind, which does no harm."""
        with contextlib.suppress(OSError):
            os.pwrite(self._lock, f"{journal} {event} {self.inode}".ljust(_MARK_BYTES - 1).encode() + b"\n", 0)

    def forget(self) -> None:
        """Nothing was made in here after all: the next start is the first."""
        (self.path / LOCK).unlink(missing_ok=True)

    def close(self) -> None:
        """Let the next daemon in."""
        os.close(self._lock)


def prepare(path: Path) -> private.Openness:
    """Make the directory if it is missing, with mode 0700; what others may do with one that is there.

    Raises ``DirectoryRefused`` where others may write: a user who may put a file here decides what is printed again.
    Raises ``JournalError`` where it cannot be used.
    """
    try:
        private.make_directory(path)
        open_to = private.openness(path)
    except OSError as error:
        raise JournalError(f"{path}: {error.strerror}; make it a directory that this user may write") from None
    if open_to.write:
        raise DirectoryRefused(f"other users may write to {path}; run: chown {os.geteuid()} {path} && chmod 700 {path}")
    return open_to
