"""Checks the files, users, groups and directories that the configuration names: do they exist, are they usable?"""

from __future__ import annotations

import os
import ssl
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from fiscald.diagnostics.access import is_group, is_user, may, name_of_group, name_of_user
from fiscald.diagnostics.findings import Finding, finding
from fiscald.diagnostics.gateways import NamedGateway, named_gateway
from fiscald.diagnostics.units import Units

#: The default place of the configuration, where every user can find it.
USUAL = Path("/etc/fiscald/fiscald.toml")
_READ, _ENTER, _ALL = 0o4, 0o1, 0o7


class Named(NamedTuple):
    """Files, directories and rights in a configuration."""

    config: Path
    """The file itself."""
    socket: Path
    state_dir: Path
    ca_file: Path | None = None
    rights: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """A right and its holders: ``user:NAME`` or ``group:NAME``."""
    listen: tuple[tuple[str, Path], ...] = ()
    """A key of ``[listen]``, and the file that it names."""
    webhooks: tuple[tuple[str, Path, Path | None], ...] = ()
    """A webhook, its secret file and its ``ca_file``."""
    gateways: tuple[NamedGateway, ...] = ()


def named_findings(named: Named, user: str, units: Units) -> Iterator[Finding]:
    """What prevents a daemon from running as ``user`` with this configuration."""
    obstacle = _obstacle(named.config, user, _READ)
    if obstacle is not None:
        whose = (
            f"{obstacle} belongs to {_said_owner(obstacle.stat())}, mode {stat.S_IMODE(obstacle.stat().st_mode):04o}"
        )
        remedy = f"sudo install -D -g {user} -m 0640 {named.config} {USUAL}    # a place that this user can read"
        if obstacle == named.config.absolute():
            remedy = f"sudo chgrp {user} {obstacle} && sudo chmod 0640 {obstacle}"
        yield finding("config_hidden", user=user, path=named.config, reason=whose, remedy=remedy)
    for right, holders in named.rights:
        for holder in holders:
            kind, _, name = holder.partition(":")
            if not name.isdigit() and not (is_user if kind == "user" else is_group)(name):
                add = f"sudo {'useradd --system' if kind == 'user' else 'groupadd --system'} {name}"
                yield finding("rights", right=right, kind=kind, user=name, path=named.config, add=add)
    if named.ca_file is not None:
        why = _certificate(named.ca_file, user)
        if why is not None:
            yield finding("ca_file", file=named.ca_file, reason=why, path=named.config)
    for key, file in named.listen:
        hidden = _obstacle(file, user, _READ)
        if hidden is not None:
            remedy = f"sudo chown {user} {file}" if hidden == file.absolute() else f"sudo chmod o+x {hidden}"
            yield finding("listen_hidden", name=key, user=user, file=file, remedy=remedy)
    for name, secret_file, ca_file in named.webhooks:
        yield from _secret(name, secret_file, user)
        why = None if ca_file is None else _certificate(ca_file, user)
        if why is not None:
            yield finding(
                "webhook_secret", name=name, reason=f"ca_file {ca_file}: {why}", remedy=f"sudoedit {named.config}"
            )
    for gateway in named.gateways:
        yield from named_gateway(gateway, user, units, named.config)
    if str(named.socket) not in units.sockets:
        yield from _socket(named.socket, user)
    yield from _state(named.state_dir, user, made=str(named.state_dir) in units.state)


def _socket(path: Path, user: str) -> Iterator[Finding]:
    if _exists(path) and not path.is_socket():
        yield finding("socket_taken", socket=path)
    else:
        why = _makes_in(path.parent, user)
        if why is not None:
            yield finding("socket_folder", socket=path, reason=why, folder=path.parent, user=user)


def _state(path: Path, user: str, *, made: bool) -> Iterator[Finding]:
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        why = None if made else _makes_in(path.parent, user)
        if why is not None:
            yield finding("state_dir", path=path, reason=why, user=user)
        return
    except OSError:
        return  # in a folder that the caller cannot read
    mode = stat.S_IMODE(found.st_mode)
    if not stat.S_ISDIR(found.st_mode):
        yield finding("state_dir", path=path, reason="it is not a directory", user=user)
    elif not may(found, user, _ALL):
        reason = f"{user} cannot write there (it belongs to {_said_owner(found)}, mode {mode:04o})"
        yield finding("state_dir", path=path, reason=reason, user=user)


def _makes_in(folder: Path, user: str) -> str | None:
    """Why ``user`` cannot create a file in ``folder``, or the folder itself; ``None``: no known reason."""
    while not _exists(folder) and folder != folder.parent:
        folder = folder.parent
    try:
        found = folder.stat()
    except OSError:
        return None
    if not stat.S_ISDIR(found.st_mode):
        return f"{folder} is not a directory"
    if not may(found, user, 0o2 | _ENTER):
        mode = f"{stat.S_IMODE(found.st_mode):04o}"
        return f"{user} cannot write to {folder} (it belongs to {_said_owner(found)}, mode {mode})"
    return None


def _certificate(path: Path, user: str) -> str | None:
    obstacle = _obstacle(path, user, _READ)
    if obstacle is not None:
        return f"{user} cannot read {obstacle}"
    try:
        text = path.read_text("ascii", "replace")
        ssl.create_default_context(cadata=text)
    except ssl.SSLError:
        return "it contains no certificate (PEM)"
    except PermissionError:
        return None  # the daemon's user can read it
    except OSError as error:
        return str(error.strerror)
    return None if "BEGIN CERTIFICATE" in text else "it contains no certificate (PEM)"


def _secret(name: str, path: Path, user: str) -> Iterator[Finding]:
    """Whether the daemon's user can use the secret file, and no other user."""
    try:
        found = path.stat()
    except PermissionError:
        return  # the daemon's user may see it
    except OSError as error:
        remedy = f"sudo fiscalctl webhook secret {name}"
        yield finding("webhook_secret", name=name, reason=f"{path}: {error.strerror}", remedy=remedy)
        return
    mode = stat.S_IMODE(found.st_mode)
    obstacle = _obstacle(path, user, _READ)
    if mode & 0o077:
        reason = f"other users may use {path} (mode {mode:04o})"
        yield finding("webhook_secret", name=name, reason=reason, remedy=f"sudo chmod 600 {path}")
    elif obstacle is not None:
        reason = f"{user} cannot read {obstacle} (it belongs to {_said_owner(obstacle.stat())})"
        yield finding("webhook_secret", name=name, reason=reason, remedy=f"sudo chown {user} {obstacle}")


def _obstacle(path: Path, user: str, bits: int) -> Path | None:
    """What keeps ``user`` from using ``path``: a folder above it, or the file itself.

    ``None``: nothing, or it does not exist, or the caller cannot see it.
    """
    path = path.absolute()
    try:
        for folder in reversed(path.parents):
            if not may(folder.stat(), user, _ENTER):
                return folder
        return None if may(path.stat(), user, bits) else path
    except OSError:
        return None


def _said_owner(found: os.stat_result) -> str:
    return f"{name_of_user(found.st_uid)}:{name_of_group(found.st_gid)}"


def _exists(path: Path) -> bool:
    """Whether it exists; ``True`` if this user cannot see it."""
    try:
        return path.exists()
    except PermissionError:
        return True
