"""Rules about a licence number: activate, support."""

from __future__ import annotations

import datetime
import json
import logging

from fiscald.licence import number_reading, wire
from fiscald.licence.company import Company
from fiscald.licence.number import FISCALD, Kind, Number
from fiscald.licence.number_reading import NumberRefused
from fiscald.licence.server import limits, terms
from fiscald.licence.server.certificates import Certificates, Requester, read_company
from fiscald.licence.server.keyring import Keyring
from fiscald.licence.server.limits import Limiter
from fiscald.licence.server.mail import MailTemplate
from fiscald.licence.server.refusals import Refused, TooMany
from fiscald.licence.server.store import DAY, Device, Licence, StoredNumber, Transaction

log = logging.getLogger(__name__)

#: How old an uploaded request file may be.
FILE_SECONDS = 30 * DAY


class NumberRules(Certificates):
    """What is decided about a request that shows a number."""

    def activate(self, t: Transaction, request: wire.Activation, requester: Requester, *, offline: bool = False) -> str:
        """A number for a certificate. The same number, company and computer get the same again."""
        if offline:
            self._take_file(t, request, requester)
        else:
            self._take_activation(t, requester)
        number, stored = self._usable_number(t, request.number, Kind.LICENCE)
        support = None if request.support is None else self._usable_number(t, request.support, Kind.UPDATES)
        company = read_company(request.company)
        if stored.state == "used":
            licence = self._licence_of_used_number(t, stored, company, requester, request.mid)
        else:
            licence = None
            self._check_replacement(t, company, number, requester, request.mid)
        if support is not None and not (
            support[1].state == "issued" or (licence is not None and support[1].licence == licence.id)
        ):
            raise Refused("number_used")
        if licence is None:
            licence = self._new_licence(t, stored, number, company, requester)
        if support is not None and support[1].state == "issued":
            licence = self._add_year(t, licence, *support)
        seat = t.seat(licence.id)
        if seat is None:
            seat = t.bind(licence.id, requester.jkt, json.dumps(requester.jwk), request.mid, offline=offline)
            t.audit("device.bound", licence.id, device=seat.id, offline=offline)
        elif seat.offline != offline:
            t.do("UPDATE device SET offline = ? WHERE id = ?", offline, seat.id)
            seat = seat._replace(offline=offline)
        return self.certificate(t, licence, seat)

    def support(self, t: Transaction, request: wire.Support, requester: Requester) -> str:
        """A number Y: a year of updates more. Used once."""
        self._take_activation(t, requester)
        licence, device = self._licence_and_seat(t, request.lic, requester)
        number, stored = self._usable_number(t, request.number, Kind.UPDATES)
        if stored.state != "issued":
            raise Refused("number_used")
        if licence.kind == "trial":
            raise Refused("licence_trial")
        return self.certificate(t, self._add_year(t, licence, number, stored), device)

    def _licence_and_seat(self, t: Transaction, id_: str, requester: Requester) -> tuple[Licence, Device]:
        """A licence in force and its seat, if the requester has it."""
        licence = t.licence(id_)
        if licence is None:
            raise Refused("licence_unknown")
        seat = t.seat(licence.id)
        if seat is None or seat.jkt != requester.jkt:
            raise Refused("other_computer")
        if licence.state != "active":
            raise Refused("licence_over")
        return licence, seat

    def _take_activation(self, t: Transaction, requester: Requester) -> None:
        limiter = Limiter(t, self.keyring)
        if limiter.seen(limits.WRONG_MAC) >= limits.WRONG_MAC.most and not any(
            limiter.seen(limit, requester.network) for limit in limits.ACTIVATE_IP
        ):
            raise TooMany(limits.HOUR)  # somebody guesses from many networks: those known go on
        limiter.take(
            *((limit, requester.network) for limit in limits.ACTIVATE_IP), (limits.ACTIVATE_DEVICE, requester.jkt)
        )

    def _take_file(self, t: Transaction, request: wire.Activation, requester: Requester) -> None:
        """A request file: counted by the network it was uploaded from, and not too old."""
        self._take_activation(t, requester)
        (released,) = t.one("SELECT max(released) FROM device WHERE jkt = ?", requester.jkt)
        if request.iat < t.now - FILE_SECONDS or request.iat > t.now + wire.WINDOW or request.iat <= (released or 0):
            raise Refused("request_old")

    def _usable_number(self, t: Transaction, typed: str, kind: Kind) -> tuple[Number, StoredNumber]:
        """A number of ours that may still be used. Its MAC is checked before any table is looked at."""
        try:
            number = number_reading.read(typed, kind)
        except NumberRefused as fault:
            raise Refused.number(fault) from None
        key = self.keyring.mac.get(number.mac_key)
        if key is None or not number.authentic(key):
            limiter = Limiter(t, self.keyring)
            limiter.count(limits.WRONG_MAC)
            wrong = limiter.count(limits.WRONG_MAC_ALARM)
            t.audit("number.wrong_mac", number.hint)
            if wrong > limits.WRONG_MAC_ALARM.most:
                log.error("ALARM: %d well-formed numbers with a wrong MAC today; somebody is guessing", wrong)
            raise Refused("number_unknown")
        stored = t.number(number_seal(self.keyring, number))
        if stored is None:
            t.audit("number.not_issued", number.hint)
            log.error("ALARM: a number with a good MAC that was never issued; is the MAC key or the database lost?")
            raise Refused("number_unknown")
        if stored.state == "revoked":
            raise Refused("number_revoked")
        if stored.state == "superseded":
            newer = None if stored.superseded_by is None else t.number(stored.superseded_by)
            raise Refused("number_replaced", hint="" if newer is None else newer.hint)
        return number, stored

    def _licence_of_used_number(
        self, t: Transaction, stored: StoredNumber, company: Company, requester: Requester, mid: str
    ) -> Licence:
        """The licence a used number has made, if this company may go on with it on this computer."""
        assert stored.licence is not None
        licence = t.licence(stored.licence)
        assert licence is not None
        if not t.company_of(licence).company.same(company):
            raise Refused("company")
        if licence.state != "active":
            raise Refused("licence_over")
        seat = t.seat(licence.id)
        if seat is not None and (seat.jkt, seat.mid) != (requester.jkt, mid):
            raise Refused("licence_elsewhere")
        return licence

    def _check_replacement(
        self, t: Transaction, company: Company, number: Number, requester: Requester, mid: str
    ) -> None:
        """A new number replaces what the company has: a trial always, a bought licence on its own computer only.

        Where its seat is free, on a computer that has had it: anybody may buy a number and name this company.
        """
        known = t.company(company)
        former = None if known is None else t.active_licence(known.id)
        if former is None or former.kind == "trial":
            return
        seat = t.seat(former.id)
        own = (
            t.knows_device(former.company, requester.jkt)
            if seat is None
            else (seat.jkt, seat.mid) == (requester.jkt, mid)
        )
        if not own:
            raise Refused("licence_elsewhere")
        if former.flags & terms.TRIAL_FLAGS & ~number.flags:
            raise Refused("number_lesser")

    def _new_licence(
        self, t: Transaction, stored: StoredNumber, number: Number, company: Company, requester: Requester
    ) -> Licence:
        known = t.company(company)
        if known is None:
            known = t.add_company(company, None)
        elif known.account is not None and not t.knows_device(known.id, requester.jkt):
            # The first to enrol it may be a stranger; a number that was paid for wins.
            t.do("UPDATE company SET account_id = NULL WHERE id = ?", known.id)
            t.audit("company.moved", known.id, account=known.account)
            self.queue_mail(t, *t.address(known.account), MailTemplate.COMPANY_MOVED)
        former = t.active_licence(known.id)
        upd = terms.first_updates(number.issued, support=number.support)
        if former is not None:
            t.end_licence(former.id, "superseded")
            t.release(former.id)
            t.audit("licence.superseded", former.id, by=number.hint)
            if former.kind != "trial":
                upd = max(upd, datetime.date.fromisoformat(former.upd))
        licence = t.add_licence(known.id, FISCALD, "paid", number.flags, ends=None, upd=upd.isoformat())
        if former is not None:
            t.do(
                "UPDATE number SET state = 'superseded', superseded_by = ? WHERE licence_id = ? AND kind = ?",
                stored.h, former.id, Kind.LICENCE,
            )  # fmt: skip
        t.do("UPDATE number SET state = 'used', licence_id = ? WHERE h = ?", licence.id, stored.h)
        t.audit("licence.activated", licence.id, company=known.id, number=number.hint)
        return licence

    def _add_year(self, t: Transaction, licence: Licence, number: Number, stored: StoredNumber) -> Licence:
        upd = terms.more_updates(datetime.date.fromisoformat(licence.upd), number.issued).isoformat()
        t.do("UPDATE licence SET upd = ? WHERE id = ?", upd, licence.id)
        t.do("UPDATE number SET state = 'used', licence_id = ? WHERE h = ?", licence.id, stored.h)
        t.audit("licence.updates", licence.id, number=number.hint, upd=upd)
        return licence._replace(upd=upd)


def number_seal(keyring: Keyring, number: Number) -> bytes:
    """The keyed hash of a number for the database."""
    return keyring.seal("number", number.text)
