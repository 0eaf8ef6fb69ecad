"""Clients that take too much, send without end or do not read: bounded, and no trouble for the others."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import logging
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from fiscald import daemon, systemd
from fiscald.api.accepting import Silent
from fiscald.api.connections import Bounds
from tests.daemons import RECEIPT, Running, running

GET = b"GET %b HTTP/1.1\r\nHost: x\r\n%b\r\n"


@asynccontextmanager
async def few(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bounds: Bounds, **options: Any
) -> AsyncIterator[Running]:
    """A daemon that takes few connections."""
    monkeypatch.setattr(daemon, "_bounds", lambda _: bounds)
    monkeypatch.setattr("fiscald.api.server.CHECK_INTERVAL", 0.05)
    async with running(tmp_path, **options) as it:
        yield it


@contextlib.contextmanager
def connected(it: Running, count: int = 1) -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as stack:
        links = []
        for _ in range(count):
            link = stack.enter_context(socket.socket(socket.AF_UNIX))
            link.connect(str(it.socket))
            link.setblocking(False)
            links.append(link)
        yield links


def is_closed(link: socket.socket) -> bool:
    """Whether the daemon has closed it; what it has sent before that is thrown away."""
    try:
        while link.recv(65536):
            pass
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
    return True


async def until(what: Any, seconds: float = 10) -> None:
    with anyio.fail_after(seconds):
        while not what():
            await anyio.sleep(0.02)


async def send(link: socket.socket, data: bytes) -> None:
    await asyncio.get_running_loop().sock_sendall(link, data)


async def test_connections_over_the_limit_get_a_status_and_are_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with few(tmp_path, monkeypatch, Bounds(20, 15, 10)) as it:
        before = len(caplog.records)
        with connected(it, 200) as links:
            await until(lambda: sum(map(is_closed, links)) >= 185)
            for _ in range(20):
                async with httpx.AsyncClient(
                    transport=httpx.AsyncHTTPTransport(uds=str(it.socket)), base_url="http://x"
                ) as http:
                    assert (await http.get("/v1/printers/till1")).status_code == 200
            assert sum(not is_closed(link) for link in links) <= 15
        assert (await it.put("A")).json()["state"] == "done"
        assert 1 <= sum("too many" in record.message for record in caplog.records[before:]) <= 4


async def test_a_connection_closed_before_accept_may_hold_a_request(tmp_path: Path) -> None:
    """A client that does not wait for the answer has still submitted the job."""
    async with running(tmp_path) as it:
        body = json.dumps({"printer": "till1", "document": RECEIPT}).encode()
        with connected(it) as (link,):
            link.sendall(b"PUT /v1/jobs/A HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        async with asyncio.timeout(10):
            while (await it.http.get("/v1/jobs/A")).status_code == 404:
                await anyio.sleep(0.01)


async def test_a_client_that_does_not_read_is_disconnected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fiscald.api.protocol.TAKE_SECONDS", 0.3)
    async with few(tmp_path, monkeypatch, Bounds(20, 15, 10)) as it:
        with connected(it) as (link,):
            await send(link, GET % (b"/v1/openapi.json", b"") * 30)
            await until(lambda: _hung_up(link))


def _hung_up(link: socket.socket) -> bool:
    """Whether the other end has stopped reading; this end does not read."""
    try:
        link.send(b"x")
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
    return False


async def test_the_unsent_bytes_of_all_clients_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fiscald.api.server.MOST_WAITING_IN_ALL", 100_000)
    async with few(tmp_path, monkeypatch, Bounds(40, 30, 10)) as it:
        with connected(it, 10) as links:
            for link in links:
                await send(link, GET % (b"/v1/openapi.json", b"") * 30)
            await until(lambda: sum(map(_hung_up, links)) >= 8, 5)
        assert (await it.http.get("/v1")).status_code == 200


@pytest.mark.parametrize("rest", [b"x", b""])
async def test_a_connection_is_closed_after_an_unexpected_body(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rest: bytes
) -> None:
    """The answer comes at once; the rest of the request never comes, or never ends."""
    monkeypatch.setattr("fiscald.api.protocol.REQUEST_SECONDS", 0.3)
    async with few(tmp_path, monkeypatch, Bounds(20, 15, 10)) as it:
        with connected(it) as (link,):
            await send(link, GET % (b"/v1", b"Content-Length: 1000\r\n"))
            with anyio.fail_after(10):
                while not is_closed(link):
                    with contextlib.suppress(OSError):
                        link.send(rest)
                    await anyio.sleep(0.05)


async def test_an_endless_body_is_not_read_to_the_end(tmp_path: Path) -> None:
    async with running(tmp_path, ready=False) as it:
        with connected(it) as (link,):
            await send(link, b"PUT /v1/jobs/A HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n")
            with pytest.raises(ConnectionError):
                await send(link, b" " * 10_000_000)


async def test_a_request_head_that_is_too_large_is_refused(tmp_path: Path) -> None:
    async with running(tmp_path, ready=False) as it:
        with connected(it) as (link,):
            await send(link, GET % (b"/v1", b"X: %b\r\n" % (b"y" * 40_000)))
            answer = await asyncio.get_running_loop().sock_recv(link, 100)
            assert answer.startswith(b"HTTP/1.1 400")


async def test_a_client_that_disconnects_while_waiting_leaves_no_resources(tmp_path: Path) -> None:
    """It took a task for each, until the ten minutes were over."""
    async with running(tmp_path) as it:
        it.printer.switch("paper_out")
        await it.put("A", wait=0)
        await anyio.sleep(0.1)
        before = len(asyncio.all_tasks())
        for _ in range(5):
            with connected(it, 20) as links:
                for link in links:
                    await send(link, GET % (b"/v1/jobs/A?wait=600", b"") + GET % (b"/v1/events", b""))
                await anyio.sleep(0.05)
        await until(lambda: len(asyncio.all_tasks()) <= before + 2)
        it.printer.clear()


async def test_bytes_that_are_not_http_make_one_line_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with running(tmp_path) as it:
        before = len(caplog.records)
        for _ in range(50):
            with connected(it) as (link,):
                await send(link, b"\x00\xff\r\n\r\n")
                assert (await asyncio.get_running_loop().sock_recv(link, 100)).startswith(b"HTTP/1.1 400")
        lines = [record.message for record in caplog.records[before:] if "till1" not in record.message]
        assert len(lines) == 1
        assert "not HTTP" in lines[0]


async def test_other_protocols_are_neither_served_nor_advertised(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(tmp_path) as it:
        response = await it.http.get("/v1", headers={"Connection": "Upgrade", "Upgrade": "websocket"})
        assert response.status_code == 200
    assert "websocket" not in caplog.text.lower()
    assert "upgrade" not in caplog.text.lower()


async def test_listeners_and_waiting_requests_leave_room_for_queries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with few(tmp_path, monkeypatch, Bounds(20, 15, 3)) as it:
        it.printer.switch("paper_out")
        with connected(it, 3) as links:
            for link in links:
                await send(link, GET % (b"/v1/events", b""))
                await asyncio.get_running_loop().sock_recv(link, 100)
            response = await it.http.get("/v1/events")
            assert (response.status_code, response.json()["code"]) == (503, "daemon.busy")
            began = time.monotonic()
            job = await it.put("A", wait=10)
            assert (job.status_code, job.json()["state"]) == (201, "accepted"), "not final: it may ask again"
            assert time.monotonic() - began < 5
        await until(lambda: True)
        it.printer.clear()
        async with asyncio.timeout(20):
            while (await it.http.get("/v1/jobs/A", params={"wait": 10})).json()["state"] != "done":
                await anyio.sleep(0.01)


@pytest.mark.parametrize("path", ["/v1/events", "/v1/printers/till1/capture?follow=true"])
async def test_an_endless_reply_has_a_complete_head(tmp_path: Path, path: str) -> None:
    async with running(tmp_path, ready=False) as it:
        with anyio.fail_after(5):
            response = await it.http.head(path)
        assert (response.status_code, response.content) == (200, b"")


async def test_a_list_is_sent_in_pieces_and_complete(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        it.printer.switch("paper_out")
        for number in range(60):
            await it.put(f"A{number}", {"type": "cash_in", "amount": "1.00"}, wait=0)
        for limit, following in ((60, False), (59, True), (25, True), (26, True), (1, True), (1000, False)):
            page = (await it.http.get("/v1/jobs", params={"limit": limit, "order": "oldest"})).json()
            assert [job["key"] for job in page["jobs"]] == [f"A{number}" for number in range(min(limit, 60))]
            assert (page["next"], page["previous"]) == (str(limit) if following else None, "1")
            page = (await it.http.get("/v1/jobs", params={"limit": limit, "since": "2020-01-01"})).json()
            assert [job["key"] for job in page["jobs"]] == [f"A{59 - number}" for number in range(min(limit, 60))]
            assert (page["next"], page["previous"]) == (str(61 - limit) if following else None, "60")
        first = (await it.http.get("/v1/jobs", params={"limit": 1, "order": "oldest"})).json()["jobs"][0]
        assert first == (await it.http.get("/v1/jobs/A0")).json()
        assert first["waiting"]["code"] == "printer.paper_out"
        assert first["licence"]["test_keys"] is True


async def test_all_listeners_get_the_same_events(tmp_path: Path) -> None:
    """Also those that begin during an event, and those with a separate cursor."""
    async with running(tmp_path) as it:
        heard: dict[str, list[int]] = {}

        async def listen(name: str, after: int | None) -> None:
            async for change in it.client.events(after=after):
                if hasattr(change, "job") and hasattr(change, "id"):
                    heard.setdefault(name, []).append(change.id)

        async with anyio.create_task_group() as tasks:
            for number in range(20):
                tasks.start_soon(listen, f"late {number}", 3 * number)
                await it.put(f"A{number}", {"type": "cash_in", "amount": "1.00"})
            with anyio.fail_after(10):
                while len(heard) < 20 or any(ids[-1] < 60 for ids in heard.values()):
                    await anyio.sleep(0.02)
            tasks.cancel_scope.cancel()
        for number in range(20):
            assert heard[f"late {number}"] == [*range(3 * number + 1, 61)], "without gap and without double"


@pytest.fixture
def link_of_systemd() -> Iterator[None]:
    """A link of its own for a test."""
    systemd._link().close()  # an earlier test has used it where the computer itself has a NOTIFY_SOCKET
    systemd._link.cache_clear()
    yield
    systemd._link().close()
    systemd._link.cache_clear()


@pytest.mark.usefixtures("link_of_systemd")
def test_the_watchdog_is_notified_when_no_descriptor_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices:
        notices.bind(str(tmp_path / "notify"))
        notices.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        systemd.notify("READY=1")
        assert notices.recv(100) == b"READY=1"

        def none_left(*_: object, **__: object) -> None:
            raise OSError(errno.EMFILE, "Too many open files")

        monkeypatch.setattr(socket, "socket", none_left)
        systemd.notify("WATCHDOG=1")
        assert notices.recv(100) == b"WATCHDOG=1"
        monkeypatch.undo()
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        systemd._link().close()
        systemd._link.cache_clear()
        monkeypatch.setattr(socket, "socket", none_left)
        systemd.notify("WATCHDOG=1")  # as good as not said, and no error
        monkeypatch.undo()


@pytest.mark.usefixtures("link_of_systemd")
def test_a_watchdog_message_that_cannot_be_sent_does_not_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices:
        notices.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        began = time.monotonic()
        for _ in range(5000):
            systemd.notify("WATCHDOG=1")
        assert time.monotonic() - began < 2


@pytest.mark.parametrize(("microseconds", "seconds"), [("30000000", 2.0), ("200000", 0.1), ("", None)])
def test_the_watchdog_is_notified_often(
    monkeypatch: pytest.MonkeyPatch, microseconds: str, seconds: float | None
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", microseconds)
    assert systemd.watchdog_seconds() == seconds


async def test_a_connection_that_cannot_be_checked_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Only that one, and all others are still checked."""
    monkeypatch.setattr("fiscald.api.server.HEAD_SECONDS", 0.2)
    look = Silent.look

    def broken(self: Silent, now: float, head_seconds: float) -> None:
        if not caplog.records or "could not be checked" not in caplog.text:
            raise ArithmeticError
        look(self, now, head_seconds)

    monkeypatch.setattr(Silent, "look", broken)
    async with few(tmp_path, monkeypatch, Bounds(20, 15, 10)) as it:
        with connected(it, 3) as links:
            await until(lambda: all(map(is_closed, links)))
        assert (await it.http.get("/v1")).status_code == 200
    assert sum("could not be checked" in record.message for record in caplog.records) == 1
