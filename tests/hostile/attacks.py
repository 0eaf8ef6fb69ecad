"""Programs that misbehave, each in a process of its own: ``python -m tests.hostile.attacks NAME SOCKET [--uid UID]``.

Each goes on until it is killed. One that was cut off comes back at once.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import resource
import selectors
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from typing import cast

from fiscald.api.routes import ROUTES

HEAD = "{} {} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{}\r\n"
#: One letter of whatever is sent slowly, every so many seconds.
DRIP = 0.05
BODY = 250_000


def get(path: str) -> bytes:
    """A whole request."""
    return HEAD.format("GET", path, "").encode()


def send(method: str, path: str, body: bytes) -> bytes:
    """The same with a body."""
    return HEAD.format(method, path, f"Content-Length: {len(body)}\r\n").encode() + body


def routes_with_a_body() -> list[tuple[str, str]]:
    """Method and path of each."""
    return [(r.method, r.path.format(key="attack", name="till0")) for r in ROUTES if r.body is not None]


def giants() -> list[bytes]:
    """Whole requests with bodies as large as they may be, and larger, to every route."""
    line = {"name": "Kawa", "price": "10.00", "vat": "A"}
    long = {"type": "receipt", "lines": [line] * 1000, "footer": ["Dziękujemy"] * 1000}
    bodies = [
        b'{"printer":"x","document":{"type":"receipt","lines":[{}],"payments":[%b]}}' % b",".join([b"{}"] * 80_000),
        json.dumps({"printer": "till0", "document": long}).encode(),
        json.dumps({"document": long}).encode(),
        json.dumps({"document": {"type": "receipt", "lines": [{f"x{n}": 1 for n in range(30)}] * 900}}).encode(),
        b"[" * BODY,
        b"{%b}" % b",".join(b'"%d":0' % number for number in range(24_000)),
        b" " * 1_000_000,
    ]
    return [send(method, path, body) for method, path in routes_with_a_body() for body in bodies]


# -- ways to misbehave -----------------------------------------------------------------------------------


def connect(path: str) -> socket.socket | None:
    """A connection, if there is one to be had."""
    link = socket.socket(socket.AF_UNIX)
    try:
        link.settimeout(1)
        link.connect(path)
        link.setblocking(False)
    except OSError:
        link.close()
        return None
    return link


def crowd(path: str, count: int, say: Callable[[int], Iterator[bytes]], *, read: bool) -> None:
    """``count`` connections that each send what ``say`` yields, as fast as it is taken; and read, or do not.

    An empty piece is a pause. A connection that was closed is opened again.
    """
    selector = selectors.DefaultSelector()
    numbers = itertools.count()
    links: dict[socket.socket, tuple[Iterator[bytes], bytearray]] = {}
    paused: list[tuple[float, socket.socket]] = []

    def watch(link: socket.socket, *, writing: bool) -> None:
        events = selectors.EVENT_READ if read or not writing else 0
        selector.modify(link, (events | (selectors.EVENT_WRITE if writing else 0)) or selectors.EVENT_READ)

    def close(link: socket.socket) -> None:
        selector.unregister(link)
        del links[link]
        link.close()

    def serve(link: socket.socket, events: int) -> None:
        saying, rest = links[link]
        if events & selectors.EVENT_READ:
            if read:
                if not link.recv(65536):
                    raise ConnectionError
            elif not rest and not link.recv(1, socket.MSG_PEEK):
                raise ConnectionError
        if events & selectors.EVENT_WRITE:
            rest = rest or bytearray(next(saying, b""))
            links[link] = saying, rest
            if rest:
                del rest[: link.send(rest)]
            else:
                paused.append((time.monotonic() + DRIP, link))
                watch(link, writing=False)

    while True:
        while len(links) < count:
            link = connect(path)
            if link is None:
                break
            links[link] = say(next(numbers)), bytearray()
            selector.register(link, selectors.EVENT_READ | selectors.EVENT_WRITE)
        for key, events in selector.select(DRIP):
            link = cast("socket.socket", key.fileobj)
            try:
                with contextlib.suppress(BlockingIOError):
                    serve(link, events)
            except OSError:
                close(link)
        while paused and paused[0][0] <= time.monotonic():
            _, link = paused.pop(0)
            if link in links:
                watch(link, writing=True)
        if not read:
            _drop_closed(links, close)


def _drop_closed(links: Iterable[socket.socket], close: Callable[[socket.socket], None]) -> None:
    for link in list(links):
        with contextlib.suppress(BlockingIOError):
            try:
                data = link.recv(1, socket.MSG_PEEK)
            except BlockingIOError:
                raise
            except OSError:
                data = b""
            if not data:
                close(link)


def idle(path: str) -> None:
    """5,200 connections that say nothing; those that are closed are opened again every second."""
    links: list[socket.socket] = []
    while True:
        while len(links) < 5_200 and (link := connect(path)) is not None:
            links.append(link)
        for link in list(links):
            with contextlib.suppress(BlockingIOError):
                try:
                    closed = not link.recv(1)
                except ConnectionError:
                    closed = True
                if closed:
                    links.remove(link)
                    link.close()
        time.sleep(1)


def churn(path: str) -> None:
    """Connections that are opened and closed as fast as possible."""
    while True:
        link = socket.socket(socket.AF_UNIX)
        with contextlib.suppress(OSError):
            link.connect(path)
        link.close()


def hasty_waiters(path: str) -> None:
    """Requests that wait for ten minutes, whose clients are gone at once."""
    while True:
        link = connect(path)
        if link is not None:
            with contextlib.suppress(OSError):
                link.sendall(get("/v1/jobs/never?wait=600") + get("/v1/events"))
            link.close()


def slow_heads(path: str) -> None:
    """A thousand heads that never end."""
    crowd(path, 1000, lambda _: itertools.chain.from_iterable((b"G", b"") for _ in itertools.count()), read=False)


def slow_bodies(path: str) -> None:
    """A thousand bodies that never end, on every route; most of each comes at once."""
    routes = routes_with_a_body()

    def say(number: int) -> Iterator[bytes]:
        method, target = routes[number % len(routes)]
        yield HEAD.format(method, target, f"Content-Length: {BODY}\r\n").encode() + b" " * (BODY - 10_000)
        while True:
            yield b" "
            yield b""

    crowd(path, 1000, say, read=False)


def giant_bodies(path: str) -> None:
    """Thirty clients that send the largest bodies there are, to every route, one after the other."""
    requests = giants()
    crowd(path, 30, lambda number: itertools.islice(itertools.cycle(requests), number, None), read=True)


def deaf_listeners(path: str) -> None:
    """Five hundred listeners that never read."""
    crowd(path, 500, lambda number: iter([get("/v1/events" + ("?after=0" if number % 2 else ""))]), read=False)


def deaf_readers(path: str) -> None:
    """Three hundred clients that ask for everything that is long, and never read."""
    targets = ["/v1/jobs?limit=1000", "/v1/openapi.json", "/v1/printers/till0/capture", "/metrics", "/v1/printers"]
    crowd(path, 300, lambda number: iter([get(targets[number % len(targets)]) * 20]), read=False)


def questions(path: str) -> None:
    """Two hundred clients that ask for the status again and again, as fast as they are answered."""
    crowd(path, 200, lambda _: itertools.repeat(get("/v1/printers/till0")), read=True)


def lists(path: str) -> None:
    """Fifty clients that ask for a thousand jobs again and again."""
    crowd(path, 50, lambda _: itertools.repeat(get("/v1/jobs?limit=1000")), read=True)


def rubbish(path: str) -> None:
    """A hundred clients that do not speak HTTP."""
    crowd(path, 100, lambda _: itertools.repeat(b"\x00\xff not http \r\n\r\n"), read=True)


ATTACKS: dict[str, Callable[[str], None]] = {
    each.__name__: each
    for each in (
        idle, churn, hasty_waiters, slow_heads, slow_bodies, giant_bodies, deaf_listeners, deaf_readers, questions,
        lists, rubbish,
    )
}  # fmt: skip


def main() -> None:
    """Misbehave until killed."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile.attacks")
    parser.add_argument("name", choices=ATTACKS)
    parser.add_argument("socket")
    parser.add_argument("--uid", type=int)
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wanted = 6000 if hard == resource.RLIM_INFINITY else min(6000, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    if options.uid is not None:
        os.setgroups([])
        os.setuid(options.uid)
    ATTACKS[options.name](options.socket)


if __name__ == "__main__":
    main()
