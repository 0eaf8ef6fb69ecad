"""What the vendor decides about each question. No HTTP, no clock, no signatures of answers.

Every method runs inside one transaction (``store``), is given the question and who signed it, and returns what to
answer or raises ``Refused`` or ``TooMany``. Checks come first, changes after: a refusal leaves nothing half done.

Questions about an address (``enrol``, ``recover``) do the same whether it is known or not: one account, one code,
one mail. What the mail says differs, and only its reader sees that.
"""

from __future__ import annotations

import datetime
import json
import logging
import re
import secrets
from typing import Any, NamedTuple

from fiscald.licence import company as companies
from fiscald.licence import number_reading, wire
from fiscald.licence.certificate import KIND as CERTIFICATE
from fiscald.licence.company import Company
from fiscald.licence.number import ALPHABET, FISCALD, Kind, Number, issue
from fiscald.licence.number_reading import NumberRefused
from fiscald.licence.server import limits, terms
from fiscald.licence.server.keyring import Keyring
from fiscald.licence.server.limits import Limiter
from fiscald.licence.server.mail import BadAddress, MailTemplate, recipient
from fiscald.licence.server.refusals import Refused, TooMany, Unable
from fiscald.licence.server.store import DAY, Device, Licence, StoredCompany, StoredNumber, Transaction, random_name
from fiscald.licence.tokens import thumbprint

log = logging.getLogger(__name__)

#: Seconds for which a code, and a session after it, count.
CODE_SECONDS = SESSION_SECONDS = 15 * 60
CODE_SYMBOLS = 10
#: How long a mail with a code may wait for a mail server that does not answer.
MAIL_SECONDS = DAY
#: How old a request file carried by hand may be.
FILE_SECONDS = 30 * DAY
#: Read as in a licence number: Crockford's look-alikes.
_AS_MEANT = str.maketrans("OIL", "011", " -\t\r\n")


class Requester(NamedTuple):
    """Who signed a question, and from which network (``limits.network``)."""

    jwk: dict[str, str]
    network: str

    @property
    def jkt(self) -> str:
        """The name of the computer's key."""
        return thumbprint(self.jwk)


