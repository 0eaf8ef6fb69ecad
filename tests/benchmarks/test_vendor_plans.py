"""No statement that a request, a list or the housekeeping makes reads a whole table."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.vendor.asking import Shop
from benchmarks.vendor.making import load_askers, load_keys, make, public_key
from benchmarks.vendor.stories import ISSUER, KINDS, Teller, last_morning
from fiscald.licence import wire
from fiscald.licence.server import listing, searching
from fiscald.licence.server.keyring import Keyring
from fiscald.licence.server.request_handler import RequestHandler
from fiscald.licence.server.rules import Rules
from fiscald.licence.server.store import Store
from fiscald.licence.server.transaction import DAY, Transaction

#: 2026-11-30, at noon.
NOW = 1_796_040_000
#: Tables that stay small, whatever the vendor sells.
SMALL = ("release", "key_list", "signing_key", "meta", "sqlite_schema")
#: The newest rows.
NEWEST = re.compile(r"FROM audit ORDER BY id DESC LIMIT \d+$")
#: What may be read in order: it stops when a page is full, and a name's part can be anywhere.
IN_ORDER = (
    "SCAN licence USING INDEX licence_created",
    "SCAN licence USING COVERING INDEX licence_created",
    "SCAN company USING COVERING INDEX company_name",
    "SCAN device USING INDEX device_twins",
    "SCAN seat USING INDEX seat_named",
)
#: Of what was put together for this statement.
OWN = re.compile(r"SCAN (json_each|\(subquery-\d+\)|found|CONSTANT ROW|\d+ CONSTANT)")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("plans") / "vendor"
    make(directory, 60, 1, NOW)
    return directory


@pytest.fixture
def store(made: Path) -> Iterator[Store]:
    it = Store(made / "vendor.db")
    yield it
    it.close()


def scans(db: sqlite3.Connection, statement: str) -> list[str]:
    """The steps of a statement that read a whole table or sort one's rows by themselves."""
    if NEWEST.search(statement) or not re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE)\b", statement, re.IGNORECASE):
        return []
    steps = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {statement}")]
    return [
        step
        for step in steps
        if step.startswith("SCAN ")
        and not OWN.match(step)
        and not any(re.match(rf"SCAN {table}\b", step) for table in SMALL)
        and not step.startswith(IN_ORDER)
    ]


def traced(db: sqlite3.Connection, work: Callable[[], Any]) -> list[str]:
    """The statements that ``work`` makes, with their values."""
    statements: list[str] = []
    db.set_trace_callback(statements.append)
    try:
        work()
    finally:
        db.set_trace_callback(None)
    assert statements
    return [statement for statement in dict.fromkeys(statements) if not statement.startswith("-- ")]


def check_no_scan(db: sqlite3.Connection, statements: list[str]) -> None:
    found = {statement: scans(db, statement) for statement in statements}
    assert {statement: steps for statement, steps in found.items() if steps} == {}


def test_a_scan_is_found(store: Store) -> None:
    assert scans(store._db, "SELECT 1 FROM device WHERE version = 'x'") == ["SCAN device"]
    assert scans(store._db, "SELECT 1 FROM device WHERE id = 'x'") == []


@pytest.mark.parametrize("kind", KINDS)
def test_no_request_of_a_story_reads_a_whole_table(kind: str, made: Path, tmp_path: Path) -> None:
    keys: Keyring = load_keys(made)
    Store(tmp_path / "story.db").close()
    db = sqlite3.connect(tmp_path / "story.db", isolation_level=None)
    teller = Teller(db, keys, last_morning(NOW))
    told: list[str] = []
    statements = traced(db, lambda: told.append(teller.tell(kind, last_morning(NOW) - 60 * DAY).name))
    own = [each for each in statements if "WHERE rowid >" in each or "max(rowid)" in each or "max(otp_id)" in each]
    emptied = [each for each in statements if re.fullmatch(r"DELETE FROM \w+", each)]
    assert told == [kind]
    check_no_scan(db, [each for each in statements if each not in own + emptied])
    db.close()


def test_a_check_reads_no_whole_table(made: Path, store: Store) -> None:
    keys = load_keys(made)
    now = last_morning(NOW) + DAY
    handler = RequestHandler(store, Rules(keys, ISSUER), lambda: now)
    shop = Shop(load_askers(made)[0], lambda: now, public_key(keys))
    check_no_scan(store._db, traced(store._db, lambda: shop.ask(handler)))
    lost = shop.sign(wire.Check, lic="lic_unknown", crt="crt_unknown", ver="1.0.3")
    check_no_scan(store._db, traced(store._db, lambda: handler.answer(wire.Check.path, lost, "192.0.2.1")))


def test_the_housekeeping_reads_no_whole_table(store: Store) -> None:
    def work() -> None:
        with store.transaction(NOW + 40 * DAY) as t:
            t.tidy()

    check_no_scan(store._db, traced(store._db, work))


@pytest.mark.parametrize("many", [0, 10_000])
@pytest.mark.parametrize("search", [None, "1000000000", "office@x.example", "piekarnia", "FV/17/2026", "lic_X"])
def test_no_list_reads_a_whole_table(
    search: str | None, many: int, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "MANY_COMPANIES", many)
    with store.reading(NOW) as t:
        found: Transaction = t
        first = listing.licences(t, limit=10)
        assert first.after is not None
        lists: tuple[Callable[[], Any], ...] = (
            lambda: listing.licences(found, search, after=first.after, limit=10),
            lambda: listing.orders(found, search, after=3, limit=10),
            lambda: listing.licence_row(found, first.rows[0]["licence"]),
            lambda: listing.twins(found),
            lambda: listing.differing(found),
            lambda: listing.audit_rows(found, search, 10),
        )
        for work in lists:
            check_no_scan(store._reader, traced(store._reader, work))


def test_a_name_of_many_companies_finds_the_same_as_one_of_few(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def found() -> list[Any]:
        with store.reading(NOW) as t:
            pages, after = [], None
            while True:
                page = listing.licences(t, "sp. z o.o.", after=after, limit=7)
                pages += page.rows
                after = page.after
                if after is None:
                    return pages

    few = found()
    monkeypatch.setattr(searching, "MANY_COMPANIES", 3)
    assert found() == few
    assert len(few) >= 60
