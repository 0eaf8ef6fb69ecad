"""Mails with codes: who may have one sent, and which code counts.

Strangers can ask for mails to anybody. They must neither fill a mailbox nor use up what its owner may ask for: limits
are for each network, and those for a mailbox and a domain never refuse what a network asks for first.
"""

from __future__ import annotations

import json
import secrets
from typing import Any, NamedTuple

from fiscald.licence.number import ALPHABET
from fiscald.licence.server import limits
from fiscald.licence.server.certificates import Certificates, Requester, read_email
from fiscald.licence.server.mail import MailTemplate
from fiscald.licence.server.refusals import Refused
from fiscald.licence.server.transaction import DAY, Transaction, random_name

#: Seconds for which a code counts.
CODE_SECONDS = 15 * 60
CODE_SYMBOLS = 10
#: How long a mail with a code may wait for a mail server that does not answer.
MAIL_SECONDS = DAY
#: Read as in a licence number: Crockford's look-alikes.
_AS_MEANT = str.maketrans("OIL", "011", " -\t\r\n")
#: Where dots in a mailbox's name mean nothing.
_DOTLESS = ("gmail.com", "googlemail.com")


class UsedCode(NamedTuple):
    """A code that was right."""

    account: str
    wanted: dict[str, Any]
    again: bool
    """The same computer has sent it before: perhaps our answer got lost."""


class Mailing(Certificates):
    """Sends codes, and takes them."""

    def take_mail(self, t: Transaction, email: str, requester: Requester) -> None:
        """Count a mail to this address. Raises ``TooMany``."""
        limiter, box = self.limiter(t), mailbox(email)
        shared = ((limits.MAILBOX, box), (limits.DOMAIN, box.rpartition("@")[2]))
        own = limiter.count(limits.MAILBOX_OWN, f"{requester.network}\0{box}")
        if own <= limiter.most(limits.MAILBOX_OWN):
            for limit, whom in shared:
                limiter.count(limit, whom)
        else:
            limiter.take(*shared)

    def mail_code(
        self, t: Transaction, account: str, purpose: str, email: str, letter: MailTemplate, lang: str, key: str,
        wanted: dict[str, Any],
    ) -> None:  # fmt: skip
        """Queue one mail. Its code is made when it leaves; until then the row matches nothing.

        ``key``: the computer or browser that asked, which alone can use the code. Those of others stay valid.
        """
        t.do("DELETE FROM otp WHERE account_id = ? AND purpose = ? AND jkt = ?", account, purpose, key)
        code_id = random_name("otp_")
        t.do(
            "INSERT INTO otp (id, account_id, purpose, jkt, wanted, expires) VALUES (?, ?, ?, ?, ?, ?)",
            code_id, account, purpose, key, json.dumps(wanted, ensure_ascii=False), t.now + MAIL_SECONDS,
        )  # fmt: skip
        self.queue_mail(t, email, lang, letter, code_id)

    def new_code(self, t: Transaction, code_id: str) -> str:
        """A code for a mail that leaves now: the only time that it exists outside the mail."""
        account, purpose, key = t.one("SELECT account_id, purpose, jkt FROM otp WHERE id = ?", code_id)
        symbols = "".join(secrets.choice(ALPHABET) for _ in range(CODE_SYMBOLS))
        t.do(
            "UPDATE otp SET h = ?, tries = 0, expires = ? WHERE id = ?",
            self._code_seal(symbols, account, purpose, key), t.now + CODE_SECONDS, code_id,
        )  # fmt: skip
        return f"{symbols[:5]}-{symbols[5:]}"

    def _code_seal(self, symbols: str, account: str, purpose: str, key: str) -> bytes:
        return self.keyring.seal("code", symbols, account, purpose, key)

    def use_code(self, t: Transaction, typed_email: str, purpose: str, typed: str, key: str, network: str) -> UsedCode:
        """The account whose code it is, and what was asked for. Raises ``Refused`` or ``TooMany``."""
        email = read_email(typed_email)
        # By computer too: codes are bound to one, and a stranger's tries must not keep the address's owner out.
        self.limiter(t).take((limits.CODE_IP, network), (limits.CODE_TRIES, f"{email.lower()}\0{key}"))
        account = t.account(email) or "nobody"
        row = t.one(
            "SELECT id, h, tries, wanted, used FROM otp"
            " WHERE account_id = ? AND purpose = ? AND jkt = ? AND expires > ?",
            account, purpose, key, t.now,
        )  # fmt: skip
        code_id, h, tries, wanted, used = row or ("", None, 0, "{}", None)
        seal = self._code_seal(typed.upper().translate(_AS_MEANT), account, purpose, key)
        right = secrets.compare_digest(seal, h or bytes(len(seal))) and h is not None
        t.do("UPDATE otp SET tries = tries + 1 WHERE id = ?", code_id)
        if not right or tries >= limits.TRIES_PER_CODE:
            if row is not None:  # a request about nothing fills no audit
                t.audit("code.wrong", account)
            raise Refused("code_wrong")
        t.do("UPDATE otp SET used = coalesce(used, ?) WHERE id = ?", t.now, code_id)
        return UsedCode(account, json.loads(wanted), again=used is not None)


def mailbox(email: str) -> str:
    """The mailbox of an address: without ``+something``, and without dots where they mean nothing."""
    name, _, domain = email.lower().rpartition("@")
    name = name.partition("+")[0] or name
    return f"{name.replace('.', '') if domain in _DOTLESS else name}@{domain}"
