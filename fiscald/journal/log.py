"""The write-ahead log ``journal.db-wal``: does it belong to the ``journal.db`` beside it?

While the daemon runs, ``journal.db`` says in its header that it has a log, and the newest changes are only there. A
clean stop moves them into ``journal.db`` and clears the header. SQLite itself applies every intact log that it finds
beside a database, also one that belongs to another file. So fiscald compares both before SQLite sees them.

Only before: a process that closes a second descriptor of a file loses SQLite's locks on it.
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import struct
import sys
from array import array
from collections.abc import Iterator
from enum import Enum, auto
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

_HEADER, _FRAME = 32, 24
_MAGIC = 0x377F0682
_FORMAT_AT, _VERSION_AT = 18, 60
_ROW = re.compile(rb"([0-9a-f]{32})(\d{16})")


class Log(Enum):
    """What is beside ``journal.db``."""

    NOT_NEEDED = auto()
    """Nothing of use: ``journal.db`` is complete. A log that is there may be deleted."""
    OURS = auto()
    """The log that belongs to it."""
    MISSING = auto()
    """``journal.db`` had a log, and it is not there."""
    FOREIGN = auto()
    """A log that belongs to another file, or to another time of this one."""


class Point(NamedTuple):
    """A state of a journal."""

    journal: str
    """Its id."""
    change: int
    """The number of its last transaction."""


def log_of(path: Path) -> Path:
    """The log of the journal ``path``."""
    return path.with_name(f"{path.name}-wal")


def has_log(path: Path) -> bool:
    """Whether the header of the journal ``path`` says that it has a log. Raises ``OSError``."""
    with path.open("rb") as file:
        return file.read(_FORMAT_AT + 2)[_FORMAT_AT:] == b"\x02\x02"


def set_complete(descriptor: int) -> None:
    """Clear that mark in the header of a copy, which is complete and has no log. Raises ``OSError``."""
    os.pwrite(descriptor, b"\x01\x01", _FORMAT_AT)


def schema_version(path: Path) -> int:
    """The version of the schema of the journal ``path``, 0 if it is no journal. Raises ``OSError``."""
    with path.open("rb") as file:
        header = file.read(_VERSION_AT + 4)
    return int.from_bytes(header[_VERSION_AT:]) if header.startswith(b"SQLite format 3\0") else 0


def examine(path: Path) -> Log:
    """What is beside the journal ``path``. Changes nothing. Raises ``OSError``."""
    needed = has_log(path)
    try:
        content = log_of(path).read_bytes()
    except FileNotFoundError:
        return Log.MISSING if needed else Log.NOT_NEEDED
    pages = list(_committed(content))
    if not pages:
        # The power went before the first change was in it.
        return Log.OURS if needed else Log.NOT_NEEDED
    try:
        root, now = _beside(path)
    except (sqlite3.Error, TypeError, ValueError):
        # The power went while SQLite moved changes from the log into the file, so only both together can be read.
        return Log.OURS if needed else Log.FOREIGN
    points = [Point(found[1].decode(), int(found[2])) for number, page in pages if number == root
              for found in _ROW.finditer(page)]  # fmt: skip
    ours = all(point.journal == now.journal for point in points)
    if not needed:
        return Log.NOT_NEEDED if ours and points and points[-1].change <= now.change else Log.FOREIGN
    follows = not points or points[0].change <= now.change + 1 <= points[-1].change + 1
    return Log.OURS if ours and follows else Log.FOREIGN


def _beside(path: Path) -> tuple[int, Point]:
    """The page that holds the id, and what ``journal.db`` says without its log. Raises ``sqlite3.Error``."""
    with contextlib.closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True)) as db:
        (root,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'journal'").fetchone() or (0,)
        journal, change = db.execute("SELECT id, change FROM journal").fetchone()
        return root, Point(journal, int(change))


def _committed(log: bytes) -> Iterator[tuple[int, memoryview]]:
    """The pages of the transactions that SQLite would apply, in order, each with its number."""
    if len(log) < _HEADER:
        return
    magic, _, size, _, *salt, first, second = struct.unpack_from(">8I", log)
    if magic & ~1 != _MAGIC or size < 512:
        return
    swap = (magic & 1 == 1) != (sys.byteorder == "big")
    sums = _sums(log[:24], (0, 0), swap=swap)
    if sums != (first, second):
        return
    view, waiting = memoryview(log), []
    for at in range(_HEADER, len(log) - _FRAME - size + 1, _FRAME + size):
        number, commit, *found, first, second = struct.unpack_from(">6I", log, at)
        page = view[at + _FRAME : at + _FRAME + size]
        sums = _sums(page, _sums(view[at : at + 8], sums, swap=swap), swap=swap)
        if found != salt or sums != (first, second):
            return
        waiting.append((number, page))
        if commit:
            yield from waiting
            waiting.clear()


def _sums(data: bytes | memoryview, before: tuple[int, int], *, swap: bool) -> tuple[int, int]:
    """SQLite's checksum of the log (https://www.sqlite.org/fileformat2.html#checksum_algorithm)."""
    words = array("I", bytes(data))
    if swap:
        words.byteswap()
    one, two = before
    for left, right in zip(words[::2], words[1::2], strict=True):
        one = (one + left + two) & 0xFFFFFFFF
        two = (two + right + one) & 0xFFFFFFFF
    return one, two
