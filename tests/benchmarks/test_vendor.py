"""A made database is what the rules would have written."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from benchmarks.__main__ import RESULTS
from benchmarks.running import ROOT
from benchmarks.vendor.asking import Shop
from benchmarks.vendor.making import load_askers, load_keys, make, public_key
from benchmarks.vendor.stories import ISSUER, Recorded, last_morning
from benchmarks.vendor.table import table
from fiscald.licence.company import company
from fiscald.licence.number_reading import read
from fiscald.licence.server import listing
from fiscald.licence.server.cli import main
from fiscald.licence.server.number_rules import number_seal
from fiscald.licence.server.request_handler import RequestHandler
from fiscald.licence.server.rules import Rules
from fiscald.licence.server.store import Store

#: 2026-11-30, at noon.
NOW = 1_796_040_000
COMPANIES = 300


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("scale") / "vendor"
    make(directory, COMPANIES, 7, NOW)
    return directory


@pytest.fixture
def store(made: Path) -> Iterator[Store]:
    it = Store(made / "vendor.db")
    yield it
    it.close()


def run(made: Path, *words: str) -> str:
    result = CliRunner().invoke(main, ["--config", str(made / "vendor.toml"), *words])
    assert result.exit_code == 0, result.output
    return result.output


def test_the_audit_of_a_made_database_is_whole(made: Path) -> None:
    rows, _, h = run(made, "audit", "--verify").strip().partition(":")
    assert (int(rows) > 3 * COMPANIES, len(h)) == (True, 64)


def test_every_row_of_a_made_database_fits_the_others(made: Path) -> None:
    with closing(sqlite3.connect(made / "vendor.db")) as db, db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        assert db.execute("SELECT count(*) FROM company").fetchone() == (COMPANIES,)
        with closing(sqlite3.connect(":memory:")) as fresh, fresh:
            fresh.executescript(Path("fiscald/licence/server/schema_v1.sql").read_text("utf-8"))
            schema = "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name"
            assert db.execute(schema).fetchall() == fresh.execute(schema).fetchall()


def test_companies_and_numbers_of_a_made_database_are_valid(made: Path, store: Store) -> None:
    rules = Rules(load_keys(made), ISSUER)
    with store.reading(NOW) as t:
        companies = t.all("SELECT name, post, cc, tin, name_norm, post_norm FROM company")
        seals = t.all("SELECT h FROM number")
        for name, post, cc, tin, name_norm, post_norm in companies:
            known = company(name, post, cc, tin)
            assert (*known, known.normal_name, known.normal_post) == (name, post, cc, tin, name_norm, post_norm)
        for (h,) in seals:
            stored = t.number(h)
            assert stored is not None
            number = rules.clear(stored)
            assert read(number.text, number.kind) == number
            assert (number_seal(rules.keyring, number), number.hint) == (h, stored.hint)
    assert len(seals) > COMPANIES


def test_the_rights_of_the_newest_certificates_are_what_the_rules_say_now(made: Path, store: Store) -> None:
    rules = Recorded(load_keys(made), ISSUER)
    with store.reading(NOW) as t:
        rows = t.all(
            "SELECT rights, cert.licence_id, jkt FROM cert JOIN device ON device.id = device_id"
            " WHERE state = 'bound' AND seq = (SELECT max(seq) FROM cert AS c WHERE c.device_id = device.id)"
        )
        for rights, name, jkt in rows:
            licence, device = t.licence(name), t.device(name, jkt)
            assert licence is not None
            assert device is not None
            rules.claims(t, licence, device)
            assert rights in rules.said, (licence, device)
    assert len(rows) >= COMPANIES


def test_every_company_of_a_made_database_is_listed(made: Path) -> None:
    rows = json.loads(run(made, "--json", "licences"))
    assert len({row["company"]["tin"] for row in rows}) == COMPANIES
    (found,) = json.loads(run(made, "--json", "licences", rows[17]["company"]["tin"]))[:1]
    assert found["company"] == rows[17]["company"]
    assert {len(row["seats"]) for row in rows} == {1, 2, 3}


def test_sampled_computers_are_answered_ok_by_the_real_handler(made: Path, store: Store) -> None:
    askers = load_askers(made)
    assert len(askers) > COMPANIES / 2
    now = last_morning(NOW) + 86_400
    keys = load_keys(made)
    handler = RequestHandler(store, Rules(keys, ISSUER), lambda: now)
    for asker in askers[::10]:
        shop = Shop(asker, lambda: now, public_key(keys))
        assert shop.ask(handler).verdict == "ok"


@pytest.mark.slow
def test_two_made_databases_of_one_seed_have_the_same_companies(made: Path, tmp_path: Path) -> None:
    def companies(directory: Path) -> list[Any]:
        with closing(sqlite3.connect(directory / "vendor.db")) as db, db:
            return db.execute("SELECT cc, tin, name, post, created FROM company ORDER BY tin").fetchall()

    make(tmp_path / "again", COMPANIES, 7, NOW)
    make(tmp_path / "other", COMPANIES, 8, NOW)
    assert companies(made) == companies(tmp_path / "again") != companies(tmp_path / "other")


def test_pages_of_a_made_database_hold_every_licence_once(store: Store) -> None:
    after, seen = None, []
    with store.reading(NOW) as t:
        while True:
            page = listing.licences(t, after=after, limit=37)
            seen += [row["licence"] for row in page.rows]
            after = page.after
            if after is None:
                break
        (count,) = t.one("SELECT count(*) FROM licence")
    assert len(seen) == len(set(seen)) == count


def test_the_documentation_has_the_newest_table() -> None:
    files = sorted(RESULTS.glob("vendor-*.json"))
    assert len(files) == 2
    assert table(files) in (ROOT / "docs" / "vendor.md").read_text("utf-8")
