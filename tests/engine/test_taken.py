"""A network printer in use by another computer: reported as such by status, doctor and scan."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path

import anyio
import pytest

from fiscald.cli.scan import _outcome
from fiscald.diagnostics.candidates import Configured, candidates
from fiscald.diagnostics.checks import judge
from fiscald.diagnostics.facts import Facts, SocketFacts, printer_facts
from fiscald.diagnostics.host import Host
from fiscald.diagnostics.probing import probe
from fiscald.emulator.running import EmulatedPrinter
from fiscald.engine import Engine, Printer
from fiscald.journal import ThreadedJournal
from fiscald.model.documents import Submission
from fiscald.model.jobs import JobState
from fiscald.model.printers import PrinterState
from fiscald.model.problems import Problem
from fiscald.model.times import POLISH_TIME
from fiscald.protocols import family
from fiscald.transport import TcpHost, parse_address
from tests.engine.shop import RECEIPT, OpenGate
from tests.protocols import settings as settings_of


def now() -> datetime:
    return datetime.now(POLISH_TIME)


@asynccontextmanager
async def engine_at(tmp_path: Path, address: str) -> AsyncIterator[Engine]:
    journal = ThreadedJournal(tmp_path, now)
    till = Printer("till1", family("posnet"), parse_address(address), settings_of.posnet())
    engine = Engine([till], journal, OpenGate())
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(engine.run)
            yield engine
            tasks.cancel_scope.cancel()
    finally:
        journal.close()


async def offline(engine: Engine) -> Problem:
    with anyio.fail_after(15):
        while engine.printer("till1").state is not PrinterState.OFFLINE:
            await anyio.sleep(0.01)
    why = engine.printer("till1").problem
    assert why is not None
    return why


def doctor(engine: Engine, address: str) -> list[str]:
    status = engine.printer("till1")
    facts = printer_facts(Host(), Configured("till1", "posnet", parse_address(address), status), "root", now())
    seen = SocketFacts(Path("/run/fiscald/fiscald.sock"), answers=True, there=True, mode=0o660)
    return [found.code for found in judge(Facts(seen, "root", "root", Path("/etc/x"), printers=(facts,)))]


@contextmanager
def host(*, reset: bool) -> Iterator[str]:
    """Takes connections and ends them without a word."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                caller, _ = server.accept()
            except OSError:
                return
            with caller:
                if reset:
                    caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()


def check_taken(why: Problem) -> None:
    assert why.code == "link.held"
    assert "another computer or program has this printer" in why.detail
    assert "kabel" not in why.detail_pl
    assert "inny program lub komputer" in why.detail_pl


@pytest.mark.parametrize("reset", [True, False])
async def test_a_connection_that_is_closed_without_a_reply(tmp_path: Path, reset: bool) -> None:
    with host(reset=reset) as address:
        async with engine_at(tmp_path, address) as engine:
            check_taken(await offline(engine))
            assert doctor(engine, address) == ["doctor.taken"]


@pytest.mark.slow
async def test_the_second_computer_at_an_emulated_printer(tmp_path: Path) -> None:
    with EmulatedPrinter() as printer, socket.create_connection((printer.host, printer.port)) as first:
        first.sendall(b"\x02sid\t#8A94\x03")
        assert first.recv(100)
        async with engine_at(tmp_path, printer.address) as engine:
            check_taken(await offline(engine))
            await engine.submit("FV/1", Submission.model_validate({"printer": "till1", "document": RECEIPT}))
            job = await engine.job("FV/1")
            assert job.waiting is not None
            check_taken(job.waiting)
            assert doctor(engine, printer.address) == ["doctor.taken"]
            first.close()
            assert (await engine.wait("FV/1", 30)).state is JobState.DONE


async def test_a_printer_that_answered_before_is_not_reported_as_taken(tmp_path: Path) -> None:
    with EmulatedPrinter() as printer:
        async with engine_at(tmp_path, printer.address) as engine:
            with anyio.fail_after(10):
                while engine.printer("till1").state is not PrinterState.READY:
                    await anyio.sleep(0.01)
            printer.power(on=False)
            why = await offline(engine)
            assert why.code in ("link.lost", "link.refused", "link.held")
            if why.code == "link.lost":
                assert "another computer" not in why.detail


async def test_a_refused_connection_may_mean_a_taken_printer(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
    async with engine_at(tmp_path, address) as engine:
        why = await offline(engine)
        assert why.code == "link.refused"
        assert "another computer or program has this printer" in why.detail
        assert doctor(engine, address) == ["doctor.unreachable"]


@pytest.mark.slow
async def test_a_connection_without_a_reply_may_be_queued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel of a one-connection printer may accept it, and no program reads from it."""
    monkeypatch.setattr("fiscald.engine.line.POLL_AFTER", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        async with engine_at(tmp_path, address) as engine:
            why = await offline(engine)
            assert why.code == "link.silent"
            assert "perhaps another computer or program has this printer" in why.detail


@pytest.mark.parametrize("reset", [True, False])
async def test_scan_and_doctor_report_it_without_a_daemon(reset: bool) -> None:
    with host(reset=reset) as address:
        parsed = parse_address(address)
        assert isinstance(parsed, TcpHost)
        configured = Configured("till1", "posnet", parsed, None)
        (candidate,) = [each for each in candidates(Host(), [configured]) if each.configured is configured]
        found = await probe(candidate, Host())
        lines = list(_outcome(found, asking=True))
        assert any("another computer or program has this printer" in line for line in lines), lines
        facts = printer_facts(Host(), configured, "root", now(), probed=found)
        seen = SocketFacts(Path("/run/fiscald/fiscald.sock"), answers=True, there=True, mode=0o660)
        codes = [each.code for each in judge(Facts(seen, "root", "root", Path("/etc/x"), printers=(facts,)))]
        assert codes == ["doctor.taken"]
