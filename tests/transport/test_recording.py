"""A recording never stands in a document's way."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from fiscald.model.printers import POLISH_TIME
from fiscald.recording import recorder
from fiscald.transport import memory_line

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=POLISH_TIME)


async def talk(folder: Path) -> None:
    ours, printer = memory_line()
    async with recorder("till1", folder, lambda: NOON)(ours) as stream:
        await stream.send(b"\x02scomm")
        await printer.send(b"\x03")
        assert await printer.receive() == b"\x02scomm"
        assert await stream.receive() == b"\x03"


async def test_both_directions_for_the_daemons_user_only(tmp_path: Path) -> None:
    await talk(tmp_path / "recordings")
    await talk(tmp_path / "recordings")
    (file,) = (tmp_path / "recordings").iterdir()
    assert file.name == "till1-2026-11-22.jsonl"
    assert file.stat().st_mode & 0o077 == 0
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line.get("dir", "connected") for line in lines] == ["connected", ">", "<"] * 2
    assert lines[1]["hex"] == "0273636f6d6d"


async def test_a_full_disk(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "till1-2026-11-22.jsonl").symlink_to("/dev/full")
    await talk(tmp_path)
    assert caplog.text.count("the recording") == 1
    assert "No space left" in caplog.text


async def test_a_place_that_cannot_be_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "recordings").write_text("a file, not a folder")
    await talk(tmp_path / "recordings")
    assert "no recording at" in caplog.text
