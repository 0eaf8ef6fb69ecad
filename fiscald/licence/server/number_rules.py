"""Rules about a licence number: activate, support."""

from __future__ import annotations

import datetime
import logging

from fiscald.licence import number_reading, wire
from fiscald.licence.company import Company
from fiscald.licence.number import FISCALD, Kind, Number, field_of
from fiscald.licence.number_reading import NumberRefused
from fiscald.licence.server import limits, terms
from fiscald.licence.server.certificates import Requester, read_company, read_email
from fiscald.licence.server.events import Event, announce
from fiscald.licence.server.keyring import Keyring
from fiscald.licence.server.mail import MailTemplate
from fiscald.licence.server.mailing import Mailing
from fiscald.licence.server.records import Licence, Seat, StoredCompany, StoredNumber
from fiscald.licence.server.refusals import Refused, TooMany
from fiscald.licence.server.seating import Seating, check_in_force
from fiscald.licence.server.transaction import DAY, Transaction

log = logging.getLogger(__name__)

#: How old an uploaded request file may be.
FILE_SECONDS = 30 * DAY
#: Seconds for which a computer that has registered a number keeps its seat, even if another one shows the number.
TAKEOVER_AFTER = 60


class NumberRules(Seating, Mailing):
    """What is decided about a request that shows a number."""

    def activate(self, t: Transaction, request: wire.Activation, requester: Requester, *, offline: bool = False) -> str:
        """A number for a certificate. Again, it is the same seat, here or on a computer in place of the former one."""
        if offline:
            self._take_file(t, request, requester)
        else:
            self._take_activation(t, requester)
        number, stored = self._usable_number(t, request.number, Kind.LICENCE, requester)
        support = None
        if request.support is not None:
            support = self._usable_number(t, request.support, Kind.UPDATES, requester)
        company = read_company(request.company)
        email = None if request.email is None else read_email(request.email)
        if offline and not stored.offline:
            raise Refused("number_online")
        used = stored.state == "used"
        former = (
            self._own_seat(t, stored, company) if used else self._replaced_seat(t, company, number, stored, requester)
        )
        if support is not None and not (
            support[1].state == "issued" or (used and former is not None and support[1].seat == former.id)
        ):
            raise Refused("number_used")
        if used and former is not None:
            seat = former
        else:
            seat = self._take_number(t, stored, number, company, former, requester)
        licence = t.licence(seat.licence)
        assert licence is not None
        if support is not None and support[1].state == "issued":
            seat = self._add_year(t, licence, seat, *support)
        self._check_not_typed_twice(t, seat, requester, request.mid)
        device = self.place(t, licence, seat, requester, request.mid, offline=offline)
        if email is not None:
            self._keep_address(t, licence, number.hint, email, request.lang, requester)
        return self.certificate(t, licence, device)

    def support(self, t: Transaction, request: wire.Support, requester: Requester) -> str:
        """A number Y: a year of updates more. Used once."""
        self._take_activation(t, requester)
        licence = t.licence(request.lic)
        if licence is None:
            raise Refused("licence_unknown")
        device = self.seat_of(t, licence, requester)
        number, stored = self._usable_number(t, request.number, Kind.UPDATES, requester)
        if stored.state != "issued":
            raise Refused("number_used")
        if licence.kind == "trial":
            raise Refused("licence_trial")
        self._add_year(t, licence, t.seat(device.seat), number, stored)
        return self.certificate(t, licence, device)

    # -- limits ---------------------------------------------------------------------------------------

    def _take_activation(self, t: Transaction, requester: Requester) -> None:
        limiter = self.limiter(t)
        # By network only: a limit for all would let strangers keep every customer out.
        if limiter.seen(limits.WRONG_MAC_IP, requester.network) >= limiter.most(limits.WRONG_MAC_IP):
            raise TooMany(limits.HOUR)
        limiter.take(
            *((limit, requester.network) for limit in limits.ACTIVATE_IP), (limits.ACTIVATE_DEVICE, requester.jkt)
        )

    def _take_file(self, t: Transaction, request: wire.Activation, requester: Requester) -> None:
        """A request file: counted by the network it was uploaded from, and not too old."""
        self._take_activation(t, requester)
        (released,) = t.one("SELECT max(released) FROM device WHERE jkt = ?", requester.jkt)
        if request.iat < t.now - FILE_SECONDS or request.iat > t.now + wire.WINDOW or request.iat <= (released or 0):
            raise Refused("request_old")

    # -- numbers --------------------------------------------------------------------------------------

    def _usable_number(
        self, t: Transaction, typed: str, kind: Kind, requester: Requester
    ) -> tuple[Number, StoredNumber]:
        """A number of ours that may still be used. Its MAC is checked before any table is looked at."""
        try:
            number = number_reading.read(typed, kind)
        except NumberRefused as fault:
            raise Refused.number(fault) from None
        key = self.keyring.mac.get(number.mac_key)
        if key is None or not number.authentic(key):
            limiter = self.limiter(t)
            limiter.count(limits.WRONG_MAC_IP, requester.network)
            wrong = limiter.count(limits.WRONG_MAC_ALARM)
            t.audit("number.wrong_mac", number.hint)
            if wrong > limiter.most(limits.WRONG_MAC_ALARM):
                log.error("ALARM: %d well-formed numbers with a wrong MAC today; somebody is guessing", wrong)
            raise Refused("number_unknown")
        stored = t.number(number_seal(self.keyring, number))
        if stored is None:
            t.audit("number.not_issued", number.hint)
            log.error(
                "ALARM: a number with a good MAC that was never issued; is the MAC key lost, or the database an old "
                "copy? (fiscald-vendor adopt takes numbers that were sold since)"
            )
            raise Refused("number_unknown")
        if stored.state == "revoked":
            raise Refused("number_revoked")
        if stored.state == "superseded":
            newer = None if stored.superseded_by is None else t.number(stored.superseded_by)
            raise Refused("number_replaced", hint="" if newer is None else newer.hint)
        return number, stored

    def _own_seat(self, t: Transaction, stored: StoredNumber, company: Company) -> Seat:
        """The seat that a used number has made, if it is this company's and in force."""
        assert stored.seat is not None
        seat = t.seat(stored.seat)
        licence = t.licence(seat.licence)
        assert licence is not None
        if not t.company_of(licence).company.same(company):
            raise Refused("company")
        check_in_force(licence, seat)
        return seat

    def _check_not_typed_twice(self, t: Transaction, seat: Seat, requester: Requester, mid: str) -> None:
        """A seat is taken over from a dead computer, not from one that registered the same number a moment ago."""
        now = t.computer(seat.id)
        if now is None or now.is_computer(requester.jkt, mid):
            return
        (bound,) = t.one("SELECT bound FROM device WHERE id = ?", now.id)
        if t.now - bound < TAKEOVER_AFTER:
            raise Refused("licence_elsewhere")

    def _replaced_seat(
        self, t: Transaction, company: Company, number: Number, stored: StoredNumber, requester: Requester
    ) -> Seat | None:
        """The seat that a new number is for: the one that this computer has. ``None``: it makes another one."""
        known = t.company(company)
        licence = None if known is None else t.licence_in_force(known.id)
        if licence is None or licence.kind == "trial":
            return None
        if licence.state == "suspended":
            raise Refused("licence_suspended")
        device = t.device(licence.id, requester.jkt)
        if device is None or device.state != "bound":
            return None
        seat = t.seat(device.seat)
        if seat.state != "active":
            return None
        if seat.flags & terms.TRIAL_FLAGS & ~number.flags or (seat.ends is None and stored.months is not None):
            raise Refused("number_lesser")
        upd = terms.first_updates(datetime.date.fromisoformat(stored.bought), support=number.support).isoformat()
        today = terms.day(t.now).isoformat()
        if (
            number.flags & terms.TRIAL_FLAGS == seat.flags & terms.TRIAL_FLAGS
            and seat.ends is None
            and not (seat.upd < today < upd)
        ):
            # Bought for another computer, and typed on the wrong one: here it would be lost.
            raise Refused("number_not_needed")
        return seat

    def _take_number(
        self, t: Transaction, stored: StoredNumber, number: Number, company: Company, former: Seat | None,
        requester: Requester,
    ) -> Seat:  # fmt: skip
        """Use a new number: for the seat that this computer has, or for one more."""
        upd = terms.first_updates(datetime.date.fromisoformat(stored.bought), support=number.support)
        if former is not None:
            ends = None if stored.months is None else terms.months_after(max(former.ends or 0, t.now), stored.months)
            upd = max(upd, datetime.date.fromisoformat(former.upd), *_covered(ends))
            t.do(
                "UPDATE number SET state = 'superseded', superseded_by = ? WHERE seat_id = ? AND kind = ?",
                stored.h, former.id, Kind.LICENCE,
            )  # fmt: skip
            t.do(
                "UPDATE seat SET flags = ?, ends = ?, upd = ? WHERE id = ?",
                number.flags, ends, upd.isoformat(), former.id,
            )  # fmt: skip
            t.audit("seat.replaced", former.licence, seat=former.id, number=number.hint)
            seat = t.seat(former.id)
        else:
            known = self._buying_company(t, company, requester)
            licence = self._bought_licence(t, known, number)
            ends = None if stored.months is None else terms.months_after(t.now, stored.months)
            upd = max(upd, *_covered(ends)) if ends is not None else upd
            other = (company.name, company.post) != (known.company.name, known.company.post)
            seat = t.add_seat(
                licence.id, number.flags, ends=ends, upd=upd.isoformat(), name=company.name if other else None,
                post=company.post if other else None,
            )  # fmt: skip
            t.audit("licence.activated", licence.id, company=known.id, number=number.hint, seat=seat.id, differs=other)
        t.do("UPDATE number SET state = 'used', seat_id = ? WHERE h = ?", seat.id, stored.h)
        _announce_use(t, stored, seat)
        return seat

    def _buying_company(self, t: Transaction, company: Company, requester: Requester) -> StoredCompany:
        """Who bought the number. A company that only had a trial is written as the buyer writes it."""
        known = t.company(company)
        if known is None:
            return t.add_company(company, None)
        licence = t.licence_in_force(known.id)
        if licence is not None and licence.kind == "paid":
            return known
        if known.account is not None and not t.knows_device(known.id, requester.jkt):
            # The first to enrol it may be a stranger; a number that was paid for wins.
            t.do("UPDATE company SET account_id = NULL WHERE id = ?", known.id)
            t.audit("company.moved", known.id, account=known.account)
            self.queue_mail(t, *t.address(known.account), MailTemplate.COMPANY_MOVED, company=known.company.name)
        if t.one("SELECT 1 FROM licence WHERE company_id = ? AND kind = 'paid'", known.id) is None:
            write_company(t, known.id, company)
        else:
            return known
        return StoredCompany(known.id, known.account, company)

    def _bought_licence(self, t: Transaction, known: StoredCompany, number: Number) -> Licence:
        """The company's bought licence: the one that it has, or a new one in place of a trial."""
        former = t.licence_in_force(known.id)
        if former is not None and former.kind == "paid":
            return former
        if former is not None:
            t.set_licence_state(former.id, "superseded")
            for seat in t.seats(former.id):
                t.free(seat.id)
            t.audit("licence.superseded", former.id, by=number.hint)
        return t.add_licence(known.id, FISCALD, "paid")

    def _add_year(self, t: Transaction, licence: Licence, seat: Seat, number: Number, stored: StoredNumber) -> Seat:
        bought = datetime.date.fromisoformat(stored.bought)
        upd = terms.more_updates(datetime.date.fromisoformat(seat.upd), bought).isoformat()
        t.do("UPDATE seat SET upd = ? WHERE id = ?", upd, seat.id)
        t.do("UPDATE number SET state = 'used', seat_id = ? WHERE h = ?", seat.id, stored.h)
        t.audit("licence.updates", licence.id, seat=seat.id, number=number.hint, upd=upd)
        _announce_use(t, stored, seat)
        return seat._replace(upd=upd)

    def _keep_address(
        self, t: Transaction, licence: Licence, hint: str, email: str, lang: str, requester: Requester
    ) -> None:
        """The buyer of a number may say where its mails go, if the company has no address yet."""
        known = t.company_of(licence)
        if known.account is not None:
            return
        self.take_mail(t, email, requester)
        account = t.get_or_create_account(email, lang)
        t.do("UPDATE company SET account_id = ? WHERE id = ?", account, known.id)
        t.audit("company.address", known.id, account=account)
        self.queue_mail(t, email, lang, MailTemplate.REGISTERED, hint=hint, day=terms.day(t.now).isoformat())


def _announce_use(t: Transaction, stored: StoredNumber, seat: Seat) -> None:
    announce(
        t, Event.NUMBER_USED, order=stored.purchase, number=stored.hint, field=field_of(stored.kind),
        licence=seat.licence, seat=seat.id,
    )  # fmt: skip


def _covered(ends: int | None) -> tuple[datetime.date, ...]:
    """A term licence covers what is released until it ends."""
    return () if ends is None else (terms.day(ends),)


def number_seal(keyring: Keyring, number: Number) -> bytes:
    """The keyed hash of a number for the database."""
    return keyring.seal("number", number.text)


def write_company(t: Transaction, id_: str, company: Company) -> None:
    """Change a company: the only way around the trigger that protects its data."""
    (trigger,) = t.one("SELECT sql FROM sqlite_schema WHERE name = 'company_fixed'")
    t.do("DROP TRIGGER company_fixed")
    t.do(
        "UPDATE company SET cc = ?, tin = ?, name = ?, name_norm = ?, post = ?, post_norm = ? WHERE id = ?",
        company.cc, company.tin, company.name, company.normal_name, company.post, company.normal_post, id_,
    )  # fmt: skip
    t.do(trigger)
