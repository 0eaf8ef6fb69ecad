"""Jobs are found by the buyer's NIP, and the index does not hold it in clear."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from fiscald.journal import Phase, Store, Wanted
from fiscald.journal.file import SCHEMA_VERSION
from fiscald.model.jobs import Result
from tests.journal.stores import NOW, RECEIPT, accepted, clock, opened
from tests.journal.test_listing import steps

NIP, OTHER = "5260250274", "1234563218"


def buyer(nip: str) -> dict[str, Any]:
    return RECEIPT | {"buyer": {"nip": nip}}


def found(store: Store, **wanted: Any) -> list[str]:
    return [entry.job.key for entry in store.jobs(wanted=Wanted(**wanted))]


def test_jobs_are_found_by_the_nip_and_by_what_else_is_known(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as store:
        accepted(store, "A", document=buyer("526-025-02-74"))
        accepted(store, "B", document=buyer(NIP), printer="till2")
        accepted(store, "C", document=buyer(OTHER))
        accepted(store, "D")
        accepted(store, "E", document=RECEIPT | {"buyer": {"vat_id": "DE136695976"}})
        for key, number in (("A", 1), ("B", 2), ("C", 1), ("D", 1)):
            store.finish(key, Phase.DONE, result=Result(number=number, total=Decimal("12.00"), printer_id="EMU 1"))
        assert found(store, nip=NIP) == ["A", "B"]
        assert found(store, nip=OTHER) == ["C"]
        assert found(store, nip="5252344078") == []
        assert found(store, nip=NIP, printer="till2") == ["B"]
        assert found(store, nip=NIP, number=1) == ["A"]
        assert found(store, nip=NIP, total=Decimal("12.00")) == ["A", "B"]
        assert found(store, nip=NIP, total=Decimal("12.01")) == []
        assert found(store, nip=NIP, since=NOW, until=NOW) == ["A", "B"]
        assert found(store, nip=NIP, since=NOW + timedelta(seconds=1)) == []


def test_the_hash_is_of_this_journal_only(tmp_path: Path) -> None:
    hashes = set()
    for name in ("one", "two"):
        with closing(opened(tmp_path / name)) as store:
            accepted(store, "A", document=buyer(NIP))
            accepted(store, "B", document=buyer(NIP))
            (stored,) = {row[0] for row in store._db.execute("SELECT buyer FROM job")}
            assert len(stored) == 32
            assert NIP.encode() not in stored
            hashes.add(stored)
        with closing(opened(tmp_path / name)) as store:
            assert found(store, nip=NIP) == ["A", "B"], "the key stays"
    assert len(hashes) == 2


def test_the_receipts_of_an_older_journal_are_found(tmp_path: Path) -> None:
    """Damaged documents, and those whose NIP is none, stop nothing."""
    (tmp_path / "lock").touch()
    documents = [
        f'{{"type":"receipt","lines":[],"buyer":{{"nip":"{NIP}"}}}}'.encode(),
        b'{"type":"drawer"}',
        b'{"buyer":{"nip":',
        b'{"buyer":{"nip":5260250274}}',
        b'{"buyer":{"nip":"\xff\xfe"}}',
        b'{"buyer":"5260250274"}',
    ]
    with closing(sqlite3.connect(tmp_path / "journal.db", isolation_level=None)) as db:
        for number in range(1, 9):
            db.executescript(files("fiscald.journal").joinpath(f"schema_v{number}.sql").read_text("utf-8"))
        for index, document in enumerate(documents):
            db.execute(
                "INSERT INTO job (key, printer, digest, document, phase, created_at, updated_at)"
                " VALUES (?, 'till1', zeroblob(32), CAST(? AS TEXT), 'done', ?, ?)",
                (f"A{index}", document, NOW.isoformat(), NOW.isoformat()),
            )
        db.execute("PRAGMA user_version = 8")
    with closing(Store(tmp_path, clock)) as store:
        assert "A0" in found(store, nip=NIP)
        assert set(found(store, nip=NIP)) <= {"A0", "A3"}
        assert store._db.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)


@pytest.mark.parametrize("newest", [True, False])
@pytest.mark.parametrize("more", [{}, {"since": NOW, "until": NOW + timedelta(days=900)}, {"number": 7_000_000}])
def test_one_page_of_a_buyer_with_many_receipts_takes_no_longer(
    tmp_path: Path, more: dict[str, Any], *, newest: bool
) -> None:
    """Counted in steps of SQLite's machine: as many, or nearly, over ten times as many jobs of this buyer."""
    work = []
    wanted = Wanted(nip=NIP, **more)

    def ask(store: Store, newest_first: bool) -> object:
        return store.jobs(wanted=wanted, newest_first=newest_first, limit=10)

    with closing(opened(tmp_path)) as store:
        accepted(store, "A", document=buyer(NIP))
        for jobs in (100, 900):
            with store._transaction() as db:
                for index in range(jobs):
                    at = (NOW + timedelta(minutes=jobs * 100 + index)).isoformat()
                    db.execute(
                        "INSERT INTO job (key, printer, digest, document, phase, result, created_at, updated_at, buyer)"
                        " SELECT ?, 'till1', zeroblob(32), document, 'done', ?, ?, ?, buyer FROM job WHERE key = 'A'",
                        (f"{jobs}/{index}", f'{{"number":{index},"total":"1.00","printer_id":"E"}}', at, at),
                    )
            work.append(steps(store, ask, newest))
    assert work[1] <= 2 * work[0]
