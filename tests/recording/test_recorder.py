"""The flight recorder: the latest bytes, bounded; and a recording does not delay documents."""

from __future__ import annotations

import gc
import os
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

import anyio
import pytest

from fiscald.model.times import POLISH_TIME
from fiscald.protocols.decoding import Direction
from fiscald.recording.folder import RecordingFolder
from fiscald.recording.packets import Event, Packet, Side, read
from fiscald.recording.recorder import FlightRecorder
from fiscald.transport import ByteStream, LinkLost, memory_line

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=POLISH_TIME)


def flight(*, keep: int = 65536, folder: Path | None = None) -> FlightRecorder:
    kept = None if folder is None else RecordingFolder(folder, lambda: NOON, size=1 << 30, days=30)
    return FlightRecorder("till1", "posnet", "tcp://printer:6666", lambda: NOON, keep=keep, folder=kept)


async def talk(recorder: FlightRecorder) -> None:
    ours, printer = memory_line()
    async with recorder.wrap(ours) as stream:
        await stream.send(b"\x02scomm")
        await printer.send(b"\x03")
        assert await printer.receive() == b"\x02scomm"
        assert await stream.receive() == b"\x03"


def shape(packets: list[Packet]) -> list[tuple[str, str, bytes]]:
    return [(packet.event.name, packet.direction or "", packet.data) for packet in packets]


CONVERSATION = [
    ("OPEN", "", b"tcp://printer:6666"),
    ("DATA", ">", b"\x02scomm"),
    ("DATA", "<", b"\x03"),
    ("CLOSED", "", b""),
]


async def test_a_program_at_the_gateway_is_the_other_side(tmp_path: Path) -> None:
    folder = RecordingFolder(tmp_path, lambda: NOON, size=1 << 30, days=30)
    recorder = FlightRecorder(
        "till1", "thermal", "tcp://printer:6666", lambda: NOON, keep=65536, folder=folder, programs="posnet"
    )
    ours, program = memory_line()
    async with recorder.wrap_program(ours, "192.168.1.20") as stream:
        await program.send(b"\x02trinit")
        assert await stream.receive() == b"\x02trinit"
        await talk(recorder)
        await stream.send(b"\x02ERR")
    (path,) = tmp_path.iterdir()
    for packets, warnings in (read(await recorder.capture()), read(path.read_bytes())):
        assert not warnings
        sides = {side: [packet for packet in packets if packet.side is side] for side in Side}
        assert shape(sides[Side.PRINTER]) == CONVERSATION
        assert shape(sides[Side.PROGRAM]) == [
            ("OPEN", "", b"192.168.1.20"), ("DATA", ">", b"\x02trinit"), ("DATA", "<", b"\x02ERR"), ("CLOSED", "", b""),
        ]  # fmt: skip
        assert {(each.side, each.family) for each in packets} == {(Side.PRINTER, "thermal"), (Side.PROGRAM, "posnet")}


async def test_both_directions_with_times_and_connections() -> None:
    recorder = flight()
    await talk(recorder)
    await talk(recorder)
    packets, warnings = read(await recorder.capture())
    assert shape(packets) == CONVERSATION * 2
    assert not warnings
    assert {(packet.printer, packet.family) for packet in packets} == {("till1", "posnet")}
    seconds = [(packet.at - NOON).total_seconds() for packet in packets[:4]]
    assert seconds == sorted(seconds)
    assert 0 <= seconds[0] <= seconds[3] < 1


async def _nowait(stream: ByteStream) -> None:
    stream.receive_nowait()


@pytest.mark.parametrize("call", [lambda stream: stream.receive(), lambda stream: stream.send(b"\x02"), _nowait])
async def test_a_lost_link_is_recorded_once_with_its_reason(call: Callable[[ByteStream], Awaitable[None]]) -> None:
    recorder = flight()
    ours, printer = memory_line()
    async with recorder.wrap(ours) as stream:
        printer.cut()
        for _ in range(2):
            with pytest.raises(LinkLost):
                await call(stream)
    events = [packet for packet in read(await recorder.capture()).packets if packet.event is not Event.DATA]
    assert [packet.event for packet in events] == [Event.OPEN, Event.LOST]
    assert "memory line" in events[1].note


async def test_the_recorder_stays_within_its_size_and_notes_the_gap() -> None:
    recorder = flight(keep=1000)
    ours, printer = memory_line()
    async with recorder.wrap(ours) as stream:
        for number in range(100):
            await stream.send(b"%08d" % number)
            await printer.receive()
    capture = await recorder.capture()
    assert 900 < len(capture) < 1250, "the recorder's bytes, the file's head and the gap"
    gap, *kept = read(capture).packets
    assert gap.event is Event.GAP
    assert gap.note == f"{102 - len(kept)} earlier packets are not kept any more"
    assert [packet.data for packet in kept[:-1]] == [b"%08d" % number for number in range(101 - len(kept), 100)]


async def test_a_packet_larger_than_the_memory() -> None:
    recorder = flight(keep=1000)
    ours, _ = memory_line()
    async with recorder.wrap(ours) as stream:
        await stream.send(bytes(2000))
        assert [packet.event for packet in read(await recorder.capture()).packets] == [Event.GAP]


