"""Programs that print: a naive one on the printer's own port, and many at once on the daemon's socket."""

from __future__ import annotations

import json
import selectors
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from benchmarks.receipt import Exchange, greeting
from benchmarks.running import PATIENCE


class Naive:
    """Sends the frames of a document, one after the other, and checks nothing but the answer to each."""

    def __init__(self, link: socket.socket, exchanges: Sequence[Exchange]) -> None:
        self._link = link
        self._exchanges = exchanges

    def print(self, times: int = 1) -> None:
        """Print the document so many times. Raises ``RuntimeError`` for an answer that is not the expected one."""
        for _ in range(times):
            self.send(self._exchanges)

    def send(self, exchanges: Sequence[Exchange]) -> None:
        """Send frames, and wait for the answer to each. Raises ``RuntimeError`` as ``print`` does."""
        for exchange in exchanges:
            self._link.sendall(exchange.sent)
            received = b""
            while len(received) < len(exchange.answer):
                data = self._link.recv(4096)
                if not data:
                    raise RuntimeError("the emulated printer closed the connection")
                received += data
            if received != exchange.answer:
                raise RuntimeError(f"{exchange.sent!r} was answered with {received!r}")


@contextmanager
def naive_client(family: str, address: str, exchanges: Sequence[Exchange]) -> Iterator[Naive]:
    """A naive program connected to the printer at that address."""
    url = urlsplit(address)
    with socket.create_connection((url.hostname, url.port or 0), timeout=10) as link:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        program = Naive(link, exchanges)
        program.send(greeting(family))
        yield program


def put(key: str, till: int, document: Mapping[str, Any]) -> bytes:
    """A whole request: print that, and answer when it is done."""
    body = json.dumps({"printer": f"till{till}", "document": document}).encode()
    head = (
        f"PUT /v1/jobs/{quote(key, safe='')}?wait={PATIENCE:g} HTTP/1.1\r\nHost: fiscald\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def get(path: str) -> bytes:
    """A whole request for what is at ``path``."""
    return f"GET {path} HTTP/1.1\r\nHost: fiscald\r\nConnection: close\r\n\r\n".encode()


class Answers(NamedTuple):
    """What came of many requests."""

    seconds: list[float]
    """Until each receipt was done, from the moment before the first request was sent."""
    again: int
    """Requests that were sent again, with the same key, because the daemon closed the connection without an answer."""


def ask_together(path: Path, requests: Sequence[bytes]) -> Answers:
    """Send all requests at the same moment, and wait until each receipt is done.

    One thread, a connection for each request, and all requests ready before the clock starts: the program that measures
    takes little processor time itself. Answers are read apart after the clock has stopped. Raises ``RuntimeError`` if a
    receipt is not done.
    """
    answers = [bytearray() for _ in requests]
    seconds: list[float] = []
    again = 0
    with ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        links = [stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) for _ in requests]
        began = time.perf_counter()
        for number, link in enumerate(links):
            _send(link, path, requests[number])
            selector.register(link, selectors.EVENT_READ, number)
        while len(seconds) < len(requests):
            ready = selector.select(PATIENCE)
            if not ready or again > len(requests):
                raise RuntimeError(f"{len(requests) - len(seconds)} receipts without an answer")
            for key, _ in ready:
                assert isinstance(key.fileobj, socket.socket)
                received = _received(key.fileobj)
                answers[key.data] += received
                if received:
                    continue
                selector.unregister(key.fileobj)
                if answers[key.data]:
                    seconds.append(time.perf_counter() - began)
                    continue
                again += 1
                link = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
                _send(link, path, requests[key.data])
                selector.register(link, selectors.EVENT_READ, key.data)
    for answer in answers:
        job = json.loads(answer.partition(b"\r\n\r\n")[2])
        if job.get("state") != "done":
            raise RuntimeError(f"not done: {job}")
    return Answers(seconds, again)


def _send(link: socket.socket, path: Path, request: bytes) -> None:
    """Send a request. If the other end closes the connection meanwhile, there is no answer."""
    link.connect(str(path))
    with suppress(BrokenPipeError, ConnectionResetError):
        link.sendall(request)


def _received(link: socket.socket) -> bytes:
    """What has arrived; nothing: the other end closed the connection."""
    try:
        return link.recv(65536)
    except ConnectionResetError:
        return b""


class Listeners:
    """Many consumers of the daemon's events, read by one thread as fast as they get them."""

    def __init__(self, path: Path, count: int) -> None:
        self._selector = selectors.DefaultSelector()
        self._links = []
        for _ in range(count):
            link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            link.connect(str(path))
            link.sendall(get("/v1/events"))
            self._selector.register(link, selectors.EVENT_READ)
            self._links.append(link)
        self.bytes = 0
        """How much they have received."""

    def read_for(self, seconds: float) -> None:
        """Take what comes until nothing has come for so long."""
        while ready := self._selector.select(seconds):
            for key, _ in ready:
                assert isinstance(key.fileobj, socket.socket)
                self.bytes += len(key.fileobj.recv(65536))

    def close(self) -> None:
        """Close all connections."""
        self._selector.close()
        for link in self._links:
            link.close()
