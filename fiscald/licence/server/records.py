"""The rows of the vendor's database."""

from __future__ import annotations

from typing import NamedTuple

from fiscald.licence.company import Company


class StoredCompany(NamedTuple):
    """A row of ``company``."""

    id: str
    account: str | None
    company: Company


class Licence(NamedTuple):
    """A row of ``licence``: what a company has. Its seats say for how many computers, and with which rights."""

    id: str
    company: str
    kind: str
    seq: int
    state: str
    changed: int
    said: str | None


class Seat(NamedTuple):
    """A row of ``seat``: the right to run on one computer, made by a number or a trial."""

    id: str
    licence: str
    flags: int
    ends: int | None
    upd: str
    name: str | None
    post: str | None
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
    bought: str
    months: int | None
    offline: bool
    hint: str
    purchase: str | None
    state: str
    seat: str | None
    superseded_by: bytes | None


class Device(NamedTuple):
    """A row of ``device``: a computer that has or had a seat."""

    id: str
    seat: str
    licence: str
    jkt: str
    mid: str
    offline: bool
    state: str
    released: int | None
    seen: int

    def is_computer(self, jkt: str, mid: str) -> bool:
        """Whether it is the computer with this key and this machine."""
        return (self.jkt, self.mid) == (jkt, mid)


COMPANY = "id, account_id, name, post, cc, tin"
LICENCE = "id, company_id, kind, seq, state, changed, said"
SEAT = "id, licence_id, flags, ends, upd, name, post, state, changed, said"
NUMBER = "h, kind, flags, mk, serial, issued, bought, months, offline, hint, purchase_id, state, seat_id, superseded_by"
DEVICE = "id, seat_id, licence_id, jkt, mid, offline, state, released, seen"
