"""Programs that misbehave, each in a separate process: ``python -m tests.hostile.attacks NAME WHERE [--uid UID]``.

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
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from typing import cast

from fiscald.api.routes import ROUTES
from tests.hostile.at_gateway import rows
from tests.hostile.reach import ATTACKER, authorization, context, open_link
from tests.paths import filled

HEAD = f"{{}} {{}} HTTP/1.1\r\nHost: localhost\r\n{authorization()}Content-Type: application/json\r\n{{}}\r\n"
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
    return [(r.method, filled(r.path, key="attack")) for r in ROUTES if r.body is not None]


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
    return _connect(path, bare=False)


def _connect(path: str, *, bare: bool) -> socket.socket | None:
    try:
        link = open_link(path, 1, ATTACKER, bare=bare)
    except OSError:
        return None
    link.setblocking(False)
    return link


def crowd(path: str, count: int, say: Callable[[int], Iterator[bytes]], *, read: bool, bare: bool = False) -> None:
    """``count`` connections that each send what ``say`` yields, as fast as it is taken; and read, or do not.
    ``bare``: without TLS, also where it is spoken.

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
            elif not rest and not _peek(link):
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
            link = _connect(path, bare=bare)
            if link is None:
                break
            links[link] = say(next(numbers)), bytearray()
            selector.register(link, selectors.EVENT_READ | selectors.EVENT_WRITE)
        for key, events in selector.select(DRIP):
            link = cast("socket.socket", key.fileobj)
            try:
                with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                    serve(link, events)
            except OSError:
                close(link)
        while paused and paused[0][0] <= time.monotonic():
            _, link = paused.pop(0)
            if link in links:
                watch(link, writing=True)
        if not read:
            _drop_closed(links, close)


def _peek(link: socket.socket) -> bytes:
    """A byte that has arrived, as it is on the wire; empty: the connection is closed."""
    return socket.socket.recv(link, 1, socket.MSG_PEEK)


def _drop_closed(links: Iterable[socket.socket], close: Callable[[socket.socket], None]) -> None:
    for link in list(links):
        with contextlib.suppress(BlockingIOError):
            try:
                data = _peek(link)
            except BlockingIOError:
                raise
            except OSError:
                data = b""
            if not data:
                close(link)


def idle(path: str) -> None:
    """5,200 silent connections; those that are closed are opened again every second."""
    links: list[socket.socket] = []
    while True:
        while len(links) < 5_200 and (link := _connect(path, bare=True)) is not None:
            links.append(link)
        for link in list(links):
            with contextlib.suppress(BlockingIOError):
                try:
                    closed = not _peek(link)
                except ConnectionError:
                    closed = True
                if closed:
                    links.remove(link)
                    link.close()
        time.sleep(1)


def churn(path: str) -> None:
    """Connections that are opened and closed as fast as possible."""
    while True:
        link = _connect(path, bare=True)
        if link is not None:
            link.close()


def hasty_waiters(path: str) -> None:
    """Requests that wait for ten minutes, whose clients are gone at once."""
    while True:
        link = connect(path)
        if link is not None:
            link.settimeout(1)
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


# -- over a network only ---------------------------------------------------------------------------------


def giant_heads(path: str) -> None:
    """Two hundred clients whose heads never end, and come as fast as they are taken."""
    crowd(path, 200, lambda _: itertools.chain([get("/v1")[:-2]], itertools.repeat(b"X-A: " + b"a" * 4000)), read=True)


def wrong_tokens(path: str) -> None:
    """Two hundred clients that try one wrong token after the other."""

    def say(number: int) -> Iterator[bytes]:
        for tried in itertools.count():
            token = f"fiscald_1_{number:032x}{tried:032x}"
            yield f"GET /v1/jobs/a HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode()

    crowd(path, 200, say, read=True)


def _client_hello() -> bytes:
    outgoing = ssl.MemoryBIO()
    client = context().wrap_bio(ssl.MemoryBIO(), outgoing)
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def slow_handshakes(path: str) -> None:
    """A thousand TLS handshakes that come a byte at a time."""
    hello = _client_hello()
    crowd(path, 1000, lambda _: iter([each for at in hello for each in (bytes((at,)), b"")]), read=False, bare=True)


def half_handshakes(path: str) -> None:
    """Five thousand TLS handshakes that stop after the first message, again and again."""
    hello = _client_hello()
    crowd(path, 5000, lambda _: iter([hello]), read=False, bare=True)


def handshakes(path: str) -> None:
    """Whole TLS handshakes, one after the other, without a request."""
    while True:
        link = connect(path)
        if link is not None:
            link.close()


def plain_to_tls(path: str) -> None:
    """A hundred clients that speak plain HTTP to the TLS port."""
    crowd(path, 100, lambda _: itertools.repeat(get("/v1/printers/till0")), read=True, bare=True)


ATTACKS: dict[str, Callable[[str], None]] = {
    each.__name__: each
    for each in (
        idle, churn, hasty_waiters, slow_heads, slow_bodies, giant_bodies, deaf_listeners, deaf_readers, questions,
        lists, rubbish,
    )
}  # fmt: skip
#: Only over a network, and only with TLS.
NETWORK_ATTACKS: dict[str, Callable[[str], None]] = {each.__name__: each for each in (giant_heads, wrong_tokens)}
TLS_ATTACKS: dict[str, Callable[[str], None]] = {
    each.__name__: each for each in (slow_handshakes, half_handshakes, handshakes, plain_to_tls)
}
#: At the port of a gateway.
GATEWAY_ATTACKS = rows(crowd)
ALL = ATTACKS | NETWORK_ATTACKS | TLS_ATTACKS | GATEWAY_ATTACKS


def main() -> None:
    """Misbehave until killed."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile.attacks")
    parser.add_argument("name", choices=ALL)
    parser.add_argument("where")
    parser.add_argument("--uid", type=int)
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wanted = 6000 if hard == resource.RLIM_INFINITY else min(6000, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    if options.uid is not None:
        os.setgroups([])
        os.setuid(options.uid)
    ALL[options.name](options.where)


if __name__ == "__main__":
    main()
