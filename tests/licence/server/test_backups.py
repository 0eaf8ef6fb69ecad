"""Copies of the database: consistent while the server writes, private, checked, a bounded number."""

from __future__ import annotations

import datetime
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from fiscald.licence.server import backups
from fiscald.licence.server.backups import BackupError
from fiscald.licence.server.store import Store
from tests.licence.server.running import N1, T0, Computer, Vendor
from tests.licence.server.test_cli import Office


@pytest.fixture
def office(tmp_path: Path) -> Office:
    it = Office(tmp_path)
    it.done("keys", "new", "2026a", "--mac", "1")
    return it


@pytest.fixture
def large(tmp_path: Path) -> Iterator[Store]:
    """A database of more than one step."""
    store = Store(tmp_path / "vendor.db")
    with store.transaction(T0) as t:
        for number in range(2000):
            t.audit("filled", str(number), text="x" * 4000)
    yield store
    store.close()


def test_the_server_writes_while_a_copy_is_made(large: Store, tmp_path: Path) -> None:
    written: list[int] = []

    def write() -> None:
        with large.transaction(T0) as t:
            t.audit("meanwhile", text="x" * 4000)
        written.append(1)

    counts = backups.copy(tmp_path / "vendor.db", tmp_path / "backups" / "a.db", write)
    assert len(written) > 1, "more than one step, and no step begins the copy again"
    assert len(written) < 20
    assert counts["audit"] == 2000, "the state at the beginning, whatever came meanwhile"
    assert backups.check(tmp_path / "backups" / "a.db") == counts


def test_a_transaction_that_is_open_does_not_stop_the_copy(large: Store, tmp_path: Path) -> None:
    begun, done = threading.Event(), threading.Event()

    def hold() -> None:
        with large.transaction(T0) as t:
            t.audit("not committed")
            begun.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    begun.wait()
    try:
        assert backups.copy(tmp_path / "vendor.db", tmp_path / "a.db")["audit"] == 2000
    finally:
        done.set()
        thread.join()


def test_a_restored_copy_is_the_database(vendor: Vendor, till: Computer, tmp_path: Path) -> None:
    vendor.publish(N1)
    paid = vendor.activate(till, N1).crt
    backups.copy(vendor.path, tmp_path / "backups" / "vendor.db")
    assert [path.name for path in (tmp_path / "backups").iterdir()] == ["vendor.db"], "one file, no log"
    vendor.store.close()
    for path in vendor.path.parent.glob("vendor.db*"):
        path.unlink()
    (tmp_path / "backups" / "vendor.db").rename(vendor.path)
    vendor.open()
    assert vendor.check(till, paid).verdict == "ok"


def test_the_newest_copies_are_kept(office: Office) -> None:
    directory = office.directory / "backups"
    made = [office.json("backup", str(directory))["file"]]
    for day in range(1, 20):
        moment = datetime.datetime(2026, 1, day, tzinfo=datetime.UTC)
        (directory / f"vendor-{moment:%Y%m%dT%H%M%SZ}.db").write_bytes(b"")
    for name in ("vendor.db", "vendor-20260101T000000Z.db.kept", "other-20260101T000000Z.db"):
        (directory / name).write_bytes(b"")
    told = office.json("backup", str(directory), "--keep", "3")
    left = sorted(path.name for path in directory.glob("vendor-*Z.db"))
    assert len(left) == 3
    assert {Path(made[0]).name, Path(told["file"]).name} <= set(left)
    assert len(told["deleted"]) >= 17
    assert len(list(directory.glob("*"))) == 6, "other files stay"


def test_a_file_is_replaced_only_on_request(office: Office) -> None:
    target = office.directory / "copy.db"
    office.done("backup", str(target))
    before = target.stat().st_ino
    office.done("issue", "X")
    assert "use --force" in office.fails("backup", str(target))
    assert office.json("backup", str(target), "--force")["rows"]["number"] == 1
    assert target.stat().st_ino != before
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_the_database_remembers_its_newest_copy(office: Office) -> None:
    assert office.json("backup", str(office.directory / "copy.db"))["rows"]["meta"] == 1
    with backups.reading(office.directory / "vendor.db") as db:
        noted = backups.noted(db)
    assert noted is not None
    assert noted.path == office.directory / "copy.db"


def test_a_damaged_or_foreign_copy_is_recognised(office: Office) -> None:
    target = office.directory / "copy.db"
    office.done("backup", str(target))
    whole = target.read_bytes()
    target.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BackupError):
        backups.check(target)
    target.write_bytes(b"nonsense" * 1000)
    with pytest.raises(BackupError, match="cannot be read"):
        backups.check(target)
    target.unlink()
    with pytest.raises(BackupError, match="cannot be read"):
        backups.check(target)
    with closing(sqlite3.connect(target)) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(BackupError, match="has the schema 99"):
        backups.check(target)


def test_a_failed_copy_leaves_nothing_and_keeps_the_former(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    target = office.directory / "backups" / "copy.db"
    office.done("backup", str(target))
    kept = target.read_bytes()
    monkeypatch.setattr(backups, "check", lambda _: {})
    assert "differs from the database" in office.fails("backup", str(target), "--force")
    assert target.read_bytes() == kept
    assert [path.name for path in target.parent.iterdir()] == ["copy.db"]


def test_what_cannot_be_copied_is_reported(office: Office) -> None:
    (office.directory / "file").write_text("")
    assert "file" in office.fails("backup", str(office.directory / "file" / "copy.db"))
    for path in office.directory.glob("vendor.db*"):
        path.unlink()
    assert "does not exist" in office.fails("backup", str(office.directory / "copy.db"))
    (office.directory / "vendor.db").write_bytes(b"nonsense" * 1000)
    assert "vendor.db" in office.fails("backup", str(office.directory / "copy.db"))
