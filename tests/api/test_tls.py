"""TLS connections that stop in the middle of something: they are counted, bounded, and closed in time."""

from __future__ import annotations

import contextlib
import socket
import ssl
from pathlib import Path
from typing import Any

import anyio
import pytest

from fiscald.api import network, protocol, server
from tests.networked import Networked, networked

HEAD = "GET {} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\r\n"


def hello() -> bytes:
    """The first message of a handshake."""
    outgoing = ssl.MemoryBIO()
    client = context().wrap_bio(ssl.MemoryBIO(), outgoing)
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def context() -> ssl.SSLContext:
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    found.check_hostname, found.verify_mode = False, ssl.CERT_NONE
    return found


async def ended(link: Any, seconds: float = 20) -> None:
    """Returns when the other end has closed the connection."""
    with anyio.fail_after(seconds), contextlib.suppress(anyio.EndOfStream, anyio.BrokenResourceError):
        while True:
            await link.receive()


async def works(door: Networked) -> None:
    assert (await door.ask("GET", "/v1", await door.token("after"))).status_code == 200


@pytest.mark.parametrize("count", [0, 1, 5, -1], ids=["nothing", "a byte", "a record's head", "all but a byte"])
async def test_a_handshake_that_stops_is_closed_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.1)
    monkeypatch.setattr(server, "CHECK_INTERVAL", 0.05)
    async with networked(tmp_path, licensed=False, ready=False) as door:
        async with await anyio.connect_tcp("127.0.0.1", door.port) as link:
            if count:
                await link.send(hello()[:count])
            await ended(link)
        monkeypatch.undo()
        await works(door)


async def test_a_handshake_that_never_ends_is_closed_by_its_own_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "HANDSHAKE_SECONDS", 0.2)
    async with networked(tmp_path, licensed=False, ready=False) as door:
        async with await anyio.connect_tcp("127.0.0.1", door.port) as link:
            await link.send(hello())
            await ended(link)
        monkeypatch.undo()
        await works(door)


@pytest.mark.parametrize(
    "rubbish", [b"\x16" * 5000, b"\x16\x03\x01\xff\xff" + b"a" * 70000, b"\x16\x03\x01\x00\x05hello"]
)
async def test_what_only_looks_like_tls_is_closed(tmp_path: Path, rubbish: bytes) -> None:
    async with networked(tmp_path, licensed=False, ready=False) as door:
        async with await anyio.connect_tcp("127.0.0.1", door.port) as link:
            with contextlib.suppress(anyio.BrokenResourceError):
                await link.send(rubbish)
            await ended(link)
        await works(door)


async def test_a_giant_head_is_refused(tmp_path: Path) -> None:
    async with networked(tmp_path, licensed=False, ready=False) as door:
        async with await anyio.connect_tcp("127.0.0.1", door.port, ssl_context=context()) as link:
            await link.send(b"GET /v1 HTTP/1.1\r\nHost: localhost\r\n")
            with contextlib.suppress(anyio.BrokenResourceError, anyio.EndOfStream):
                for _ in range(100):
                    await link.send(b"X-A: " + b"a" * 4000 + b"\r\n")
            data = b""
            with contextlib.suppress(anyio.BrokenResourceError, anyio.EndOfStream):
                data = await link.receive()
            assert data[:12] in (b"", b"HTTP/1.1 400")
        await works(door)


async def test_a_client_that_does_not_read_is_disconnected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What it leaves unread is counted on both sides of the encryption."""
    monkeypatch.setattr(server, "CHECK_INTERVAL", 0.05)
    monkeypatch.setattr(protocol, "TAKE_SECONDS", 0.3)
    async with networked(tmp_path, licensed=False, ready=False) as door:
        token = await door.token()
        raw = socket.create_connection(("127.0.0.1", door.port))
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        link = await anyio.to_thread.run_sync(lambda: context().wrap_socket(raw))
        link.setblocking(False)
        with link:
            many = HEAD.format("/v1/openapi.json", token).encode()
            with anyio.fail_after(20):
                sent = 0
                while sent < 40:
                    try:
                        link.send(many)
                        sent += 1
                    except (ssl.SSLWantWriteError, BlockingIOError):
                        await anyio.sleep(0.01)
                    except OSError:
                        break
                while "a client of address 127.0.0.1 did not read its answer, and was disconnected" not in caplog.text:
                    await anyio.sleep(0.01)
        monkeypatch.undo()
        await works(door)


async def test_a_connection_is_kept_and_ends_with_a_close(tmp_path: Path) -> None:
    async with networked(tmp_path, licensed=False, ready=False) as door:
        token = await door.token()
        async with await anyio.connect_tcp("127.0.0.1", door.port, ssl_context=context()) as link:
            for _ in range(3):
                await link.send(HEAD.format("/v1", token).encode())
                data = b""
                while not data.endswith(b"}"):
                    data += await link.receive()
                assert data.startswith(b"HTTP/1.1 200")
            await link.send(HEAD.format("/v1", token).replace("Host", "Connection: close\r\nHost").encode())
            await ended(link)


@pytest.mark.slow
@pytest.mark.parametrize("tls", [pytest.param(True, id="tls"), pytest.param(False, id="plain", marks=pytest.mark.slow)])
async def test_connections_of_an_address_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, tls: bool
) -> None:
    from fiscald import daemon
    from fiscald.api.connections import Bounds

    monkeypatch.setattr(daemon, "_bounds", lambda _: Bounds(20, 10, 4))
    async with networked(tmp_path, tls=tls, licensed=False, ready=False) as door:
        links = [await anyio.connect_tcp("127.0.0.1", door.port) for _ in range(30)]
        for link in links:
            with contextlib.suppress(anyio.BrokenResourceError):
                await link.send(hello() if tls else b"GET / HTTP/1.1\r\n")
        closed = 0
        for link in links:
            with anyio.move_on_after(0.3):
                await ended(link)
                closed += 1
        assert closed >= 20, "an address has ten connections at most"
        await works(door)
        assert (await door.it.http.get("/v1")).status_code == 200
        for link in links:
            await anyio.aclose_forcefully(link)
