"""The rights: their holders, and the identity of the caller.

On the socket the kernel says who the caller is, over the network a token does.

Every user who can open the socket can read. Everything that changes or sends something needs a right. The
configuration gives rights to users and groups by name: ``user:anna``, ``group:fiscald``. Root and the daemon's user
have every right. The daemon looks the names up once, at the start; the kernel identifies the caller once per
connection.
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
from fiscald.model.rights import Asker, Right

#: The supplementary groups of the peer, since Linux 4.13 (``asm-generic/socket.h``); Python has no name for it.
SO_PEERGROUPS = 59
#: The longest answer that Python accepts from ``getsockopt``: 256 groups. A user in more groups is looked up by name.
_ANSWER = 1024
_GID = struct.calcsize("I")


#: The default holders of a right that the configuration does not mention.
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
#: The rights for documents, for routes where the document decides.
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
    """The process at the other end of a Unix socket, from the kernel."""

    pid: int
    uid: int
    gid: int
    groups: frozenset[int] = frozenset()
    """Supplementary groups."""


class Bearer(NamedTuple):
    """The holder of a token."""

    name: str
    """Of the token."""
    rights: frozenset[Right]
    printers: frozenset[str] | None = None
    """The only printers that it may use or see; ``None``: all."""


#: Who asks; ``None``: not known.
Caller = Peer | Bearer | None


class _Given(NamedTuple):
    """The holders of one right."""

    names: tuple[str, ...]
    """As configured; only those that exist on this computer."""
    users: frozenset[int]
    groups: frozenset[int]


class Rights:
    """The whole table, with the names looked up."""

    def __init__(self, given: Mapping[Right, tuple[str, ...] | None], *, owner: int | None = None) -> None:
        """``given``: what the configuration says, ``None`` for what it leaves to ``DEFAULTS``; ``owner``: the daemon's
        own user.

        Raises ``RightsError`` for a configured name that does not exist. A default group that does not exist
        (``absent``) has no effect.
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

    def allows(self, caller: Caller, right: Right) -> bool:
        """Whether the caller has that right."""
        match caller:
            case None:
                return False
            case Bearer():
                return right in caller.rights
            case Peer():
                return self._has(caller, right)

    def _has(self, peer: Peer, right: Right) -> bool:
        given = self._table[right]
        return (
            peer.uid in self._everything
            or peer.uid in given.users
            or peer.gid in given.groups
            or not given.groups.isdisjoint(peer.groups)
        )

    def of(self, caller: Caller) -> tuple[Right, ...]:
        """Every right that the caller has."""
        return tuple(right for right in Right if self.allows(caller, right))

    def denial(self, caller: Caller, rights: tuple[Right, ...]) -> Problem:
        """The problem of a caller that has none of ``rights``."""
        names = dict.fromkeys(name for right in rights for name in self._table[right].names)
        return problem(
            "request.denied",
            right=" or ".join(rights),
            right_pl=", ".join(_POLISH[right] for right in rights),
            holders=f"{', '.join(name.replace(':', ' ') for name in names)} and root"
            if names
            else "only root and the daemon's own user",
            asker="the caller is unknown" if caller is None else f"{said(caller)} does not have it",
            remedy="Make another token: fiscalctl token create"
            if isinstance(caller, Bearer)
            else "See [rights] in the configuration",
            extra={"rights": [*rights], "given_to": [*names]},
        )


def said(caller: Caller) -> str:
    """The caller for people: ``user 1000``, ``token erp``."""
    match caller:
        case Bearer():
            return f"token {caller.name}"
        case Peer():
            return f"user {caller.uid}"
    return "user unknown"


def asker_of(caller: Caller) -> Asker:
    """The caller as the journal keeps it."""
    match caller:
        case Bearer():
            return caller.name
        case Peer():
            return caller.uid
    return None


def _look_up(name: str) -> int:
    """The number of ``user:NAME`` or ``group:NAME``, which may be a number already. Raises ``KeyError``."""
    kind, _, bare = name.partition(":")
    if bare.isascii() and bare.isdigit():
        return int(bare)
    return pwd.getpwnam(bare).pw_uid if kind == "user" else grp.getgrnam(bare).gr_gid


def peer_of(link: socket.socket | None) -> Peer | None:
    """The process at the other end of ``link``; ``None`` if the kernel does not say."""
    if link is None or link.family != socket.AF_UNIX:
        return None
    credentials = link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("iII"))
    pid, uid, gid = struct.unpack("iII", credentials)
    groups = _groups_by_kernel(link)
    return Peer(pid, uid, gid, _groups_by_name(uid, gid) if groups is None else groups)


def _groups_by_kernel(link: socket.socket) -> frozenset[int] | None:
    """The groups of the process when it connected (possibly none); ``None`` if the kernel does not say."""
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