async def test_the_line_works_while_a_recording_is_written() -> None:
    """Others have their turn, and what passes then is not in it."""
    recorder = flight()
    for _ in range(100):
        await talk(recorder)
    made: list[bytes] = []

    async def ask() -> None:
        made.append(await recorder.capture())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        await anyio.lowlevel.checkpoint()
        assert not made, "it is begun"
        await talk(recorder)
    assert shape(read(made[0]).packets) == CONVERSATION * 100


async def test_before_the_first_connection() -> None:
    assert read(await flight().capture()) == ([], [])


async def test_on_disk_for_the_daemons_user_only(tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    await talk(flight(folder=folder))
    await talk(flight(folder=folder))
    (file,) = folder.iterdir()
    assert file.name == "till1-2026-11-22.pcapng"
    assert file.stat().st_mode & 0o077 == 0
    packets, warnings = read(file.read_bytes())
    assert shape(packets) == CONVERSATION * 2
    assert not warnings


async def test_a_full_disk(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "till1-2026-11-22.pcapng").symlink_to("/dev/full")
    recorder = flight(folder=tmp_path)
    await talk(recorder)
    assert caplog.text.count("the recording") == 1
    assert "No space left" in caplog.text
    assert shape(read(await recorder.capture()).packets) == CONVERSATION, "the memory goes on"


async def test_a_file_that_takes_a_part_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.write", lambda file, data, write=os.write: write(file, data[:7]))
    await talk(flight(folder=tmp_path))
    monkeypatch.undo()
    (file,) = tmp_path.iterdir()
    assert shape(read(file.read_bytes()).packets) == CONVERSATION


async def test_a_folder_that_cannot_be_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "recordings").write_text("a file, not a folder")
    await talk(flight(folder=tmp_path / "recordings"))
    assert "no recording at" in caplog.text


# -- as it goes on ---------------------------------------------------------------------------------------


async def test_a_follower_gets_every_new_packet() -> None:
    recorder = flight()
    await talk(recorder)
    stream = recorder.follow()
    data = await anext(stream)
    await talk(recorder)
    data += await anext(stream)
    assert shape(read(data).packets) == CONVERSATION, "a whole file, of what came since"
    await talk(recorder)
    assert shape(read(data + await anext(stream)).packets) == CONVERSATION * 2
    await stream.aclose()  # type: ignore[attr-defined]


async def test_a_late_follower_gets_the_packets_in_parts() -> None:
    recorder = flight()
    stream = recorder.follow()
    data = await anext(stream)
    for _ in range(100):
        await talk(recorder)
    parts = [await anext(stream), await anext(stream)]
    assert shape(read(data + b"".join(parts)).packets) == CONVERSATION * 100
    assert len(read(data + parts[0]).packets) == 256
    await stream.aclose()  # type: ignore[attr-defined]


async def test_a_quiet_line_yields_none_at_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fiscald.recording.recorder.QUIET_SECONDS", 0.01)
    recorder = flight()
    stream = recorder.follow()
    await anext(stream)
    assert await anext(stream) == b""
    await talk(recorder)
    assert await anext(stream) != b""
    await stream.aclose()  # type: ignore[attr-defined]


async def test_a_slow_reader_blocks_nothing_and_gets_a_note_of_the_gap() -> None:
    recorder = flight(keep=300)
    stream = recorder.follow()
    data = await anext(stream)
    for _ in range(20):
        await talk(recorder)
    data += await anext(stream)
    packets = read(data).packets
    assert packets[0].event is Event.GAP
    kept = len(packets) - 1
    assert packets[0].note == f"{20 * len(CONVERSATION) - kept} packets were not fetched in time"
    assert shape(packets[1:]) == (CONVERSATION * 20)[-kept:]
    await stream.aclose()  # type: ignore[attr-defined]


async def test_a_full_recorder_adds_no_work_to_the_garbage_collector() -> None:
    """A collection held the event loop for 2 ms for every full recorder: a hundred of them held it for 200."""
    recorder = flight(keep=100_000)
    ours, _theirs = memory_line()
    stream = recorder.wrap(ours)
    await stream.send(b"first")
    gc.collect()
    before = len(gc.get_objects())
    for number in range(500):
        await stream.send(b"%d" % number)
    gc.collect()
    assert len(gc.get_objects()) - before < 10
    packets = read(await recorder.capture()).packets
    assert [packet.data for packet in packets[-2:]] == [b"498", b"499"]
    assert (packets[-1].printer, packets[-1].family, packets[-1].direction) == ("till1", "posnet", Direction.SENT)


async def test_a_capture_is_made_as_it_is_taken() -> None:
    """A stopped reader costs no memory; dropped packets are a gap."""
    recorder = flight(keep=200_000)
    ours, _theirs = memory_line()
    stream = recorder.wrap(ours)
    for _ in range(10):
        await stream.send(b"x" * 20_000)
    pieces = recorder.kept()
    found = await anext(pieces) + await anext(pieces)
    assert len(found) < 100_000
    for _ in range(20):
        await stream.send(b"y" * 20_000)
    found += b"".join([piece async for piece in pieces])
    packets, warnings = read(found)
    assert not warnings
    assert any("not fetched in time" in packet.note for packet in packets if packet.event is Event.GAP)
    assert not any(packet.data.startswith(b"y") for packet in packets), "what came later is not of it"
