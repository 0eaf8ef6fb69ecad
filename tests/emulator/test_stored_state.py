"""State files that a former version wrote are still read, and the printer continues as that version would have.

Each file in ``stored`` holds a register's row and printouts as commit cb4bb39 wrote them, the commands that follow the
restart, and what that version then answered and printed. A format that changes again adds its own files.
"""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from fiscald.emulator.running import build
from fiscald.emulator.storage import Storage, StorageError
from tests.emulator.posnet.talking import frame
from tests.emulator.thermal.talking import sequence

STORED = sorted((Path(__file__).parent / "stored").glob("*.json"))
NOON = datetime.fromisoformat("2026-11-22T12:00:00+01:00")
OPEN: dict[str, Any] = {"kind": "receipt"}
ENCODE = {"posnet": frame, "thermal": sequence}


def write(path: Path, family: str, state: dict[str, Any], printouts: list[dict[str, Any]]) -> None:
    """A state file as the former version laid it out."""
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE register (one INTEGER PRIMARY KEY, family TEXT, state TEXT)")
    db.execute("CREATE TABLE printout (number INTEGER, body TEXT)")
    db.execute("INSERT INTO register VALUES (1, ?, ?)", (family, json.dumps(state)))
    db.executemany("INSERT INTO printout VALUES (?, ?)", [(each["number"], json.dumps(each)) for each in printouts])
    db.commit()
    db.close()


@pytest.mark.parametrize("file", STORED, ids=lambda file: file.stem)
def test_a_printer_continues_from_an_older_state_file(file: Path, tmp_path: Path) -> None:
    stored = json.loads(file.read_text("utf-8"))
    path = tmp_path / "state.db"
    write(path, stored["family"], stored["state"], stored["printouts"])
    for command in stored["then"]:
        # A restart before every command: what this version writes, it reads as well.
        device, storage = build(stored["family"], profile=stored["profile"], storage=path, clock=lambda: NOON)
        if stored["family"] == "thermal" and command["command"] != "3#e":
            device.receive(sequence("3#e"), 0.0)
            device.poll(0.0)
        device.receive(ENCODE[stored["family"]](command["command"]), 0.0)
        assert device.poll(0.0).decode("latin-1") == command["answer"]
        device.register.commit()
        assert storage is not None
        storage.close()
    storage = Storage(path, stored["family"])
    printed = [sheet.text.split("\n") for sheet in storage.printouts[len(stored["printouts"]) :]]
    storage.close()
    assert printed == stored["paper"]


@pytest.mark.parametrize("state", ["[]", "{", '{"headers": -1}', '{"printout_count": 1, "hats": 2}'])
def test_a_damaged_state_file_is_named(state: str, tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    write(path, "posnet", {}, [])
    db = sqlite3.connect(path)
    db.execute("UPDATE register SET state = ?", (state,))
    db.commit()
    db.close()
    with pytest.raises(StorageError, match="is damaged"):
        Storage(path, "posnet")


@pytest.mark.parametrize("family", ["posnet", "thermal"])
def test_a_damaged_part_of_the_family_is_named(family: str, tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    for state in ({"face": {"state": "asleep"}}, {"face": {"hats": 2}}, {"closing": OPEN | {"facts": {"hats": 2}}}):
        path.unlink(missing_ok=True)
        write(path, family, state, [])
        with pytest.raises(StorageError, match="is damaged"):
            build(family, storage=path)


def test_the_register_shows_the_part_of_the_family() -> None:
    """In the form in which the state file has it."""
    device, _ = build("posnet")
    device.receive(frame("formstart|fn200|fh75|alBilet|"), 0.0)
    device.poll(0.0)
    shown = device.register.state.model_dump(mode="json")
    assert (shown["face"]["state"], shown["face"]["form"]) == ("form", ["Bilet"])


def test_a_state_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"missing/state\.db: No such file or directory$"):
        Storage(tmp_path / "missing" / "state.db", "posnet")
