"""The exchange with the vendor's server: bounded in time and memory, off the daemon's loop, over TLS that is checked."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import re
import ssl
import threading
import time
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import anyio.abc
import anyio.to_thread
import pytest
from cryptography import x509

from fiscald.api.client import AsyncClient, Client, ClientError
from fiscald.licence import posting
from fiscald.licence.client import Unreachable, VendorClient
from fiscald.licence.device import DeviceKey
from fiscald.licence.keys import SigningKey, trusted
from fiscald.licence.posting import PostFailed, post
from fiscald.licence.tokens import MAX_BYTES
from fiscald.licence.wire import Check
from tests.licence.registering import Clock, refused, till, vendor
from tests.licence.test_certificate import C0, T0

MEBIBYTE = 1 << 20


@asynccontextmanager
async def sending(listener: anyio.abc.Listener[anyio.abc.ByteStream], answer: bytes) -> AsyncIterator[list[bytes]]:
    """A server that answers everything with these bytes; the heads of the requests that it got."""
    heads: list[bytes] = []

    async def talk(stream: anyio.abc.ByteStream) -> None:
        async with stream:
            data = b""
            while b"\r\n\r\n" not in data:
                data += await stream.receive()
            heads.append(data)
            await stream.send(answer)

    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, talk)
        yield heads
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def web(answer: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)
    async with sending(listener, answer) as heads:
        yield f"http://127.0.0.1:{port}", heads


def http(body: bytes, *headers: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", "Content-Type: application/jose", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def bomb() -> bytes:
    """Less than the limit, packed three times; it unpacks to four gibibytes of zeros."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    head, block = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH), b""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(MEBIBYTE)) + packer.flush(zlib.Z_FULL_FLUSH)
    return gzip.compress(gzip.compress(head + block * 4096))


def test_the_bomb_is_a_small_answer_that_unpacks_to_gibibytes() -> None:
    packed = bomb()
    assert len(packed) < 1200 < MAX_BYTES
    stream = zlib.decompressobj(31)
    first = stream.decompress(gzip.decompress(gzip.decompress(packed)), 64 * MEBIBYTE)
    assert len(first) == 64 * MEBIBYTE, "and there is more"
    assert stream.unconsumed_tail


async def test_a_packed_answer_is_refused_unread_in_flat_memory() -> None:
    client = VendorClient("", "urn:x", DeviceKey.make(), lambda: trusted(test_keys=True), Clock(T0))
    async with web(http(bomb(), "Content-Encoding: gzip, gzip, gzip")) as (url, heads):
        client._url = url
        asked = client.request(Check, lic="lic_7Q4M2K9X", crt="c", ver="1")
        import httpx  # noqa: F401 - what the import itself takes is not counted

        tracemalloc.start()
        try:
            with pytest.raises(Unreachable, match="Content-Encoding"):
                await client.check(asked)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 16 * MEBIBYTE
    assert b"accept-encoding: identity\r\n" in heads[0].lower()


@pytest.mark.parametrize("coding", ["gzip", "gzip, gzip", "deflate", "br", "zstd", "identity", "x"])
async def test_every_content_encoding_is_refused(coding: str) -> None:
    async with web(http(b"x" * 10, f"Content-Encoding: {coding}")) as (url, _):
        with pytest.raises(PostFailed, match="Content-Encoding"):
            await post(url, "asked", None)


@pytest.mark.parametrize("coding", ["gzip, gzip, gzip", "identity"])
async def test_the_client_library_refuses_a_packed_answer_unread(tmp_path: Path, coding: str) -> None:
    path = tmp_path / "s"
    tracemalloc.start()
    try:
        async with sending(
            await anyio.create_unix_listener(path), http(bomb(), f"Content-Encoding: {coding}")
        ) as heads:
            async with AsyncClient(path) as client:
                with pytest.raises(ClientError, match="Content-Encoding"):
                    await client.licence()
                with pytest.raises(ClientError, match="Content-Encoding"):
                    async for _ in client.backup():
                        pass

            def ask() -> None:
                with Client(path) as client, pytest.raises(ClientError, match="Content-Encoding"):
                    client.licence()
                with Client(path) as client, pytest.raises(ClientError, match="Content-Encoding"):
                    [*client.backup()]

            await anyio.to_thread.run_sync(ask)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 * MEBIBYTE
    assert len(heads) == 4
    assert all(b"accept-encoding: identity\r\n" in head.lower() for head in heads)


@pytest.mark.parametrize(("length", "taken"), [(MAX_BYTES, True), (MAX_BYTES + 1, False)])
@pytest.mark.parametrize("chunked", [False, True])
async def test_an_answer_counts_up_to_the_limit(length: int, taken: bool, chunked: bool) -> None:
    body = b"x" * length
    answer = http(body)
    if chunked:  # one byte at a time: thousands of pieces in a few packets
        answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * length + b"0\r\n\r\n"
    async with web(answer) as (url, _):
        if taken:
            assert (await post(url, "asked", None)).content == body
        else:
            with pytest.raises(PostFailed, match="too long"):
                await post(url, "asked", None)


