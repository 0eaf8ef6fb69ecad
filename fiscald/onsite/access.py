"""Who may open what on this computer, and what has to be done for somebody who may not."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from pathlib import Path
from typing import NamedTuple

_READ, _READ_WRITE, _ENTER = 0o4, 0o6, 0o1


class Denial(NamedTuple):
    """Why this user may not open something."""

    path: Path
    """What stands in the way: the file itself, or a directory above it."""
    text: str
    """A sentence, with what has to be done."""
    group: str | None = None
    """The group that may open it, if that is the way."""
    member: bool = False
    """The user is in that group, by the computer's table of groups, but not in this session."""


def denial(path: Path, *, write: bool = False) -> Denial | None:
    """Why the user of this process may not read ``path`` (with ``write``: read and write it).

    ``None``: the user may, or it is not there.
    """
    path = path.absolute()
    for folder in reversed(path.parents):
        if folder.exists() and not os.access(folder, os.X_OK, effective_ids=True):
            return _denial(folder, _ENTER, f"may not look into {folder}")
    wanted = os.R_OK | os.W_OK if write else os.R_OK
    if not path.exists() or os.access(path, wanted, effective_ids=True):
        return None
    return _denial(path, _READ_WRITE if write else _READ, f"may not {'use' if write else 'read'} {path}")


def _denial(path: Path, bits: int, what: str) -> Denial:
    found = path.stat()
    user, owner, group = user_name(), name_of_user(found.st_uid), name_of_group(found.st_gid)
    said = f"{user} {what}"
    if found.st_uid == os.geteuid():
        return Denial(path, f"{said}: its mode is {stat.S_IMODE(found.st_mode):04o}; chmod u+rwX {path}")
    if found.st_mode >> 3 & bits != bits:
        return Denial(path, f"{said}: only {owner} may (mode {stat.S_IMODE(found.st_mode):04o}); use sudo")
    if found.st_gid == 0:
        return Denial(path, f"{said}: it belongs to {owner}:{group}; use sudo")
    if found.st_gid in (os.getegid(), *os.getgroups()):
        return Denial(path, f"{said}, though {user} is in its group {group}; use sudo")
    if found.st_gid in groups_of(user):
        text = f"{said}: {user} is in the group {group}, but was not when this session began; log out and log in again"
        return Denial(path, text, group, member=True)
    return Denial(
        path,
        f"{said}: it belongs to the group {group}, and {user} is not in it. "
        f"An administrator types: sudo usermod -aG {group} {user}; then log out and log in again",
        group,
    )


# -- users and groups ------------------------------------------------------------------------------------


def user_name() -> str:
    """The user of this process."""
    return name_of_user(os.geteuid())


def is_user(name: str) -> bool:
    """Whether there is a user of that name."""
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def is_group(name: str) -> bool:
    """Whether there is a group of that name."""
    try:
        grp.getgrnam(name)
    except KeyError:
        return False
    return True


def name_of_user(uid: int) -> str:
    """Its name, or its number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def name_of_group(gid: int) -> str:
    """Its name, or its number where it has none."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def groups_of(user: str) -> set[int]:
    """The groups of a user by the computer's table: those of the next login."""
    try:
        return set(os.getgrouplist(user, pwd.getpwnam(user).pw_gid))
    except KeyError:
        return set()


def may(found: os.stat_result, user: str, bits: int = _READ_WRITE) -> bool:
    """Whether ``user`` may, by owner, group and mode, as the kernel decides it. ``True`` for an unknown user."""
    try:
        uid = pwd.getpwnam(user).pw_uid
    except KeyError:
        return True
    if uid == 0:
        return True
    shift = 6 if found.st_uid == uid else 3 if found.st_gid in groups_of(user) else 0
    return found.st_mode >> shift & bits == bits
