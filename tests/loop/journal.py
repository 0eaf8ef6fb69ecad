"""A journal with many jobs, made in a second: one job is carried through, and copied."""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from fiscald.journal import Phase, Store
from fiscald.model.documents import Submission
from fiscald.model.jobs import Paper, Result
from tests.daemons import RECEIPT

EVIDENCE = {"bn": 1, "bt": 1, "bc": 0, "rd": 12, "hn": 44, "totals": dict.fromkeys("ABCDEFG", "1234.56")}


def fill(directory: Path, jobs: int) -> None:
    """Make a journal in ``directory`` with ``jobs`` receipts that are done, three changes each."""
    store = Store(directory, lambda: datetime.now(UTC))
    lines = [{"name": f"Towar wzorcowy nr {n}", "quantity": "2", "price": "12.34", "vat": "A"} for n in range(10)]
    store.accept(
        "first", Submission.model_validate({"printer": "till0", "document": RECEIPT | {"lines": lines}}), (), 0
    )
    store.start("first", EVIDENCE)
    store.commit("first")
    result = Result(number=1, daily_report=13, printer_id="EMU 0000000001", device=EVIDENCE)
    store.finish("first", Phase.DONE, evidence={"after": EVIDENCE}, result=result, paper=Paper.PRINTED)
    store.close()
    with contextlib.closing(sqlite3.connect(directory / "journal.db")) as db, db:
        names = [row[1] for row in db.execute("PRAGMA table_info(job)") if row[1] not in ("id", "key")]
        columns = ", ".join(names)
        # Each document is another one: those that are the same are read once.
        different = columns.replace("document", "replace(document, 'Towar wzorcowy', 'Towar ' || i)")
        db.execute(
            f"WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            f" INSERT INTO job (id, key, {columns}) SELECT i, 'copy/' || i, {different} FROM n, job WHERE job.id = 1",
            (jobs,),
        )
        db.execute("INSERT INTO event (job, at, phase) SELECT job.id, at, event.phase FROM job, event WHERE job.id > 1")
