"""A version without paid updates converts nothing, so that the covered one can be installed again."""

from __future__ import annotations

import contextlib
import sqlite3
from importlib.resources import files
from pathlib import Path

import pytest

from fiscald.journal import Store
from fiscald.licence import LicenceGate, LicenceStore
from fiscald.licence.testing import make_certificate
from tests.daemons import RECEIPT, running


def old_journal(directory: Path) -> Path:
    """A journal of schema 1, as the first version left it."""
    path = directory / "journal.db"
    directory.mkdir()
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.executescript(files("fiscald.journal").joinpath("schema_v1.sql").read_text("utf-8"))
        db.execute("PRAGMA user_version = 1")
    return path


def version(path: Path) -> int:
    """Of the schema, from the file's header: the running daemon keeps other programs out of the database."""
    return int.from_bytes(path.read_bytes()[60:64])


@pytest.mark.parametrize(("updates", "migrated"), [("2020-01-01", False), ("2099-01-01", True)])
async def test_the_right_to_updates_is_checked_before_the_migration(
    tmp_path: Path, updates: str, *, migrated: bool
) -> None:
    path = old_journal(tmp_path / "state")
    store = LicenceStore(tmp_path / "state" / "licence", LicenceGate.keys(test_keys=True))
    store.install(make_certificate(upd=updates).encode(), 2**32)
    assert Store.older(tmp_path / "state")
    async with running(tmp_path, licensed=False, ready=False) as it:
        answer = await it.put("A", RECEIPT, wait=0)
        if migrated:
            assert answer.status_code == 201
            assert version(path) > 1
            return
        # Whether that key was printed once, only the journal could tell.
        assert (answer.status_code, answer.json()["code"]) == (503, "daemon.journal")
        assert "stays unchanged" in answer.json()["detail"]
        licence = (await it.http.get("/v1/licence")).json()
        assert (licence["state"], licence["prompt"]) == ("updates_ended", "support_number")
        assert (await it.http.get("/v1/printers")).status_code == 200, "the status goes on"
    assert version(path) == 1


def test_there_is_nothing_to_migrate_where_there_is_no_journal(tmp_path: Path) -> None:
    assert not Store.older(tmp_path)
    assert not (tmp_path / "journal.db").exists()
