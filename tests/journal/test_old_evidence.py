"""A journal that was written before evidence had a version: what was in progress is recovered from it.

``evidence_v1.db`` was written by the code of commit 440df67 (schema 6): ``python -m tests.journal.test_old_evidence``
there. Each job stopped at another stage, because the journal's disk was full.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

import anyio
import pytest

from fiscald.journal import Store
from fiscald.journal.directory import StateDirectory
from fiscald.journal.file import SCHEMA_VERSION
from fiscald.model.jobs import JobState
from fiscald.protocols import family
from tests import virtual
from tests.engine import shop as engine_shop
from tests.engine.shop import RECEIPT, START, Till, shop

OLD_JOURNAL = Path(__file__).with_name("evidence_v1.db")
FAMILIES = ("posnet", "thermal")
SLIP: dict[str, Any] = {"type": "cash_in", "amount": "5.00"}
#: Job -> its document, and the write at which the disk was full.
STOPS: dict[str, tuple[dict[str, Any], str]] = {
    "started": (RECEIPT, "opened"),
    "opened": (RECEIPT, "commit"),
    "committing": (RECEIPT, "finish"),
    "slip": (SLIP, "finish"),
}


def new_tills() -> dict[str, Till]:
    """A printer for each job, by the job's key."""
    keys = [f"{stop}-{family}" for stop in STOPS for family in FAMILIES]
    return {key: Till(key, number, key.split("-")[1]) for number, key in enumerate(keys, 1)}


async def stop_jobs(directory: Path, tills: dict[str, Till]) -> None:
    """Print on each till until the disk is full at its stage, and kill the daemon there."""
    with patch.object(engine_shop, "WRITES", engine_shop.WRITES | {"opened"}):
        for key, till in tills.items():
            document, full_at = STOPS[key.split("-")[0]]
            async with shop(directory, till) as it:
                await it.print(f"before-{key}", printer=key)
                it.journal.full_at = full_at
                await it.submit(key, document, key)
                while it.journal.log[-1] != full_at:
                    await anyio.sleep(0.01)


def make(path: Path) -> None:
    """Write the fixture."""
    with tempfile.TemporaryDirectory() as directory:
        virtual.run(stop_jobs(Path(directory), new_tills()))
        shutil.copyfile(Path(directory, "journal.db"), path)
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("VACUUM")


def put_back(directory: Path) -> None:
    """Let the old journal lie in ``directory`` as if the daemon had run there with it."""
    shutil.copyfile(OLD_JOURNAL, directory / "journal.db")
    (directory / "journal.db").chmod(0o600)
    with contextlib.closing(sqlite3.connect(directory / "journal.db")) as db:
        (journal,) = db.execute("SELECT id FROM journal").fetchone()
        (last,) = db.execute("SELECT max(id) FROM event").fetchone()
    state = StateDirectory(directory)
    state.write_mark(journal, last)
    state.close()


def test_old_evidence_says_that_it_is_version_1(tmp_path: Path) -> None:
    """Damaged evidence and evidence with a version stay unchanged."""
    shutil.copyfile(OLD_JOURNAL, tmp_path / "journal.db")
    (tmp_path / "journal.db").chmod(0o600)
    with contextlib.closing(sqlite3.connect(tmp_path / "journal.db")) as db, db:
        before = {key: json.loads(text) for key, text in db.execute("SELECT key, evidence FROM job")}
        kept = {"slip-posnet": "{", "slip-thermal": "[1]", "started-posnet": '{"version":9}'}
        for key, text in kept.items():
            db.execute("UPDATE job SET evidence = ? WHERE key = ?", (text, key))
    Store(tmp_path, lambda: START).close()
    with contextlib.closing(sqlite3.connect(tmp_path / "journal.db")) as db:
        found = dict(db.execute("SELECT key, evidence FROM job").fetchall())
    assert {key: text for key, text in found.items() if key in kept} == kept
    for key in before.keys() - kept.keys():
        assert json.loads(found[key]) == before[key] | {"version": 1}


@pytest.mark.parametrize(
    ("version", "older"), [(0, False), (1, True), (6, True), (SCHEMA_VERSION, False), (SCHEMA_VERSION + 1, False)]
)
def test_what_opening_would_migrate_is_an_older_journal(tmp_path: Path, version: int, *, older: bool) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "journal.db")) as db:
        db.execute("CREATE TABLE something (x)")
        db.execute(f"PRAGMA user_version = {version}")
    assert Store.older(tmp_path) is older


@pytest.mark.parametrize("name", FAMILIES)
def test_all_evidence_of_version_1_is_read(name: str) -> None:
    with contextlib.closing(sqlite3.connect(OLD_JOURNAL)) as db:
        query = "SELECT evidence FROM job WHERE key LIKE ?"
        stored = [json.loads(text) for (text,) in db.execute(query, (f"%-{name}",))]
    assert len(stored) == 2 * len(STOPS)
    for old in stored:
        evidence = family(name).evidence.model_validate(old)
        assert evidence.model_dump(mode="json", exclude_none=True) == {"family": name, "version": 2, **old}


def test_jobs_in_progress_are_recovered_from_an_old_journal(tmp_path: Path) -> None:
    tills = new_tills()

    async def main() -> None:
        await stop_jobs(tmp_path, tills)
        slips = {key: till.register.state.day.nonfiscal for key, till in tills.items()}
        put_back(tmp_path)
        async with shop(tmp_path, *tills.values()) as it:
            jobs = {key: await it.engine.wait(key, 60) for key in tills}
            assert len(jobs) == len(STOPS) * len(FAMILIES)
            for key, job in jobs.items():
                till = tills[key]
                assert (key, job.state, job.error) == (key, JobState.DONE, None)
                closed = key.startswith(("committing", "slip"))
                assert (key, job.attempts) == (key, 1 if closed else 2), "what was closed is not printed again"
                assert job.result is not None
                last = None if key.startswith("slip") else till.register.state.day.last_receipt
                assert (key, job.result.number) == (key, last)
                assert (key, till.receipts) == (key, 1 if key.startswith("slip") else 2)
                assert (key, till.register.state.day.nonfiscal) == (key, slips[key]), "no slip is printed again"
                evidence, name = job.evidence or {}, key.split("-")[1]
                assert (evidence["family"], evidence["version"]) == (name, 2)
                family(name).evidence.model_validate(evidence)

    virtual.run(main())


if __name__ == "__main__":
    make(OLD_JOURNAL)
