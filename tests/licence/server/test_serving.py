"""The server among clients that are silent, slow, or many; real TLS on the loopback network."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from anyio.abc import ByteStream, SocketStream
from anyio.streams.tls import TLSStream
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fiscald.licence import wire
from fiscald.licence.server.connections import Bounds, Connections, Proxies
from fiscald.licence.server.protocol import HttpConnection, Seconds
from fiscald.licence.server.serving import Door, bind, serve
from tests.licence.server.https import RunningVendor, throwaway_tls, vendor_server
from tests.licence.server.running import BAKERY, Clock, Computer, opened
from tests.licence.server.test_proxy import Silence

#: Time limits that a test can wait for.
SHORT = Seconds(silence=0.3, handshake=0.3, head=0.3, request=0.3, kept=0.3, close=0.3)
#: The head of a TLS record of 16 kB, which never gets whole.
HANDSHAKE = b"\x16\x03\x01\x40\x00\x01\x00\x3f\xfc\x03\x03"
ENDED = (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError, ssl.SSLError)


def port_of(it: RunningVendor) -> int:
    return int(it.url.rpartition(":")[2])


class Clients:
    """Connections of a test, closed at its end."""

    def __init__(self, it: RunningVendor, closed: AsyncExitStack) -> None:
        self._it = it
        self._closed = closed

    async def tcp(self, address: str = "127.0.0.1") -> SocketStream:
        stream = await anyio.connect_tcp("127.0.0.1", port_of(self._it), local_host=address)
        self._closed.push_async_callback(anyio.aclose_forcefully, stream)
        return stream

    async def tls(self, address: str = "127.0.0.1") -> TLSStream:
        context = ssl.create_default_context(cafile=self._it.ca_file)
        return await TLSStream.wrap(await self.tcp(address), hostname="localhost", ssl_context=context)


@asynccontextmanager
async def serving(directory: Path, **options: Any) -> AsyncIterator[tuple[RunningVendor, Clients]]:
    async with vendor_server(directory, **options) as it, AsyncExitStack() as closed:
        yield it, Clients(it, closed)


@asynccontextmanager
async def customer(it: RunningVendor, address: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client with another network address."""
    transport = httpx.AsyncHTTPTransport(verify=ssl.create_default_context(cafile=it.ca_file), local_address=address)
    async with httpx.AsyncClient(base_url=it.url, transport=transport) as http:
        yield http


async def drip(stream: ByteStream, text: bytes) -> None:
    """Send ``text`` a byte at a time, and repeat its last byte without end."""
    with contextlib.suppress(*ENDED):
        for at in range(100_000):
            await stream.send(text[at : at + 1] or text[-1:])
            await anyio.sleep(0.02)


async def ended(stream: ByteStream) -> bytes:
    """What the server has sent until it closed the connection."""
    told = b""
    with contextlib.suppress(*ENDED):
        while True:
            told += await stream.receive()
    return told


@pytest.mark.daily
@pytest.mark.slow
@pytest.mark.parametrize("limits", [Bounds(1000), Bounds(total=60, share=1000)], ids=["share", "total"])
async def test_a_customer_is_answered_among_silent_and_slow_connections(tmp_path: Path, limits: Bounds) -> None:
    clock = Clock()
    book = Connections(limits)
    async with (
        serving(tmp_path, clock=clock, connections=book) as (it, clients),
        anyio.create_task_group() as tasks,
    ):
        for _ in range(300):
            await clients.tcp()
        for _ in range(100):
            tasks.start_soon(drip, await clients.tcp(), HANDSHAKE)
        for number in range(2, 5):
            async with customer(it, f"127.0.0.{number}") as http:
                till = Computer(clock, number)
                token = till.sign(wire.Activate, number=it.number(), company=BAKERY | {"tin": TINS[number - 2]})
                response = await http.post("/v1/activate", content=token)
                paid = opened(response.status_code, response.text, token, clock()).crt
                check = till.sign(wire.Check, lic=paid.sub, crt=paid.jti)
                response = await http.post("/v1/check", content=check)
                assert opened(response.status_code, response.text, check, clock()).verdict.verdict == "ok"
        assert len(book) <= min(limits.share + 3, limits.total)
        assert book.counts["refused"] + book.counts["replaced"] > 300
        tasks.cancel_scope.cancel()


TINS = ("5260001246", "5252248481", "7740001454")


async def test_a_silent_connection_costs_no_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []

    class Counted(HttpConnection):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            begun.append(self.origin)

    monkeypatch.setattr("fiscald.licence.server.serving.HttpConnection", Counted)
    book = Connections(Bounds(100))
    async with serving(tmp_path, connections=book) as (it, clients):
        streams = [await clients.tcp() for _ in range(20)]
        with anyio.fail_after(10):
            while len(book) < 20:
                await anyio.sleep(0.01)
            async with customer(it, "127.0.0.2") as http:
                assert (await http.get("/healthz")).status_code == 204
            assert begun == ["127.0.0.2"]
            for stream in streams[:3]:
                await stream.send(HANDSHAKE)
            for stream in streams[3:]:
                await stream.aclose()
            while len(book) > 3:
                await anyio.sleep(0.01)
        assert begun == ["127.0.0.2", *["127.0.0.1"] * 3], "a client that is gone begins none"


