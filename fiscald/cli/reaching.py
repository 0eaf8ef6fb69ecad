"""Explains why the daemon cannot be reached, and what to do next."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

from fiscald.api.client import NotReachable
from fiscald.api.connecting import is_about_certificate

#: Seconds to wait for a connection to the socket.
_SECONDS = 2.0
_START = "sudo systemctl start fiscald.socket fiscald.service"
_LOG = "journalctl -u fiscald -n 20"
_HELP = "fiscalctl doctor says more"


def refusal(path: Path) -> str | None:
    """Why this user cannot use the socket, and what to do; ``None``: the user can, or there is no socket."""
    from fiscald.diagnostics.access import denial  # needs users and groups, which not every system has

    why = denial(path, write=True)
    return None if why is None else f"{why}. {_HELP}"


def why_unreachable(path: Path, reason: str) -> str:
    """A sentence with the next step. ``reason``: what the client said."""
    return f"the daemon cannot be reached: {_why(path, reason)}. {_HELP}"


def why_unreachable_there(url: str, error: NotReachable) -> str:
    """The same about a daemon on the network."""
    if is_about_certificate(error):
        return (
            f"{error}. Compare the fingerprint that fiscalctl listen certificate shows on the daemon's computer, then "
            "give it: --fingerprint sha256:..."
        )
    return (
        f"{error}. Is [listen] in the daemon's configuration, can this computer reach its address, and does a firewall "
        f"let {url.rpartition(':')[2]} through? On the daemon's computer: fiscalctl doctor"
    )


def _why(path: Path, reason: str) -> str:
    if not path.exists():
        return (
            f"there is no socket {path}: the daemon is not running, or uses another socket. Start it: {_START} "
            "(or: fiscald run --config FILE); give another socket with --socket or FISCALD_SOCKET"
        )
    if not path.is_socket():
        return f"{path} is not a socket; give the socket of the configuration with --socket or FISCALD_SOCKET"
    number = _try(path)
    if number == errno.ECONNREFUSED:
        return f"no process listens at {path}: the daemon has ended. Start it: {_START}; then: {_LOG}"
    if number in (errno.EAGAIN, errno.ETIMEDOUT):
        return f"the daemon accepts no connection at {path}: it is overloaded or hangs. See: {_LOG}"
    said = f" ({os.strerror(number)})" if number else f" ({reason})"
    return f"no reply at {path}{said}. See: {_LOG}"


def _try(path: Path) -> int | None:
    """The error of a test connection; ``None`` if it works."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        link.settimeout(_SECONDS)
        try:
            link.connect(str(path))
        except TimeoutError:
            return errno.ETIMEDOUT
        except OSError as error:
            return error.errno
    return None
