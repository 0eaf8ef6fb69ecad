"""Connections that say nothing, or a byte a second: 210 of them once closed the server to everybody."""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from collections.abc import Iterator
from typing import ClassVar

from fiscald.licence.server.connections import SHARE
from tests.hostile_licence.office import Office
from tests.hostile_licence.scene import Attack

SILENT, SLOW = 300, 100
#: Seconds of the attack: longer than the server waits for a first request.
SECONDS = 14


class SilentConnections(Attack):
    """Hold all the connections that the server has."""

    tries = f"{SILENT} silent TLS connections from one network, {SLOW} that send a byte a second from another"
    most: ClassVar[dict[str, int]] = {"connections that one network held in the end": SHARE}
    processes = True

    def go(self, scene: Office, part: int) -> Iterator[None]:
        silent = [self._link(scene, "127.0.2.10") for _ in range(SILENT)]
        slow = [self._link(scene, "127.0.2.11", tls=True) for _ in range(SLOW)]
        yield
        try:
            for _ in range(SECONDS):
                for link in slow:
                    with contextlib.suppress(OSError):
                        link.send(b"P")
                time.sleep(1)
                yield
            held = [sum(is_open(link) for link in links) for links in (silent, slow)]
            self.got["connections that one network held in the end"] = max(held)
        finally:
            for link in (*silent, *slow):
                link.close()

    def _link(self, scene: Office, address: str, *, tls: bool = False) -> socket.socket:
        self.attempt()
        link = socket.socket()
        link.settimeout(5)
        with contextlib.suppress(OSError):
            link.bind((address, 0))
            link.connect(("127.0.0.1", scene.port))
            if tls:
                context = ssl.create_default_context(cafile=scene.ca_file)
                link = context.wrap_socket(link, server_hostname="localhost")
                link.send(b"POST /v1/check HTTP/1.1\r\nHost: x\r\nX: ")
        return link


def is_open(link: socket.socket) -> bool:
    """Whether the server has not closed it."""
    try:
        link.settimeout(0.01)
        return bool(link.recv(4096))
    except (TimeoutError, ssl.SSLWantReadError):
        return True
    except OSError:
        return False
