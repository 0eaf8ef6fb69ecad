"""A disk that loses power: a VFS for SQLite that keeps apart what was written and what is on the platter.

SQLite itself runs over it, unchanged: after ``with Disk() as disk`` every connection of this process opened by
plain path lives there. Until a file is synced, each write since the last sync may be lost, kept or torn when
the power goes; deletions and creations are certain only once the directory was synced. As SQLite's own layer does,
the first sync of a new journal or log also syncs its directory, and a write spoils no bytes beside it.

A program that starts may read the files without SQLite: ``put`` and ``reboot`` write them to the real disk. The file
``lock``, which SQLite does not write, loses what was not synced as a whole (``watch``).

Needs a Python whose sqlite3 module uses the system's shared library (``available``).
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import random
import sqlite3
from collections.abc import Callable
from ctypes import CFUNCTYPE, POINTER, Structure, byref, c_char_p, c_int, c_int64, c_void_p
from pathlib import Path
from typing import Any, Self
from unittest.mock import patch

OK, IOERR, NOTFOUND, SHORT_READ = 0, 10, 12, 522
SECTOR = 512
#: A power cut during a write spoils no bytes beside it: SQLite's own layer says so too.
POWERSAFE_OVERWRITE = 0x1000


class _File(Structure):
    _fields_ = [("methods", c_void_p), ("number", c_int64)]


_FileP = POINTER(_File)
_METHODS = {
    "close": CFUNCTYPE(c_int, _FileP),
    "read": CFUNCTYPE(c_int, _FileP, c_void_p, c_int, c_int64),
    "write": CFUNCTYPE(c_int, _FileP, c_void_p, c_int, c_int64),
    "truncate": CFUNCTYPE(c_int, _FileP, c_int64),
    "sync": CFUNCTYPE(c_int, _FileP, c_int),
    "size": CFUNCTYPE(c_int, _FileP, POINTER(c_int64)),
    "lock": CFUNCTYPE(c_int, _FileP, c_int),
    "unlock": CFUNCTYPE(c_int, _FileP, c_int),
    "reserved": CFUNCTYPE(c_int, _FileP, POINTER(c_int)),
    "control": CFUNCTYPE(c_int, _FileP, c_int, c_void_p),
    "sector": CFUNCTYPE(c_int, _FileP),
    "device": CFUNCTYPE(c_int, _FileP),
}


class _Methods(Structure):
    _fields_ = [("version", c_int), *_METHODS.items()]


_OPEN = CFUNCTYPE(c_int, c_void_p, c_char_p, _FileP, c_int, POINTER(c_int))
_DELETE = CFUNCTYPE(c_int, c_void_p, c_char_p, c_int)
_ACCESS = CFUNCTYPE(c_int, c_void_p, c_char_p, c_int, POINTER(c_int))
_FULL = CFUNCTYPE(c_int, c_void_p, c_char_p, c_int, c_void_p)


class _Vfs(Structure):
    _fields_ = [
        ("version", c_int), ("file_size", c_int), ("longest", c_int), ("next", c_void_p), ("name", c_char_p),
        ("data", c_void_p), ("open", _OPEN), ("delete", _DELETE), ("access", _ACCESS), ("full", _FULL),
        *[(name, c_void_p) for name in (
            "dl_open", "dl_error", "dl_sym", "dl_close", "randomness", "sleep", "time", "last_error"
        )],
    ]  # fmt: skip


def _library() -> Any:
    """The very library that the sqlite3 module uses, or ``None``."""
    name = ctypes.util.find_library("sqlite3")
    if name is None:
        return None
    maps = Path("/proc/self/maps").read_text()
    if "libsqlite3" not in maps:
        return None  # built into Python: another copy than this one
    library = ctypes.CDLL(name)
    library.sqlite3_libversion.restype = c_char_p
    if library.sqlite3_libversion().decode() != sqlite3.sqlite_version:
        return None
    library.sqlite3_vfs_find.restype = POINTER(_Vfs)
    return library


available = _library() is not None


class _Stored:
    """One file: what is on the platter, what programs see, and the writes in between."""

    def __init__(self, real: Path | None) -> None:
        self.real = real
        """Where other code may read it; ``None`` for a temporary file."""
        self.platter: bytes | None = None
        """``None``: nothing of it was ever synced."""
        self.linked = False
        """Whether its directory was synced since it was made: before that it may be gone after a power cut."""
        self.seen = bytearray()
        self.pending: list[tuple[int, bytes] | int] = []
        """Writes (offset, data) and truncations (size) since the last sync."""
        self.deleted = False

    def change(self, change: tuple[int, bytes] | int) -> None:
        """A program writes (offset, data) or truncates (size)."""
        self.pending.append(change)
        self.apply(self.seen, change)

    def apply(self, content: bytearray, change: tuple[int, bytes] | int) -> None:
        if isinstance(change, int):
            del content[change:]
            return
        offset, data = change
        if len(content) < offset:
            content.extend(bytes(offset - len(content)))
        content[offset : offset + len(data)] = data


class Disk:
    """See the module."""

    def __init__(self) -> None:
        self.files: dict[str, _Stored] = {}
        self.changes = 0
        """Writes, syncs, truncations and deletions so far."""
        self.dies_at: int | None = None
        """The number of the change at which the power goes; it is not carried out."""
        self.syncs: list[str] = []
        """What was synced: names of files, and ``"directory"``."""
        self.skips: Callable[[str], bool] = lambda _name: False
        """Whether the disk skips a sync of that name and reports success to SQLite."""
        self.fails: Callable[[str], bool] = lambda _name: False
        """Whether a sync of that name reports an error."""
        self._watched: tuple[Path, bytes] | None = None
        self._open: dict[int, tuple[str, _Stored]] = {}
        self._new: set[str] = set()
        """Files that were made and not synced yet."""
        self._keep: list[Any] = []

    def put(self, path: Path, content: bytes) -> None:
        """A file that was there before, with everything synced."""
        path.write_bytes(content)
        path.chmod(0o600)
        file = self.files[str(path)] = _Stored(path)
        file.platter, file.linked, file.seen = content, True, bytearray(content)

    @property
    def dead(self) -> bool:
        """Whether the power has gone."""
        return self.dies_at is not None and self.changes >= self.dies_at

    def _change(self) -> bool:
        """Count one change; false if it does not happen any more."""
        if self.dead:
            return False
        self.changes += 1
        return not self.dead

    def watch(self, lock: Path) -> Any:
        """Meanwhile notice what is synced of the file ``lock``; the power may go there too."""
        self._watched = lock, lock.read_bytes() if lock.exists() else b""

        def sync(descriptor: int) -> None:
            if not self._change():
                raise OSError(5, "the power is gone")
            self.syncs.append(lock.name)
            self._watched = lock, os.pread(descriptor, 1000, 0)

        return patch("os.fdatasync", sync)

    def reboot(self, rng: random.Random, *, lose: float = 0.5) -> None:
        """Power is back: of what was not synced each piece is lost with that probability, or torn."""
        for name, file in list(self.files.items()):
            self._notice(file)
            if file.deleted:
                if file.platter is None or rng.random() >= lose:
                    self._gone(name)
                    continue
                file.deleted = False  # the deletion was not synced: the file is there again
            content = bytearray(file.platter or b"")
            for change in file.pending:
                if rng.random() < lose:
                    continue
                if isinstance(change, tuple) and rng.random() < 0.3:
                    change = (change[0], change[1][: rng.randrange(0, len(change[1]) + 1, SECTOR)])
                file.apply(content, change)
            if not file.linked and rng.random() < lose:
                self._gone(name)
                continue
            file.platter, file.seen, file.pending, file.linked = bytes(content), content, [], True
            if file.real is not None:
                file.real.write_bytes(content)
                file.real.chmod(0o600)
        if self._watched is not None and rng.random() < lose:
            self._watched[0].write_bytes(self._watched[1])
        self.dies_at = None
        self._open.clear()

    def _gone(self, name: str) -> None:
        file = self.files.pop(name)
        if file.real is not None:
            file.real.unlink(missing_ok=True)

    def _notice(self, file: _Stored) -> None:
        """Whether other code has deleted the real file."""
        if file.real is not None and not file.real.exists():
            file.deleted = True

    def _is_carried_out(self, name: str) -> bool:
        """Whether this sync reaches the platter."""
        name = name.rpartition("/")[2]
        self.syncs.append(name)
        return not self.skips(name)

    def _sync_directory(self) -> None:
        if not self._change() or not self._is_carried_out("directory"):
            return
        for path, file in list(self.files.items()):
            self._notice(file)
            if file.deleted:
                del self.files[path]
            file.linked = True

    # -- SQLite's side ----------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        library = _library()
        real = library.sqlite3_vfs_find(None).contents
        methods = _Methods(1, *(kind(getattr(self, "_" + name)) for name, kind in _METHODS.items()))
        self._methods = ctypes.addressof(methods)
        vfs = _Vfs()
        for name in ("randomness", "sleep", "time", "last_error", "dl_open", "dl_error", "dl_sym", "dl_close"):
            setattr(vfs, name, getattr(real, name))
        vfs.version, vfs.file_size, vfs.longest, vfs.name = 1, ctypes.sizeof(_File), 512, b"powercut"
        vfs.open, vfs.delete = _OPEN(self._open_file), _DELETE(self._delete)
        vfs.access, vfs.full = _ACCESS(self._access), _FULL(self._full)
        self._keep = [library, vfs, methods]
        assert library.sqlite3_vfs_register(byref(vfs), 1) == OK
        return self

    def __exit__(self, *_: object) -> None:
        library, vfs, _methods = self._keep
        library.sqlite3_vfs_unregister(byref(vfs))

    def _open_file(self, _vfs: int, name: bytes | None, file: Any, flags: int, out: Any) -> int:
        if self.dead:
            return IOERR
        number = len(self._open) + 1
        path = (name or b"temporary-%d" % number).decode()
        real = None if name is None else Path(path)
        stored = self.files.get(path)
        if stored is not None:
            self._notice(stored)
        if stored is None or stored.deleted:
            before = stored
            stored = self.files[path] = _Stored(real)
            if before is not None and before.linked:
                # Deleted and made again, both not certain.
                stored.platter, stored.linked, stored.pending = before.platter, True, [0]
            if real is not None:
                real.touch()
                real.chmod(0o600)
                self._new.add(path)
        self._open[number] = path, stored
        file.contents.methods, file.contents.number = self._methods, number
        if out:
            out[0] = flags
        return OK

    def _delete(self, _vfs: int, name: bytes, sync: int) -> int:
        if not self._change():
            return IOERR
        stored = self.files.get(name.decode())
        if stored is not None:
            stored.deleted = True
            if stored.real is not None:
                stored.real.unlink(missing_ok=True)
        if sync:
            self._sync_directory()
            if self.dead:
                return IOERR
        return OK

    def _access(self, _vfs: int, name: bytes, _flags: int, result: Any) -> int:
        stored = self.files.get(name.decode())
        if stored is not None:
            self._notice(stored)
        result[0] = int(stored is not None and not stored.deleted)
        return OK

    def _full(self, _vfs: int, name: bytes, size: int, out: int) -> int:
        ctypes.memmove(out, name + b"\0", min(len(name) + 1, size))
        return OK

    def _file(self, file: Any) -> _Stored:
        return self._open[file.contents.number][1]

    def _close(self, _file: Any) -> int:
        return OK

    def _read(self, file: Any, buffer: int, amount: int, offset: int) -> int:
        if self.dead:
            return IOERR
        data = bytes(self._file(file).seen[offset : offset + amount])
        ctypes.memmove(buffer, data + bytes(amount - len(data)), amount)
        return OK if len(data) == amount else SHORT_READ

    def _write(self, file: Any, buffer: int, amount: int, offset: int) -> int:
        if not self._change():
            return IOERR
        self._file(file).change((offset, ctypes.string_at(buffer, amount)))
        return OK

    def _truncate(self, file: Any, size: int) -> int:
        if not self._change():
            return IOERR
        self._file(file).change(size)
        return OK

    def _sync(self, file: Any, _flags: int) -> int:
        if not self._change():
            return IOERR
        path, stored = self._open[file.contents.number]
        if self.fails(path):
            return IOERR
        if self._is_carried_out(path):
            stored.platter, stored.pending = bytes(stored.seen), []
        if path in self._new and path.endswith(("-journal", "-wal")):
            self._sync_directory()
        self._new.discard(path)
        return IOERR if self.dead else OK

    def _size(self, file: Any, result: Any) -> int:
        result[0] = len(self._file(file).seen)
        return OK

    def _lock(self, _file: Any, _level: int) -> int:
        return OK

    def _unlock(self, _file: Any, _level: int) -> int:
        return OK

    def _reserved(self, _file: Any, result: Any) -> int:
        result[0] = 0
        return OK

    def _control(self, _file: Any, _op: int, _argument: int) -> int:
        return NOTFOUND

    def _sector(self, _file: Any) -> int:
        return SECTOR

    def _device(self, _file: Any) -> int:
        return POWERSAFE_OVERWRITE
