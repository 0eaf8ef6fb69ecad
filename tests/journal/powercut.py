"""A disk that loses power: a VFS for SQLite that keeps apart what was written and what is on the platter.

SQLite itself runs over it, unchanged: after ``with Disk() as disk`` every connection of this process opened by
plain path lives there. Until a file is synced, each write since the last sync may be lost, kept or torn when
the power goes; a deletion is certain only once its directory was synced, a creation once the file was.

Needs a Python whose sqlite3 module uses the system's shared library (``available``).
"""

from __future__ import annotations

import ctypes
import ctypes.util
import random
import sqlite3
from ctypes import CFUNCTYPE, POINTER, Structure, byref, c_char_p, c_int, c_int64, c_void_p
from pathlib import Path
from typing import Any, Self

OK, IOERR, NOTFOUND, SHORT_READ = 0, 10, 12, 522
SECTOR = 512


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

    def __init__(self) -> None:
        self.platter: bytes | None = None
        """``None``: after a power cut it would not be there."""
        self.seen = bytearray()
        self.pending: list[tuple[int, bytes] | int] = []
        """Writes (offset, data) and truncations (size) since the last sync."""
        self.deleted = False

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
        self._open: dict[int, _Stored] = {}
        self._keep: list[Any] = []

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

    def reboot(self, rng: random.Random, *, lose: float = 0.5) -> None:
        """Power is back: of what was not synced each piece is lost with that probability, or torn."""
        for name, file in list(self.files.items()):
            if file.deleted:
                # Not certain before the directory was synced: the file may be there again.
                if file.platter is None or rng.random() >= lose:
                    del self.files[name]
                    continue
                file.deleted = False
            content = bytearray(file.platter or b"")
            for change in file.pending:
                if rng.random() < lose:
                    continue
                if isinstance(change, tuple) and rng.random() < 0.3:
                    change = (change[0], change[1][: rng.randrange(0, len(change[1]) + 1, SECTOR)])
                file.apply(content, change)
            if file.platter is None and rng.random() < lose:
                del self.files[name]
                continue
            file.platter, file.seen, file.pending = bytes(content), content, []
        self.dies_at = None
        self._open.clear()

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
        stored = self.files.get(path)
        if stored is None or stored.deleted:
            platter = stored.platter if stored is not None else None
            stored = self.files[path] = _Stored()
            if platter is not None:
                stored.platter, stored.pending = platter, [0]  # deleted and recreated, both uncertain
        self._open[number] = stored
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
        if sync:
            for path in [path for path, file in self.files.items() if file.deleted]:
                del self.files[path]
        return OK

    def _access(self, _vfs: int, name: bytes, _flags: int, result: Any) -> int:
        stored = self.files.get(name.decode())
        result[0] = int(stored is not None and not stored.deleted)
        return OK

    def _full(self, _vfs: int, name: bytes, size: int, out: int) -> int:
        ctypes.memmove(out, name + b"\0", min(len(name) + 1, size))
        return OK

    def _file(self, file: Any) -> _Stored:
        return self._open[file.contents.number]

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
        stored = self._file(file)
        change = (offset, ctypes.string_at(buffer, amount))
        stored.pending.append(change)
        stored.apply(stored.seen, change)
        return OK

    def _truncate(self, file: Any, size: int) -> int:
        if not self._change():
            return IOERR
        stored = self._file(file)
        stored.pending.append(size)
        stored.apply(stored.seen, size)
        return OK

    def _sync(self, file: Any, _flags: int) -> int:
        if not self._change():
            return IOERR
        stored = self._file(file)
        stored.platter, stored.pending = bytes(stored.seen), []
        return OK

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
        return 0
