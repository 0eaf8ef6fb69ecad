"""What the journal refuses, and why."""

from __future__ import annotations

import sqlite3

DAMAGED = (
    "nothing is printed until that is mended: stop fiscald, keep a copy of the file, restore a backup, and compare the "
    "last documents with the printer's paper (docs/backup.md)"
)


class JournalError(Exception):
    """The journal cannot be read or written; ``str`` says what to do."""


class JournalDamaged(JournalError):
    """The file is not readable as a journal; the daemon can say so, and cannot print."""


class JournalMissing(JournalError):
    """There was a journal in this directory, and it is gone: without it every known document would be printed again."""


class JournalThere(JournalError):
    """A new journal is wanted where there is one already."""


class DirectoryRefused(JournalError):
    """The state directory is not safe: other users may change what is in it."""


class WrongPhase(Exception):
    """The job is not, or no longer, where this change begins; nothing was changed."""


def remedy(error: sqlite3.Error) -> str:
    """What to do about what SQLite reports."""
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
        return "free disk space and check the disk; fiscald goes on by itself"
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return "make the directory writable for the daemon's user; fiscald goes on by itself"
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return DAMAGED
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return "another program holds the file open; close it"
    return "see the daemon's log"
