"""A vendor's directory with many licences, in minutes: stories that the rules tell, and copies of their rows."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.vendor.copying import HOURS, Asker, Maker, Template
from benchmarks.vendor.stories import ISSUER, KINDS, Teller, first_day, last_morning, starts
from fiscald.licence import tokens
from fiscald.licence.keys import SigningKey
from fiscald.licence.server import key_admin, keyring, limits, terms
from fiscald.licence.server.keyring import Keyring
from fiscald.licence.server.limits import Limiter
from fiscald.licence.server.store import Store
from fiscald.licence.server.transaction import AUDIT_START, Transaction, chained

KID = "bench-2026a"
#: Starts of each sort of story; of small databases one for so many licences.
STARTS, LICENCES_A_START = 36, 100
#: Computers with real keys.
SAMPLES = 2000
_BATCH = 1000
_CONFIG = f"""\
listen = "127.0.0.1:8080"
issuer = "{ISSUER}"
product_url = "https://vendor.example"
database = "vendor.db"
log_level = "error"
[keys]
directory = "keys"
sign_with = "{KID}"
[smtp]
host = "localhost"
port = 2525
security = "plain"
sender = "licence@vendor.example"
"""


def make(directory: Path, licences: int, seed: int, now: int) -> None:
    """A vendor with so many companies, each with a licence in ``directory``, which must not exist."""
    directory.mkdir(mode=0o700)
    (directory / "vendor.toml").write_text(_CONFIG, "utf-8")
    keys = _new_keys(directory, first_day(now))
    with (
        tempfile.TemporaryDirectory(dir=directory) as scratch,
        contextlib.closing(_scratch_database(Path(scratch))) as stories,
    ):
        teller = Teller(stories, keys, last_morning(now))
        templates = list(_templates(teller, licences))
        maker = Maker(teller.rules, seed)
        with _bulk(directory / "vendor.db", Path(scratch)) as db:
            askers = _copy(db, templates, maker, licences)
            _chain(db)
            _count_checks(db, keys, last_morning(now))
    (directory / "sample.json").write_text(json.dumps([asker._asdict() for asker in askers]), "utf-8")


def load_keys(directory: Path) -> Keyring:
    """The vendor's keys in such a directory."""
    return keyring.load(directory / "keys", KID)


def public_key(keys: Keyring) -> SigningKey:
    """What shops verify the vendor's answers with."""
    return SigningKey(keys.kid, tokens.public_x(keys.signing), ISSUER, frozenset(("licence", "status")))


def load_askers(directory: Path) -> list[Asker]:
    """The computers with real keys."""
    return [Asker(**row) for row in json.loads((directory / "sample.json").read_text("utf-8"))]


def _new_keys(directory: Path, at: int) -> Keyring:
    """The vendor's keys, and a database that knows them."""
    keyring.make_mac(directory / "keys", 1)
    private = keyring.make_signing(directory / "keys", KID)
    store = Store(directory / "vendor.db")
    keyring.make_pepper(directory / "keys")
    with store.transaction(at, "cli:office") as t:
        key_admin.add_key(t, KID, tokens.public_x(private))
    store.close()
    return load_keys(directory)


def _scratch_database(folder: Path) -> sqlite3.Connection:
    Store(folder / "story.db").close()
    db = sqlite3.connect(folder / "story.db", isolation_level=None)
    db.execute("PRAGMA synchronous = OFF")
    return db


# -- stories and their copies ----------------------------------------------------------------------------


def _templates(teller: Teller, licences: int) -> Iterator[tuple[Template, int]]:
    """Each story, and how many copies it gets: oldest first."""
    began = list(starts(teller.until, max(2, min(STARTS, licences // LICENCES_A_START))))
    plan = [(start, name) for start in began for name in KINDS]
    parts = [KINDS[name].share / (100 * len(began)) for _, name in plan]
    done, wanted = 0, 0.0
    for (start, name), part in zip(plan, parts, strict=True):
        wanted += licences * part
        copies = round(wanted) - done
        done += copies
        if copies:
            yield Template(teller.rules, teller.tell(name, start)), copies


def _copy(
    db: sqlite3.Connection, templates: list[tuple[Template, int]], maker: Maker, licences: int
) -> list[Asker]:  # fmt: skip
    askers: list[Asker] = []
    every = max(1, licences // SAMPLES)
    rows: dict[tuple[str, tuple[str, ...]], list[Any]] = {}
    count = 0
    for template, copies in templates:
        for _ in range(copies):
            count += 1
            values, computers = maker.values(template.story, sampled=count % every == 0)
            asker = template.asker(values, computers[0])
            if asker is not None:
                askers.append(asker)
            for table, columns, row in template.copy(values):
                rows.setdefault((table, columns), []).append(row)
            if count % _BATCH == 0:
                _insert(db, rows)
    _insert(db, rows)
    return askers


def _insert(db: sqlite3.Connection, batch: dict[tuple[str, tuple[str, ...]], list[Any]]) -> None:
    for (table, columns), rows in batch.items():
        into = "scratch.told" if table == "audit" else table
        marks = ", ".join("?" * len(columns))
        db.executemany(f"INSERT INTO {into} ({', '.join(columns)}) VALUES ({marks})", rows)
        rows.clear()


@contextlib.contextmanager
def _bulk(path: Path, scratch: Path) -> Iterator[sqlite3.Connection]:
    """The database without its indexes and triggers, which are made again at the end."""
    db = sqlite3.connect(path, isolation_level=None)
    for setting in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -400000", "foreign_keys = OFF"):
        db.execute(f"PRAGMA {setting}")
    db.execute("ATTACH ? AS scratch", (str(scratch / "audit.db"),))
    db.execute("PRAGMA scratch.journal_mode = OFF")
    db.execute("CREATE TABLE scratch.told (id, at, actor, what, ref, detail, h)")
    parts = db.execute(
        "SELECT type, name, sql FROM main.sqlite_schema WHERE type IN ('index', 'trigger') AND sql IS NOT NULL"
    ).fetchall()
    db.execute("BEGIN")
    for kind, name, _ in parts:
        db.execute(f"DROP {kind} {name}")
    yield db
    for _, _, sql in parts:
        db.execute(sql)
    db.execute("COMMIT")
    db.execute("PRAGMA journal_mode = WAL")
    db.close()


def _chain(db: sqlite3.Connection) -> None:
    """All rows of the audit in the order of their times, each with the hash of the one before."""
    former = db.execute("SELECT h FROM audit ORDER BY id DESC LIMIT 1").fetchone()
    h = AUDIT_START if former is None else former[0]

    def rows() -> Iterator[tuple[Any, ...]]:
        nonlocal h
        told = db.execute("SELECT at, actor, what, ref, detail FROM scratch.told ORDER BY at, rowid")
        for row in told:
            h = chained(h, *row)
            yield (*row, h)

    db.executemany("INSERT INTO audit (at, actor, what, ref, detail, h) VALUES (?, ?, ?, ?, ?, ?)", rows())


def _count_checks(db: sqlite3.Connection, keys: Keyring, now: int) -> None:
    """Every computer that asks has asked on the last day: its counter is still there."""
    limiter = Limiter(Transaction(db, now, "server"), keys, {})
    today = terms.day(now).isoformat()
    for (id_,) in db.execute("SELECT id FROM device WHERE state = 'bound' AND last_day = ?", (today,)).fetchall():
        limiter.count(limits.CHECKS, id_)
    db.execute("UPDATE throttle SET window_end = window_end + abs(random()) % ?", (HOURS,))
