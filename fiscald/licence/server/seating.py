"""Who may have a seat: the first computer, the same again, and another one - a few times a month."""

from __future__ import annotations

import json

from fiscald.licence.server import limits
from fiscald.licence.server.certificates import Certificates, Requester
from fiscald.licence.server.events import Event, announce
from fiscald.licence.server.mail import MailTemplate
from fiscald.licence.server.records import Device, Licence, Seat
from fiscald.licence.server.refusals import Refused
from fiscald.licence.server.terms import day
from fiscald.licence.server.transaction import Transaction


class Seating(Certificates):
    """Gives seats to computers. Every change of computer is counted, however it came about."""

    def place(
        self, t: Transaction, licence: Licence, seat: Seat, requester: Requester, mid: str, *, offline: bool = False
    ) -> Device:
        """The computer that has the seat now: the requester, who may have it. Raises ``TooMany`` or ``Refused``.

        A former computer learns it at its next check.
        """
        now = t.computer(seat.id)
        if now is not None and now.is_computer(requester.jkt, mid):
            if now.offline != offline:
                self._count_copy(t, seat, now, offline=offline)
                t.do("UPDATE device SET offline = ? WHERE id = ?", offline, now.id)
                t.audit("device.bound", licence.id, device=now.id, offline=offline)
            return now._replace(offline=offline)
        former = t.last_computer(seat.id)
        if former is not None and not former.is_computer(requester.jkt, mid):
            self.limiter(t).take((limits.MOVES, seat.id))
        self._count_copy(t, seat, former, offline=offline)
        self._leave_other_seat(t, licence, seat, requester)
        t.free(seat.id)
        made = t.bind(seat, requester.jkt, json.dumps(requester.jwk), mid, offline=offline)
        if now is None:
            t.audit("device.bound", licence.id, device=made.id, offline=offline)
        else:
            t.audit("licence.moved", licence.id, device=made.id, former=now.id, offline_copy=now.offline)
            announce(t, Event.LICENCE_MOVED, licence=licence.id, seat=seat.id)
            self.tell(t, licence, seat, MailTemplate.LICENCE_MOVED, day=day(t.now).isoformat())
        return made

    def _count_copy(self, t: Transaction, seat: Seat, former: Device | None, *, offline: bool) -> None:
        """A certificate that is never confirmed goes on working where it is, so only a few are made."""
        if offline or (former is not None and former.offline):
            self.limiter(t).take((limits.OFFLINE_COPIES, seat.id))

    def _leave_other_seat(self, t: Transaction, licence: Licence, seat: Seat, requester: Requester) -> None:
        """A computer has one seat of a licence: with another one it gives back what it had."""
        other = t.device(licence.id, requester.jkt)
        if other is not None and other.state == "bound" and other.seat != seat.id:
            t.free(other.seat)
            t.audit("device.released", licence.id, device=other.id)

    def tell(self, t: Transaction, licence: Licence, seat: Seat | None, letter: MailTemplate, **detail: str) -> None:
        """A mail about a licence to the address of its company, if it has one."""
        stored = t.company_of(licence)
        if stored.account is None:
            return
        number = None if seat is None else t.number_of(seat.id)
        hint = "" if number is None else number.hint
        self.queue_mail(t, *t.address(stored.account), letter, company=stored.company.name, hint=hint, **detail)

    def seat_of(self, t: Transaction, licence: Licence, requester: Requester) -> Device:
        """The requester's seat of a licence in force. Raises ``Refused``."""
        device = t.device(licence.id, requester.jkt)
        if device is None or device.state != "bound":
            raise Refused("other_computer")
        check_in_force(licence, t.seat(device.seat))
        return device


def check_in_force(licence: Licence, seat: Seat) -> None:
    """Raises ``Refused`` where the vendor has taken a licence or seat back, or suspended it."""
    if licence.state == "suspended":
        raise Refused("licence_suspended")
    if licence.state != "active" or seat.state != "active":
        raise Refused("licence_over")
