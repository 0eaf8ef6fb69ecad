"""One request to a receiver that behaves badly: bounded in time and size, off the daemon's loop, over checked TLS."""

from __future__ import annotations

import contextlib
import ssl
import threading
import tracemalloc
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio
import anyio.abc
import pytest
from anyio.streams.tls import TLSStream

from fiscald.webhooks import posting
from fiscald.webhooks.posting import Answer, Poster, PostFailed
from fiscald.webhooks.secret_file import SecretUnusable, read_secrets
from fiscald.webhooks.signing import new_secret, parse_secret
from tests.licence.server.https import throwaway_tls
from tests.webhooks.receivers import SECRET, Request, Web, reply, secret_file, web

BODY = '{"type":"job.done","data":{"key":"Ż"}}'.encode()
Talk = Callable[[anyio.abc.ByteStream], Awaitable[None]]


def poster(directory: Path, url: str, ca_file: Path | None = None) -> Poster:
    return Poster(url, secret_file(directory), ca_file, clock=lambda: 1796032800.9)


async def test_a_message_is_signed_and_sent_as_it_is(tmp_path: Path) -> None:
    async with web() as it:
        assert await poster(tmp_path, it.url).send("msg_1", BODY) == Answer(200)
    (got,) = it.requests
    assert (got.head, got.body) == ("POST /hooks/fiscald HTTP/1.1", BODY)
    assert got.headers["webhook-id"] == "msg_1"
    assert got.headers["webhook-timestamp"] == "1796032800"
    assert got.headers["webhook-signature"] == parse_secret(SECRET).sign("msg_1", 1796032800, BODY)
    assert got.headers["content-type"] == "application/json"
    assert got.headers["user-agent"].startswith("fiscald/")


async def test_a_secret_that_is_being_replaced_signs_beside_the_new_one(tmp_path: Path) -> None:
    async with web() as it:
        sender = poster(tmp_path, it.url)
        await sender.send("msg_1", BODY)
        other = new_secret()
        secret_file(tmp_path, other, SECRET)
        await sender.send("msg_1", BODY)
        (tmp_path / "webhook.secret").unlink()
        with pytest.raises(SecretUnusable):
            await sender.send("msg_1", BODY)
    old, new = (parse_secret(text).sign("msg_1", 1796032800, BODY) for text in (SECRET, other))
    assert [each.headers["webhook-signature"] for each in it.requests] == [old, f"{new} {old}"]


@pytest.mark.parametrize("status", [200, 204, 299, 301, 308, 400, 410, 429, 500, 503, 999])
async def test_every_status_is_an_answer_and_no_redirect_is_followed(tmp_path: Path, status: int) -> None:
    async with web() as it:
        it.answer = lambda _: reply(status, f"Location: {it.url}", "Retry-After: 7")
        assert await poster(tmp_path, it.url).send("msg_1", BODY) == Answer(status, "7")
        assert len(it.requests) == 1


async def _garbage(stream: anyio.abc.ByteStream) -> None:
    await stream.send(b"\x1b[2J\x00 no HTTP at all\r\n\r\n" * 100)


async def _nothing(stream: anyio.abc.ByteStream) -> None:
    await stream.aclose()


async def _endless_headers(stream: anyio.abc.ByteStream) -> None:
    await stream.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        await stream.send(b"X-Long: " + b"x" * 60_000 + b"\r\n")


async def _half_a_head(stream: anyio.abc.ByteStream) -> None:
    await stream.send(b"HTTP/1.1 200 OK\r\nContent-")


async def _silence(_: anyio.abc.ByteStream) -> None:
    await anyio.sleep_forever()


async def _one_hundred_for_ever(stream: anyio.abc.ByteStream) -> None:
    while True:
        await stream.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)


@pytest.mark.parametrize("talk", [_garbage, _nothing, _endless_headers, _half_a_head])
async def test_what_is_no_answer_is_a_failure_in_plain_text(tmp_path: Path, talk: Talk) -> None:
    async with web(lambda _: talk) as it:
        with pytest.raises(PostFailed) as failed:
            await poster(tmp_path, it.url).send("msg_1", BODY)
    assert str(failed.value).isprintable()
    assert 0 < len(str(failed.value)) <= posting.MAX_TEXT


