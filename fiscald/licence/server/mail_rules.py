"""Rules about an address: enrol and recover.

They do the same whether the address is known or not: one account, one code, one mail. What the mail says differs, and
only its reader sees that.
"""

from __future__ import annotations

import json
import secrets

from fiscald.licence import wire
from fiscald.licence.company import Company
from fiscald.licence.number import FISCALD
from fiscald.licence.server import limits, terms
from fiscald.licence.server.certificates import Requester, read_company, read_email
from fiscald.licence.server.mail import MailTemplate
from fiscald.licence.server.mailing import CODE_SECONDS, Mailing, mailbox
from fiscald.licence.server.records import Device, Seat, StoredCompany
from fiscald.licence.server.refusals import Refused
from fiscald.licence.server.seating import check_in_force
from fiscald.licence.server.transaction import DAY, Transaction

#: Seconds for which a session counts.
SESSION_SECONDS = CODE_SECONDS


class MailRules(Mailing):
    """What is decided about a request that a mail answers."""

    def enrol(self, t: Transaction, request: wire.Enrol, requester: Requester) -> None:
        """A company wants a trial, or a licensed computer tells its company's address."""
        email = read_email(request.email)
        company = read_company(request.company)
        network = requester.network
        self.limiter(t).take(
            (limits.ENROL_IP, network),
            (limits.ENROL_EMAIL, f"{mailbox(email)}\0{network}"),
            (limits.ENROL_COMPANY, "\0".join((*company.identity, network))),
        )
        self.take_mail(t, email, requester)
        known = t.company(company)
        account = t.get_or_create_account(email, request.lang)
        letter = MailTemplate.CODE
        if known is not None and not self._may_claim(t, known, requester, account):
            letter = MailTemplate.COMPANY_YOURS if known.account == account else MailTemplate.COMPANY_KNOWN
        wanted = {"company": company._asdict(), "mid": request.mid, "jwk": requester.jwk}
        self.mail_code(t, account, "confirm", email, letter, request.lang, requester.jkt, wanted)

    def enrol_confirm(self, t: Transaction, request: wire.EnrolConfirm, requester: Requester) -> str:
        """The code from the mail: a trial's certificate, or for a company with a licence that licence's."""
        code = self.use_code(t, request.email, "confirm", request.code, requester.jkt, requester.network)
        company = Company(**code.wanted["company"])
        known = t.company(company)
        if known is not None and not self._may_claim(t, known, requester, code.account):
            raise Refused("company_known")
        if code.again and known is None:
            raise Refused("code_wrong")
        t.confirm_account(code.account)
        if known is not None:
            if known.account != code.account:
                t.do("UPDATE company SET account_id = ? WHERE id = ?", code.account, known.id)
                t.audit("company.claimed", known.id, account=code.account)
            licence = t.licence_in_force(known.id)
            assert licence is not None  # _may_claim
            device = self._own_device(t, licence.id, requester)
            check_in_force(licence, t.seat(device.seat))
            return self.certificate(t, licence, device)
        self._take_trial(t, requester, code.wanted["mid"])
        made = t.add_company(company, code.account)
        end = t.now + self.terms.trial_days * DAY
        licence = t.add_licence(made.id, FISCALD, "trial")
        seat = t.add_seat(licence.id, terms.TRIAL_FLAGS, ends=end, upd=terms.day(end).isoformat())
        device = t.bind(seat, requester.jkt, json.dumps(requester.jwk), code.wanted["mid"])
        t.audit("trial.begun", licence.id, company=made.id, account=code.account)
        return self.certificate(t, licence, device)

    def _take_trial(self, t: Transaction, requester: Requester, mid: str) -> None:
        """A computer has one trial, whatever company is named on it."""
        for what, name in (("key", requester.jkt), ("machine", mid)):
            if not t.do("INSERT INTO trial_used VALUES (?) ON CONFLICT DO NOTHING", self._trial_seal(what, name)):
                t.audit("trial.refused")
                raise Refused("trial_used")

    def _trial_seal(self, what: str, name: str) -> bytes:
        return self.keyring.seal("trial", what, name)

    def recover(self, t: Transaction, request: wire.Recover, requester: Requester) -> None:
        """Somebody who reads this address wants to move a licence here."""
        email = read_email(request.email)
        whom = f"{mailbox(email)}\0{requester.network}"
        self.limiter(t).take((limits.RECOVER_IP, requester.network), *((limit, whom) for limit in limits.RECOVER_EMAIL))
        self.take_mail(t, email, requester)
        account = t.get_or_create_account(email, request.lang)
        letter = MailTemplate.CODE if t.companies(account) else MailTemplate.ADDRESS_UNKNOWN
        self.mail_code(t, account, "recover", email, letter, request.lang, requester.jkt, {})

    def recover_confirm(
        self, t: Transaction, request: wire.RecoverConfirm, requester: Requester
    ) -> tuple[str, tuple[wire.OwnCompany, ...]]:
        """The code from the mail: a session of this computer, and the address's companies."""
        code = self.use_code(t, request.email, "recover", request.code, requester.jkt, requester.network)
        account = code.account
        t.confirm_account(account)
        session = secrets.token_urlsafe(32)
        t.do(
            "INSERT INTO session VALUES (?, ?, ?, ?)",
            self.keyring.seal("session", session), account, requester.jkt, t.now + SESSION_SECONDS,
        )  # fmt: skip
        t.audit("session.begun", account)
        return session, tuple(self._own_company(t, stored) for stored in t.companies(account))

    def _own_company(self, t: Transaction, stored: StoredCompany) -> wire.OwnCompany:
        licence = t.licence_in_force(stored.id)
        seats = () if licence is None else tuple(self._own_seat_row(t, seat) for seat in t.seats(licence.id))
        return wire.OwnCompany(
            name=stored.company.name, post=stored.company.post, lic=None if licence is None else licence.id,
            seats=seats,
        )  # fmt: skip

    def _own_seat_row(self, t: Transaction, seat: Seat) -> wire.OwnSeat:
        number = t.number_of(seat.id)
        row = t.one("SELECT last_day FROM device WHERE seat_id = ? AND state = 'bound'", seat.id)
        return wire.OwnSeat(
            seat=seat.id, hint=None if number is None else number.hint, free=row is None,
            last=None if row is None else row[0],
        )  # fmt: skip

    def _may_claim(self, t: Transaction, known: StoredCompany, requester: Requester, account: str) -> bool:
        """Whether this computer's user may become the address of a company, or is it and wants the certificate again.

        Only from a computer that has a seat of its licence. A trial's answer may have got lost: it is given again.
        """
        licence = t.licence_in_force(known.id)
        if licence is None or known.account not in (None, account):
            return False
        device = t.device(licence.id, requester.jkt)
        return device is not None and device.state == "bound"

    def _own_device(self, t: Transaction, licence: str, requester: Requester) -> Device:
        device = t.device(licence, requester.jkt)
        assert device is not None  # _may_claim
        return device