@pytest.mark.parametrize("is_slow", [False, True], ids=["silent", "slow"])
async def test_a_handshake_that_does_not_end_is_given_up(tmp_path: Path, is_slow: bool) -> None:
    book = Connections(Bounds(100))
    async with serving(tmp_path, seconds=SHORT, connections=book) as (_, clients), anyio.create_task_group() as tasks:
        stream = await clients.tcp()
        if is_slow:
            tasks.start_soon(drip, stream, HANDSHAKE)
        with anyio.fail_after(10):
            assert await ended(stream) == b""
            while len(book):
                await anyio.sleep(0.01)
        assert book.counts["late"] == 1
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"G",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ",
        b"POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90000\r\n\r\n",
    ],
    ids=["silent", "method", "head", "body"],
)
async def test_a_request_that_does_not_end_is_given_up(tmp_path: Path, sent: bytes) -> None:
    book = Connections(Bounds(100))
    async with serving(tmp_path, seconds=SHORT, connections=book) as (_, clients), anyio.create_task_group() as tasks:
        stream = await clients.tls()
        if sent:
            await stream.send(sent)
            tasks.start_soon(drip, stream, b"x")
        with anyio.fail_after(10):
            told = await ended(stream)
            assert told.startswith(b"HTTP/1.1 404") if b"/nothing" in sent else told == b""
            while len(book):
                await anyio.sleep(0.01)
        assert book.counts["late"] == 1
        tasks.cancel_scope.cancel()


async def never(_: Request) -> Response:
    await anyio.sleep_forever()
    raise AssertionError


async def large(_: Request) -> Response:
    return Response(bytes(32 * 1024 * 1024))


@pytest.mark.parametrize("handle", [never, large])
async def test_an_answer_that_does_not_end_or_is_not_read_is_given_up(
    handle: Callable[[Request], Awaitable[Response]],
) -> None:
    book = Connections(Bounds(100))
    door = Door(Starlette(routes=[Route("/", handle)]), bind("127.0.0.1", 0), connections=book, seconds=SHORT)
    port = door.listener.getsockname()[1]

    async def run(*, task_status: anyio.abc.TaskStatus[None]) -> None:
        await serve([door], Silence(), task_status=task_status)

    async with anyio.create_task_group() as tasks:
        await tasks.start(run)
        async with await anyio.connect_tcp("127.0.0.1", port) as stream:
            await stream.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            with anyio.fail_after(10):
                while book.counts["late"] == 0 or len(book):
                    await anyio.sleep(0.01)
        tasks.cancel_scope.cancel()


async def test_an_unused_connection_is_closed_but_that_of_a_proxy_stays(tmp_path: Path) -> None:
    head = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    book = Connections(Bounds(100), Proxies(["127.0.0.2"]))
    async with serving(tmp_path, seconds=SHORT, connections=book) as (_, clients):
        customer_stream, proxy = await clients.tls(), await clients.tls("127.0.0.2")
        for stream in (customer_stream, proxy):
            await stream.send(head)
            assert (await stream.receive()).startswith(b"HTTP/1.1 204")
        with anyio.fail_after(10):
            assert await ended(customer_stream) == b""
        await proxy.send(head)
        assert (await proxy.receive()).startswith(b"HTTP/1.1 204")


async def test_a_renewed_certificate_is_loaded_without_dropping_a_connection(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    head = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    async with serving(tmp_path) as (it, clients):
        before = await clients.tls()
        (tmp_path / "renewed").mkdir()
        renewed, new_ca = throwaway_tls(tmp_path / "renewed")
        # Half of a renewal: a certificate without its key.
        old_certificate = it.certificate.files.certificate.read_bytes()
        it.certificate.files.certificate.write_bytes(renewed.certificate.read_bytes())
        assert not it.certificate.reload(only_if_changed=True)
        assert "the former one stays in use" in caplog.text
        await clients.tls()
        # The second half.
        it.certificate.files.key.write_bytes(renewed.key.read_bytes())
        assert it.certificate.reload(only_if_changed=True)
        with pytest.raises(ssl.SSLError):
            await clients.tls()
        context = ssl.create_default_context(cafile=new_ca)
        async with httpx.AsyncClient(base_url=it.url, verify=context) as http:
            assert (await http.get("/healthz")).status_code == 204
        await before.send(head)
        assert (await before.receive()).startswith(b"HTTP/1.1 204")
        assert old_certificate != it.certificate.files.certificate.read_bytes()
