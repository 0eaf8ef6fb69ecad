"""File permissions on this computer: who can open a file, and the remedy for a user who cannot."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from pathlib import Path
from typing import NamedTuple

_READ, _READ_WRITE, _ENTER = 0o4, 0o6, 0o1


class Denial(NamedTuple):
    """Why this user cannot open a file."""

    reason: str
    """A sentence without a full stop: who cannot do what, and why."""
    remedy: str
    """The remedy: a command to paste, possibly with a comment."""
    group: str | None = None
    """The group that the user must join, if that helps."""
    member: bool = False
    """The user is in that group according to the group database, but not in this session."""

    def __str__(self) -> str:
        command, _, then = self.remedy.partition("    # ")
        by = "an administrator must run: " if command.startswith("sudo usermod") else ""
        return f"{self.reason}; {by}{command}{f'; {then}' if then else ''}"


def denial(path: Path, *, write: bool = False) -> Denial | None:
    """Why the user of this process cannot read ``path`` (with ``write``: read and write it).

    ``None``: the user can, or the file does not exist.
    """
    path = path.absolute()
    what = f"{user_name()} cannot {'use' if write else 'read'} {path}"
    for folder in reversed(path.parents):
        if folder.exists() and not os.access(folder, os.X_OK, effective_ids=True):
            return _denial(folder, _ENTER, f"{what}: its folder {folder}")
    wanted = os.R_OK | os.W_OK if write else os.R_OK
    if not path.exists() or os.access(path, wanted, effective_ids=True):
        return None
    return _denial(path, _READ_WRITE if write else _READ, f"{what}: it")


def _denial(path: Path, bits: int, said: str) -> Denial:
    """``said``: the beginning of the sentence, up to the obstacle; ``path``: the obstacle."""
    found = path.stat()
    user, owner, group = user_name(), name_of_user(found.st_uid), name_of_group(found.st_gid)
    mode = f"mode {stat.S_IMODE(found.st_mode):04o}"
    sudo = "use sudo"
    if found.st_uid == os.geteuid():
        return Denial(f"{said} is {user}'s own, but has the {mode}", f"chmod u+rwX {path}")
    if found.st_mode >> 3 & bits != bits or found.st_gid in (os.getegid(), *os.getgroups()):
        return Denial(f"{said} is for {owner} alone ({mode})", sudo)
    if found.st_gid == 0:
        return Denial(f"{said} belongs to {owner}:{group} ({mode})", sudo)
    if found.st_gid in groups_of(user):
        reason = f"{said} belongs to the group {group}, which {user} is in, but was not when this session began"
        return Denial(reason, f"newgrp {group}    # or log out and log in again", group, member=True)
    reason = f"{said} belongs to the group {group}, and {user} is not in it"
    return Denial(reason, f"sudo usermod -aG {group} {user}    # then log out and log in again", group)


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
    """The name, or the number if there is no name."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def name_of_group(gid: int) -> str:
    """The name, or the number if there is no name."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def groups_of(user: str) -> set[int]:
    """The groups of a user in the group database: those of the next login."""
    try:
        return set(os.getgrouplist(user, pwd.getpwnam(user).pw_gid))
    except KeyError:
        return set()


def may(found: os.stat_result, user: str, bits: int = _READ_WRITE) -> bool:
    """Whether ``user`` has the permission, by owner, group and mode like the kernel. ``True`` for an unknown user."""
    try:
        uid = pwd.getpwnam(user).pw_uid
    except KeyError:
        return True
    if uid == 0:
        return True
    shift = 6 if found.st_uid == uid else 3 if found.st_gid in groups_of(user) else 0
    return found.st_mode >> shift & bits == bits
