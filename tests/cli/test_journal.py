"""``fiscalctl journal confirm`` and ``fiscalctl backup``, as a person at the counter sees them."""

from __future__ import annotations

import getpass
import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from unittest.mock import patch

import pytest

from fiscald.api.client import Client
from tests.cli.conftest import RECEIPT, Counter
from tests.waiting import until

pytestmark = pytest.mark.slow


def behind(counter: Counter) -> None:
    """Another program has printed on a printer that is not configured as shared."""
    counter.printer.foreign_receipt()
    with Client(counter.socket) as client:
        client.submit("waits", "till1", RECEIPT, wait=0)
        until(client, "behind")


def test_confirming(counter: Counter) -> None:
    assert counter.run("journal", "confirm", "till1").exit_code == 2, "nothing to confirm"
    behind(counter)
    told = counter.run("status").stdout
    assert "till1: behind" in told
    assert "journal.behind" in told
    assert "1 receipt that this journal does not know" in told
    answer = counter.json("journal", "confirm", "till1", "--note", "the other till program")
    assert answer["printer"]["name"] == "till1"
    assert answer["undecided"] == []
    job = counter.json("job", "waits", "--wait", "20")
    assert job["state"] == "done", "only another program was behind it"
    assert counter.run("backup", str(counter.folder / "copy.db")).exit_code == 0
    with closing(sqlite3.connect(counter.folder / "copy.db")) as journal:
        said = journal.execute("SELECT confirmed_by, note, asked_by FROM confirmation").fetchall()
    assert said == [(getpass.getuser(), "the other till program", os.getuid())]


def test_the_command_asks_at_a_terminal(counter: Counter) -> None:
    behind(counter)
    with patch("fiscald.cli.journal._on_a_terminal", lambda: True):
        refused = counter.run("journal", "confirm", "till1", text="n\n")
        assert "waits" in refused.output, "which documents wait"
        assert refused.exit_code != 0
        assert counter.json("status")["printers"][0]["state"] == "behind"
        assert counter.run("journal", "confirm", "till1", text="y\n").exit_code == 0


def test_wrong_usage(counter: Counter) -> None:
    assert counter.run("journal", "confirm", "till9").exit_code == 2
    assert counter.run("journal", "confirm", "till1", "--note", "x" * 1001).exit_code == 2
    assert counter.run("journal", "confirm").exit_code == 2


def test_a_backup(counter: Counter) -> None:
    counter.run("print", counter.file(RECEIPT), "--key", "Z1")
    file = counter.folder / "copy.db"
    told = counter.run("backup", str(file))
    assert told.exit_code == 0, told.output
    assert f"{file.stat().st_size} bytes" in told.stdout
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in counter.folder.glob(".copy*")] == [], "nothing half written is left"
    assert [path.name for path in (counter.folder / "state").glob(".copy*")] == []
    with closing(sqlite3.connect(file)) as copy:
        assert copy.execute("SELECT key, phase FROM job").fetchall() == [("Z1", "done")]
    assert counter.run("backup", str(file)).exit_code == 2, "there already"
    assert counter.json("backup", "--force", str(file))["bytes"] == file.stat().st_size


def test_a_backup_to_standard_output(counter: Counter, tmp_path: Path) -> None:
    written = counter.run("backup", "-").stdout_bytes
    (tmp_path / "piped.db").write_bytes(written)
    with closing(sqlite3.connect(tmp_path / "piped.db")) as copy:
        assert copy.execute("PRAGMA quick_check").fetchone() == ("ok",)


@pytest.mark.parametrize("where", ["missing/copy.db", "."])
def test_a_backup_that_cannot_be_written(counter: Counter, tmp_path: Path, where: str) -> None:
    done = counter.run("backup", "--force", str(tmp_path / where))
    assert done.exit_code == 1
    assert done.stderr
    assert "Traceback" not in done.output


def test_a_backup_onto_a_full_disk_is_not_kept(counter: Counter, tmp_path: Path) -> None:
    file = tmp_path / "copy.db"
    file.write_text("the one of yesterday")
    with patch("os.fsync", side_effect=OSError(28, "No space left on device")):
        done = counter.run("backup", "--force", str(file))
    assert done.exit_code == 1
    assert "No space left" in done.stderr
    assert file.read_text() == "the one of yesterday"
    assert [path.name for path in tmp_path.glob(".copy*")] == []


def test_a_backup_that_arrives_damaged_is_not_kept(counter: Counter, tmp_path: Path) -> None:
    file = tmp_path / "copy.db"
    with patch.object(Client, "backup", lambda _: iter([b"no database" * 1000])):
        done = counter.run("backup", str(file))
    assert done.exit_code == 1
    assert "damaged" in done.stderr
    assert not file.exists()


def test_no_room_for_a_copy(counter: Counter, tmp_path: Path) -> None:
    with patch("fiscald.journal.copying.COPY_SPARE", 1 << 60):
        done = counter.run("backup", str(tmp_path / "copy.db"))
    assert done.exit_code == 6
    assert "MiB" in done.stderr
    assert not (tmp_path / "copy.db").exists()
    assert counter.run("status").exit_code == 0
