"""The routes about the journal: a backup, a confirmation, and what the daemon reports about its disk."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from fiscald.health import Health
from fiscald.journal import Store
from fiscald.model.disk import DISK_FULL, DISK_LOW
from tests.daemons import Running, running
from tests.journal.stores import killed

pytestmark = pytest.mark.slow


def descriptors() -> set[str]:
    """What this process has open below the state directory."""
    return {target for fd in Path("/proc/self/fd").iterdir() if (target := _target(fd)) and "copy-" in target}


async def all_closed() -> None:
    with anyio.fail_after(10):
        while descriptors():
            await anyio.sleep(0.01)


def _target(fd: Path) -> str:
    try:
        return str(fd.readlink())
    except OSError:
        return ""


async def test_a_backup_is_a_consistent_journal(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        await it.put("Z1")
        response = await it.http.get("/v1/backup")
        assert response.status_code == 200
        assert response.headers["content-type"] == "application/vnd.sqlite3"
        assert int(response.headers["content-length"]) == len(response.content)
        (tmp_path / "copy.db").write_bytes(response.content)
        parts = [part async for part in it.client.backup()]
        assert b"".join(parts) == response.content
        await all_closed()
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("SELECT key FROM job").fetchall() == [("Z1",)]
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_a_backup_that_is_not_read_to_the_end_is_closed(tmp_path: Path) -> None:
    add(tmp_path, 20 << 20)
    async with running(tmp_path) as it:
        for _ in range(3):
            async with it.http.stream("GET", "/v1/backup") as response:
                async for _ in response.aiter_bytes():
                    break
        await all_closed()
        assert (await it.put("Z1")).json()["state"] == "done"


def add(directory: Path, size: int) -> None:
    """A journal that is so large."""
    Store(directory / "state", lambda: datetime.now(UTC)).close()
    with closing(sqlite3.connect(directory / "state" / "journal.db")) as db, db:
        db.execute(
            "INSERT INTO raw (printer, forced, command, effect, sent, sent_at) VALUES ('x', 0, '', '', ?, '')",
            (os.urandom(size),),
        )


async def test_the_daemon_answers_while_a_copy_is_made(tmp_path: Path) -> None:
    """Reading, listing and printing have their turn between two parts of it."""
    add(tmp_path, 100 << 20)
    async with running(tmp_path) as it:
        await it.put("Z1")
        done: list[str] = []

        async def copy() -> None:
            size = 0
            async for part in it.client.backup():
                size += len(part)
            assert size > 100 << 20
            done.append("copy")

        async def ask() -> None:
            await anyio.sleep(0.02)
            assert (await it.http.get("/v1/jobs/Z1")).status_code == 200
            assert (await it.http.get("/v1/jobs")).status_code == 200
            assert (await it.put("Z2")).json()["state"] == "done"
            done.append("asked")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(copy)
            tasks.start_soon(ask)
        assert done == ["asked", "copy"]


async def test_the_status_is_served_while_the_journal_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a power cut. Documents wait, and the printer says why."""
    killed(tmp_path / "state", "A")
    checked, real = threading.Event(), Store._check

    def check(store: Store) -> None:
        assert checked.wait(20)
        real(store)

    monkeypatch.setattr(Store, "_check", check)
    async with running(tmp_path, ready=False) as it:
        seen = (await it.http.get("/v1/printers/till1")).json()
        assert (seen["state"], seen["problem"]["code"]) == ("starting", "journal.reading")
        async with anyio.create_task_group() as tasks:

            async def sell() -> None:
                assert (await it.put("Z1")).json()["state"] == "done"

            tasks.start_soon(sell)
            assert (await it.http.get("/v1/printers")).json()["printers"][0]["problem"]["code"] == "journal.reading"
            checked.set()
        assert (await it.http.get("/v1/printers/till1")).json()["problem"] is None


@pytest.mark.parametrize(
    "body",
    [{}, {"by": ""}, {"by": "x" * 101}, {"by": "Anna", "note": "x" * 1001}, {"by": "Anna", "waiting": "burn"},
     {"by": "Anna", "more": 1}, [], "Anna"],
)  # fmt: skip
async def test_a_confirmation_is_checked(tmp_path: Path, body: Any) -> None:
    async with running(tmp_path, licensed=False) as it:
        response = await it.http.post("/v1/printers/till1/journal-confirmation", json=body)
        assert (response.status_code, response.json()["code"]) == (422, "request.invalid")
        response = await it.http.post("/v1/printers/till1/journal-confirmation", json={"by": "Anna"})
        assert (response.status_code, response.json()["code"]) == (409, "journal.nothing_to_confirm")
        response = await it.http.post("/v1/printers/till9/journal-confirmation", json={"by": "Anna"})
        assert (response.status_code, response.json()["code"]) == (404, "printer.unknown")


# -- the daemon's own place ------------------------------------------------------------------------------


async def told(it: Running) -> list[str]:
    return [each["code"] for each in (await it.http.get("/v1")).json()["warnings"]]


async def metric(http: httpx.AsyncClient, name: str) -> float:
    lines = (await http.get("/metrics")).text.splitlines()
    (line,) = [line for line in lines if line.startswith(f"{name} ")]
    return float(line.split()[1])


@pytest.mark.parametrize(
    ("free", "codes", "low"), [(100 << 30, [], 0), (DISK_LOW - 1, ["disk.low"], 1), (DISK_FULL - 1, ["disk.full"], 1)]
)
async def test_a_nearly_full_disk_is_reported_before_it_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, codes: list[str], low: int
) -> None:
    monkeypatch.setattr("fiscald.health.free_bytes", lambda _: free)
    async with running(tmp_path) as it:
        assert await told(it) == codes
        assert await metric(it.http, "fiscald_disk_free_bytes") == free
        assert await metric(it.http, "fiscald_disk_low") == low
        assert (await it.put("Z1")).json()["state"] == "done", "it is not full yet"


def test_the_log_has_one_line_per_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    free = [100 << 30]
    monkeypatch.setattr("fiscald.health.free_bytes", lambda _: free[0])
    caplog.set_level("WARNING")
    health = Health(tmp_path, readable=False)
    expected = 0
    for now, more in ((100 << 30, 0), (200 << 20, 1), (100 << 20, 0), (1 << 20, 1), (1 << 20, 0), (1 << 40, 1)):
        free[0], expected = now, expected + more
        for _ in range(2):
            health.measure()
        assert len(caplog.records) == expected, now
    assert [record.levelname for record in caplog.records] == ["WARNING", "ERROR", "WARNING"]


async def test_the_free_space_is_measured_repeatedly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = [100 << 30]
    monkeypatch.setattr("fiscald.health.CHECK_INTERVAL", 0.01)
    monkeypatch.setattr("fiscald.health.free_bytes", lambda _: free[0])
    async with running(tmp_path) as it:
        assert await told(it) == []
        free[0] = 1 << 20
        with anyio.fail_after(10):
            while await told(it) != ["disk.full"]:
                await anyio.sleep(0.01)


def test_a_disk_that_cannot_be_measured_is_no_warning(tmp_path: Path) -> None:
    health = Health(tmp_path / "gone", readable=False)
    assert (health.disk_free, health.notices()) == (None, ())
