"""What the vendor looks at: licences, orders, twins, the audit. Nothing here changes anything."""

from __future__ import annotations

import datetime
import json
from typing import Any, NamedTuple

from fiscald.licence.company import Company
from fiscald.licence.number import field_of
from fiscald.licence.server.admin import AdminError, find_licence
from fiscald.licence.server.records import Seat
from fiscald.licence.server.transaction import AUDIT_START, Transaction, chained, normal_email

#: Rows of one page.
PAGE = 100


def moment(at: int) -> str:
    """A time in a readable form."""
    return datetime.datetime.fromtimestamp(at, datetime.UTC).isoformat()


def _moment_or_none(at: int | None) -> str | None:
    return None if at is None else moment(at)


# -- licences --------------------------------------------------------------------------------------------


class Page(NamedTuple):
    """Some rows, and where the next ones begin."""

    rows: list[dict[str, Any]]
    after: str | None
    """What to ask the next page with; ``None``: these are the last."""


class Found(NamedTuple):
    """Ids of some licences, and where the next ones begin."""

    ids: list[str]
    after: str | None


def licences(t: Transaction, search: str | None = None, *, after: str | None = None, limit: int = PAGE) -> Page:
    """Licences with all that is known of them: see ``found``."""
    page = found(t, search, after=after, limit=limit)
    return Page([licence_row(t, id_) for id_ in page.ids], page.after)


def found(t: Transaction, search: str | None = None, *, after: str | None = None, limit: int = PAGE) -> Found:
    """Licences, oldest first: all, or those with this id, tax number, address, order, number's hint or part of a name.

    ``after``: the ``after`` of the page before. Raises ``AdminError``.
    """
    start = (-1, "") if after is None else _start(t, after)
    if search is None:
        rows = t.all(
            "SELECT id FROM licence WHERE (created, id) > (?, ?) ORDER BY created, id LIMIT ?", *start, limit + 1
        )
    else:
        rows = t.all(
            f"SELECT id FROM licence WHERE id IN ({_FOUND}) AND (created, id) > (?2, ?3) ORDER BY created, id LIMIT ?4",
            search.strip(), *start, limit + 1, normal_email(search), _pattern(search),
        )  # fmt: skip
    ids = [id_ for (id_,) in rows]
    return Found(ids[:limit], ids[limit - 1] if len(ids) > limit else None)


#: Ids of licences that are found by ?1 (as typed), ?5 (as an address) and ?6 (a part of the company's name).
_FOUND = """
    SELECT id FROM licence WHERE id = ?1 OR company_id = ?1
    UNION SELECT licence_id FROM seat WHERE id = ?1
    UNION SELECT licence_id FROM device WHERE id = ?1
    UNION SELECT licence.id FROM licence JOIN company ON company.id = company_id WHERE tin = ?1
    UNION SELECT licence.id FROM licence JOIN company ON company.id = company_id WHERE name_norm LIKE ?6
    UNION SELECT licence.id FROM licence JOIN company ON company.id = company_id
        JOIN account ON account.id = account_id WHERE email_norm = ?5
    UNION SELECT licence_id FROM seat JOIN number ON number.seat_id = seat.id WHERE hint = upper(?1) OR purchase_id = ?1
    UNION SELECT licence_id FROM purchase JOIN number ON purchase_id = purchase.id JOIN seat ON seat.id = seat_id
        WHERE email = ?5
"""


def _pattern(search: str) -> str | None:
    """A part of a company's name, spelled as the names are compared: without case, accents and punctuation."""
    plain = Company(search, "", "", None).normal_name
    return f"%{plain}%" if plain else None


def _start(t: Transaction, after: str) -> tuple[int, str]:
    row = t.one("SELECT created, id FROM licence WHERE id = ?", after)
    if row is None:
        raise AdminError(f"there is no licence {after}; begin with the first page")
    return row[0], row[1]


def licence_row(t: Transaction, name: str) -> dict[str, Any]:
    """Everything about a licence. Raises ``AdminError``."""
    licence = find_licence(t, name)
    stored = t.company_of(licence)
    return {
        "licence": licence.id,
        "kind": licence.kind,
        "state": licence.state,
        "since": moment(licence.changed),
        "certificates": licence.seq,
        "said": licence.said,
        "company": {"id": stored.id, **stored.company._asdict()},
        "email": None if stored.account is None else t.address(stored.account)[0],
        "seats": [_seat_row(t, seat) for seat in t.seats(licence.id)],
    }


def _seat_row(t: Transaction, seat: Seat) -> dict[str, Any]:
    numbers = t.all(
        "SELECT kind, hint, issued, bought, purchase_id, state FROM number WHERE seat_id = ? ORDER BY rowid", seat.id
    )
    devices = t.all(
        "SELECT id, state, bound, released, offline, last_day, version, twins FROM device WHERE seat_id = ?"
        " ORDER BY rowid",
        seat.id,
    )
    return {
        "seat": seat.id,
        "state": seat.state,
        "said": seat.said,
        "flags": seat.flags,
        "upd": seat.upd,
        "ends": _moment_or_none(seat.ends),
        "registered_as": None if seat.name is None else {"name": seat.name, "post": seat.post},
        "numbers": [
            {
                "field": field_of(kind), "hint": hint, "issued": issued, "bought": bought,
                "order": purchase, "state": state,
            }
            for kind, hint, issued, bought, purchase, state in numbers
        ],
        "computers": [
            {
                "id": id_, "state": state, "bound": moment(bound), "released": _moment_or_none(released),
                "offline": bool(offline), "last_day": last_day, "version": version, "twins": twins,
            }
            for id_, state, bound, released, offline, last_day, version, twins in devices
        ],
    }  # fmt: skip


