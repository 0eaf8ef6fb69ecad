"""Copies of the database, made while the server runs.

A copy is one snapshot: the server writes on meanwhile, and nothing waits. It gets its name only when it is complete,
checked and on the disk.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import re
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from fiscald import private
from fiscald.licence.server.store import SCHEMA_VERSION
from fiscald.licence.server.transaction import Transaction

#: Pages copied at once, and bytes that must stay free beside the copy.
_PAGES, _SPARE = 1024, 64 * 1024 * 1024
#: Seconds after which an unfinished copy is a leftover.
_LEFTOVER = 86_400
_STAMP = r"\d{8}T\d{6}Z"
_META = "backup"


class BackupError(Exception):
    """There is no copy; ``str`` says why."""


class Noted(NamedTuple):
    """The newest copy, as the database remembers it."""

    at: int
    path: Path


def is_file(target: Path) -> bool:
    """Whether the target names one copy; otherwise it is a directory of copies."""
    return target.suffix == ".db" and not target.is_dir()


def name_in(directory: Path, database: Path, now: int) -> Path:
    """The file of a copy that is made now."""
    stamp = datetime.datetime.fromtimestamp(now, datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
    return directory / f"{database.stem}-{stamp}.db"


def copy(database: Path, target: Path, progress: Callable[[], None] = lambda: None) -> dict[str, int]:
    """Copy the database to ``target``, and replace a file of that name; returns the number of rows by table.

    ``progress`` is called after every step. Raises ``BackupError``.
    """
    folder = target.parent
    part = folder / f".{target.stem}-{secrets.token_hex(4)}.part"
    try:
        private.make_directory(folder)
        _remove_leftovers(folder)
        _check_room(folder, database)
        descriptor = private.open_file(part, os.O_RDWR | os.O_EXCL)
        try:
            counts = _copy(database, part, progress)
            if check(part) != counts:
                raise BackupError(f"{part} differs from the database")
            os.fsync(descriptor)
            part.replace(target)
            private.sync_directory(folder)
        finally:
            os.close(descriptor)
            for name in (part, Path(f"{part}-journal"), Path(f"{part}-wal"), Path(f"{part}-shm")):
                name.unlink(missing_ok=True)
    except OSError as error:
        raise BackupError(f"{folder}: {error.strerror or error}") from None
    except sqlite3.Error as error:
        raise BackupError(f"{database}: {error}; check the disk") from None
    return counts


def check(path: Path) -> dict[str, int]:
    """Check that a copy can be restored; returns the number of rows by table. Raises ``BackupError``."""
    try:
        with reading(path) as db:
            (verdict,) = db.execute("PRAGMA integrity_check(1)").fetchone()
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if verdict != "ok":
                raise BackupError(f"{path} is damaged: {verdict}")
            if not 1 <= version <= SCHEMA_VERSION:
                raise BackupError(f"{path} has the schema {version}; this fiscald-vendor knows {SCHEMA_VERSION}")
            return _counts(db)
    except (sqlite3.Error, OSError) as error:
        raise BackupError(f"{path} cannot be read: {error}") from None


def prune(directory: Path, database: Path, keep: int, newest: Path) -> list[Path]:
    """Delete all but ``keep`` copies, the oldest first, and never ``newest``. Raises ``BackupError``."""
    name = re.compile(rf"{re.escape(database.stem)}-{_STAMP}\.db")
    copies = sorted(path for path in directory.iterdir() if name.fullmatch(path.name) and path != newest)
    surplus = copies[: max(0, len(copies) + 1 - keep)]
    try:
        for path in surplus:
            path.unlink()
    except OSError as error:
        raise BackupError(f"{path}: {error.strerror}") from None
    return surplus


def note(t: Transaction, path: Path) -> None:
    """Remember the newest copy, for the metrics and the doctor."""
    t.do(
        "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        _META, json.dumps({"at": t.now, "path": str(path)}),
    )  # fmt: skip


def noted(db: sqlite3.Connection) -> Noted | None:
    """The newest copy, or ``None``."""
    row = db.execute("SELECT value FROM meta WHERE key = ?", (_META,)).fetchone()
    if row is None:
        return None
    value = json.loads(row[0])
    return Noted(int(value["at"]), Path(value["path"]))


@contextlib.contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that only reads: it never gives back the log of the running server."""
    address = f"{path.absolute().as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(address, uri=True, isolation_level=None, timeout=10)) as db:
        yield db


def _copy(database: Path, part: Path, progress: Callable[[], None]) -> dict[str, int]:
    with reading(database) as source, contextlib.closing(sqlite3.connect(part, isolation_level=None)) as target:
        # In one transaction, a writer does not make the copy begin again.
        source.execute("BEGIN")
        counts = _counts(source)
        target.execute("PRAGMA synchronous = OFF")
        source.backup(target, pages=_PAGES, progress=lambda *_: progress())
        target.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
    return counts


def _counts(db: sqlite3.Connection) -> dict[str, int]:
    tables = db.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    )
    return {name: db.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for (name,) in tables.fetchall()}


def _check_room(folder: Path, database: Path) -> None:
    room = os.statvfs(folder)
    size = sum(path.stat().st_size for path in (database, Path(f"{database}-wal")) if path.exists())
    if room.f_bavail * room.f_frsize < size + _SPARE:
        raise BackupError(f"{folder}: a copy needs {(size + _SPARE) >> 20} MiB, and the disk has less free space")


def _remove_leftovers(folder: Path) -> None:
    """What a killed copy has left."""
    now = datetime.datetime.now(datetime.UTC).timestamp()
    for path in folder.glob(".*.part*"):
        if path.stat().st_mtime < now - _LEFTOVER:
            path.unlink(missing_ok=True)
