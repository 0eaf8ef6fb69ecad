"""A look at a journal that no daemon has open, by a program that only wants to know whether it is well."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

from fiscald import private
from fiscald.journal.directory import JOURNAL


def is_missing(directory: Path) -> bool:
    """Whether a daemon has used the state directory, and its journal is gone. As far as the caller may look."""
    try:
        return private.was_used(directory) and not (directory / JOURNAL).exists()
    except PermissionError:
        return False


def damage(directory: Path) -> str | None:
    """What is wrong with the journal. Only while no daemon uses it: a reader might hold up the daemon's writing."""
    path = directory / JOURNAL
    if not os.access(path, os.R_OK):
        return None
    try:
        with contextlib.closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as journal:
            (health,) = journal.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError:
        return None  # interrupted in the middle of a transaction: the daemon takes it back when it starts
    except sqlite3.Error as error:
        return str(error)
    return None if health == "ok" else str(health)
