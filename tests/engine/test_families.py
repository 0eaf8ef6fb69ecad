"""Families that cannot do everything: the engine gets on without it, and says plainly what is not possible."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from fiscald import config
from fiscald.diagnostics import probing
from fiscald.diagnostics.candidates import Candidate
from fiscald.engine import Engine, Printer
from fiscald.model.documents import Submission
from fiscald.model.printers import PrinterState
from fiscald.model.problems import ProblemError
from fiscald.model.raw_command import RawCommand
from fiscald.protocols import dissector
from fiscald.protocols import family as find_family
from fiscald.protocols.base import FamilyOptions, Settings
from fiscald.protocols.families import CannotDecode, decoding_of
from fiscald.recording import reading
from fiscald.recording.identify import identify
from fiscald.recording.pcapng import RecordingError
from fiscald.transport import parse_address
from tests import virtual
from tests.engine.shop import START, DirectJournal, OpenGate
from tests.engine.tiny import Tiny, TinyPrinter

CASH_IN = {"type": "cash_in", "amount": "10.00"}


@asynccontextmanager
async def shop(path: Path, family: Tiny, printer: TinyPrinter) -> AsyncIterator[Engine]:
    journal = DirectJournal(path, lambda: START)
    engine = Engine(
        [Printer("till1", family, printer, Settings("till1", FamilyOptions()))],
        journal,
        OpenGate(),
        clock=lambda: START,
    )
    async with anyio.create_task_group() as tasks:
        printer.tasks = tasks
        tasks.start_soon(engine.run)
        with anyio.fail_after(10):
            while engine.printer("till1").state is not PrinterState.READY:
                await anyio.sleep(0.05)
        yield engine
        tasks.cancel_scope.cancel()
    journal.store.close()


async def submit(engine: Engine, key: str) -> None:
    await engine.submit(key, Submission.model_validate({"printer": "till1", "document": CASH_IN}))


def test_a_family_of_required_parts_only_prints(tmp_path: Path) -> None:
    printer = TinyPrinter()

    async def main() -> None:
        async with shop(tmp_path, Tiny(), printer) as engine:
            await submit(engine, "A")
            assert (await engine.wait("A", 10)).state == "done"
            assert engine.printer("till1").documents == ("cash_in",)

    virtual.run(main())
    assert printer.slips == 1


def test_every_connection_begins_with_the_greeting(tmp_path: Path) -> None:
    printer = TinyPrinter()

    async def main() -> None:
        async with shop(tmp_path, Tiny(password="0000"), printer) as engine:
            await printer.ends[-1].aclose()
            await anyio.sleep(10)
            await submit(engine, "A")
            assert (await engine.wait("A", 10)).state == "done"

    virtual.run(main())
    firsts = {connection: line for _, connection, line in reversed(printer.sent)}
    assert firsts == {1: b"1:password 0000", 2: b"1:password 0000"}


def test_a_document_whose_connection_was_refused_is_printed_later_and_once(tmp_path: Path) -> None:
    """The irreversible step was announced, and not a byte of it was sent: it needs no look at the printer."""
    printer = TinyPrinter(closes=True)
    tell = printer._tell
    counted = 0

    def answer(text: str) -> bytes:
        nonlocal counted
        counted += armed and text == "count"
        printer.refuses = armed and counted == 1
        return tell(text)

    armed = False
    printer._answer = answer

    async def main() -> None:
        nonlocal armed
        async with shop(tmp_path, Tiny(over_http=True), printer) as engine:
            armed = True
            await submit(engine, "A")
            with anyio.fail_after(5):
                while not printer.refuses:
                    await anyio.sleep(0.01)
            await anyio.sleep(2)
            assert printer.texts.count("pay") == 0
            job = await engine.job("A")
            assert (job.state, job.attempts) == ("accepted", 1), job
            assert engine.printer("till1").state is PrinterState.OFFLINE
            armed, printer.refuses = False, False
            assert (await engine.wait("A", 20)).state == "done"

    virtual.run(main())
    assert printer.slips == 1
    assert printer.texts.count("pay") == 1


def test_commands_by_hand_are_refused_with_a_sentence(tmp_path: Path) -> None:
    async def main() -> None:
        async with shop(tmp_path, Tiny(), TinyPrinter()) as engine:
            with pytest.raises(ProblemError) as caught:
                await engine.raw("till1", RawCommand(command="who"))
            assert caught.value.problem.code == "request.raw"
            assert "tiny printer, and fiscald sends those no commands by hand" in caught.value.problem.detail

    virtual.run(main())


def test_what_it_says_is_not_decoded_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CannotDecode, match="cannot decode what passes between it and a tiny printer"):
        decoding_of(Tiny())
    monkeypatch.setattr(reading, "FAMILIES", ("tiny",))
    monkeypatch.setattr(reading, "family", lambda _: Tiny())
    with pytest.raises(RecordingError, match="cannot decode"):
        reading.decoder("tiny")


def test_the_dissector_leaves_it_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dissector, "FAMILIES", ("posnet", "tiny"))
    known = find_family
    monkeypatch.setattr(dissector, "family", lambda name: Tiny() if name == "tiny" else known(name))
    made = dissector.generate()
    assert "fiscald.posnet" in made
    assert "fiscald.tiny" not in made


@pytest.mark.parametrize("over_http", [False, True])
def test_it_is_identified_by_a_scan_after_its_greeting(over_http: bool) -> None:
    printer = TinyPrinter(closes=over_http)

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            printer.tasks = tasks
            async with await printer.open() as stream:
                family = Tiny(over_http=over_http, password="0000")
                found = await identify(stream, family, first=1, later=1, reopen=printer.open)
            assert found.identity.printer_id == "TINY 1"
            tasks.cancel_scope.cancel()

    virtual.run(main())
    assert printer.texts == ["password 0000", "who", "ready", "count"]
    assert printer.connections == (4 if over_http else 1)


def test_without_speeds_it_is_asked_on_no_serial_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "family", lambda name: Tiny() if name == "tiny" else find_family(name))
    port, network = parse_address("serial:///dev/ttyS0?baud=9600"), parse_address("tcp://10.0.0.1:80")
    families = ("tiny", "posnet")
    asked = [name for name, _ in probing._settings(Candidate(port, "x", families, speeds=(9600,)))]
    assert asked == ["posnet"]
    assert [name for name, _ in probing._settings(Candidate(network, "x", families))] == ["tiny", "posnet"]


def test_it_cannot_be_configured_on_a_serial_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "FAMILIES", ("tiny",))
    monkeypatch.setattr(config, "family", lambda _: Tiny())
    section = {"family": "tiny", "address": "serial:///dev/ttyS0"}
    with pytest.raises(config.ConfigError, match="no tiny printer is on a serial line"):
        config.parse({"printers": {"till1": section}}, Path("fiscald.toml"))
    section["address"] = "tcp://10.0.0.1:80"
    parsed = config.parse({"printers": {"till1": section}}, Path("fiscald.toml"))
    assert parsed.printers["till1"].family == "tiny"