class Rules:
    """The rules, with the vendor's keys and name."""

    def __init__(self, keyring: Keyring, issuer: str) -> None:
        self.keyring = keyring
        self.issuer = issuer

    # -- by mail: enrol, recover ----------------------------------------------------------------------

    def enrol(self, t: Transaction, asked: wire.Enrol, asker: Requester) -> None:
        """A company wants a trial, or a licensed computer tells its company's address."""
        email = _email(asked.email)
        company = _company(asked.company)
        limiter = Limiter(t, self.keyring)
        limiter.take(
            (limits.ENROL_IP, asker.network),
            (limits.ENROL_EMAIL, email.lower()),
            (limits.ENROL_COMPANY, _called(company)),
        )
        known = t.company(company)
        account = t.get_or_create_account(email, asked.lang)
        letter = MailTemplate.CODE
        if known is not None and not self._may_claim(t, known, asker):
            letter = MailTemplate.COMPANY_YOURS if known.account == account else MailTemplate.COMPANY_KNOWN
        wanted = {"company": company._asdict(), "mid": asked.mid, "jwk": asker.jwk}
        self._mail_code(t, account, "confirm", email, letter, asked.lang, asker, wanted)

    def enrol_confirm(self, t: Transaction, asked: wire.EnrolConfirm, asker: Requester) -> str:
        """The code from the mail: a trial's certificate, or for a company with a licence that licence's."""
        account, wanted = self._use_code(t, asked.email, "confirm", asked.code, asker)
        company = Company(**wanted["company"])
        known = t.company(company)
        if known is not None and not self._may_claim(t, known, asker):
            raise Refused("company_known")
        t.confirm_account(account)
        if known is not None:
            t.do("UPDATE company SET account_id = ? WHERE id = ?", account, known.id)
            t.audit("company.claimed", known.id, account=account)
            licence = t.active_licence(known.id)
            assert licence is not None  # _may_claim
            device = t.seat(licence.id)
            assert device is not None
            return self._certificate(t, licence, device)
        made = t.add_company(company, account)
        end = t.now + terms.TRIAL_DAYS * DAY
        licence = t.add_licence(made.id, FISCALD, "trial", terms.TRIAL_FLAGS, ends=end, upd=terms.day(end).isoformat())
        device = t.bind(licence.id, asker.jkt, json.dumps(asker.jwk), wanted["mid"])
        t.audit("trial.begun", licence.id, company=made.id, account=account)
        return self._certificate(t, licence, device)

    def recover(self, t: Transaction, asked: wire.Recover, asker: Requester) -> None:
        """Somebody who reads this address wants to move a licence here."""
        email = _email(asked.email)
        whom = email.lower()
        Limiter(t, self.keyring).take(
            (limits.RECOVER_IP, asker.network), *((limit, whom) for limit in limits.RECOVER_EMAIL)
        )
        account = t.get_or_create_account(email, asked.lang)
        letter = MailTemplate.CODE if t.companies(account) else MailTemplate.ADDRESS_UNKNOWN
        self._mail_code(t, account, "recover", email, letter, asked.lang, asker, {})

    def recover_confirm(
        self, t: Transaction, asked: wire.RecoverConfirm, asker: Requester
    ) -> tuple[str, tuple[wire.OwnCompany, ...]]:
        """The code from the mail: a session of this computer, and the address's companies."""
        account, _ = self._use_code(t, asked.email, "recover", asked.code, asker)
        session = secrets.token_urlsafe(32)
        t.do(
            "INSERT INTO session VALUES (?, ?, ?, ?)",
            self.keyring.seal("session", session), account, asker.jkt, t.now + SESSION_SECONDS,
        )  # fmt: skip
        t.audit("session.begun", account)
        own = []
        for stored in t.companies(account):
            licence = t.active_licence(stored.id)
            own.append(
                wire.OwnCompany(
                    name=stored.company.name, post=stored.company.post, lic=None if licence is None else licence.id
                )
            )
        return session, tuple(own)

    def _may_claim(self, t: Transaction, known: StoredCompany, asker: Requester) -> bool:
        """Whether a confirmed address may become the address of a company that has none.

        Only from the computer that has its licence: it has proven to own a number.
        """
        licence = t.active_licence(known.id) if known.account is None else None
        seat = None if licence is None else t.seat(licence.id)
        return seat is not None and seat.jkt == asker.jkt

    def _mail_code(
        self, t: Transaction, account: str, purpose: str, email: str, letter: MailTemplate, lang: str, asker: Requester,
        wanted: dict[str, Any],
    ) -> None:  # fmt: skip
        """Queue one mail. Its code is made when it leaves; until then the row matches nothing."""
        t.do("DELETE FROM otp WHERE account_id = ? AND purpose = ?", account, purpose)
        code_id = random_name("otp_")
        t.do(
            "INSERT INTO otp (id, account_id, purpose, jkt, wanted, expires) VALUES (?, ?, ?, ?, ?, ?)",
            code_id, account, purpose, asker.jkt, json.dumps(wanted, ensure_ascii=False), t.now + MAIL_SECONDS,
        )  # fmt: skip
        self._queue(t, email, lang, letter, code_id)

    def _queue(self, t: Transaction, email: str, lang: str, letter: MailTemplate, code_id: str | None = None) -> None:
        t.do(
            "INSERT INTO mail (recipient, subject, lang, otp_id, created, due) VALUES (?, ?, ?, ?, ?, ?)",
            email, letter, lang, code_id, t.now, t.now,
        )  # fmt: skip

    def new_code(self, t: Transaction, code_id: str) -> str:
        """A code for a mail that leaves now: the only time that it exists outside the mail."""
        account, purpose, jkt = t.one("SELECT account_id, purpose, jkt FROM otp WHERE id = ?", code_id)
        symbols = "".join(secrets.choice(ALPHABET) for _ in range(CODE_SYMBOLS))
        t.do(
            "UPDATE otp SET h = ?, tries = 0, expires = ? WHERE id = ?",
            self._code_seal(symbols, account, purpose, jkt), t.now + CODE_SECONDS, code_id,
        )  # fmt: skip
        return f"{symbols[:5]}-{symbols[5:]}"

    def _code_seal(self, symbols: str, account: str, purpose: str, jkt: str) -> bytes:
        return self.keyring.seal("code", symbols, account, purpose, jkt)

    def _use_code(
        self, t: Transaction, typed_email: str, purpose: str, typed: str, asker: Requester
    ) -> tuple[str, dict[str, Any]]:
        """The account whose code it is, and what was asked for; the code is used up. Raises ``Refused``."""
        email = _email(typed_email)
        # By computer too: codes are bound to one, and a stranger's tries must not keep the address's owner out.
        Limiter(t, self.keyring).take(
            (limits.CODE_IP, asker.network), (limits.CODE_TRIES, f"{email.lower()}\0{asker.jkt}")
        )
        account = t.account(email) or "nobody"
        row = t.one(
            "SELECT id, h, tries, wanted FROM otp"
            " WHERE account_id = ? AND purpose = ? AND jkt = ? AND used IS NULL AND expires > ?",
            account, purpose, asker.jkt, t.now,
        )  # fmt: skip
        code_id, h, tries, wanted = row or ("", None, 0, "{}")
        seal = self._code_seal(typed.upper().translate(_AS_MEANT), account, purpose, asker.jkt)
        right = secrets.compare_digest(seal, h or bytes(len(seal))) and h is not None
        t.do("UPDATE otp SET tries = tries + 1 WHERE id = ?", code_id)
        if not right or tries >= limits.TRIES_PER_CODE:
            if row is not None:  # whoever asks about nothing fills no audit
                t.audit("code.wrong", account)
            raise Refused("code_wrong")
        t.do("UPDATE otp SET used = ? WHERE id = ?", t.now, code_id)
        return account, json.loads(wanted)

    # -- by number: activate, support -----------------------------------------------------------------

    def activate(self, t: Transaction, asked: wire.Activate, asker: Requester, *, offline: bool = False) -> str:
        """A number for a certificate. The same number, company and computer get the same again."""
        if offline:
            self._take_file(t, asked, asker)
        else:
            self._take_activation(t, asker)
        number, stored = self._genuine(t, asked.number, Kind.LICENCE)
        support = None if asked.support is None else self._genuine(t, asked.support, Kind.UPDATES)
        company = _company(asked.company)
        if stored.state == "used":
            licence = self._again(t, stored, company, asker, asked.mid)
        else:
            licence = None
            self._may_replace(t, company, number, asker, asked.mid)
        if support is not None and not (
            support[1].state == "issued" or (licence is not None and support[1].licence == licence.id)
        ):
            raise Refused("number_used")
        if licence is None:
            licence = self._new_licence(t, stored, number, company, asker)
        if support is not None and support[1].state == "issued":
            licence = self._add_year(t, licence, *support)
        seat = t.seat(licence.id)
        if seat is None:
            seat = t.bind(licence.id, asker.jkt, json.dumps(asker.jwk), asked.mid, offline=offline)
            t.audit("device.bound", licence.id, device=seat.id, offline=offline)
        elif seat.offline != offline:
            t.do("UPDATE device SET offline = ? WHERE id = ?", offline, seat.id)
            seat = seat._replace(offline=offline)
        return self._certificate(t, licence, seat)

    def support(self, t: Transaction, asked: wire.Support, asker: Requester) -> str:
        """A number Y: a year of updates more. Used once."""
        self._take_activation(t, asker)
        licence, device = self._own(t, asked.lic, asker)
        number, stored = self._genuine(t, asked.number, Kind.UPDATES)
        if stored.state != "issued":
            raise Refused("number_used")
        if licence.kind == "trial":
            raise Refused("licence_trial")
        return self._certificate(t, self._add_year(t, licence, number, stored), device)

    def _take_activation(self, t: Transaction, asker: Requester) -> None:
        limiter = Limiter(t, self.keyring)
        if limiter.seen(limits.WRONG_MAC) >= limits.WRONG_MAC.most and not any(
            limiter.seen(limit, asker.network) for limit in limits.ACTIVATE_IP
        ):
            raise TooMany(limits.HOUR)  # somebody guesses from many networks: those known go on
        limiter.take(*((limit, asker.network) for limit in limits.ACTIVATE_IP), (limits.ACTIVATE_DEVICE, asker.jkt))

    def _take_file(self, t: Transaction, asked: wire.Activate, asker: Requester) -> None:
        """A request carried by hand: counted by the network it was uploaded from, and not too old."""
        self._take_activation(t, asker)
        (released,) = t.one("SELECT max(released) FROM device WHERE jkt = ?", asker.jkt)
        if asked.iat < t.now - FILE_SECONDS or asked.iat > t.now + wire.WINDOW or asked.iat <= (released or 0):
            raise Refused("request_old")

    def _genuine(self, t: Transaction, typed: str, kind: Kind) -> tuple[Number, StoredNumber]:
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

    def _again(self, t: Transaction, stored: StoredNumber, company: Company, asker: Requester, mid: str) -> Licence:
        """The licence a used number has made, if this company may go on with it on this computer."""
        assert stored.licence is not None
        licence = t.licence(stored.licence)
        assert licence is not None
        if not t.company_of(licence).company.same(company):
            raise Refused("company")
        if licence.state != "active":
            raise Refused("licence_over")
        seat = t.seat(licence.id)
        if seat is not None and (seat.jkt, seat.mid) != (asker.jkt, mid):
            raise Refused("licence_elsewhere")
        return licence

    def _may_replace(self, t: Transaction, company: Company, number: Number, asker: Requester, mid: str) -> None:
        """A new number replaces what the company has: a trial always, a bought licence on its own computer only.

        Where its seat is free, on a computer that has had it: anybody may buy a number and name this company.
        """
        known = t.company(company)
        former = None if known is None else t.active_licence(known.id)
        if former is None or former.kind == "trial":
            return
        seat = t.seat(former.id)
        own = t.knows_device(former.company, asker.jkt) if seat is None else (seat.jkt, seat.mid) == (asker.jkt, mid)
        if not own:
            raise Refused("licence_elsewhere")
        if former.flags & terms.TRIAL_FLAGS & ~number.flags:
            raise Refused("number_lesser")

    def _new_licence(
        self, t: Transaction, stored: StoredNumber, number: Number, company: Company, asker: Requester
    ) -> Licence:
        known = t.company(company)
        if known is None:
            known = t.add_company(company, None)
        elif known.account is not None and not t.knows_device(known.id, asker.jkt):
            # Whoever enrolled it first may be a stranger; a number that was paid for wins.
            t.do("UPDATE company SET account_id = NULL WHERE id = ?", known.id)
            t.audit("company.moved", known.id, account=known.account)
            self._queue(t, *t.address(known.account), MailTemplate.COMPANY_MOVED)
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

    # -- by licence: check, transfer, deactivate ------------------------------------------------------

    def check(self, t: Transaction, asked: wire.Check, asker: Requester) -> dict[str, Any]:
        """The daily question: fields of a ``wire.Status``."""
        licence = t.licence(asked.lic)
        if licence is None:
            raise Refused("licence_unknown")
        device = t.device(licence.id, asker.jkt)
        if device is None:
            # Of an account that was erased nobody knows the computers any more.
            raise Refused("licence_over" if licence.state == "ended" else "other_computer")
        Limiter(t, self.keyring).take((limits.CHECKS, device.id))
        shown = t.one(
            "SELECT seq, iat, exp, rights FROM cert WHERE jti = ? AND licence_id = ? AND device_id = ?",
            asked.crt, licence.id, device.id,
        )  # fmt: skip
        if shown is None:
            licence = self._catch_up(t, licence, asked.crt)
        elif shown[0] < device.seen:
            t.audit("device.twins", licence.id, device=device.id, version=asked.ver)
        t.do(
            "UPDATE device SET last_day = ?, version = ?, seen = max(seen, ?) WHERE id = ?",
            terms.day(t.now).isoformat(), asked.ver, 0 if shown is None else shown[0], device.id,
        )  # fmt: skip
        rides = {"keys": t.newest_key_list(), "upd": latest(t)}
        return {"lic": licence.id, **rides, **self._verdict(t, licence, device, shown)}

    def _catch_up(self, t: Transaction, licence: Licence, jti: str) -> Licence:
        """After an old backup was restored a computer may hold a newer certificate than we know of.

        A lower number than that would be refused there as superseded. Nobody gains by claiming one.
        """
        match = re.fullmatch(rf"{_jti(licence.id, '')}([0-9]{{4,6}})", jti)
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
        rights = terms.rights(self._claims(t, licence, device), self.keyring.kid)
        if shown is not None and shown[3] == rights and not terms.wants_renewal(shown[1], shown[2], t.now):
            return {"verdict": "ok"}
        return {"verdict": "renewed", "crt": self._certificate(t, licence, device)}

    def transfer(self, t: Transaction, asked: wire.Transfer, asker: Requester) -> str:
        """Move a licence to the computer whose user has confirmed the company's address."""
        row = t.one(
            "SELECT account_id FROM session WHERE h = ? AND jkt = ? AND expires > ?",
            self.keyring.seal("session", asked.session), asker.jkt, t.now,
        )  # fmt: skip
        if row is None:
            raise Refused("session_ended")
        licence = t.licence(asked.lic)
        stored = None if licence is None else t.company_of(licence)
        if licence is None or stored is None or stored.account != row[0]:
            raise Refused("licence_unknown")
        if licence.state != "active":
            raise Refused("licence_over")
        seat = t.seat(licence.id)
        if seat is None or (seat.jkt, seat.mid) != (asker.jkt, asked.mid):
            Limiter(t, self.keyring).take((limits.TRANSFERS, licence.id))
            t.release(licence.id)
            former, seat = seat, t.bind(licence.id, asker.jkt, json.dumps(asker.jwk), asked.mid)
            t.audit(
                "licence.transferred", licence.id, device=seat.id, former=None if former is None else former.id,
                offline_copy=former is not None and former.offline,
            )  # fmt: skip
            self._queue(t, *t.address(row[0]), MailTemplate.LICENCE_MOVED)
        return self._certificate(t, licence, seat)

    def deactivate(self, t: Transaction, asked: wire.Deactivate, asker: Requester) -> str:
        """Give the seat back; again is no mistake. The licence whose seat is free."""
        licence = t.licence(asked.lic)
        if licence is None:
            raise Refused("licence_unknown")
        device = t.device(licence.id, asker.jkt)
        if device is None:
            raise Refused("other_computer")
        if device.state == "bound":
            t.release(licence.id)
            t.audit("device.released", licence.id, device=device.id)
        return licence.id

    def _own(self, t: Transaction, id_: str, asker: Requester) -> tuple[Licence, Device]:
        """A licence in force and its seat, if the asker has it."""
        licence = t.licence(id_)
        if licence is None:
            raise Refused("licence_unknown")
        seat = t.seat(licence.id)
        if seat is None or seat.jkt != asker.jkt:
            raise Refused("other_computer")
        if licence.state != "active":
            raise Refused("licence_over")
        return licence, seat

    # -- certificates ---------------------------------------------------------------------------------

    def _claims(self, t: Transaction, licence: Licence, device: Device) -> dict[str, Any]:
        company = t.company_of(licence).company
        return terms.certificate_claims(
            issuer=self.issuer,
            licence=licence.id,
            kind=licence.kind,
            flags=licence.flags,
            ends=licence.ends,
            upd=licence.upd,
            number=self._number_claim(t, licence),
            company={"name": company.name, "post": company.post, "cc": company.cc, "tin": company.tin},
            mid=device.mid,
            jkt=device.jkt,
            offline=device.offline,
        )

    def _number_claim(self, t: Transaction, licence: Licence) -> dict[str, str]:
        stored = t.number_of(licence.id, Kind.LICENCE)
        if stored is None:
            return terms.NO_NUMBER
        if stored.mk not in self.keyring.mac:
            raise Unable(f"mac-{stored.mk}.key is missing; old generations must stay")
        # Made again from its fields: the database holds nothing that the number could be found from.
        number = issue(
            kind=Kind.LICENCE,
            flags=stored.flags,
            issued=datetime.date.fromisoformat(stored.issued),
            serial=stored.serial,
            mac_key=stored.mk,
            key=self.keyring.mac[stored.mk],
        )
        return {"h": number.digest, "hint": number.hint}

    def _certificate(self, t: Transaction, licence: Licence, device: Device) -> str:
        """The next certificate of a licence, signed and written down."""
        claims = self._claims(t, licence, device)
        t.do("UPDATE licence SET seq = seq + 1 WHERE id = ?", licence.id)
        (seq,) = t.one("SELECT seq FROM licence WHERE id = ?", licence.id)
        jti = _jti(licence.id, f"{seq:04d}")
        lease = terms.lease(licence.kind, licence.ends, t.now, offline=device.offline)
        t.do(
            "INSERT INTO cert (jti, licence_id, device_id, seq, kid, iat, exp, rights) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            jti, licence.id, device.id, seq, self.keyring.kid, t.now, lease.get("exp"),
            terms.rights(claims, self.keyring.kid),
        )  # fmt: skip
        t.audit("certificate", licence.id, jti=jti)
        times = {"jti": jti, "seq": seq, "iat": t.now, "nbf": t.now - terms.NBF_SLACK, **lease}
        return self.keyring.sign({**claims, **times}, CERTIFICATE)


def _jti(licence: str, seq: str) -> str:
    return f"crt_{licence.removeprefix('lic_')}_{seq}"


def number_seal(keyring: Keyring, number: Number) -> bytes:
    """What stands in the database for a number."""
    return keyring.seal("number", number.text)


def latest(t: Transaction) -> wire.Latest | None:
    """The newest version, if one was released."""
    row = t.one("SELECT version, series, url FROM release ORDER BY series DESC LIMIT 1")
    return None if row is None else wire.Latest(latest=row[0], series=row[1], url=row[2])


def _called(company: Company) -> str:
    """What attempts for a company are counted by."""
    return "\0".join((company.cc, company.tin or f"{company.normal_name}\0{company.normal_post}"))


def _email(typed: str) -> str:
    try:
        return recipient(typed)
    except BadAddress:
        raise Refused("email_invalid") from None


def _company(said: wire.CompanyClaims) -> Company:
    try:
        return companies.company(said.name, said.post, said.cc, said.tin)
    except ValueError as error:
        raise Refused("company_invalid", why=str(error)) from None