@pytest.mark.parametrize("talk", [_silence, _one_hundred_for_ever])
async def test_a_receiver_that_hangs_is_left_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, talk: Talk
) -> None:
    monkeypatch.setattr(posting, "TIMEOUT", 0.3)
    async with web(lambda _: talk) as it:
        with anyio.fail_after(10), pytest.raises(PostFailed, match="no answer within"):
            await poster(tmp_path, it.url).send("msg_1", BODY)


async def _huge(stream: anyio.abc.ByteStream) -> None:
    await stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000000\r\n\r\n")
    while True:
        await stream.send(bytes(1 << 16))


async def _crumbs(stream: anyio.abc.ByteStream) -> None:
    await stream.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        await stream.send(b"1\r\nx\r\n" * 1000)


async def _packed(stream: anyio.abc.ByteStream) -> None:
    await stream.send(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Length: 4\r\n\r\nxxxx")


async def _cut(stream: anyio.abc.ByteStream) -> None:
    await stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\nonly this")


@pytest.mark.parametrize("talk", [_huge, _crumbs, _packed, _cut])
async def test_only_the_status_of_a_huge_or_broken_answer_counts(tmp_path: Path, talk: Talk) -> None:
    import httpx  # noqa: F401 - what the import itself takes is not counted

    async with web(lambda _: talk) as it:
        tracemalloc.start()
        try:
            with anyio.fail_after(10):
                assert await poster(tmp_path, it.url).send("msg_1", BODY) == Answer(200)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 4 << 20


async def test_a_body_that_never_ends_does_not_hide_a_good_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "TIMEOUT", 0.3)

    async def slow(stream: anyio.abc.ByteStream) -> None:
        await stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n")
        await anyio.sleep_forever()

    async with web(lambda _: slow) as it:
        assert await poster(tmp_path, it.url).send("msg_1", BODY) == Answer(200)


async def test_no_server_listens_there(tmp_path: Path) -> None:
    async with web() as it:
        url = it.url
    with pytest.raises(PostFailed):
        await poster(tmp_path, url).send("msg_1", BODY)


async def test_the_exchange_runs_off_the_loop_and_uses_no_proxy_for_http(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where: list[threading.Thread] = []

    def read(path: Path) -> object:
        where.append(threading.current_thread())
        return read_secrets(path)

    monkeypatch.setattr(posting, "read_secrets", read)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    async with web() as it:
        assert await poster(tmp_path, it.url).send("msg_1", BODY) == Answer(200)
    assert threading.main_thread() not in where


async def test_a_daemon_that_stops_does_not_wait_for_an_answer(tmp_path: Path) -> None:
    closed = anyio.Event()

    async def silent(stream: anyio.abc.ByteStream) -> None:
        asked.cancel()
        with contextlib.suppress(anyio.EndOfStream, anyio.BrokenResourceError):
            await stream.receive()
        closed.set()

    async with web(lambda _: silent) as it:
        with anyio.CancelScope() as asked:
            await poster(tmp_path, it.url).send("msg_1", BODY)
        assert asked.cancelled_caught
        with anyio.fail_after(posting.TIMEOUT / 2):
            await closed.wait()


# -- TLS -------------------------------------------------------------------------------------------------


async def test_a_certificate_must_be_trusted(tmp_path: Path) -> None:
    own, ca_file = throwaway_tls(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    _, stranger = throwaway_tls(other)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.certificate, own.key)
    it = Web()
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)

    async def serve(stream: anyio.abc.ByteStream) -> None:
        async with stream:
            with contextlib.suppress(ssl.SSLError, anyio.BrokenResourceError, anyio.EndOfStream):
                safe = await TLSStream.wrap(stream, server_side=True, ssl_context=context, standard_compatible=False)
                await it.talk(safe)

    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, serve)
        for wrong in (None, stranger):
            with pytest.raises(PostFailed, match=r"CERTIFICATE_VERIFY_FAILED.*ca_file in the section of the webhook"):
                await poster(tmp_path, f"https://localhost:{port}/", wrong).send("msg_1", BODY)
        assert it.requests == [], "nothing was said before the certificate was checked"
        assert await poster(tmp_path, f"https://localhost:{port}/", ca_file).send("msg_1", BODY) == Answer(200)
        with pytest.raises(PostFailed, match="ca_file: No such file"):
            await poster(tmp_path, f"https://localhost:{port}/", tmp_path / "absent").send("msg_1", BODY)
        tasks.cancel_scope.cancel()


def test_requests_are_read_whole() -> None:
    """The receiver of these tests is one itself."""
    assert Request("POST / HTTP/1.1", {}, b'{"a": 1}').content == {"a": 1}
