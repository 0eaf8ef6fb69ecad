"""Rules about an address: enrol and recover.

They do the same whether the address is known or not: one account, one code, one mail. What the mail says differs, and
only its reader sees that.
"""

from __future__ import annotations

import json
import secrets
from typing import Any

from fiscald.licence import wire
from fiscald.licence.company import Company
from fiscald.licence.number import ALPHABET, FISCALD
from fiscald.licence.server import limits, terms
from fiscald.licence.server.certificates import Certificates, Requester, read_company, read_email
from fiscald.licence.server.limits import Limiter
from fiscald.licence.server.mail import MailTemplate
from fiscald.licence.server.refusals import Refused
from fiscald.licence.server.store import DAY, StoredCompany, Transaction, random_name

#: Seconds for which a code, and a session after it, count.
CODE_SECONDS = SESSION_SECONDS = 15 * 60
CODE_SYMBOLS = 10
#: How long a mail with a code may wait for a mail server that does not answer.
MAIL_SECONDS = DAY
#: Read as in a licence number: Crockford's look-alikes.
_AS_MEANT = str.maketrans("OIL", "011", " -\t\r\n")


class MailRules(Certificates):
    """What is decided about a question that a mail answers."""

    def enrol(self, t: Transaction, asked: wire.Enrol, asker: Requester) -> None:
        """A company wants a trial, or a licensed computer tells its company's address."""
        email = read_email(asked.email)
        company = read_company(asked.company)
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
            return self.certificate(t, licence, device)
        made = t.add_company(company, account)
        end = t.now + terms.TRIAL_DAYS * DAY
        licence = t.add_licence(made.id, FISCALD, "trial", terms.TRIAL_FLAGS, ends=end, upd=terms.day(end).isoformat())
        device = t.bind(licence.id, asker.jkt, json.dumps(asker.jwk), wanted["mid"])
        t.audit("trial.begun", licence.id, company=made.id, account=account)
        return self.certificate(t, licence, device)

    def recover(self, t: Transaction, asked: wire.Recover, asker: Requester) -> None:
        """Somebody who reads this address wants to move a licence here."""
        email = read_email(asked.email)
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
        self.queue_mail(t, email, lang, letter, code_id)

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
        email = read_email(typed_email)
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
            if row is not None:  # a question about nothing fills no audit
                t.audit("code.wrong", account)
            raise Refused("code_wrong")
        t.do("UPDATE otp SET used = ? WHERE id = ?", t.now, code_id)
        return account, json.loads(wanted)


def _called(company: Company) -> str:
    """What attempts for a company are counted by."""
    return "\0".join((company.cc, company.tin or f"{company.normal_name}\0{company.normal_post}"))
