"""Rows of the database as the pages show them."""

from __future__ import annotations

import datetime
import json

from fiscald.licence.number import Kind
from fiscald.licence.server.certificates import kind_of
from fiscald.licence.server.desk import MAX_ORDERS
from fiscald.licence.server.pages import views
from fiscald.licence.server.records import Licence, Seat
from fiscald.licence.server.terms import day
from fiscald.licence.server.transaction import Transaction

_KINDS = {"trial": "trial", "paid": "paid", "sub": "term"}


def licence_kind(t: Transaction, licence: Licence) -> str:
    """``trial``, ``paid`` or ``term``: as its first seat is."""
    seats = t.seats(licence.id)
    return _KINDS[kind_of(licence, seats[0])] if seats else licence.kind


def seat_view(t: Transaction, seat: Seat) -> views.Seat:
    """A seat and its computer."""
    number = t.number_of(seat.id)
    row = t.one(
        "SELECT id, bound, last_day, version, offline FROM device WHERE seat_id = ? AND state = 'bound'", seat.id
    )
    found = views.Seat(
        id=seat.id,
        hint=None if number is None else number.hint,
        updates=datetime.date.fromisoformat(seat.upd),
        ends=None if seat.ends is None else day(seat.ends),
    )
    if row is None:
        return found
    return found._replace(
        computer=row[0],
        since=day(row[1]),
        checked=None if row[2] is None else datetime.date.fromisoformat(row[2]),
        version=row[3],
        offline=bool(row[4]),
    )


def own_licence(t: Transaction, licence: Licence) -> views.OwnLicence:
    """A licence, for the customer."""
    company = t.company_of(licence).company
    return views.OwnLicence(
        id=licence.id,
        company=company.name,
        postcode=company.post,
        tax_number=company.tin,
        kind=licence_kind(t, licence),
        state=licence.state,
        sentence=licence.said,
        seats=tuple(seat_view(t, seat) for seat in t.seats(licence.id) if seat.state == "active"),
    )


def newest_licence(t: Transaction, company: str) -> Licence | None:
    """The company's licence in force, or the last one that it had."""
    row = t.one(
        "SELECT id FROM licence WHERE company_id = ? ORDER BY state IN ('active', 'suspended') DESC, created DESC",
        company,
    )
    return None if row is None else t.licence(row[0])


def orders(t: Transaction, where: str, value: str, limit: int) -> tuple[views.Order, ...]:
    """The newest orders that fit: ``where`` is a condition about ``purchase`` with one parameter."""
    rows = t.all(
        f"SELECT id, bought, invoice, buyer FROM purchase WHERE {where} ORDER BY created DESC LIMIT ?", value, limit
    )
    return tuple(
        views.Order(
            id=id_,
            day=datetime.date.fromisoformat(bought),
            invoice=invoice,
            buyer=buyer or "",
            hints=tuple(hint for (hint,) in t.all("SELECT hint FROM number WHERE purchase_id = ? ORDER BY rowid", id_)),
        )
        for id_, bought, invoice, buyer in rows
    )


def found_licence(t: Transaction, id_: str) -> views.FoundLicence:
    """A licence in a list."""
    licence = t.licence(id_)
    assert licence is not None
    stored = t.company_of(licence)
    seats = t.seats(licence.id)
    number = t.number_of(seats[0].id) if seats else None
    return views.FoundLicence(
        id=licence.id,
        company=stored.company.name,
        tax_number=stored.company.tin,
        email=None if stored.account is None else t.address(stored.account)[0],
        kind=licence_kind(t, licence),
        state=licence.state,
        hint=None if number is None else number.hint,
        seats=len(seats),
        free=sum(t.computer(seat.id) is None for seat in seats),
    )


def detail(t: Transaction, licence: Licence, audit_rows: int) -> views.LicenceDetail:
    """Everything about one licence."""
    stored = t.company_of(licence)
    numbers = t.all(
        "SELECT hint, kind, number.state, bought FROM number JOIN seat ON seat.id = seat_id WHERE licence_id = ?"
        " ORDER BY number.rowid",
        licence.id,
    )
    audit = t.all(
        "SELECT at, actor, what, detail FROM audit WHERE ref = ? ORDER BY id DESC LIMIT ?", licence.id, audit_rows
    )
    mine = "id IN (SELECT purchase_id FROM number JOIN seat ON seat.id = seat_id WHERE licence_id = ?)"
    return views.LicenceDetail(
        id=licence.id,
        company=stored.company.name,
        postcode=stored.company.post,
        country=stored.company.cc,
        tax_number=stored.company.tin,
        email=None if stored.account is None else t.address(stored.account)[0],
        kind=licence_kind(t, licence),
        state=licence.state,
        sentence=licence.said,
        since=day(licence.changed),
        seats=tuple(seat_view(t, seat) for seat in t.seats(licence.id)),
        numbers=tuple(
            views.Number(
                hint, "updates" if kind == Kind.UPDATES else "licence", state, datetime.date.fromisoformat(bought)
            )
            for hint, kind, state, bought in numbers
        ),
        orders=orders(t, mine, licence.id, MAX_ORDERS),
        audit=tuple(
            views.AuditRow(datetime.datetime.fromtimestamp(at, datetime.UTC), actor, what, _flat(text))
            for at, actor, what, text in audit
        ),
    )


def _flat(text: str | None) -> str:
    """The detail of an audit row in one line."""
    if text is None:
        return ""
    return ", ".join(f"{name} {value}" for name, value in json.loads(text).items() if value not in (None, False))


def twin(t: Transaction, row: dict[str, object]) -> views.Twin:
    """A row of ``listing.twins``."""
    licence = t.licence(str(row["licence"]))
    assert licence is not None
    last = row["last_day"]
    return views.Twin(
        licence=licence.id,
        company=t.company_of(licence).company.name,
        computer=str(row["computer"]),
        times=int(str(row["times"])),
        checked=None if last is None else datetime.date.fromisoformat(str(last)),
    )