async def test_an_answer_is_read_and_verified_off_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    where: list[threading.Thread] = []
    real = ssl.create_default_context

    def context(cafile: str | None) -> ssl.SSLContext:
        where.append(threading.current_thread())
        return real(cafile=cafile)

    def keys() -> dict[str, SigningKey]:
        where.append(threading.current_thread())
        return dict(trusted(test_keys=True))

    monkeypatch.setattr(ssl, "create_default_context", context)
    async with web(http(C0.encode())) as (url, _):
        client = VendorClient(url, "urn:x", DeviceKey.make(), keys, Clock(T0))
        with pytest.raises(Unreachable, match="TYPE"):
            await client.check(client.request(Check, lic="lic_7Q4M2K9X", crt="c", ver="1"))
    assert len(where) == 3, "the exchange, and the answer read as a status and as a refusal"
    assert threading.main_thread() not in where


async def test_a_cancelled_request_ends_its_exchange_at_once() -> None:
    """A daemon that stops does not wait for a server that does not answer."""
    closed = anyio.Event()

    async def silent(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            with contextlib.suppress(anyio.EndOfStream, anyio.BrokenResourceError):
                while True:
                    await stream.receive()
                    asked.cancel()
            closed.set()

    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, silent)
        with anyio.CancelScope() as asked:
            await post(f"http://127.0.0.1:{listener.extra(anyio.abc.SocketAttribute.local_port)}", "asked", None)
        assert asked.cancelled_caught
        with anyio.fail_after(posting.TIMEOUT / 2):
            await closed.wait()
        tasks.cancel_scope.cancel()


# -- the system's trust store ----------------------------------------------------------------------------


def openssl_name(ca_file: Path) -> str:
    """How OpenSSL finds an authority in a directory: ``openssl x509 -subject_hash``, for one common name."""
    subject = x509.load_pem_x509_certificate(ca_file.read_bytes()).subject
    ((name,),) = subject.rdns
    text = " ".join(str(name.value).lower().split()).encode()
    attribute = bytes.fromhex("0603550403") + bytes((0x0C, len(text))) + text
    inner = bytes((0x30, len(attribute))) + attribute
    digest = hashlib.sha1(bytes((0x31, len(inner))) + inner, usedforsecurity=False).digest()
    return f"{int.from_bytes(digest[:4], 'little'):08x}.0"


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
async def test_an_authority_in_the_systems_trust_store_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """Added while the daemon runs."""
    clock = Clock(time.time())
    store = tmp_path / "authorities"
    store.mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(store / "all.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(store))
    async with vendor(tmp_path / "vendor", clock) as server:
        it = till(tmp_path / "till", server.url, clock)
        why = await refused(it.flows.recover("a@bakery.pl"))
        assert "CERTIFICATE_VERIFY_FAILED" in why["detail"]
        assert "update-ca-certificates, or ca_file" in why["detail"]
        name = "all.pem" if variable == "SSL_CERT_FILE" else openssl_name(server.ca_file)
        (store / name).write_bytes(server.ca_file.read_bytes())
        await it.flows.recover("a@bakery.pl")


async def test_ca_file_is_trusted_instead_of_the_systems_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(time.time())
    async with vendor(tmp_path / "vendor", clock) as server, vendor(tmp_path / "other", clock) as other:
        monkeypatch.setenv("SSL_CERT_FILE", str(server.ca_file))
        await till(tmp_path / "1", server.url, clock).flows.recover("a@bakery.pl")
        named = till(tmp_path / "2", server.url, clock, ca_file=other.ca_file)
        assert "CERTIFICATE_VERIFY_FAILED" in (await refused(named.flows.recover("a@bakery.pl")))["detail"]
        await till(tmp_path / "3", other.url, clock, ca_file=other.ca_file).flows.recover("a@bakery.pl")


def test_httpx_is_never_left_to_trust_certifi_by_itself() -> None:
    """Every client of the product names its trust, or speaks over a Unix socket."""
    root = Path(posting.__file__).parents[1]
    made = [
        text[match.end() : match.end() + 200]
        for text in (path.read_text("utf-8") for path in root.rglob("*.py"))
        for match in re.finditer(r"httpx\.(Async)?Client\(", text)
    ]
    assert len(made) == 5
    # A client of the API gets its transport from ``connecting``: a Unix socket, or TLS with a named trust.
    named = ("verify=tls", "uds=", "transport=self._to.")
    assert [each for each in made if not any(word in each for word in named)] == []
