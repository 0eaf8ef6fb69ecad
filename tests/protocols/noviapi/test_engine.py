"""The family under the real engine: restarts and what is kept on disk, streams that end, documents cut anywhere."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import anyio.abc
import h11
import pytest

from fiscald.engine import Engine, Printer
from fiscald.kept import kept_in
from fiscald.model.documents import Submission
from fiscald.model.printers import PrinterState
from fiscald.model.raw_command import RawCommand
from fiscald.protocols.base import Settings
from fiscald.protocols.noviapi.family import FAMILY
from fiscald.recording.identify import identify
from fiscald.transport import Address, ByteStream, LinkLost, memory_line, parse_address
from tests import virtual
from tests.engine.shop import DirectJournal, OpenGate
from tests.protocols.driving import NOON
from tests.protocols.noviapi.bench import DOCUMENTS, RECEIPT
from tests.protocols.noviapi.printer import NoviPrinter


class Server:
    """The small printer behind streams in memory, or behind a real port."""

    def __init__(self, printer: NoviPrinter) -> None:
        self.printer = printer
        self.tasks: anyio.abc.TaskGroup | None = None
        self.requests = 0
        self.cut_at: int | None = None
        """The number of the request after which, executed, the connection is lost without an answer."""
        self.minutes = 0.0
        printer.now = lambda: NOON + timedelta(minutes=self.minutes)

    def __str__(self) -> str:
        return "http://memory:8888"

    async def open(self) -> ByteStream:
        await anyio.lowlevel.checkpoint()
        assert self.tasks is not None
        near, far = memory_line()
        self.tasks.start_soon(self._serve, far)
        return near

    async def _serve(self, far: ByteStream) -> None:
        try:
            async with far:
                kept = b""
                while True:
                    kept += await far.receive()
                    while (length := _whole(kept)) is not None:
                        answer = self.answer(kept[:length])
                        kept = kept[length:]
                        if answer is None:
                            return
                        await far.send(answer)
                        if self.printer.closes:
                            return
        except LinkLost:
            pass

    def answer(self, request: bytes) -> bytes | None:
        self.requests += 1
        answer = self.printer.answer(request)
        return None if self.requests == self.cut_at else answer

    async def serve_port(self, link: anyio.abc.SocketStream) -> None:
        async with link:
            kept = b""
            async for data in link:
                kept += data
                while (length := _whole(kept)) is not None:
                    answer = self.answer(kept[:length])
                    kept = kept[length:]
                    if answer is None:
                        return
                    await link.send(answer)


def _whole(data: bytes) -> int | None:
    """The length of the request at the beginning; ``None``: it is not whole."""
    if not data:
        return None
    http = h11.Connection(h11.SERVER)
    http.receive_data(data)
    while True:
        event = http.next_event()
        if isinstance(event, h11.EndOfMessage):
            return len(data) - len(http.trailing_data[0])
        if event is h11.NEED_DATA or event is h11.PAUSED:
            return None


@asynccontextmanager
async def daemon(path: Path, server: Server, address: Address | None = None) -> AsyncIterator[Engine]:
    """An engine that is killed at the end, with its journal and its files."""
    clock = server.printer.now
    journal = DirectJournal(path, clock)
    settings = Settings("till1", FAMILY.options(), kept_in(path / "kept" / "till1.json"))
    engine = Engine([Printer("till1", FAMILY, address or server, settings)], journal, OpenGate(), clock=clock)
    async with anyio.create_task_group() as tasks:
        server.tasks = tasks
        tasks.start_soon(engine.run)
        yield engine
        tasks.cancel_scope.cancel()
    journal.store.close()


async def until(engine: Engine, state: PrinterState) -> None:
    with anyio.fail_after(60):
        while engine.printer("till1").state is not state:
            await anyio.sleep(0.05)


async def submit(engine: Engine, key: str, content: dict[str, Any]) -> None:
    await engine.submit(key, Submission.model_validate({"printer": "till1", "document": content}))


def test_thirty_restarts_in_an_hour_cost_one_token(tmp_path: Path) -> None:
    server = Server(NoviPrinter())

    async def main() -> None:
        for _ in range(30):
            async with daemon(tmp_path, server) as engine:
                await until(engine, PrinterState.READY)
            server.minutes += 2

    virtual.run(main())
    assert server.printer.asked.count("GET token") == 1
    assert server.printer.asked.count("PATCH token") >= 2
    assert (tmp_path / "kept" / "till1.json").stat().st_mode & 0o777 == 0o600


def test_thirty_restarts_without_a_file_wait_before_the_printer_locks(tmp_path: Path) -> None:
    """Each restart loses the file, and the printer gives ten in an hour: fiscald is told when to come back."""
    server = Server(NoviPrinter())

    async def main() -> None:
        for number in range(30):
            async with daemon(tmp_path, server) as engine:
                await until(engine, PrinterState.READY if number < 10 else PrinterState.LOCKED)
                if number >= 10:
                    problem = engine.printer("till1").problem
                    assert problem is not None
                    assert "allowed_refresh_date" in problem.detail
            (tmp_path / "kept" / "till1.json").write_bytes(b"\x00damaged")
            server.minutes += 1
        server.minutes += 60
        async with daemon(tmp_path, server) as engine:
            await until(engine, PrinterState.READY)

    virtual.run(main())


async def test_restarts_over_a_real_port_with_a_real_file(tmp_path: Path) -> None:
    server = Server(NoviPrinter())
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)
    address = parse_address(f"http://127.0.0.1:{port}")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, server.serve_port)
        for number in range(3):
            async with daemon(tmp_path, server, address) as engine:
                await until(engine, PrinterState.READY)
                await submit(engine, f"key{number}", RECEIPT)
                assert (await engine.wait(f"key{number}", 20)).state == "done"
        async with await address.open() as stream:
            found = await identify(stream, FAMILY, first=5, later=5, reopen=address.open)
        assert found.identity.model == "NoviAPI"
        tasks.cancel_scope.cancel()
    await listener.aclose()
    assert server.printer.asked.count("GET token") == 1
    assert len(server.printer.paper) == 3


@pytest.mark.parametrize("closes", [False, True])
def test_a_connection_for_all_requests_or_for_each(tmp_path: Path, closes: bool) -> None:
    server = Server(NoviPrinter(closes=closes))

    async def main() -> None:
        async with daemon(tmp_path, server) as engine:
            await until(engine, PrinterState.READY)
            await submit(engine, "A", RECEIPT)
            job = await engine.wait("A", 30)
            assert job.result is not None
            assert (job.state, job.result.number) == ("done", 13)
            assert job.result.printed_at is not None
            reply = await engine.raw("till1", RawCommand(command='POST status {"status":{"type":"device"}}'))
            assert reply.answer is not None
            assert reply.answer.startswith('201 {"request"')
            assert b"POST /api/v1/status".hex() in reply.sent
            assert b"eyJ0".hex() not in reply.sent, "the record has no token"

    virtual.run(main())


@pytest.mark.slow
@pytest.mark.daily
@pytest.mark.parametrize("kind", ["receipt", "daily_report", "cash_in"])
def test_a_document_lost_at_any_request_is_printed_once(tmp_path: Path, kind: str) -> None:
    content, sheet = DOCUMENTS[kind]

    async def main(place: int) -> None:
        server = Server(NoviPrinter())
        folder = tmp_path / str(place)
        folder.mkdir()
        async with daemon(folder, server) as engine:
            await until(engine, PrinterState.READY)
            server.cut_at = server.requests + place
            await submit(engine, "A", content)
            assert (await engine.wait("A", 200)).state == "done", place
        assert sum(each == sheet for each, _ in server.printer.paper) == 1
        assert server.printer.asked.count("GET token") == 1

    for place in range(1, 34, 3):
        virtual.run(main(place))


@pytest.mark.slow
@pytest.mark.daily
def test_a_daemon_killed_at_any_request_prints_once_and_keeps_its_token(tmp_path: Path) -> None:
    async def main(place: int) -> None:
        server = Server(NoviPrinter())
        folder = tmp_path / str(place)
        folder.mkdir()
        async with daemon(folder, server) as engine:
            await until(engine, PrinterState.READY)
            last = server.requests + place
            await submit(engine, "A", RECEIPT)
            with anyio.fail_after(60):
                while server.requests < last and engine.printer("till1").job is not None:
                    await anyio.lowlevel.checkpoint()
        async with daemon(folder, server) as engine:
            assert (await engine.wait("A", 200)).state == "done", place
        assert len(server.printer.paper) == 1
        assert server.printer.asked.count("GET token") == 1

    for place in range(1, 34, 3):
        virtual.run(main(place))


@pytest.mark.slow
def test_an_idle_hour_fills_no_table(tmp_path: Path) -> None:
    server = Server(NoviPrinter())

    async def main() -> None:
        async with daemon(tmp_path, server) as engine:
            await until(engine, PrinterState.READY)
            for _ in range(60):
                await anyio.sleep(60)
                server.minutes += 1

    virtual.run(main())
    assert len(server.printer.jobs) < 80, "six jobs every five minutes"
    assert server.printer.asked.count("GET token") == 1


def test_paper_that_ends_is_noticed_within_two_seconds(tmp_path: Path) -> None:
    server = Server(NoviPrinter())

    async def main() -> None:
        async with daemon(tmp_path, server) as engine:
            await until(engine, PrinterState.READY)
            server.printer.device_error = 1037
            await anyio.sleep(2)
            assert engine.printer("till1").state is PrinterState.PAPER_OUT
            await submit(engine, "A", RECEIPT)
            jobs = len(server.printer.jobs)
            await anyio.sleep(60)
            assert len(server.printer.jobs) == jobs, "a document that waits costs no jobs"
            server.printer.device_error = 0
            assert (await engine.wait("A", 30)).state == "done"

    virtual.run(main())


def test_the_log_has_neither_token_nor_nip(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    server = Server(NoviPrinter())

    async def main() -> None:
        async with daemon(tmp_path, server) as engine:
            await until(engine, PrinterState.READY)
            server.cut_at = server.requests + 20
            await submit(engine, "A", RECEIPT)
            assert (await engine.wait("A", 200)).state == "done"
            server.printer.foreign_confirmed = True
            await submit(engine, "B", RECEIPT)
            await anyio.sleep(10)

    with caplog.at_level(logging.DEBUG):
        virtual.run(main())
    assert "eyJ0" not in caplog.text
    assert "5260250274" not in caplog.text
