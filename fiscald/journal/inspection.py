"""Checks a journal that no daemon has open: is it there, and is it intact?"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

from fiscald import private
from fiscald.journal import log
from fiscald.journal.directory import JOURNAL


def is_missing(directory: Path) -> bool:
    """Whether a daemon has used the state directory and its journal is gone; ``False`` if the caller must not look."""
    try:
        return private.was_used(directory) and not (directory / JOURNAL).exists()
    except PermissionError:
        return False


def damage(directory: Path) -> str | None:
    """What is wrong with the journal. Only while no daemon uses it.

    A journal that was not closed cleanly is left to the next daemon, which checks it at the start.
    """
    path = directory / JOURNAL
    if not os.access(path, os.R_OK) or log.has_log(path):
        return None
    try:
        # Immutable: nothing is locked and no file is made.
        with contextlib.closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True)) as journal:
            (health,) = journal.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError:
        return None  # interrupted in the middle of a transaction, which the next daemon undoes
    except sqlite3.Error as error:
        return str(error)
    return None if health == "ok" else str(health)
