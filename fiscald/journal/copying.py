"""Copies of the journal: consistent, complete without a log, and readable for the daemon's user alone."""

from __future__ import annotations

import contextlib
import math
import os
import secrets
import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from fiscald import private
from fiscald.journal import log
from fiscald.journal.directory import COPY
from fiscald.journal.errors import JournalError, remedy

#: Pages of the file to copy in one step. Jobs run between the steps.
COPY_PAGES = 64
#: Bytes that must stay free beside a copy.
COPY_SPARE = 64 << 20
#: The name of a copy from before a conversion begins with this; the version of its schema follows.
KEPT = "journal-schema-"


def write(db: sqlite3.Connection, folder: Path, take_turns: Callable[[], object] = lambda: None) -> tuple[Path, int]:
    """Copy the journal into a new file in ``folder``. Returns its temporary name, and the open file.

    ``take_turns`` is called between two steps. Raises ``JournalError``; then no file is left.
    """
    try:
        size = math.prod(db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
        room = os.statvfs(folder)
        if room.f_bavail * room.f_frsize < size + COPY_SPARE:
            raise JournalError(f"{folder}: a copy needs {size >> 20} MiB, and the disk has less free space")
        name = folder / f"{COPY}{secrets.token_hex(8)}"
        descriptor = private.open_file(name, os.O_RDWR | os.O_EXCL)
        try:
            with contextlib.closing(sqlite3.connect(name)) as target:
                target.execute("PRAGMA synchronous = OFF")
                db.backup(target, pages=COPY_PAGES, progress=lambda *_: take_turns())
            log.set_complete(descriptor)
        except BaseException:
            os.close(descriptor)
            name.unlink(missing_ok=True)
            raise
        return name, descriptor
    except OSError as error:
        raise JournalError(f"{folder}: no copy of the journal: {error.strerror}") from None
    except sqlite3.Error as error:
        raise JournalError(f"{folder}: no copy of the journal: {error}; {remedy(error)}") from None


def keep(db: sqlite3.Connection, folder: Path, version: int) -> Path:
    """Keep the journal as it is, with the schema ``version``, before a newer fiscald converts it.

    An older fiscald can read only this copy. When this returns, the copy survives a power cut. It replaces an earlier
    one of the same schema. Raises ``JournalError``.
    """
    kept = folder / f"{KEPT}{version}.db"
    name, descriptor = write(db, folder)
    try:
        os.fsync(descriptor)
        name.replace(kept)
        private.sync_directory(folder)
    except OSError as error:
        raise JournalError(f"{folder}: no copy of the journal: {error.strerror}") from None
    finally:
        os.close(descriptor)
        name.unlink(missing_ok=True)
    return kept


def forget(folder: Path, before: datetime) -> None:
    """Delete kept copies that were made before that time: they have answers that the journal may not keep longer."""
    for copy in folder.glob(f"{KEPT}*.db"):
        with contextlib.suppress(OSError):
            if copy.stat().st_mtime < before.timestamp():
                copy.unlink()
