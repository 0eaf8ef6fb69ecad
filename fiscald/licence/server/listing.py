"""What the vendor looks at: licences, orders, twins, the audit. Nothing here changes anything."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from fiscald.licence.number import field_of
from fiscald.licence.server import searching
from fiscald.licence.server.admin import AdminError, find_licence
from fiscald.licence.server.transaction import AUDIT_START, Transaction, chained

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
    return Page(_licence_rows(t, page.ids), page.after)


def found(t: Transaction, search: str | None = None, *, after: str | None = None, limit: int = PAGE) -> Found:
    """Licences, oldest first: all, or those that ``searching`` finds.

    ``after``: the ``after`` of the page before. Raises ``AdminError``.
    """
    start = searching.FIRST if after is None else _start(t, after)
    ids = searching.licences(t, search, start, limit + 1)
    return Found(ids[:limit], ids[limit - 1] if len(ids) > limit else None)


def _start(t: Transaction, after: str) -> tuple[int, str]:
    row = t.one("SELECT created, id FROM licence WHERE id = ?", after)
    if row is None:
        raise AdminError(f"there is no licence {after}; begin with the first page")
    return row[0], row[1]


def licence_row(t: Transaction, name: str) -> dict[str, Any]:
    """Everything about a licence. Raises ``AdminError``."""
    (row,) = _licence_rows(t, [find_licence(t, name).id])
    return row


def _licence_rows(t: Transaction, ids: list[str]) -> list[dict[str, Any]]:
    """Everything about licences, in four queries however many they are."""
    wanted = json.dumps(ids)
    rows = {
        id_: {
            "licence": id_,
            "kind": kind,
            "state": state,
            "since": moment(changed),
            "certificates": seq,
            "said": said,
            "company": {"id": company, "name": name, "post": post, "cc": cc, "tin": tin},
            "email": email,
            "seats": [],
        }
        for id_, kind, state, changed, seq, said, company, name, post, cc, tin, email in t.all(
            "SELECT licence.id, kind, licence.state, changed, seq, said, company.id, name, post, cc, tin, email"
            " FROM json_each(?) CROSS JOIN licence ON licence.id = value JOIN company ON company.id = company_id"
            " LEFT JOIN account ON account.id = account_id",
            wanted,
        )
    }
    for seat in _seat_rows(t, wanted):
        rows[seat.pop("licence")]["seats"].append(seat)
    return [rows[id_] for id_ in ids]


def _seat_rows(t: Transaction, licences: str) -> Iterator[dict[str, Any]]:
    numbers: dict[str, list[dict[str, Any]]] = {}
    for seat, kind, hint, issued, bought, purchase, state in t.all(
        "SELECT seat_id, kind, hint, issued, bought, purchase_id, number.state FROM json_each(?)"
        " CROSS JOIN seat ON licence_id = value CROSS JOIN number ON seat_id = seat.id ORDER BY number.rowid",
        licences,
    ):
        numbers.setdefault(seat, []).append(
            {
                "field": field_of(kind), "hint": hint, "issued": issued, "bought": bought,
                "order": purchase, "state": state,
            }
        )  # fmt: skip
    computers: dict[str, list[dict[str, Any]]] = {}
    for seat, id_, state, bound, released, offline, last_day, version, twins in t.all(
        "SELECT seat_id, device.id, state, bound, released, offline, last_day, version, twins FROM json_each(?)"
        " CROSS JOIN device ON licence_id = value ORDER BY device.rowid",
        licences,
    ):
        computers.setdefault(seat, []).append(
            {
                "id": id_, "state": state, "bound": moment(bound), "released": _moment_or_none(released),
                "offline": bool(offline), "last_day": last_day, "version": version, "twins": twins,
            }
        )  # fmt: skip
    for licence, id_, state, said, flags, upd, ends, name, post in t.all(
        "SELECT licence_id, seat.id, state, said, flags, upd, ends, name, post FROM json_each(?)"
        " CROSS JOIN seat ON licence_id = value ORDER BY created, seat.rowid",
        licences,
    ):
        yield {
            "licence": licence,
            "seat": id_,
            "state": state,
            "said": said,
            "flags": flags,
            "upd": upd,
            "ends": _moment_or_none(ends),
            "registered_as": None if name is None else {"name": name, "post": post},
            "numbers": numbers.get(id_, []),
            "computers": computers.get(id_, []),
        }


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
    return [_order_row(t, row) for row in searching.orders(t, search, after, limit)]


def order(t: Transaction, id_: str) -> dict[str, Any] | None:
    """The order with this id."""
    row = t.one("SELECT rowid FROM purchase WHERE id = ?", id_)
    return None if row is None else _order_row(t, row[0])


def _order_row(t: Transaction, row: int) -> dict[str, Any]:
    id_, invoice, buyer, email, lang, bought, source, created, cancelled = t.one(
        "SELECT id, invoice, buyer, email, lang, bought, source, created, cancelled FROM purchase WHERE rowid = ?", row
    )
    numbers = t.all(
        "SELECT kind, hint, number.state, licence_id FROM number LEFT JOIN seat ON seat.id = seat_id"
        " WHERE purchase_id = ? ORDER BY number.rowid",
        id_,
    )
    return {
        "row": row,
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
