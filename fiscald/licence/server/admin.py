"""What the vendor's people decide, on the server itself: every action one transaction, with a row in the audit."""

from __future__ import annotations

import datetime
import json
import secrets
from collections.abc import Iterator
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fiscald.licence import company as companies
from fiscald.licence import tokens, wire
from fiscald.licence.company import Company
from fiscald.licence.number import FISCALD, Kind, Number, issue
from fiscald.licence.server.keyring import Keyring
from fiscald.licence.server.mail import BadAddress, recipient
from fiscald.licence.server.number_rules import number_seal
from fiscald.licence.server.store import Licence, StoredCompany, Transaction

#: The longest key list that fits into an answer beside a certificate.
MOST_KEY_LIST = 6000


class AdminError(Exception):
    """Cannot be done; nothing was changed. ``str`` says why."""


# -- numbers ---------------------------------------------------------------------------------------------


def issue_number(
    t: Transaction, keyring: Keyring, kind: Kind, flags: int, issued: datetime.date, mac_key: int
) -> Number:
    """A new number. In clear it is known here and now only. Raises ``AdminError``."""
    if mac_key not in keyring.mac:
        raise AdminError(f"there is no mac-{mac_key}.key; make it with: fiscald-vendor keys new --mac {mac_key}")
    while True:
        serial = secrets.randbits(35)
        if t.one("SELECT 1 FROM number WHERE serial = ?", serial) is None:
            break
    number = issue(kind=kind, flags=flags, issued=issued, serial=serial, mac_key=mac_key, key=keyring.mac[mac_key])
    add_number(t, keyring, number)
    return number


def add_number(t: Transaction, keyring: Keyring, number: Number) -> None:
    """Put a number into the table. Raises ``sqlite3.IntegrityError`` if its serial was used before."""
    t.do(
        "INSERT INTO number (h, kind, product, flags, mk, serial, issued, hint, state)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'issued')",
        number_seal(keyring, number), number.kind, FISCALD, number.flags, number.mac_key, number.serial,
        number.issued.isoformat(), number.hint,
    )  # fmt: skip
    t.audit("number.issued", number.hint, kind=number.kind.name.lower(), flags=number.flags)


def revoke_number(t: Transaction, keyring: Keyring, number: Number, said: str | None) -> None:
    """Withdraw a number, and the licence that it has made. Raises ``AdminError``."""
    _fits("sentence", said)
    stored = t.number(number_seal(keyring, number))
    if stored is None:
        raise AdminError("this number was never issued here")
    t.do("UPDATE number SET state = 'revoked' WHERE h = ?", stored.h)
    t.audit("number.revoked", stored.hint)
    licence = None if stored.licence is None else t.licence(stored.licence)
    if licence is not None and licence.state == "active" and stored.kind == Kind.LICENCE:
        t.end_licence(licence.id, "revoked", said)
        t.audit("licence.revoked", licence.id, said=said)


# -- licences --------------------------------------------------------------------------------------------


def licence_called(t: Transaction, name: str) -> Licence:
    """The licence with this id. Raises ``AdminError``."""
    licence = t.licence(name)
    if licence is None:
        raise AdminError(f"there is no licence {name}; see: fiscald-vendor licences")
    return licence


def revoke_licence(t: Transaction, name: str, said: str | None) -> None:
    """Withdraw a licence and its number: its computer hears so at the next check. Raises ``AdminError``."""
    _fits("sentence", said)
    licence = licence_called(t, name)
    if licence.state == "revoked":
        raise AdminError(f"{name} is revoked already")
    t.end_licence(licence.id, "revoked", said)
    t.do("UPDATE number SET state = 'revoked' WHERE licence_id = ? AND kind = ?", licence.id, Kind.LICENCE)
    t.audit("licence.revoked", licence.id, said=said)


def unbind(t: Transaction, name: str) -> None:
    """Free the seat of a computer that is lost, so that the number counts on another. Raises ``AdminError``."""
    licence = licence_called(t, name)
    if not t.release(licence.id):
        raise AdminError(f"{name} is on no computer")
    t.audit("device.released", licence.id)


