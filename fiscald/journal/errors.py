"""The errors of the journal."""

from __future__ import annotations

import sqlite3

DAMAGED = (
    "fiscald prints nothing until this is repaired: stop fiscald, keep a copy of the file, restore a backup, and "
    "compare the last documents with the printer's paper (docs/backup.md)"
)


class JournalError(Exception):
    """The journal cannot be read or written; ``str`` says what to do."""


class JournalDamaged(JournalError):
    """The file is not readable as a journal. The daemon reports that and cannot print."""


class JournalMissing(JournalError):
    """The journal of this directory is gone. Without it fiscald would print every known document again."""


class JournalThere(JournalError):
    """A new journal was requested, but the directory has one."""


class DirectoryRefused(JournalError):
    """The state directory is not safe: other users may change its files."""


class WrongPhase(Exception):
    """The job is not in a phase from which this change is possible. Nothing was changed."""


def remedy(error: sqlite3.Error) -> str:
    """What a person must do about an error of SQLite."""
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
