"""Files and directories private to one user, with any umask: they contain what was sold, and to whom."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import NamedTuple

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_OTHERS_READ = stat.S_IRGRP | stat.S_IXGRP | stat.S_IROTH | stat.S_IXOTH
FILE, DIRECTORY = 0o600, 0o700
#: Windows has neither this flag nor modes: there a file belongs to the user in whose folder it is.
_CLOEXEC: int = getattr(os, "O_CLOEXEC", 0)
_HAS_MODES = hasattr(os, "fchmod")


class Openness(NamedTuple):
    """What users other than this one and root may do with a directory. The group counts as others."""

    read: bool
    write: bool


def make_directory(path: Path) -> None:
    """Make ``path`` and what is missing above it, each with mode 0700. One that is there stays as it is.

    Raises ``OSError``.
    """
    if path.is_dir():
        return
    if path.parent != path:
        make_directory(path.parent)
    try:
        path.mkdir(mode=DIRECTORY)
    except FileExistsError:
        if not path.is_dir():
            raise
        return
    path.chmod(DIRECTORY)  # the umask may have taken even the owner's rights


def open_file(path: Path, flags: int) -> int:
    """A descriptor of ``path``, which is made if it is missing, with mode 0600.

    A file of ours that others may open is closed to them. Raises ``OSError``.
    """
    descriptor = os.open(path, flags | os.O_CREAT | _CLOEXEC, FILE)
    try:
        found = os.fstat(descriptor)
        if _is_open_to_others(found):
            os.fchmod(descriptor, FILE)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def sync_directory(path: Path) -> None:
    """Make the names in a directory survive a power cut: of files that were made, renamed or removed there.

    Raises ``OSError``.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_open_to_others(found: os.stat_result) -> bool:
    """Whether it is a file of ours with another mode than it should have."""
    if not _HAS_MODES or not stat.S_ISREG(found.st_mode):
        return False
    return stat.S_IMODE(found.st_mode) != FILE and found.st_uid == os.geteuid()


def make_file(path: Path) -> None:
    """Make ``path`` if it is missing, with mode 0600. One of ours that others may open is closed to them.

    One that is there is not opened: to close it again would drop the locks that SQLite has on it in this process, and
    another process would delete its log. Raises ``OSError``.
    """
    try:
        os.close(open_file(path, os.O_RDWR | os.O_EXCL))
    except FileExistsError:
        found = path.stat()
        if _is_open_to_others(found):
            path.chmod(FILE)


def openness(path: Path) -> Openness:
    """What others may do with a directory; one that belongs to another user is theirs to write. Raises ``OSError``."""
    found = path.stat()
    theirs = found.st_uid not in (0, os.geteuid())
    return Openness(
        read=theirs or bool(found.st_mode & _OTHERS_READ), write=theirs or bool(found.st_mode & _OTHERS_WRITE)
    )


def was_used(state: Path) -> bool:
    """Whether a daemon has run in the state directory: some file tells that only a running one makes.

    Raises ``PermissionError`` where it cannot be seen.
    """
    made = (state / "lock", state / "licence" / "state.json", *(state / "recordings").glob("*"))
    return any(path.exists() for path in made)
