"""The vendor's database: SQLite, every question one transaction, every decision in an audit that only grows.

Several processes may use it at once (the server and the vendor's commands): a transaction waits for its turn first,
and the unique indexes have the last word on who was first.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from fiscald import private
from fiscald.licence.company import Company
from fiscald.licence.number import ALPHABET
from fiscald.licence.server.refusals import Refused, Unable

SCHEMA_VERSION = 1
#: Seconds to wait for another process's transaction.
PATIENCE = 10.0
DAY = 86_400


class StoreError(Exception):
    """The database cannot be used; ``str`` says what to do."""


class StoredCompany(NamedTuple):
    """A row of ``company``."""

    id: str
    account: str | None
    company: Company


class Licence(NamedTuple):
    """A row of ``licence``."""

    id: str
    company: str
    kind: str
    flags: int
    ends: int | None
    upd: str
    seq: int
    state: str
    changed: int
    said: str | None


class StoredNumber(NamedTuple):
    """A row of ``number``."""

    h: bytes
    kind: int
    flags: int
    mk: int
    serial: int
    issued: str
    hint: str
    state: str
    licence: str | None
    superseded_by: bytes | None


class Device(NamedTuple):
    """A row of ``device``: a computer that has or had a licence."""

    id: str
    licence: str
    jkt: str
    mid: str
    offline: bool
    state: str
    released: int | None
    seen: int


def random_name(prefix: str, symbols: int = 13) -> str:
    """A name that nobody can guess (13 symbols: 65 bits)."""
    return prefix + "".join(secrets.choice(ALPHABET) for _ in range(symbols))


class Transaction:
    """Queries inside one transaction. ``now`` is its time; ``actor`` is who is in the audit."""

    def __init__(self, db: sqlite3.Connection, now: int, actor: str) -> None:
        self.db = db
        self.now = now
        self.actor = actor

    def audit(self, what: str, ref: str | None = None, **detail: Any) -> None:
        """Write down a decision."""
        self.db.execute(
            "INSERT INTO audit (at, actor, what, ref, detail) VALUES (?, ?, ?, ?, ?)",
            (self.now, self.actor, what, ref, json.dumps(detail, ensure_ascii=False) if detail else None),
        )

    def check_clock(self) -> None:
        """Raises ``Unable`` where the clock is behind the newest row of the audit: nothing may be signed then."""
        newest = self.one("SELECT at FROM audit ORDER BY id DESC LIMIT 1")
        if newest is not None and newest[0] > self.now:
            raise Unable(
                f"the clock is {newest[0] - self.now} s behind what was signed already; set it; "
                "if it was ahead then, run: fiscald-vendor audit --accept-clock"
            )

    def one(self, query: str, *values: Any) -> Any:
        """The first row, or ``None``."""
        return self.db.execute(query, values).fetchone()

    def do(self, statement: str, *values: Any) -> int:
        """Change rows; how many."""
        return self.db.execute(statement, values).rowcount

    # -- accounts and companies -----------------------------------------------------------------------

    def account(self, email: str) -> str | None:
        """Id of the account with this address, confirmed or not."""
        row = self.one("SELECT id FROM account WHERE email_norm = ? AND state <> 'closed'", normal_email(email))
        return None if row is None else str(row[0])

    def get_or_create_account(self, email: str, lang: str) -> str:
        """Id of the account with this address; a pending one is made where there is none."""
        self.do(
            "INSERT INTO account (id, email, email_norm, lang, state, created) VALUES (?, ?, ?, ?, 'pending', ?)"
            " ON CONFLICT (email_norm) DO UPDATE SET lang = excluded.lang",
            random_name("acc_"), email, normal_email(email), lang, self.now,
        )  # fmt: skip
        found = self.account(email)
        assert found is not None
        return found

    def address(self, account: str) -> tuple[str, str]:
        """Where and in which language to write to."""
        email, lang = self.one("SELECT email, lang FROM account WHERE id = ?", account)
        return str(email), str(lang)

    def confirm_account(self, account: str) -> None:
        """Its owner has read our mail."""
        self.do(
            "UPDATE account SET state = 'confirmed', confirmed = ? WHERE id = ? AND state = 'pending'",
            self.now, account,
        )  # fmt: skip

    def company(self, identity: Company) -> StoredCompany | None:
        """The company with the same tax number, or the same name and postcode where it has none."""
        if identity.tin is not None:
            row = self.one(f"SELECT {_COMPANY} FROM company WHERE cc = ? AND tin = ?", identity.cc, identity.tin)
        else:
            row = self.one(
                f"SELECT {_COMPANY} FROM company WHERE tin IS NULL AND cc = ? AND name_norm = ? AND post_norm = ?",
                identity.cc, identity.normal_name, identity.normal_post,
            )  # fmt: skip
        return None if row is None else StoredCompany(row[0], row[1], Company(*row[2:]))

    def company_of(self, licence: Licence) -> StoredCompany:
        """Whose licence it is."""
        row = self.one(f"SELECT {_COMPANY} FROM company WHERE id = ?", licence.company)
        return StoredCompany(row[0], row[1], Company(*row[2:]))

    def companies(self, account: str) -> list[StoredCompany]:
        """The account's companies."""
        rows = self.db.execute(f"SELECT {_COMPANY} FROM company WHERE account_id = ? ORDER BY created, id", (account,))
        return [StoredCompany(row[0], row[1], Company(*row[2:])) for row in rows]

    def add_company(self, company: Company, account: str | None) -> StoredCompany:
        """A new one."""
        made = StoredCompany(random_name("com_"), account, company)
        self.do(
            "INSERT INTO company (id, account_id, cc, tin, name, name_norm, post, post_norm, created)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            made.id, account, company.cc, company.tin, company.name, company.normal_name, company.post,
            company.normal_post, self.now,
        )  # fmt: skip
        return made

    # -- licences and numbers -------------------------------------------------------------------------

    def licence(self, id_: str) -> Licence | None:
        """The licence with this id."""
        row = self.one(f"SELECT {_LICENCE} FROM licence WHERE id = ?", id_)
        return None if row is None else Licence(*row)

    def active_licence(self, company: str) -> Licence | None:
        """The company's licence in force: there is one at most."""
        row = self.one(f"SELECT {_LICENCE} FROM licence WHERE company_id = ? AND state = 'active'", company)
        return None if row is None else Licence(*row)

    def add_licence(self, company: str, product: int, kind: str, flags: int, *, ends: int | None, upd: str) -> Licence:
        """A new one, active."""
        made = Licence(random_name("lic_"), company, kind, flags, ends, upd, 0, "active", self.now, None)
        self.do(
            "INSERT INTO licence (id, company_id, product, kind, flags, ends, upd, state, changed, created)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, 'active', ?, ?)",
            made.id, company, product, kind, flags, ends, upd, self.now, self.now,
        )  # fmt: skip
        return made

    def end_licence(self, id_: str, state: str, said: str | None = None) -> None:
        """It is not active any more: ``superseded``, ``ended`` or ``revoked``."""
        self.do("UPDATE licence SET state = ?, changed = ?, said = ? WHERE id = ?", state, self.now, said, id_)

    def number(self, h: bytes) -> StoredNumber | None:
        """The number with this seal."""
        row = self.one(f"SELECT {_NUMBER} FROM number WHERE h = ?", h)
        return None if row is None else StoredNumber(*row)

    def number_of(self, licence: str, kind: int) -> StoredNumber | None:
        """The number a licence was made from (kind X): the newest."""
        row = self.one(
            f"SELECT {_NUMBER} FROM number WHERE licence_id = ? AND kind = ? ORDER BY rowid DESC LIMIT 1", licence, kind
        )
        return None if row is None else StoredNumber(*row)

    # -- computers and certificates -------------------------------------------------------------------

    def seat(self, licence: str) -> Device | None:
        """The computer that has the licence now."""
        row = self.one(f"SELECT {_DEVICE} FROM device WHERE licence_id = ? AND state = 'bound'", licence)
        return None if row is None else Device(*row)

    def device(self, licence: str, jkt: str) -> Device | None:
        """The computer with this key, if it has or had the licence."""
        row = self.one(
            f"SELECT {_DEVICE} FROM device WHERE licence_id = ? AND jkt = ? ORDER BY state, released DESC LIMIT 1",
            licence, jkt,
        )  # fmt: skip
        return None if row is None else Device(*row)

    def knows_device(self, company: str, jkt: str) -> bool:
        """Whether this computer has ever had a licence of the company."""
        query = "SELECT 1 FROM device JOIN licence ON licence.id = licence_id WHERE company_id = ? AND jkt = ?"
        return self.one(query, company, jkt) is not None

    def bind(self, licence: str, jkt: str, jwk: str, mid: str, *, offline: bool = False) -> Device:
        """Give the free seat to a computer."""
        made = Device(random_name("dev_"), licence, jkt, mid, offline, "bound", None, 0)
        self.do(
            "INSERT INTO device (id, licence_id, jkt, jwk, mid, offline, state, bound)"
            " VALUES (?, ?, ?, ?, ?, ?, 'bound', ?)",
            made.id, licence, jkt, jwk, mid, offline, self.now,
        )  # fmt: skip
        return made

    def release(self, licence: str) -> bool:
        """Free the seat; returns whether a computer had it."""
        return self.do(
            "UPDATE device SET state = 'released', released = ? WHERE licence_id = ? AND state = 'bound'",
            self.now, licence,
        ) > 0  # fmt: skip

    def newest_key_list(self) -> str | None:
        """The newest signed key list."""
        row = self.one("SELECT token FROM key_list ORDER BY ver DESC LIMIT 1")
        return None if row is None else str(row[0])

    # -- housekeeping ---------------------------------------------------------------------------------

    def purge_expired(self) -> None:
        """Forget what has run out: nonces, counters, sessions, codes, addresses that nobody confirmed."""
        self.do("DELETE FROM replay WHERE expires <= ?", self.now)
        self.do("DELETE FROM throttle WHERE window_end <= ?", self.now)
        self.do("DELETE FROM session WHERE expires <= ?", self.now)
        # One whose mail waits for a mail server gets another code when that leaves: the outbox gives it up.
        self.do(
            "DELETE FROM otp WHERE expires <= ? AND id NOT IN (SELECT otp_id FROM mail WHERE otp_id IS NOT NULL)",
            self.now,
        )
        self.do(
            "DELETE FROM account WHERE state = 'pending' AND created <= ? AND id NOT IN (SELECT account_id FROM otp)"
            " AND id NOT IN (SELECT account_id FROM company WHERE account_id IS NOT NULL)",
            self.now - DAY,
        )


