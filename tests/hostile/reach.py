"""Where the daemon is: a path of its socket, ``tcp://127.0.0.1:8443``, ``tls://127.0.0.1:8443``.

Over a network the token is in the environment, as for ``fiscalctl``. Programs that misbehave come from another address
than the neighbour, as they would from another computer.
"""

from __future__ import annotations

import os
import socket
import ssl
from functools import cache

ATTACKER, NEIGHBOUR = "127.0.0.2", "127.0.0.1"


def is_network(where: str) -> bool:
    return where.startswith(("tcp://", "tls://"))


def is_tls(where: str) -> bool:
    return where.startswith("tls://")


def authorization() -> str:
    """The header of every request, if a token is given."""
    token = os.environ.get("FISCALD_TOKEN")
    return f"Authorization: Bearer {token}\r\n" if token else ""


@cache
def context() -> ssl.SSLContext:
    """Trusts everything: what is measured here is the other end."""
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    found.check_hostname, found.verify_mode = False, ssl.CERT_NONE
    return found


def open_link(where: str, seconds: float, source: str, *, bare: bool = False) -> socket.socket:
    """A connection, with its TLS handshake done unless ``bare``. Raises ``OSError``."""
    if not is_network(where):
        link = socket.socket(socket.AF_UNIX)
        address: object = where
    else:
        link = socket.socket()
        link.bind((source, 0))
        host, _, port = where[6:].rpartition(":")
        address = (host, int(port))
    try:
        link.settimeout(seconds)
        link.connect(address)  # type: ignore[arg-type]
        if is_tls(where) and not bare:
            return context().wrap_socket(link)
    except OSError:
        link.close()
        raise
    return link
