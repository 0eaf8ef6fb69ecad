"""Who may do what: rights, who is given them, and who asks.

Everyone who may open the socket may read. Everything that changes or sends something takes a right, and a right is
given to users and groups by name: ``user:anna``, ``group:fiscald``. Root and the daemon's own user have every right.
The names are looked up once, when the daemon starts; the kernel says who the caller is, once per connection.
"""

from __future__ import annotations

import grp
import os
import pwd
import socket
import struct
from collections.abc import Mapping
from typing import NamedTuple

from fiscald.model.documents import DOCUMENTS
from fiscald.model.problems import Problem, problem
from fiscald.model.rights import Right

#: The supplementary groups of the peer, since Linux 4.13 (``asm-generic/socket.h``); Python has no name for it.
SO_PEERGROUPS = 59
#: The longest answer that Python takes of ``getsockopt``: 256 groups. A user in more groups is looked up by name.
_ANSWER = 1024
_GID = struct.calcsize("I")


#: Who has a right that the configuration does not give to anybody.
_SELLERS = ("group:fiscald", "group:fiscald-admin")
_ADMINISTRATORS = ("group:fiscald-admin",)
DEFAULTS: dict[Right, tuple[str, ...]] = {
    Right.PRINT: _SELLERS,
    Right.REPORT: _SELLERS,
    Right.CONFIGURE: _ADMINISTRATORS,
    Right.RAW: _ADMINISTRATORS,
    Right.RESOLVE: _ADMINISTRATORS,
    Right.LICENCE: _ADMINISTRATORS,
}
#: What documents take, for routes where the document decides.
DOCUMENT_RIGHTS = tuple(dict.fromkeys(document.about.right for document in DOCUMENTS.values()))
_POLISH = {
    Right.PRINT: "drukowanie dokumentów",
    Right.REPORT: "raporty",
    Right.CONFIGURE: "konfiguracja drukarek",
    Right.RAW: "polecenia serwisowe",
    Right.RESOLVE: "rozstrzyganie dokumentów",
    Right.LICENCE: "licencja",
}


class RightsError(Exception):
    """The rights cannot be used as they are configured; ``str`` says what to change."""


class Peer(NamedTuple):
    """Who is at the other end of a Unix socket, by the kernel."""

    pid: int
    uid: int
    gid: int
    groups: frozenset[int] = frozenset()
    """Supplementary groups."""


class _Given(NamedTuple):
    """Who has one right."""

    names: tuple[str, ...]
    """As they are written; only those that exist here."""
    users: frozenset[int]
    groups: frozenset[int]


class Rights:
    """The whole table, with the names looked up."""

    def __init__(self, given: Mapping[Right, tuple[str, ...] | None], *, owner: int | None = None) -> None:
        """``given``: what the configuration says, ``None`` for what it leaves to ``DEFAULTS``; ``owner``: the daemon's
        own user.

        Raises ``RightsError`` for a configured name that does not exist. A default group that does not exist here
        (``absent``) gives nobody anything.
        """
        self._everything = frozenset((0, os.geteuid() if owner is None else owner))
        self._table: dict[Right, _Given] = {}
        self.absent: tuple[str, ...] = ()
        mistakes = []
        for right in Right:
            configured = given.get(right)
            found: dict[str, int] = {}
            for name in DEFAULTS[right] if configured is None else configured:
                try:
                    found[name] = _look_up(name)
                except KeyError:
                    if configured is None:
                        self.absent = tuple(dict.fromkeys((*self.absent, name)))
                    else:
                        kind, _, bare = name.partition(":")
                        mistakes.append(f"rights.{right}: there is no {kind} {bare!r} on this computer")
            self._table[right] = _Given(
                tuple(found),
                frozenset(number for name, number in found.items() if name.startswith("user:")),
                frozenset(number for name, number in found.items() if name.startswith("group:")),
            )
        if mistakes:
            raise RightsError("\n".join(mistakes))

    def allows(self, peer: Peer | None, right: Right) -> bool:
        """Whether ``peer`` (``None``: not known) has that right."""
        if peer is None:
            return False
        given = self._table[right]
        return (
            peer.uid in self._everything
            or peer.uid in given.users
            or peer.gid in given.groups
            or not given.groups.isdisjoint(peer.groups)
        )

    def of(self, peer: Peer | None) -> tuple[Right, ...]:
        """Every right that ``peer`` has."""
        return tuple(right for right in Right if self.allows(peer, right))

    def denial(self, peer: Peer | None, rights: tuple[Right, ...]) -> Problem:
        """The problem of a peer that has none of ``rights``."""
        names = dict.fromkeys(name for right in rights for name in self._table[right].names)
        return problem(
            "request.denied",
            right=" or ".join(rights),
            right_pl=", ".join(_POLISH[right] for right in rights),
            holders=f"{', '.join(name.replace(':', ' ') for name in names)} and root"
            if names
            else "only root and the daemon's own user",
            asker="the caller is unknown" if peer is None else f"user {peer.uid} does not have it",
            extra={"rights": [*rights], "given_to": [*names]},
        )


def _look_up(name: str) -> int:
    """The number of ``user:NAME`` or ``group:NAME``, which may be a number already. Raises ``KeyError``."""
    kind, _, bare = name.partition(":")
    if bare.isascii() and bare.isdigit():
        return int(bare)
    return pwd.getpwnam(bare).pw_uid if kind == "user" else grp.getgrnam(bare).gr_gid


def peer_of(link: socket.socket | None) -> Peer | None:
    """Who is at the other end of ``link``; ``None`` where the kernel does not tell."""
    if link is None or link.family != socket.AF_UNIX:
        return None
    credentials = link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("iII"))
    pid, uid, gid = struct.unpack("iII", credentials)
    groups = _groups_by_kernel(link)
    return Peer(pid, uid, gid, _groups_by_name(uid, gid) if groups is None else groups)


def _groups_by_kernel(link: socket.socket) -> frozenset[int] | None:
    """The groups that the process had when it connected, perhaps none; ``None`` where the kernel does not tell."""
    try:
        found = link.getsockopt(socket.SOL_SOCKET, SO_PEERGROUPS, _ANSWER)
    except OSError:
        return None
    return frozenset(struct.unpack(f"{len(found) // _GID}I", found))


def _groups_by_name(uid: int, gid: int) -> frozenset[int]:
    """The groups that the group database gives the user."""
    try:
        return frozenset(os.getgrouplist(pwd.getpwuid(uid).pw_name, gid))
    except KeyError:
        return frozenset()
