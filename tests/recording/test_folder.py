"""Recordings on disk are bounded by size and age; the journal's disk comes first."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

import anyio
import pytest

from fiscald.model.disk import DISK_LOW
from fiscald.model.times import POLISH_TIME
from fiscald.recording.folder import RecordingFolder
from fiscald.recording.packets import Event, read
from fiscald.recording.recorder import FlightRecorder
from fiscald.transport import memory_line

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=POLISH_TIME)
MIB = 1 << 20


class Shop:
    """A folder under a clock and a disk of the test's own."""

    def __init__(self, path: Path, *, size: int = 16 * MIB, days: int = 30) -> None:
        self.now = NOON
        self.free = 100 << 30
        self.folder = RecordingFolder(path, lambda: self.now, size=size, days=days, free=lambda _: self.free)
        self.path = path

    def recorder(self, name: str = "till1") -> FlightRecorder:
        return FlightRecorder(name, "posnet", "tcp://p:1", lambda: self.now, keep=65536, folder=self.folder)

    @property
    def names(self) -> list[str]:
        return sorted(path.name for path in self.path.iterdir())

    @property
    def size(self) -> int:
        return sum(path.stat().st_size for path in self.path.iterdir())


async def talk(recorder: FlightRecorder, amount: int, part: int = 64 << 10) -> None:
    """So many bytes to the printer, over one connection."""
    ours, _ = memory_line()
    async with recorder.wrap(ours) as stream:
        for _ in range(amount // part):
            await stream.send(b"x" * part)


async def test_one_connection_never_takes_more_than_all_may(tmp_path: Path) -> None:
    shop = Shop(tmp_path, size=16 * MIB)
    ours, _ = memory_line()
    most = 0
    async with shop.recorder().wrap(ours) as stream:
        for _ in range(100 * 16):
            await stream.send(b"x" * (64 << 10))
            shop.folder.sweep()
            most = max(most, shop.size)
    assert 12 * MIB < most <= 16 * MIB


@pytest.mark.parametrize("printers", [1, 5])
async def test_all_printers_together_take_no_more(tmp_path: Path, printers: int) -> None:
    shop = Shop(tmp_path, size=16 * MIB)
    recorders = [shop.recorder(f"till{number}") for number in range(printers)]
    for _ in range(40):
        async with anyio.create_task_group() as tasks:
            for recorder in recorders:
                tasks.start_soon(talk, recorder, MIB)
        shop.folder.sweep()
        assert shop.size <= 16 * MIB
    kept = {name.partition("-")[0] for name in shop.names}
    assert kept == {f"till{number}" for number in range(printers)}


async def test_the_oldest_go_first(tmp_path: Path) -> None:
    shop = Shop(tmp_path, size=16 * MIB)
    for day in range(10):
        shop.now = NOON + timedelta(days=day)
        await talk(shop.recorder(), 3 * MIB)
        for path in tmp_path.glob(f"*-{shop.now:%Y-%m-%d}*"):
            os.utime(path, (shop.now.timestamp(),) * 2)
    shop.folder.sweep()
    days = {name[6:16] for name in shop.names}
    assert days == {f"{NOON + timedelta(days=day):%Y-%m-%d}" for day in range(6, 10)}


async def test_old_recordings_are_deleted_even_if_there_is_space(tmp_path: Path) -> None:
    shop = Shop(tmp_path, days=3)
    for day in range(6):
        shop.now = NOON + timedelta(days=day)
        await talk(shop.recorder(), 64 << 10)
        (path,) = tmp_path.glob(f"*-{shop.now:%Y-%m-%d}.pcapng")
        os.utime(path, (shop.now.timestamp(),) * 2)
    shop.folder.sweep()
    assert [name[14:16] for name in shop.names] == ["24", "25", "26", "27"]


async def test_a_connection_continues_in_the_next_file_at_midnight(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    ours, _ = memory_line()
    async with shop.recorder().wrap(ours) as stream:
        await stream.send(b"today")
        shop.now += timedelta(days=1)
        await stream.send(b"tomorrow")
    assert shop.names == ["till1-2026-11-22.pcapng", "till1-2026-11-23.pcapng"]
    today, tomorrow = (read((tmp_path / name).read_bytes()) for name in shop.names)
    assert [packet.data for packet in today.packets if packet.event is Event.DATA] == [b"today"]
    assert [packet.data for packet in tomorrow.packets if packet.event is Event.DATA] == [b"tomorrow"]
    assert today.warnings == tomorrow.warnings == []


async def test_a_large_file_is_followed_by_another_of_the_same_day(tmp_path: Path) -> None:
    shop = Shop(tmp_path, size=16 * MIB)
    for _ in range(2):
        await talk(shop.recorder(), 3 * MIB)
    assert {"till1-2026-11-22.pcapng", "till1-2026-11-22-2.pcapng", "till1-2026-11-22-3.pcapng"} <= set(shop.names)
    sent = 0
    for name in shop.names:
        packets, warnings = read((tmp_path / name).read_bytes())
        assert not warnings
        assert (tmp_path / name).stat().st_size < 3 * MIB
        sent += sum(len(packet.data) for packet in packets if packet.event is Event.DATA)
    assert sent == 6 * MIB, "nothing is lost in between"


async def test_a_file_name_is_not_reused_on_the_same_day(tmp_path: Path) -> None:
    """The first file of the day was deleted; the new file is newer than the rest."""
    shop = Shop(tmp_path, size=16 * MIB)
    await talk(shop.recorder(), 5 * MIB)
    (tmp_path / "till1-2026-11-22.pcapng").unlink()
    await talk(shop.recorder(), 64 << 10)
    assert "till1-2026-11-22.pcapng" not in shop.names


async def test_nothing_is_recorded_while_the_disk_is_nearly_full(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shop = Shop(tmp_path)
    await talk(shop.recorder(), 64 << 10)
    ours, _ = memory_line()
    async with shop.recorder().wrap(ours) as stream:
        await stream.send(b"before")
        shop.free = DISK_LOW - 1
        shop.folder.sweep()
        await stream.send(b"meanwhile")
        shop.free = DISK_LOW
        shop.folder.sweep()
        await stream.send(b"after")
    packets = [packet for name in shop.names for packet in read((tmp_path / name).read_bytes()).packets]
    data = [packet.data for packet in packets if packet.event is Event.DATA and len(packet.data) < 20]
    assert data == [b"before", b"after"]
    assert any(packet.event is Event.GAP and "nearly full" in packet.note for packet in packets)
    assert caplog.text.count("nearly full") == 1


async def test_recordings_are_deleted_when_the_disk_is_nearly_full(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    for name in ("till1", "till2"):
        await talk(shop.recorder(name), 64 << 10)
    (tmp_path / "notes.txt").write_text("somebody else's")
    shop.free = 0
    shop.folder.sweep()
    assert shop.names == ["notes.txt"], "and nothing else"


async def test_two_connections_to_one_file_keep_it_bounded_and_claimed(tmp_path: Path) -> None:
    shop = Shop(tmp_path, size=4 * MIB)
    recorder = FlightRecorder(
        "till1", "posnet", "tcp://p:1", lambda: shop.now, keep=65536, folder=shop.folder, programs="posnet"
    )
    (ours, printer), (theirs, program) = memory_line(), memory_line()
    async with recorder.wrap(ours) as line:
        async with recorder.wrap_program(theirs, "serial") as other:
            for _ in range(40):
                for stream, end in ((line, printer), (other, program)):
                    await stream.send(bytes(64 << 10))
                    end.receive_nowait()
        assert max(path.stat().st_size for path in tmp_path.iterdir()) <= shop.folder.part + 3 * (64 << 10)
        for path in tmp_path.iterdir():
            os.utime(path, (0, 0))
        shop.folder.sweep()
        assert len(shop.names) == 1, "the printer's connection still writes to it"


async def test_the_folder_is_cleaned_regularly(tmp_path: Path) -> None:
    shop = Shop(tmp_path, size=16 * MIB)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(shop.folder.run)
        await talk(shop.recorder(), 30 * MIB)
        with anyio.fail_after(10):
            while shop.size > 16 * MIB:
                await anyio.sleep(0.01)
        tasks.cancel_scope.cancel()


async def test_cleaning_does_not_create_a_missing_folder(tmp_path: Path) -> None:
    Shop(tmp_path / "none").folder.sweep()
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("umask", [0o000, 0o777], ids=oct)
async def test_recordings_are_private_to_their_user(tmp_path: Path, umask: int) -> None:
    former = os.umask(umask)
    try:
        await talk(Shop(tmp_path / "recordings").recorder(), 64 << 10)
    finally:
        os.umask(former)
    assert (tmp_path / "recordings").stat().st_mode & 0o777 == 0o700
    (file,) = (tmp_path / "recordings").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
