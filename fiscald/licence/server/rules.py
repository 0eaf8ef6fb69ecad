"""What the vendor decides about each request. No HTTP, no clock, no signatures of answers.

Every method runs inside one transaction (``store``), is given the request and who signed it, and returns what to
answer or raises ``Refused`` or ``TooMany``. Checks come first, changes after: a refusal leaves nothing half done.

Here are the requests about a licence; those about an address and about a number are in ``mail_rules`` and
``number_rules``.
"""

from __future__ import annotations

import logging
import re
from typing import Any

from fiscald.licence import wire
from fiscald.licence.server import limits, terms
from fiscald.licence.server.certificates import Requester, certificate_name
from fiscald.licence.server.mail_rules import MailRules
from fiscald.licence.server.number_rules import NumberRules
from fiscald.licence.server.records import Device, Licence, Seat
from fiscald.licence.server.refusals import Refused
from fiscald.licence.server.seating import check_in_force
from fiscald.licence.server.transaction import Transaction

log = logging.getLogger(__name__)


class Rules(MailRules, NumberRules):
    """All of them."""

    def check(self, t: Transaction, request: wire.Check, requester: Requester) -> dict[str, Any]:
        """The daily request: fields of a ``wire.Status``."""
        licence = t.licence(request.lic)
        device = None if licence is None else t.device(licence.id, requester.jkt)
        if licence is None or device is None:
            self.limiter(t).take((limits.UNKNOWN_CHECKS, requester.network))
            if licence is None:
                raise Refused("licence_unknown")
            # An erased account has no known computers.
            raise Refused("licence_over" if licence.state == "ended" else "other_computer")
        self.limiter(t).take((limits.CHECKS, device.id))
        shown = t.one(
            "SELECT seq, iat, exp, rights FROM cert WHERE jti = ? AND licence_id = ? AND device_id = ?",
            request.crt, licence.id, device.id,
        )  # fmt: skip
        number = _number_in(licence, request.crt) if shown is None else shown[0]
        if shown is None:
            licence = self._catch_up(t, licence, number)
        if number is not None and number < device.seen:
            self._twins(t, licence, device, request.ver)
        t.do(
            "UPDATE device SET last_day = ?, version = ?, seen = max(seen, ?) WHERE id = ?",
            terms.day(t.now).isoformat(), request.ver, 0 if shown is None else shown[0], device.id,
        )  # fmt: skip
        rides = {"keys": t.newest_key_list(), "upd": latest(t)}
        return {"lic": licence.id, **rides, **self._verdict(t, licence, device, shown)}

    def _twins(self, t: Transaction, licence: Licence, device: Device, version: str) -> None:
        """A computer shows an older certificate than before: two run with one key, or a backup was put back."""
        t.do("UPDATE device SET twins = twins + 1 WHERE id = ?", device.id)
        t.audit("device.twins", licence.id, device=device.id, version=version)
        log.error("ALARM: %s shows an older certificate than before; see: fiscald-vendor twins", device.id)

    def _catch_up(self, t: Transaction, licence: Licence, shown: int | None) -> Licence:
        """After an old backup was restored a computer may hold a newer certificate than we know of.

        The computer would refuse a lower number as superseded. A false claim brings no advantage.
        """
        if shown is None or shown <= licence.seq:
            return licence
        t.do("UPDATE licence SET seq = ? WHERE id = ?", shown, licence.id)
        t.audit("licence.caught_up", licence.id, seq=shown)
        return licence._replace(seq=shown)

    def _verdict(self, t: Transaction, licence: Licence, device: Device, shown: Any) -> dict[str, Any]:
        seat = t.seat(device.seat)
        for state, changed, said in (
            (licence.state, licence.changed, licence.said),
            (seat.state, seat.changed, seat.said),
        ):
            if state in ("revoked", "suspended"):
                return {"verdict": state, "text": said, "since": changed}
        if device.state == "released":
            return {"verdict": "superseded", "since": device.released}
        if licence.state != "active":
            return {"verdict": "superseded", "since": licence.changed}
        if seat.ends is not None and seat.ends <= t.now:
            return {"verdict": "ended", "since": seat.ends}
        rights = terms.rights(self.claims(t, licence, device), self.keyring.kid)
        if shown is not None and shown[3] == rights and not terms.wants_renewal(shown[1], shown[2], t.now):
            return {"verdict": "ok"}
        return {"verdict": "renewed", "crt": self.certificate(t, licence, device, renewal=True)}

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
        seat = self._seat_to_move(t, licence, request.seat, requester)
        check_in_force(licence, seat)
        return self.certificate(t, licence, self.place(t, licence, seat, requester, request.mid))

    def _seat_to_move(self, t: Transaction, licence: Licence, named: str | None, requester: Requester) -> Seat:
        """The seat that was named; else what this computer has, a free one, or the only one."""
        seats = [seat for seat in t.seats(licence.id) if seat.state == "active"]
        if named is not None:
            seats = [seat for seat in seats if seat.id == named]
            if not seats:
                raise Refused("licence_unknown")
            return seats[0]
        if not seats:
            raise Refused("licence_over")
        device = t.device(licence.id, requester.jkt)
        if device is not None and device.state == "bound":
            return t.seat(device.seat)
        free = [seat for seat in seats if t.computer(seat.id) is None]
        if not free and len(seats) > 1:
            raise Refused("seat_choice")
        return (free or seats)[0]

    def deactivate(self, t: Transaction, request: wire.Deactivate, requester: Requester) -> str:
        """Give the seat back; again is no mistake. The licence whose seat is free."""
        licence = t.licence(request.lic)
        if licence is None:
            raise Refused("licence_unknown")
        device = t.device(licence.id, requester.jkt)
        if device is None:
            raise Refused("other_computer")
        if device.state == "bound":
            t.free(device.seat)
            t.audit("device.released", licence.id, device=device.id)
        return licence.id


def _number_in(licence: Licence, jti: str) -> int | None:
    """The number of a certificate that is no longer, or not yet, in the table: its name holds it."""
    match = re.fullmatch(rf"{certificate_name(licence.id, '')}([0-9]{{4,6}})", jti)
    return None if match is None else int(match[1])


def latest(t: Transaction) -> wire.Latest | None:
    """The newest version, if one was released."""
    row = t.one("SELECT version, series, url FROM release ORDER BY series DESC LIMIT 1")
    return None if row is None else wire.Latest(latest=row[0], series=row[1], url=row[2])
