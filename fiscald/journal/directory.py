"""The state directory: who may use it, one daemon at a time, and the mark that reveals an older copy of the journal.

The file ``lock`` keeps a second daemon out. It holds the mark: which journal ran here last, and its last change. The
journal writes the mark after every change and does not sync it. So the mark may be behind the journal, but never ahead
of it: a journal that is behind the mark is an older copy.

Behind the mark the file says whether the newest changes are in the write-ahead log (``log``) or ``journal.db`` is
complete alone (``whole``). This line is synced: it changes once in a run, after the first change, and at the end.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path
from typing import NamedTuple

from fiscald import private
from fiscald.journal.errors import DirectoryRefused, JournalError

#: Names in the directory: the journal, the lock, and the prefix of unfinished copies of the journal.
JOURNAL, LOCK, COPY = "journal.db", "lock", ".copy-"
_MARK_BYTES = 128
_LOG, _WHOLE = b"log  \n", b"whole\n"


class Mark(NamedTuple):
    """The journal that ran in a directory last."""

    journal: str
    """Its id."""
    change: int
    """The number of its last change."""
    inode: int
    """The inode of the file that holds the mark. A copied directory has another one."""


class StateDirectory:
    """The locked directory."""

    def __init__(self, path: Path) -> None:
        """Lock ``path``; make it if it is missing. Raises ``JournalError``, which says what to do."""
        prepare(path)
        self.path = path
        lock = path / LOCK
        self.used = private.was_used(path)
        """Whether a daemon has run here before."""
        self.first = not lock.exists()
        """Whether the file for the mark was missing: no daemon ran here, or someone put a journal here without it."""
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
        """The mark; ``None`` if there is none or it is unreadable."""
        try:
            journal, change, inode = os.pread(self._lock, _MARK_BYTES, 0).decode("ascii").split()
            return Mark(journal, int(change), int(inode))
        except (OSError, ValueError):
            return None

    def write_mark(self, journal: str, change: int) -> None:
        """Write the last change into the mark. If that fails, the mark stays behind, which does no harm."""
        with contextlib.suppress(OSError):
            os.pwrite(self._lock, f"{journal} {change} {self.inode}".ljust(_MARK_BYTES - 1).encode() + b"\n", 0)

    @property
    def whole(self) -> bool:
        """Whether ``journal.db`` was complete without its log when a daemon ran here last."""
        with contextlib.suppress(OSError):
            return os.pread(self._lock, len(_WHOLE), _MARK_BYTES) == _WHOLE
        return False

    def set_whole(self, *, whole: bool) -> None:
        """Store that, synced. Before the first change of a journal its mark is written."""
        with contextlib.suppress(OSError):
            if self.whole != whole:
                os.pwrite(self._lock, _WHOLE if whole else _LOG, _MARK_BYTES)
                os.fdatasync(self._lock)

    def forget(self) -> None:
        """No journal was made here: the next start counts as the first."""
        (self.path / LOCK).unlink(missing_ok=True)

    def close(self) -> None:
        """Release the directory for the next daemon."""
        os.close(self._lock)


def prepare(path: Path) -> private.Openness:
    """Make the directory with mode 0700 if it is missing. Returns what other users may do with an existing one.

    Raises ``DirectoryRefused`` if others may write: a user who can put a file here decides what is printed again.
    Raises ``JournalError`` if the directory is unusable.
    """
    try:
        private.make_directory(path)
        open_to = private.openness(path)
    except OSError as error:
        raise JournalError(f"{path}: {error.strerror}; make it a directory that this user may write") from None
    if open_to.write:
        raise DirectoryRefused(f"other users may write to {path}; run: chown {os.geteuid()} {path} && chmod 700 {path}")
    return open_to
