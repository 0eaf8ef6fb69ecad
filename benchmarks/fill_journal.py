"""``python -m benchmarks.fill_journal DIRECTORY --jobs N``: a journal with many receipts that are done.

One receipt goes through the journal's own functions; the others are copies of its rows, made by SQLite. So the tables
are what this version of fiscald writes, and a million jobs take some seconds.
"""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import click

from benchmarks.receipt import receipt
from fiscald.journal import Phase, Store
from fiscald.model.documents import Submission
from fiscald.model.jobs import Paper, Result

EVIDENCE = {"bn": 1, "bt": 1, "bc": 0, "rd": 12, "hn": 44, "totals": dict.fromkeys("ABCDEFG", "1234.56")}


def fill(directory: Path, jobs: int) -> None:
    """Make a journal in ``directory`` with so many receipts, three changes each. ``directory`` must not exist."""
    directory.mkdir(mode=0o700)
    if not jobs:
        return
    store = Store(directory, lambda: datetime.now(UTC))
    submission = Submission.model_validate({"printer": "till0", "document": receipt()})
    store.accept("first", submission, (), 0)
    store.start("first", EVIDENCE)
    store.commit("first")
    result = Result(number=1, daily_report=13, printer_id="EMU 0000000001", device=EVIDENCE)
    store.finish("first", Phase.DONE, evidence={"after": EVIDENCE}, result=result, paper=Paper.PRINTED)
    store.close()
    with contextlib.closing(sqlite3.connect(directory / "journal.db")) as db:
        db.execute("PRAGMA synchronous = OFF")
        _copy(db, jobs)


def _copy(db: sqlite3.Connection, jobs: int) -> None:
    """Copy the first job and its changes until there are so many. Triggers and indexes are made again afterwards."""
    columns = ", ".join(row[1] for row in db.execute("PRAGMA table_info(job)") if row[1] not in ("id", "key"))
    parts = db.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL"
    ).fetchall()
    with db:
        for kind, name, _ in parts:
            db.execute(f"DROP {kind} {name}")
        db.execute(
            "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            f" INSERT INTO job (id, key, {columns}) SELECT i, 'copy/' || i, {columns} FROM n, job WHERE job.id = 1",
            (jobs,),
        )
        db.execute("INSERT INTO event (job, at, phase) SELECT job.id, at, event.phase FROM job, event WHERE job.id > 1")
        db.execute("DELETE FROM tally")
        db.execute("INSERT INTO tally SELECT printer, phase, count(*) FROM job GROUP BY printer, phase")
        for _, _, sql in parts:
            db.execute(sql)


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--jobs", type=click.IntRange(0), default=100_000, show_default=True)
def main(directory: Path, jobs: int) -> None:
    """Fill a journal in DIRECTORY, which must not exist."""
    fill(directory, jobs)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.fill_journal")
