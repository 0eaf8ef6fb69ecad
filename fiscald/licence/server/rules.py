"""What the vendor decides about each request. No HTTP, no clock, no signatures of answers.

Every method runs inside one transaction (``store``), is given the request and who signed it, and returns what to
answer or raises ``Refused`` or ``TooMany``. Checks come first, changes after: a refusal leaves nothing half done.

Here are the requests about a licence; those about an address and about a number are in ``mail_rules`` and
``number_rules``.
"""

from __future__ import annotations

import json
import re
from typing import Any

from fiscald.licence import wire
from fiscald.licence.number import Kind
from fiscald.licence.server import limits, terms
from fiscald.licence.server.certificates import Requester, certificate_name
from fiscald.licence.server.limits import Limiter
from fiscald.licence.server.mail import MailTemplate
from fiscald.licence.server.mail_rules import MailRules
from fiscald.licence.server.number_rules import NumberRules
from fiscald.licence.server.refusals import Refused
from fiscald.licence.server.store import Device, Licence, Transaction


class Rules(MailRules, NumberRules):
    """All of them."""

    def check(self, t: Transaction, request: wire.Check, requester: Requester) -> dict[str, Any]:
        """The daily request: fields of a ``wire.Status``."""
        licence = t.licence(request.lic)
        if licence is None:
            raise Refused("licence_unknown")
        device = t.device(licence.id, requester.jkt)
        if device is None:
            # An erased account has no known computers.
            raise Refused("licence_over" if licence.state == "ended" else "other_computer")
        Limiter(t, self.keyring).take((limits.CHECKS, device.id))
        shown = t.one(
            "SELECT seq, iat, exp, rights FROM cert WHERE jti = ? AND licence_id = ? AND device_id = ?",
            request.crt, licence.id, device.id,
        )  # fmt: skip
        if shown is None:
            licence = self._catch_up(t, licence, request.crt)
        elif shown[0] < device.seen:
            t.audit("device.twins", licence.id, device=device.id, version=request.ver)
        t.do(
            "UPDATE device SET last_day = ?, version = ?, seen = max(seen, ?) WHERE id = ?",
            terms.day(t.now).isoformat(), request.ver, 0 if shown is None else shown[0], device.id,
        )  # fmt: skip
        rides = {"keys": t.newest_key_list(), "upd": latest(t)}
        return {"lic": licence.id, **rides, **self._verdict(t, licence, device, shown)}

    def _catch_up(self, t: Transaction, licence: Licence, jti: str) -> Licence:
        """After an old backup was restored a computer may hold a newer certificate than we know of.

        The computer would refuse a lower number as superseded. A false claim brings no advantage.
        """
        match = re.fullmatch(rf"{certificate_name(licence.id, '')}([0-9]{{4,6}})", jti)
        if match is None or int(match[1]) <= licence.seq:
            return licence
        t.do("UPDATE licence SET seq = ? WHERE id = ?", int(match[1]), licence.id)
        t.audit("licence.caught_up", licence.id, seq=int(match[1]))
        return licence._replace(seq=int(match[1]))

    def _verdict(self, t: Transaction, licence: Licence, device: Device, shown: Any) -> dict[str, Any]:
        if licence.state == "revoked":
            return {"verdict": "revoked", "text": licence.said, "since": licence.changed}
        if device.state == "released":
            return {"verdict": "superseded", "since": device.released}
        if licence.state != "active":
            return {"verdict": "superseded", "since": licence.changed}
        if licence.ends is not None and licence.ends <= t.now:
            return {"verdict": "ended", "since": licence.ends}
        rights = terms.rights(self.claims(t, licence, device), self.keyring.kid)
        if shown is not None and shown[3] == rights and not terms.wants_renewal(shown[1], shown[2], t.now):
            return {"verdict": "ok"}
        return {"verdict": "renewed", "crt": self.certificate(t, licence, device)}

    def transfer(self, t: Transaction, request: wire.Transfer, requester: Requester) -> str:
        """Move a licence to the computer whose user has confirmed the company's address."""
        row = t.one(
            "SELECT account_id FROM session WHERE h = ? AND jkt = ? AND expires > ?",
            self.keyring.seal("session", request.session), requester.jkt, t.now,
        )  # fmt: skip
        if row is None:
            raise Refused("session_ended")
        licence = t.licence(request.lic)
        stored = None if licence is None else t.company_of(licence)
        if licence is None or stored is None or stored.account != row[0]:
            raise Refused("licence_unknown")
        if licence.state != "active":
            raise Refused("licence_over")
        seat = t.seat(licence.id)
        if seat is None or (seat.jkt, seat.mid) != (requester.jkt, request.mid):
            Limiter(t, self.keyring).take((limits.TRANSFERS, licence.id))
            t.release(licence.id)
            former, seat = seat, t.bind(licence.id, requester.jkt, json.dumps(requester.jwk), request.mid)
            t.audit(
                "licence.transferred", licence.id, device=seat.id, former=None if former is None else former.id,
                offline_copy=former is not None and former.offline,
            )  # fmt: skip
            number = t.number_of(licence.id, Kind.LICENCE)
            self.queue_mail(
                t, *t.address(row[0]), MailTemplate.LICENCE_MOVED, company=stored.company.name,
                hint="" if number is None else number.hint, day=terms.day(t.now).isoformat(),
            )  # fmt: skip
        return self.certificate(t, licence, seat)

    def deactivate(self, t: Transaction, request: wire.Deactivate, requester: Requester) -> str:
        """Give the seat back; again is no mistake. The licence whose seat is free."""
        licence = t.licence(request.lic)
        if licence is None:
            raise Refused("licence_unknown")
        device = t.device(licence.id, requester.jkt)
        if device is None:
            raise Refused("other_computer")
        if device.state == "bound":
            t.release(licence.id)
            t.audit("device.released", licence.id, device=device.id)
        return licence.id


def latest(t: Transaction) -> wire.Latest | None:
    """The newest version, if one was released."""
    row = t.one("SELECT version, series, url FROM release ORDER BY series DESC LIMIT 1")
    return None if row is None else wire.Latest(latest=row[0], series=row[1], url=row[2])