def twins(t: Transaction, limit: int = PAGE) -> list[dict[str, Any]]:
    """Computers that have shown an older certificate than before, the most frequent first."""
    found = t.all(
        "SELECT id, licence_id, seat_id, twins, last_day, version FROM device WHERE twins > 0"
        " ORDER BY twins DESC, id LIMIT ?",
        limit,
    )
    names = ("computer", "licence", "seat", "times", "last_day", "version")
    return [dict(zip(names, row, strict=True)) for row in found]


def differing(t: Transaction, limit: int = PAGE) -> list[dict[str, Any]]:
    """Seats whose number was registered with another name or postcode than their company has: to be merged by hand."""
    found = t.all(
        "SELECT licence_id, seat.id, company.name, company.post, seat.name, seat.post FROM seat"
        " JOIN licence ON licence.id = licence_id JOIN company ON company.id = company_id"
        " WHERE seat.name IS NOT NULL ORDER BY seat.created LIMIT ?",
        limit,
    )
    names = ("licence", "seat", "name", "post", "registered_name", "registered_post")
    return [dict(zip(names, row, strict=True)) for row in found]


# -- orders ----------------------------------------------------------------------------------------------


def orders(t: Transaction, search: str | None = None, *, after: int = 0, limit: int = PAGE) -> list[dict[str, Any]]:
    """Orders, oldest first: all, or those with this id, invoice or address. ``after``: the last row's ``row``."""
    found = t.all(
        f"SELECT {_ORDER} FROM purchase"
        " WHERE rowid > ?1 AND (?2 IS NULL OR ?2 IN (id, invoice) OR email = ?3) ORDER BY rowid LIMIT ?4",
        after, search, None if search is None else normal_email(search), limit,
    )  # fmt: skip
    return [_order_row(t, row) for row in found]


def order(t: Transaction, id_: str) -> dict[str, Any] | None:
    """The order with this id."""
    row = t.one(f"SELECT {_ORDER} FROM purchase WHERE id = ?", id_)
    return None if row is None else _order_row(t, row)


_ORDER = "rowid, id, invoice, buyer, email, lang, bought, source, created, cancelled"


def _order_row(t: Transaction, row: Any) -> dict[str, Any]:
    number, id_, invoice, buyer, email, lang, bought, source, created, cancelled = row
    numbers = t.all(
        "SELECT kind, hint, number.state, licence_id FROM number LEFT JOIN seat ON seat.id = seat_id"
        " WHERE purchase_id = ? ORDER BY number.rowid",
        id_,
    )
    return {
        "row": number,
        "order": id_,
        "invoice": invoice,
        "buyer": buyer,
        "email": email,
        "lang": lang,
        "bought": bought,
        "source": source,
        "created": moment(created),
        "cancelled": _moment_or_none(cancelled),
        "numbers": [
            {"field": field_of(kind), "hint": hint, "state": state, "licence": licence}
            for kind, hint, state, licence in numbers
        ],
    }


# -- the audit -------------------------------------------------------------------------------------------


def audit_rows(t: Transaction, ref: str | None, last: int) -> list[dict[str, Any]]:
    """The newest rows of the audit, oldest first."""
    where = "" if ref is None else " WHERE ref = ?2"
    found = t.all(
        f"SELECT id, at, actor, what, ref, detail FROM audit{where} ORDER BY id DESC LIMIT ?1",
        *((last,) if ref is None else (last, ref)),
    )
    return [
        {
            "id": id_, "at": moment(at), "actor": actor, "what": what, "ref": about,
            "detail": None if detail is None else json.loads(detail),
        }
        for id_, at, actor, what, about, detail in reversed(found)
    ]  # fmt: skip


class AuditFault(AdminError):
    """Rows of the audit were changed or deleted."""


def verify_audit(t: Transaction, known: tuple[int, str] | None = None) -> tuple[int, str]:
    """The newest row's number and hash, if all rows are there and as they were written.

    ``known``: such a pair from before, kept elsewhere: it shows that the newest rows were not deleted either. Raises
    ``AuditFault``.
    """
    former, number = AUDIT_START, 0
    for id_, at, actor, what, ref, detail, h in t.db.execute(
        "SELECT id, at, actor, what, ref, detail, h FROM audit ORDER BY id"
    ):
        if id_ != number + 1:
            raise AuditFault(f"rows {number + 1} to {id_ - 1} of the audit are missing")
        former, number = chained(former, at, actor, what, ref, detail), id_
        if former != h:
            raise AuditFault(f"row {id_} of the audit, or one before it, was changed")
        if known is not None and known[0] == id_ and known[1] != h:
            raise AuditFault(f"row {id_} of the audit is not the one that was there before")
    if known is not None and known[0] > number:
        raise AuditFault(f"rows {number + 1} to {known[0]} of the audit are missing at its end")
    return number, former
