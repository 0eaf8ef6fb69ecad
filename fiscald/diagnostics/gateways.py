"""Findings about gateways: what their programs do, and what the configuration names (docs/gateway.md)."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from fiscald.diagnostics.access import groups_of, is_group, may, name_of_user
from fiscald.diagnostics.findings import Finding, finding
from fiscald.diagnostics.host import Host
from fiscald.diagnostics.units import SERVICE, Units
from fiscald.model.programs import PrinterGateway

#: Connections that were closed because another program had the gateway: fewer come from one that connects again.
MOST_BUSY = 3
_NOISE = "noise"
_SAID = {"posnet": "POSNET", "thermal": "Thermal", "xml": "XML", "http": "HTTP", "tls": "TLS", "rfc2217": "RFC 2217"}
#: Remedies for a protocol that no gateway speaks.
_OTHER = {
    "rfc2217": 'sudoedit {path}    # listen = "rfc2217://..." in place of tcp',
    "xml": "set the printer of the program to a model that speaks POSNET or Thermal",
    "http": "a web browser or an application of the API came to the wrong port; check its settings",
    "tls": "set the program to a connection without TLS",
}


#: Directories of which the service sees an empty one instead (``PrivateTmp=``, ``ProtectHome=``).
_UNSEEN = ("/tmp", "/var/tmp", "/home", "/root", "/run/user")
#: The state of a socket that listens, in the kernel's table.
_LISTENS = "0A"


class NamedGateway(NamedTuple):
    """What the configuration says about a gateway."""

    printer: str
    link: Path | None = None
    """The path of the link to the pseudo-terminal."""
    group: str | None = None
    listen: str = ""
    port: int | None = None
    """The port of a network address."""
    open_to_all: bool = False
    family: str = ""
    """Of the printer behind."""
    cannot: tuple[str, ...] = ()
    """Documents that the gateway promises and the printer behind cannot print."""


def gateway_findings(gateway: PrinterGateway, path: Path) -> Iterator[Finding]:
    """What is wrong at a gateway; ``path`` is the configuration's."""
    if gateway.open_to_all:
        yield finding("gateway_open", listen=gateway.listen, path=path)
    if gateway.state == "failed":
        yield finding("gateway_down", listen=gateway.listen, reason=gateway.reason)
        return
    if gateway.denied:
        yield finding("gateway_denied", count=gateway.denied, last=gateway.denied_last, path=path)
    if gateway.busy >= MOST_BUSY:
        yield finding("gateway_busy", count=gateway.busy, listen=gateway.listen)
    if gateway.state == "listening" and not gateway.received and not gateway.denied:
        yield finding("gateway_unused", listen=gateway.listen)
    if gateway.speaks == _NOISE:
        yield finding("gateway_noise", listen=gateway.listen)
    elif gateway.speaks not in (None, gateway.family):
        assert gateway.speaks is not None
        remedy = _OTHER.get(gateway.speaks, 'sudoedit {path}    # family = "{speaks}"')
        yield finding(
            "gateway_speaks", speaks=_SAID.get(gateway.speaks, gateway.speaks), family=_SAID[gateway.family],
            remedy=remedy.format(path=path, speaks=gateway.speaks),
        )  # fmt: skip


def named_gateway(named: NamedGateway, user: str, units: Units, path: Path) -> Iterator[Finding]:
    """What is wrong with a gateway of a daemon that runs as ``user``; ``path`` is the configuration's."""
    if named.open_to_all:
        yield finding("gateway_open", listen=named.listen, path=path)
    if named.cannot:
        cannot = ", ".join(named.cannot)
        yield finding("gateway_documents", name=named.printer, documents=cannot, family=named.family, path=path)
    if named.link is not None and units.service and str(named.link).startswith(tuple(f"{each}/" for each in _UNSEEN)):
        yield finding("gateway_unseen", name=named.printer, link=named.link)
    why = None if named.link is None else _no_link(named.link, user)
    if why is not None:
        yield finding("gateway_link", name=named.printer, link=named.link, reason=why, path=path)
    group = named.group
    if group is None:
        return
    if not is_group(group):
        remedy = f"sudo groupadd {group} && sudo usermod -aG {group} {user}"
    elif not _is_member(group, user):
        remedy = f"sudo usermod -aG {group} {user} && sudo systemctl restart fiscald.service"
    else:
        return
    reason = "it does not exist" if not is_group(group) else f"the daemon's user {user} is not in it"
    yield finding("gateway_group", name=named.printer, group=group, reason=reason, remedy=remedy)


def _is_member(group: str, user: str) -> bool:
    return user == "root" or grp.getgrnam(group).gr_gid in groups_of(user)


def _no_link(link: Path, user: str) -> str | None:
    """Why ``user`` cannot make the link; ``None``: no known reason."""
    try:
        found = link.parent.stat()
        if not stat.S_ISDIR(found.st_mode):
            return f"{link.parent} is not a directory"
        if link.exists() and not link.is_symlink():
            return "it is another file"
        return None if may(found, user, os.W_OK | os.X_OK) else f"{user} cannot write to {link.parent}"
    except (FileNotFoundError, NotADirectoryError):
        return f"there is no directory {link.parent}"
    except OSError:
        return None  # in a folder that the caller cannot read


# -- the port of another program -------------------------------------------------------------------------


def taken_ports(gateways: tuple[NamedGateway, ...], host: Host, user: str) -> Iterator[Finding]:
    """Gateways at whose port another program listens. ``user``: the daemon's."""
    for each in gateways:
        holder = None if each.port is None else other_listener(host, each.port, user)
        if holder is not None:
            yield finding("gateway_port", name=each.printer, listen=each.listen, holder=holder, port=each.port)


def other_listener(host: Host, port: int, user: str) -> str | None:
    """Which program but fiscald listens at this TCP port; ``None``: none."""
    for line in f"{host.text('/proc/net/tcp')}\n{host.text('/proc/net/tcp6')}".splitlines():
        words = line.split()
        if len(words) < 10 or words[3] != _LISTENS or int(words[1].rpartition(":")[2], 16) != port:
            continue
        holders = [host.holder(pid) for pid in _with_socket(host, words[9])]
        if any(holder.program.startswith("fiscald") or holder.unit == SERVICE for holder in holders):
            continue
        if holders:
            return str(holders[0])
        if int(words[7]) != _number(user):  # a socket of the daemon's own user is most likely the daemon's
            return f"a program of the user {name_of_user(int(words[7]))}"
    return None


def _with_socket(host: Host, inode: str) -> Iterator[int]:
    """The processes that have this socket, as far as this user can see."""
    wanted = f"socket:[{inode}]"
    for process in host.path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        with suppress(OSError):
            if any(str(each.readlink()) == wanted for each in (process / "fd").iterdir()):
                yield int(process.name)


def _number(user: str) -> int | None:
    try:
        return pwd.getpwnam(user).pw_uid
    except KeyError:
        return None
