"""Recordings replayed: to emulated printers only, and to drivers that must send the same."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest

from fiscald.emulator.running import EmulatedPrinter, build
from fiscald.emulator.server import PortServer
from fiscald.model.jobs import Paper
from fiscald.model.receipt import Receipt
from fiscald.protocols import family
from fiscald.protocols.base import Printed
from fiscald.protocols.decoding import Direction
from fiscald.recording.packets import Event, Packet, read
from fiscald.recording.pcapng import RecordingError
from fiscald.recording.reading import Turn, entries, turns
from fiscald.recording.recorder import FlightRecorder
from fiscald.recording.replay import NotPlayed, Report, ScriptedPrinter, _play, play_host
from fiscald.transport import ByteStream, MemoryStream, memory_line, parse_address
from tests.daemons import running
from tests.protocols import settings as settings_of
from tests.protocols.posnet.scripted import SETTINGS, drive, frame
from tests.recording.example import NOON, example

RECEIPT = Receipt.model_validate(
    {
        "lines": [{"name": "Kawa", "price": "10.00", "vat": "A"}, {"name": "Bułka", "price": "1.50", "vat": "5%"}],
        "buyer": {"nip": "5260250274"},
    }
)
POSNET = family("posnet")


def line(*exchanges: tuple[str, str]) -> list[Packet]:
    packets = [Packet(NOON, "posnet", "till1", Event.OPEN)]
    for command, answer in exchanges:
        packets.append(Packet(NOON, "posnet", "till1", Event.DATA, Direction.SENT, frame(command)))
        if answer:
            packets.append(Packet(NOON, "posnet", "till1", Event.DATA, Direction.RECEIVED, frame(answer)))
    return packets


def scripted(*exchanges: tuple[str, str]) -> ScriptedPrinter:
    return ScriptedPrinter(turns(entries(line(*exchanges))), "posnet", over=lambda: None)


def conversation(**options: Any) -> list[list[Turn]]:
    """A driver prints a receipt on an emulated printer, and all of it is recorded."""
    device, _ = build("posnet", **options)
    packets = line()

    def answer(data: bytes) -> bytes:
        device.receive(data, 0.0)
        got = device.poll(0.0)
        for direction, each in ((Direction.SENT, data), (Direction.RECEIVED, got)):
            packets.append(Packet(NOON, "posnet", "till1", Event.DATA, direction, each))
        return got

    drive(POSNET.read_status(settings_of.posnet()), answer)
    verdict = drive(POSNET.carry_out(RECEIPT, SETTINGS, None), answer)
    assert isinstance(verdict, Printed)
    return turns(entries(packets))


async def play(connections: list[list[Turn]], printer: EmulatedPrinter, seconds: float = 5.0) -> Report:
    return await play_host(connections, "posnet", parse_address(printer.address), seconds=seconds)


def test_turns_are_commands_with_their_answers() -> None:
    first, second = turns(entries(example()))
    assert [(turn.name, len(turn.answers)) for turn in first] == [
        ("scomm", 1), ("trinit", 1), ("trnipset", 1), ("trline", 1), ("prncancel", 0),
    ]  # fmt: skip
    assert [(turn.name, turn.answers[0].damage) for turn in second] == [("sdev", "the checksum does not fit")]
    with pytest.raises(RecordingError, match="no command"):
        turns([])
    with pytest.raises(RecordingError, match="till1, till2"):
        turns(entries([*example(), *(packet._replace(printer="till2") for packet in example())]))


# -- the host's side -------------------------------------------------------------------------------------


async def test_the_same_printer_answers_the_same() -> None:
    recorded = conversation(seed=1)
    with EmulatedPrinter(seed=1) as printer:
        report = await play(recorded, printer)
        assert report.differences == []
        assert report.played == sum(map(len, recorded))
        assert printer.register.day.receipt_count == 1
        assert all("time" in own or "sale" in own for own in report.own), "nothing but clocks"


async def test_another_printer_differs_only_in_its_volatile_values() -> None:
    recorded = conversation()
    with EmulatedPrinter(seed=41) as printer:
        await play(recorded, printer)
        report = await play(recorded, printer)
    assert report.differences == []
    own = "\n".join(report.own)
    assert "scomm nu (unique number): recorded EMU 0000000001; now EMU 0000000042" in own
    assert "scnt bt (last receipt's number): recorded 1; now 2" in own
    assert "strns fp (payments): recorded 0.00; now 11.50" in own, "what it printed before"


async def test_a_difference_is_readable() -> None:
    recorded = conversation()
    with EmulatedPrinter() as printer:
        printer.seed(goods_capacity=0)
        report = await play(recorded, printer)
    assert (
        "trline: recorded trline; now trline ?=2101 (no room for another name in the goods base)" in report.differences
    )


async def test_a_missing_answer_is_a_difference() -> None:
    with EmulatedPrinter() as printer:
        printer.fault("drop_after", "trinit")
        report = await play(turns(entries(line(("trinit\t", "trinit\t"), ("sprn\t", "sprn\tpr3\t")))), printer, 0.05)
    assert report.differences == [
        "trinit: no answer within 0.05 s; recorded: trinit",
        "sprn pr (" + SPRN + "): recorded 3; now 0",
    ]


SPRN = (
    "0 good, 1 lever raised, 2 no access, 3 cover open, 4 no paper (copy), 5 no paper, 6 temperature or supply, "
    "7 power failed, 8 cutter, 9 power supply, 10 cover open while cutting"
)


class Somewhere:
    """An address in memory."""

    def __init__(self, stream: ByteStream) -> None:
        self.stream = stream

    def __str__(self) -> str:
        return "memory"

    async def open(self) -> ByteStream:
        return self.stream


@asynccontextmanager
async def plugged(script: ScriptedPrinter) -> AsyncIterator[MemoryStream]:
    async with anyio.create_task_group() as tasks:
        stream = PortServer(script).connect(tasks)
        yield stream
        stream.cut()


def real_printer() -> ScriptedPrinter:
    """One that answers all questions, and whose unique number is not that of an emulated one."""
    packets = line(
        *(
            (turn.command.text, turn.answers[0].text.replace("EMU 0000000001", "ZBF 2101002392"))
            for turn in conversation()[0]
        )
    )
    return ScriptedPrinter(turns(entries(packets)), "posnet", over=lambda: None)


async def test_a_real_printer_gets_only_the_identification() -> None:
    printer = real_printer()
    async with plugged(printer) as stream:
        with pytest.raises(NotPlayed, match=r"is 'ZBF 2101002392', not an emulated one: .* nothing was sent"):
            await play_host(conversation(), "posnet", Somewhere(stream))
    assert (printer.played, printer.deviation) == (0, None)


async def test_a_silent_printer_gets_no_command() -> None:
    printer = scripted(("trinit\t", "trinit\t"))
    async with plugged(printer) as stream:
        with pytest.raises(NotPlayed, match="no reply as a posnet printer at memory"):
            await play_host(conversation(), "posnet", Somewhere(stream), seconds=0.02)
    assert printer.played == 0


async def test_an_endlessly_sending_printer_is_given_up() -> None:
    """After so many bytes: the replay uses bounded time and memory."""
    first, second = memory_line()

    async def flood() -> None:
        while True:
            second.deliver(b"")
            first.deliver(b"\x02" + b"A" * 4000)
            await anyio.lowlevel.checkpoint()

    report = Report()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(flood)
        with anyio.fail_after(20):
            await _play(first, conversation()[0][:2], "posnet", report, 1e9)
        tasks.cancel_scope.cancel()
    assert len(report.differences) >= 2


async def test_another_printer_at_the_second_connection_is_refused() -> None:
    """The error reports what was sent before."""
    connections = conversation()

    class Exchanged(Somewhere):
        async def open(self) -> ByteStream:
            try:
                return self.stream
            finally:
                self.stream = real

    device, _ = build("posnet")
    async with anyio.create_task_group() as tasks:
        emulated, real = PortServer(device).connect(tasks), PortServer(real_printer()).connect(tasks)
        sent = rf"not an emulated one: .* again; {len(connections[0])} commands were sent before$"
        with pytest.raises(NotPlayed, match=sent):
            await play_host(connections * 2, "posnet", Exchanged(emulated))
        for stream in (emulated, real):
            stream.cut()


# -- the printer's side ----------------------------------------------------------------------------------


def test_a_driver_that_sends_the_same_gets_the_same_verdict() -> None:
    printer = ScriptedPrinter(conversation(), "posnet", over=lambda: None)

    def answer(data: bytes) -> bytes:
        printer.receive(data, 0.0)
        return printer.poll(0.0)

    verdict = drive(POSNET.carry_out(RECEIPT, SETTINGS, None), answer)
    assert isinstance(verdict, Printed)
    assert (verdict.result.number, verdict.paper) == (1, Paper.PRINTED)
    assert (printer.deviation, printer.left) == (None, [])


def test_a_driver_that_deviates_gets_no_more_answers() -> None:
    printer = scripted(("scomm\t", "scomm\tts0\t"), ("trinit\t", "trinit\t"), ("trend\tto100\t", "trend\t"))
    printer.receive(frame("trinit\t"), 0.0)
    assert printer.poll(0.0) == frame("trinit\t")
    printer.receive(b"noise" + frame("trend\tto200\t") + frame("scomm\t"), 0.0)
    assert printer.poll(0.0) == b""
    assert printer.deviation == "recorded trend to=100; now trend to=200"
    assert printer.left == ["trend"]


def test_queries_are_answered_as_at_that_moment() -> None:
    printer = scripted(
        ("scnt\t", "scnt\tbt1\t"), ("scnt\t", "scnt\tbt2\t"),
        ("trinit\t", "trinit\t"),
        ("trend\tto100\t", "trend\t"),
        ("scnt\t", "scnt\tbt3\t"), ("strns\t", "strns\tto0\t"),
    )  # fmt: skip

    def ask(payload: str) -> bytes:
        printer.receive(frame(payload), 0.0)
        return printer.poll(0.0)

    assert [ask("scnt\t") for _ in range(3)] == [frame(f"scnt\tbt{n}\t") for n in (1, 2, 2)]
    assert ask("strns\t") == frame("strns\tto0\t"), "the next one, where there is none before"
    ask("trinit\t")
    assert ask("scnt\t") == frame("scnt\tbt2\t")
    ask("trend\tto100\t")
    assert ask("scnt\t") == frame("scnt\tbt3\t")
    assert ask("sid\t") == b""
    assert printer.deviation == "sid was sent, and the recording has no answer to it"


def test_commands_beyond_the_recording_get_no_answer() -> None:
    printer = scripted(("trinit\t", "trinit\t"))
    printer.receive(frame("trinit\t") * 2, 0.0)
    assert printer.deviation == "trinit came after the recording's last command"


# -- the whole way ---------------------------------------------------------------------------------------


async def test_a_flight_recording_can_be_replayed() -> None:
    with EmulatedPrinter() as printer, EmulatedPrinter() as other:
        recorder = FlightRecorder("till1", "posnet", printer.address, lambda: NOON, keep=65536)
        async with recorder.wrap(await parse_address(printer.address).open()) as stream:
            for payload in ("scomm\t", "trinit\tbm0\t", "prncancel\t"):
                await stream.send(frame(payload))
                await stream.receive()
        report = await play(turns(entries(read(await recorder.capture()).packets)), other)
    assert (report.played, report.differences, report.own) == (3, [], [])


@pytest.mark.slow
async def test_a_capture_replayed_to_a_daemon_gives_the_same_verdict(tmp_path: Path) -> None:
    """The same document, printed by a daemon on a printer that answers as another one did."""
    document = RECEIPT.model_dump(mode="json", by_alias=True, exclude_none=True)
    async with running(tmp_path / "one") as it:
        recorded_job = (await it.put("A", document)).json()
        connections = turns(entries(read(await it.client.capture("till1")).packets))
    printer = ScriptedPrinter(connections, "posnet", over=lambda: None)
    async with anyio.create_task_group() as tasks:
        port = await tasks.start(PortServer(printer).serve_tcp, "127.0.0.1", 0)
        async with running(tmp_path / "two", address=f"tcp://127.0.0.1:{port}") as it:
            job = (await it.put("A", document)).json()
        tasks.cancel_scope.cancel()
    assert (printer.deviation, printer.left) == (None, [])
    assert job["result"] == recorded_job["result"]
    assert (job["state"], job["paper"]) == ("done", "printed")