def rename(
    t: Transaction, name: str, *, new_name: str | None, post: str | None, cc: str | None, tin: str | None,
    email: str | None,
) -> StoredCompany:  # fmt: skip
    """Change a company after a legal change, or its address; certificates follow at the next check.

    ``name`` is its id or a licence's. Raises ``AdminError``, or ``sqlite3.IntegrityError`` where another company is
    called so.
    """
    licence = t.licence(name)
    row = t.one("SELECT cc, tin, name, post FROM company WHERE id = ?", name if licence is None else licence.company)
    if row is None:
        raise AdminError(f"there is no company or licence {name}; see: fiscald-vendor licences")
    id_ = name if licence is None else licence.company
    try:
        changed = companies.company(new_name or row[2], post or row[3], cc or row[0], tin or row[1])
        address = None if email is None else recipient(email)
    except BadAddress:
        raise AdminError(f"{email} is not an address that mail can be sent to") from None
    except ValueError as error:
        raise AdminError(str(error)) from None
    _write_company(t, id_, changed)
    if address is not None:
        account = t.get_or_create_account(address, "pl")
        t.confirm_account(account)
        t.do("UPDATE company SET account_id = ? WHERE id = ?", account, id_)
    before = {"cc": row[0], "tin": row[1], "name": row[2], "post": row[3]}
    t.audit("company.renamed", id_, before=before, after=changed._asdict(), address=address is not None)
    (account_now,) = t.one("SELECT account_id FROM company WHERE id = ?", id_)
    return StoredCompany(id_, account_now, changed)


def forget(t: Transaction, email: str) -> str:
    """Erase an account that is closed for good: what stays is which number made which licence.

    Nothing is signed for its licences any more: a trial stops within days, a bought one goes on where it is and warns
    once its lease is over. To stop it, revoke it first, and erase once its computer has asked. The audit keeps ids, and
    the names written down at a rename. Raises ``AdminError``.
    """
    account = t.account(email)
    if account is None:
        raise AdminError("there is no account with this address")
    for stored in t.companies(account):
        t.do(
            "UPDATE licence SET state = 'ended', changed = ? WHERE company_id = ? AND state = 'active'",
            t.now, stored.id,
        )  # fmt: skip
        t.do("UPDATE device SET jkt = '', jwk = '', mid = '', state = 'released' WHERE licence_id IN"
             " (SELECT id FROM licence WHERE company_id = ?)", stored.id)  # fmt: skip
        _write_company(t, stored.id, Company(stored.id, "-", stored.company.cc, None))
    t.do("DELETE FROM otp WHERE account_id = ?", account)
    t.do("DELETE FROM session WHERE account_id = ?", account)
    t.do("DELETE FROM mail WHERE lower(recipient) = lower(?)", email.strip())
    t.do("UPDATE account SET email = '', email_norm = id, state = 'closed' WHERE id = ?", account)
    t.audit("account.forgotten", account)
    return account


def _write_company(t: Transaction, id_: str, company: Company) -> None:
    """The only way around the trigger that keeps a company what it is."""
    (trigger,) = t.one("SELECT sql FROM sqlite_schema WHERE name = 'company_fixed'")
    t.do("DROP TRIGGER company_fixed")
    t.do(
        "UPDATE company SET cc = ?, tin = ?, name = ?, name_norm = ?, post = ?, post_norm = ? WHERE id = ?",
        company.cc, company.tin, company.name, company.normal_name, company.post, company.normal_post, id_,
    )  # fmt: skip
    t.do(trigger)


# -- keys and releases -----------------------------------------------------------------------------------


def add_key(t: Transaction, kid: str, x: str) -> None:
    """A new signing key, to be in the next key list. Raises ``sqlite3.IntegrityError`` where there is one so called."""
    t.do("INSERT INTO signing_key (kid, x) VALUES (?, ?)", kid, x)
    t.audit("key.added", kid)


def retire_key(t: Transaction, kid: str, *, revoke: bool) -> None:
    """A key signs no more from now on; revoked, what it signed counts no more either. Raises ``AdminError``."""
    changed = t.do(
        "UPDATE signing_key SET valid_to = coalesce(valid_to, ?), revoked = max(revoked, ?) WHERE kid = ?",
        t.now, revoke, kid,
    )  # fmt: skip
    if not changed:
        raise AdminError(f"there is no key {kid}; see: fiscald-vendor keys list")
    t.audit("key.revoked" if revoke else "key.retired", kid)


