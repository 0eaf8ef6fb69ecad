"""A door between a shop and the daemon: it passes bytes on, or loses the answer in the way that a test wants."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self

Address = str | tuple[str, int]


class Door:
    """Passes connections on to the daemon. The functions say when a test interferes; each runs in a thread."""

    def __init__(self, target: Address, folder: Path) -> None:
        """``target``: the daemon's socket (a path), or its TCP address."""
        self._target = target
        self._listener = socket.socket(_kind(target), socket.SOCK_STREAM)
        self._listener.bind(str(folder / "door.sock") if isinstance(target, str) else ("127.0.0.1", 0))
        self._listener.listen()
        self.address: Address = self._listener.getsockname()
        self.before_request: Callable[[], bool] = lambda: True
        """Called with every piece that the shop sends, before it is passed on; ``False`` closes the connection."""
        self.before_answer: Callable[[], bool] = lambda: True
        """The same for every piece that the daemon sends."""
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in self._sockets:
            _end(each)
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()
        for each in self._sockets:
            each.close()

    def _start(self, what: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=what, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                shop, _ = self._listener.accept()
            except OSError:  # the door is closed
                return
            daemon = socket.socket(_kind(self._target), socket.SOCK_STREAM)
            self._sockets += [shop, daemon]
            try:
                daemon.connect(self._target)
            except OSError:  # the daemon is down
                _end(shop)
                continue
            self._start(self._pass_on, shop, daemon, lambda: self.before_request())
            self._start(self._pass_on, daemon, shop, lambda: self.before_answer())

    @staticmethod
    def _pass_on(source: socket.socket, to: socket.socket, allowed: Callable[[], bool]) -> None:
        with contextlib.suppress(OSError):
            while (data := source.recv(65536)) and allowed():
                to.sendall(data)
        _end(source)
        _end(to)


def _kind(address: Address) -> socket.AddressFamily:
    return socket.AF_UNIX if isinstance(address, str) else socket.AF_INET


def _end(stream: socket.socket) -> None:
    with contextlib.suppress(OSError):
        stream.shutdown(socket.SHUT_RDWR)
