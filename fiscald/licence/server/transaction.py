"""Queries and changes of the vendor's database, inside one transaction."""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
from typing import Any

from fiscald.licence.company import Company
from fiscald.licence.number import ALPHABET, Kind
from fiscald.licence.server import records
from fiscald.licence.server.records import Device, Licence, Seat, StoredCompany, StoredNumber
from fiscald.licence.server.refusals import Unable

DAY = 86_400
#: What the chain of the audit begins with.
AUDIT_START = "0" * 64
#: Rows that one tidying deletes of each table at most: it must not hold up the answers.
TIDY_ROWS = 500
_TIDIED_ACCOUNT = "tidied account"


def random_name(prefix: str, symbols: int = 13) -> str:
    """A name that cannot be guessed (13 symbols: 65 bits)."""
    return prefix + "".join(secrets.choice(ALPHABET) for _ in range(symbols))


def normal_email(email: str) -> str:
    """What two spellings of the same address have in common."""
    return email.strip().lower()


def chained(former: str, at: int, actor: str, what: str, ref: str | None, detail: str | None) -> str:
    """The hash of a row of the audit, which includes the row before it."""
    row = json.dumps([former, at, actor, what, ref, detail], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(row.encode()).hexdigest()


class Transaction:
    """Queries inside one transaction. ``now`` is its time; ``actor`` is who is in the audit."""

    def __init__(self, db: sqlite3.Connection, now: int, actor: str) -> None:
        self.db = db
        self.now = now
        self.actor = actor

    def audit(self, what: str, ref: str | None = None, **detail: Any) -> None:
        """Write down a decision. ``detail`` holds no name, no tax number and no address: the audit is never erased."""
        text = json.dumps(detail, ensure_ascii=False) if detail else None
        former = self.one("SELECT h FROM audit ORDER BY id DESC LIMIT 1")
        h = chained(AUDIT_START if former is None else former[0], self.now, self.actor, what, ref, text)
        self.do(
            "INSERT INTO audit (at, actor, what, ref, detail, h) VALUES (?, ?, ?, ?, ?, ?)",
            self.now, self.actor, what, ref, text, h,
        )  # fmt: skip

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

    def all(self, query: str, *values: Any) -> list[Any]:
        """All rows."""
        return self.db.execute(query, values).fetchall()

    def do(self, statement: str, *values: Any) -> int:
        """Change rows; how many."""
        return self.db.execute(statement, values).rowcount

    def meta(self, key: str) -> str | None:
        """A value that the server keeps about the database itself."""
        row = self.one("SELECT value FROM meta WHERE key = ?", key)
        return None if row is None else str(row[0])

    def set_meta(self, key: str, value: str) -> None:
        """Keep such a value."""
        self.do("INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", key, value)

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
            row = self.one(f"SELECT {records.COMPANY} FROM company WHERE cc = ? AND tin = ?", identity.cc, identity.tin)
        else:
            row = self.one(
                f"SELECT {records.COMPANY} FROM company WHERE tin IS NULL AND cc = ? AND name_norm = ?"
                " AND post_norm = ?",
                identity.cc, identity.normal_name, identity.normal_post,
            )  # fmt: skip
        return None if row is None else _company(row)

    def company_of(self, licence: Licence) -> StoredCompany:
        """Whose licence it is."""
        return _company(self.one(f"SELECT {records.COMPANY} FROM company WHERE id = ?", licence.company))

    def companies(self, account: str) -> list[StoredCompany]:
        """The account's companies."""
        query = f"SELECT {records.COMPANY} FROM company WHERE account_id = ? ORDER BY created, id"
        return [_company(row) for row in self.all(query, account)]

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

    # -- licences, seats and numbers ------------------------------------------------------------------

    def licence(self, id_: str) -> Licence | None:
        """The licence with this id."""
        row = self.one(f"SELECT {records.LICENCE} FROM licence WHERE id = ?", id_)
        return None if row is None else Licence(*row)

    def licence_in_force(self, company: str) -> Licence | None:
        """The company's licence, active or suspended: there is one at most."""
        query = f"SELECT {records.LICENCE} FROM licence WHERE company_id = ? AND state IN ('active', 'suspended')"
        row = self.one(query, company)
        return None if row is None else Licence(*row)

    def add_licence(self, company: str, product: int, kind: str) -> Licence:
        """A new one, active, without a seat."""
        made = Licence(random_name("lic_"), company, kind, 0, "active", self.now, None)
        self.do(
            "INSERT INTO licence (id, company_id, product, kind, state, changed, created)"
            " VALUES (?, ?, ?, ?, 'active', ?, ?)",
            made.id, company, product, kind, self.now, self.now,
        )  # fmt: skip
        return made

    def set_licence_state(self, id_: str, state: str, said: str | None = None) -> None:
        """Give it another state."""
        self.do("UPDATE licence SET state = ?, changed = ?, said = ? WHERE id = ?", state, self.now, said, id_)

    def seat(self, id_: str) -> Seat:
        """The seat with this id."""
        return Seat(*self.one(f"SELECT {records.SEAT} FROM seat WHERE id = ?", id_))

    def seats(self, licence: str) -> list[Seat]:
        """A licence's seats, the oldest first."""
        rows = self.all(f"SELECT {records.SEAT} FROM seat WHERE licence_id = ? ORDER BY created, rowid", licence)
        return [Seat(*row) for row in rows]

    def count_seats(self, licence: str) -> int:
        """How many seats a licence has."""
        (count,) = self.one("SELECT count(*) FROM seat WHERE licence_id = ?", licence)
        return int(count)

    def add_seat(
        self, licence: str, flags: int, *, ends: int | None, upd: str, name: str | None = None, post: str | None = None
    ) -> Seat:
        """A new one, without a computer. ``name`` and ``post``: as the company was written with its number."""
        made = Seat(random_name("seat_"), licence, flags, ends, upd, name, post, "active", self.now, None)
        self.do(
            "INSERT INTO seat (id, licence_id, flags, ends, upd, name, post, state, changed, created)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, 'active', ?, ?)",
            made.id, licence, flags, ends, upd, name, post, self.now, self.now,
        )  # fmt: skip
        return made

    def number(self, h: bytes) -> StoredNumber | None:
        """The number with this seal."""
        row = self.one(f"SELECT {records.NUMBER} FROM number WHERE h = ?", h)
        return None if row is None else _number(row)

    def number_of(self, seat: str) -> StoredNumber | None:
        """The number X that a seat was made from: the newest."""
        row = self.one(
            f"SELECT {records.NUMBER} FROM number WHERE seat_id = ? AND kind = ? ORDER BY rowid DESC LIMIT 1",
            seat, Kind.LICENCE,
        )  # fmt: skip
        return None if row is None else _number(row)

    # -- computers and certificates -------------------------------------------------------------------

    def computer(self, seat: str) -> Device | None:
        """The computer that has the seat now."""
        row = self.one(f"SELECT {records.DEVICE} FROM device WHERE seat_id = ? AND state = 'bound'", seat)
        return None if row is None else _device(row)

    def last_computer(self, seat: str) -> Device | None:
        """The computer that has the seat, or had it last."""
        row = self.one(f"SELECT {records.DEVICE} FROM device WHERE seat_id = ? ORDER BY rowid DESC LIMIT 1", seat)
        return None if row is None else _device(row)

    def device(self, licence: str, jkt: str) -> Device | None:
        """The computer with this key, if it has or had a seat of the licence."""
        row = self.one(
            f"SELECT {records.DEVICE} FROM device WHERE licence_id = ? AND jkt = ?"
            " ORDER BY state, rowid DESC LIMIT 1",
            licence, jkt,
        )  # fmt: skip
        return None if row is None else _device(row)

    def knows_device(self, company: str, jkt: str) -> bool:
        """Whether this computer has ever had a licence of the company."""
        query = "SELECT 1 FROM device JOIN licence ON licence.id = licence_id WHERE company_id = ? AND jkt = ?"
        return self.one(query, company, jkt) is not None

    def bind(self, seat: Seat, jkt: str, jwk: str, mid: str, *, offline: bool = False) -> Device:
        """Give the free seat to a computer."""
        made = Device(random_name("dev_"), seat.id, seat.licence, jkt, mid, offline, "bound", None, 0)
        self.do(
            "INSERT INTO device (id, seat_id, licence_id, jkt, jwk, mid, offline, state, bound)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, 'bound', ?)",
            made.id, seat.id, seat.licence, jkt, jwk, mid, offline, self.now,
        )  # fmt: skip
        return made

    def free(self, seat: str) -> bool:
        """Free a seat; whether a computer had it."""
        return self.do(
            "UPDATE device SET state = 'released', released = ? WHERE seat_id = ? AND state = 'bound'", self.now, seat
        ) > 0  # fmt: skip

    def newest_key_list(self) -> str | None:
        """The newest signed key list."""
        row = self.one("SELECT token FROM key_list ORDER BY ver DESC LIMIT 1")
        return None if row is None else str(row[0])

    # -- housekeeping ---------------------------------------------------------------------------------

    def tidy(self) -> bool:
        """Forget some of what has run out: nonces, counters, sessions, codes, unconfirmed addresses.

        Whether there may be more of it.
        """
        deleted = [
            self.do(
                f"DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} WHERE {column} <= ? LIMIT ?)",
                self.now, TIDY_ROWS,
            )
            for table, column, key in (
                ("replay", "expires", "h"), ("throttle", "window_end", "bucket"), ("session", "expires", "h"),
                ("web_session", "expires", "h"),
            )
        ]  # fmt: skip
        # One whose mail waits for a mail server gets another code when that leaves: the outbox gives it up.
        deleted.append(
            self.do(
                "DELETE FROM otp WHERE id IN (SELECT id FROM otp WHERE expires <= ?"
                " AND NOT EXISTS (SELECT 1 FROM mail WHERE otp_id = otp.id) LIMIT ?)",
                self.now, TIDY_ROWS,
            )
        )  # fmt: skip
        self._tidy_accounts()
        return TIDY_ROWS in deleted

    def _tidy_accounts(self) -> None:
        """Unconfirmed addresses of a day ago that nothing belongs to: some at each call, in turn.

        Those of companies that never confirmed theirs stay, so there are many to pass by: ``meta`` says how far we are.
        """
        created, after = json.loads(self.meta(_TIDIED_ACCOUNT) or '[0, ""]')
        looked_at = self.all(
            "SELECT created, id FROM account WHERE state = 'pending' AND created <= ? AND (created, id) > (?, ?)"
            " ORDER BY created, id LIMIT ?",
            self.now - DAY, created, after, TIDY_ROWS,
        )  # fmt: skip
        self.do(
            "DELETE FROM account WHERE id IN (SELECT value FROM json_each(?))"
            " AND NOT EXISTS (SELECT 1 FROM otp WHERE account_id = account.id)"
            " AND NOT EXISTS (SELECT 1 FROM web_session WHERE account_id = account.id)"
            " AND NOT EXISTS (SELECT 1 FROM company WHERE account_id = account.id)",
            json.dumps([id_ for _, id_ in looked_at]),
        )
        if len(looked_at) == TIDY_ROWS:
            self.set_meta(_TIDIED_ACCOUNT, json.dumps(looked_at[-1]))
        elif after:
            self.do("DELETE FROM meta WHERE key = ?", _TIDIED_ACCOUNT)


def _company(row: Any) -> StoredCompany:
    return StoredCompany(row[0], row[1], Company(*row[2:]))


def _number(row: Any) -> StoredNumber:
    return StoredNumber(*row)._replace(offline=bool(row[8]))


def _device(row: Any) -> Device:
    return Device(*row)._replace(offline=bool(row[5]))