def sign_key_list(t: Transaction, issuer: str, root: Ed25519PrivateKey, root_kid: str) -> int:
    """All keys in a list signed by the root; daemons get it with their next check. Its version."""
    keys = tuple(
        wire.ListedKey(kid=kid, x=x, uses=("licence", "status"), valid_from=start, valid_to=end, revoked=bool(revoked))
        for kid, x, start, end, revoked in t.db.execute(
            "SELECT kid, x, valid_from, valid_to, revoked FROM signing_key ORDER BY kid"
        )
    )
    if not keys:
        raise AdminError("there is no signing key yet; make one with: fiscald-vendor keys new KID")
    (version,) = t.one("SELECT coalesce(max(ver), 0) + 1 FROM key_list")
    listed = wire.KeyList(iss=issuer, ver=version, iat=t.now, keys=keys)
    token = tokens.sign(wire.claims(listed), wire.KEYS, root, kid=root_kid)
    if len(token) > MOST_KEY_LIST:
        raise AdminError("the key list has become too long to ride in an answer; a new release must pin fewer keys")
    t.do("INSERT INTO key_list VALUES (?, ?, ?)", version, t.now, token)
    t.audit("key.list", str(version), kids=[key.kid for key in keys])
    return int(version)


def set_release(t: Transaction, version: str, series: datetime.date, url: str) -> None:
    """The newest version of a series; ``series`` is the release date of its x.y.0. Raises ``AdminError``."""
    _fits("version", version)
    _fits("url", url)
    t.do(
        "INSERT INTO release VALUES (?, ?, ?) ON CONFLICT (series)"
        " DO UPDATE SET version = excluded.version, url = excluded.url",
        series.isoformat(), version, url,
    )  # fmt: skip
    t.audit("release", version, series=series.isoformat())


def _fits(what: str, text: str | None) -> None:
    """It is to be said in an answer."""
    if text is not None and not 0 < len(text) <= wire.MAX_TEXT:
        raise AdminError(f"the {what} must have 1 to {wire.MAX_TEXT} characters")


# -- looking ---------------------------------------------------------------------------------------------


def audit_rows(t: Transaction, ref: str | None, last: int) -> list[dict[str, Any]]:
    """The newest rows of the audit, oldest first."""
    found = t.db.execute(
        "SELECT id, at, actor, what, ref, detail FROM audit WHERE ? IS NULL OR ref = ? ORDER BY id DESC LIMIT ?",
        (ref, ref, last),
    ).fetchall()
    return [
        {
            "id": id_, "at": moment(at), "actor": actor, "what": what, "ref": about,
            "detail": None if detail is None else json.loads(detail),
        }
        for id_, at, actor, what, about, detail in reversed(found)
    ]  # fmt: skip


def licence_rows(t: Transaction, search: str | None) -> Iterator[dict[str, Any]]:
    """Licences, oldest first: all, or those whose id, company, tax number, number's hint or address is ``search``."""
    rows = t.db.execute(
        "SELECT DISTINCT licence.id, licence.created FROM licence JOIN company ON company.id = company_id"
        " LEFT JOIN number ON number.licence_id = licence.id LEFT JOIN account ON account.id = account_id"
        " WHERE ?1 IS NULL OR ?1 IN (licence.id, company.id, tin, hint, email_norm) OR name_norm LIKE ?2"
        " ORDER BY licence.created, licence.id",
        (search, None if search is None else f"%{search.casefold()}%"),
    ).fetchall()
    for id_, _ in rows:
        yield licence_row(t, id_)


def licence_row(t: Transaction, name: str) -> dict[str, Any]:
    """Everything about a licence. Raises ``AdminError``."""
    licence = licence_called(t, name)
    stored = t.company_of(licence)
    numbers = t.db.execute(
        "SELECT kind, hint, issued, state FROM number WHERE licence_id = ? ORDER BY rowid", (licence.id,)
    )
    devices = t.db.execute(
        "SELECT id, state, bound, released, offline, last_day, version FROM device WHERE licence_id = ? ORDER BY bound",
        (licence.id,),
    )
    return {
        "licence": licence.id,
        "kind": licence.kind,
        "state": licence.state,
        "since": moment(licence.changed),
        "ends": None if licence.ends is None else moment(licence.ends),
        "flags": licence.flags,
        "upd": licence.upd,
        "certificates": licence.seq,
        "said": licence.said,
        "company": {"id": stored.id, **stored.company._asdict()},
        "email": None if stored.account is None else t.address(stored.account)[0],
        "numbers": [
            {"field": "X" if kind == Kind.LICENCE else "Y", "hint": hint, "issued": issued, "state": state}
            for kind, hint, issued, state in numbers
        ],
        "computers": [
            {
                "id": id_, "state": state, "bound": moment(bound),
                "released": None if released is None else moment(released), "offline": bool(offline),
                "last_day": last_day, "version": version,
            }
            for id_, state, bound, released, offline, last_day, version in devices
        ],
    }  # fmt: skip


def moment(at: int) -> str:
    """A time as people read it."""
    return datetime.datetime.fromtimestamp(at, datetime.UTC).isoformat()