class Store:
    """The database file."""

    def __init__(self, path: Path) -> None:
        """Open or create it. Raises ``StoreError`` saying what to do."""
        self._path = path
        self._thread_turn = threading.Lock()
        with contextlib.ExitStack() as undo:
            try:
                private.make_directory(path.parent)
                os.close(private.open_file(path, os.O_RDWR))
                self._lock = undo.enter_context(path.with_name(f"{path.name}-lock").open("a"))
                self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=PATIENCE)
            except (OSError, sqlite3.Error) as error:
                raise StoreError(f"{path}: {error}; make the directory writable for this user") from None
            undo.callback(self._db.close)
            try:
                with self._turn():
                    self._prepare()
            except sqlite3.Error as error:
                raise StoreError(f"{path}: {error}; check the disk, or restore a backup") from None
            undo.pop_all()

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """One thread of one process at a time, checkpoints included.

        Some SQLite versions in use can lose commits when one process writes the log while another gives it back.
        """
        with self._thread_turn:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._lock, fcntl.LOCK_UN)

    def _prepare(self) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA foreign_keys = ON")
        self._db.execute("BEGIN IMMEDIATE")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise StoreError(
                f"{self._path} was written by a newer fiscald-vendor (schema {version}, this one knows "
                f"{SCHEMA_VERSION}); install that version again"
            )
        for number in range(version + 1, SCHEMA_VERSION + 1):
            schema = files(__package__).joinpath(f"schema_v{number}.sql").read_text("utf-8")
            for statement in _statements(schema):
                self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version = {number}")
        self._db.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        with self._turn():
            self._db.close()
        self._lock.close()

    @contextlib.contextmanager
    def transaction(self, time: int | Callable[[], int], actor: str = "server") -> Iterator[Transaction]:
        """One transaction, one at a time. ``time`` is now, or a clock, which is read when it is our turn.

        A refusal is an outcome too: what was written before it stays.

        Anything else that is raised undoes it. Raises ``Unable`` where the file cannot be read or written;
        ``sqlite3.IntegrityError`` is the caller's to translate.
        """
        with self._turn():
            try:
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    yield Transaction(self._db, time if isinstance(time, int) else time(), actor)
                except Refused:
                    self._db.execute("COMMIT")
                    raise
                except BaseException:
                    self._undo()
                    raise
                self._db.execute("COMMIT")
            except sqlite3.IntegrityError:
                self._undo()
                raise
            except sqlite3.Error as error:
                self._undo()
                raise Unable(f"{self._path}: {error}") from error

    def _undo(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")


def normal_email(email: str) -> str:
    """What two spellings of the same address have in common."""
    return email.strip().lower()


def _statements(script: str) -> Iterator[str]:
    """The statements of an SQL script: ``executescript`` would end the transaction we are in."""
    text = ""
    for line in script.splitlines(keepends=True):
        text += line
        if sqlite3.complete_statement(text):
            yield text
            text = ""


_COMPANY = "id, account_id, name, post, cc, tin"
_LICENCE = "id, company_id, kind, flags, ends, upd, seq, state, changed, said"
_NUMBER = "h, kind, flags, mk, serial, issued, hint, state, licence_id, superseded_by"
_DEVICE = "id, licence_id, jkt, mid, offline, state, released, seen"
