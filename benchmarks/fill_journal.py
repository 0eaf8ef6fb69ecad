"""Fill a journal quickly: ``python benchmarks/fill_journal.py DIRECTORY --jobs N [--printers P]``.

One receipt is carried through the journal and copied by SQLite, with its three events: about 300,000 jobs a second of
processor time, so a million takes some seconds. The journal is new, and the daemon takes it for its own.
"""

from __future__ import annotations

import argparse
import contextlib
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from fiscald.journal import Phase, Store
from fiscald.model.documents import Submission
from fiscald.model.jobs import Paper, Result
from fiscald.model.printers import Counters

LINES = [
    {"name": f"Towar wzorcowy nr {number}", "quantity": "2", "price": "12.34", "vat": "ABCD"[number % 4]}
    for number in range(10)
]
RECEIPT = {"type": "receipt", "lines": LINES}
LOOK = {"bn": 1, "bt": 1, "bc": 0, "rd": 12, "hn": 44, "totals": dict.fromkeys("ABCDEFG", "1234.56")}


def fill(directory: Path, jobs: int, printers: int = 1) -> None:
    """Make a journal in ``directory`` with so many receipts that are done, of the printers till1, till2, ..."""
    store = Store(directory, lambda: datetime.now(UTC))
    for number in range(1, printers + 1):
        counters = Counters(daily_report=13, last_receipt=1, receipts=1, cancelled=0, printouts=45)
        store.know_printer(f"till{number}", f"EMU {number:010d}", counters)
    store.accept("job/1", Submission.model_validate({"printer": "till1", "document": RECEIPT}), (), 0)
    store.start("job/1", {"before": LOOK})
    store.opened("job/1", {"opened": LOOK})
    store.commit("job/1")
    result = Result(number=1, daily_report=13, printer_id="EMU 0000000001", device=LOOK)
    store.finish("job/1", Phase.DONE, evidence={"after": LOOK}, result=result, paper=Paper.PRINTED)
    store.close()
    with contextlib.closing(sqlite3.connect(directory / "journal.db", isolation_level=None)) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA cache_size = -200000")
        kept = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        indexes = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").fetchall()
        db.execute("BEGIN")
        for name, _ in kept:
            db.execute(f"DROP TRIGGER {name}")
        for name, _ in indexes:
            db.execute(f"DROP INDEX {name}")
        names = [row[1] for row in db.execute("PRAGMA table_info(job)") if row[1] not in ("id", "key", "printer")]
        columns = ", ".join(names)
        db.execute(
            "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            f" INSERT INTO job (id, key, printer, {columns})"
            f" SELECT i, 'job/' || i, 'till' || (1 + i % ?), {columns} FROM n, job WHERE job.id = 1",
            (jobs, printers),
        )
        db.execute("INSERT INTO event (job, at, phase) SELECT job.id, at, event.phase FROM job, event WHERE job.id > 1")
        db.execute("DELETE FROM tally")
        db.execute("INSERT INTO tally SELECT printer, phase, count(*) FROM job GROUP BY printer, phase")
        for _, sql in (*indexes, *kept):
            db.execute(sql)
        db.execute("COMMIT")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--jobs", type=int, required=True)
    parser.add_argument("--printers", type=int, default=1)
    options = parser.parse_args()
    fill(options.directory, options.jobs, options.printers)


if __name__ == "__main__":
    main()
