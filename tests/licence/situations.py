"""Situations for the table of the licence, and gates with a clock that is set by hand."""

from __future__ import annotations

import datetime
from typing import Any

from fiscald.licence.certificate import Certificate, verify
from fiscald.licence.company import company
from fiscald.licence.keys import trusted
from fiscald.licence.state import Situation
from fiscald.licence.testing import sign
from fiscald.licence.wire import Status
from tests.licence.test_certificate import T0, claims

MACHINE = "5c94726b-8665-49b5-8d3a-f9c26f0c4042"


RELEASED = datetime.date(2026, 1, 10)


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> int:
    return int(datetime.datetime(year, month, day, hour, minute, second, tzinfo=datetime.UTC).timestamp())


def certificate(**changes: Any) -> Certificate:
    return verify(sign(claims(**changes)).encode(), trusted(test_keys=True))


def situation(now: int = T0, **changes: Any) -> Situation:
    fields = {name: changes.pop(name) for name in list(changes) if name in Situation.__dataclass_fields__}
    content: dict[str, Any] = {
        "certificate": certificate(**changes),
        "now": now,
        "machine": MACHINE,
        "released": RELEASED,
    }
    return Situation(**(content | {"version": "1.0.3"} | fields))


def verdict(word: Any, at: int = T0, **more: Any) -> Status:
    return Status(
        iss="urn:fiscald:vendor:test", aud="fiscald", iat=at, nonce="AAECAwQFBgcICQoLDA0ODw", req="x",
        lic="lic_7Q4M2K9X", verdict=word, **more,
    )  # fmt: skip


SITUATIONS = [
    situation(certificate=None, reason="no certificate"),
    *(situation(status=verdict(word)) for word in ("ok", "renewed", "superseded", "suspended", "revoked", "ended")),
    situation(machine=None),
    situation(seller=company("X", "1", "PL", "5260001246")),
    situation(kind="trial", end=T0 + 1),
    situation(kind="trial", end=T0),
    situation(released=datetime.date(2030, 1, 1)),
    situation(at(2026, 2, 1)),
    situation(at(2026, 3, 1)),
    situation(at(2026, 3, 1), chk={"every": 86400, "lapse": "restrict"}),
]
