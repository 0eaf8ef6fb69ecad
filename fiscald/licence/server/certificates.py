"""What every rule of the vendor needs: who asks, what is typed, mails, and the certificates that are the answer."""

from __future__ import annotations

import datetime
import json
from typing import Any, NamedTuple

from fiscald.licence import company as companies
from fiscald.licence import wire
from fiscald.licence.certificate import KIND as CERTIFICATE
from fiscald.licence.company import Company
from fiscald.licence.number import Kind, issue
from fiscald.licence.server import terms
from fiscald.licence.server.keyring import Keyring
from fiscald.licence.server.mail import BadAddress, MailTemplate, recipient
from fiscald.licence.server.refusals import Refused, Unable
from fiscald.licence.server.store import Device, Licence, Transaction
from fiscald.licence.tokens import thumbprint


class Requester(NamedTuple):
    """Who signed a request, and from which network (``limits.network``)."""

    jwk: dict[str, str]
    network: str

    @property
    def jkt(self) -> str:
        """The name of the computer's key."""
        return thumbprint(self.jwk)


class Certificates:
    """The vendor's keys and name, and what is signed with them."""

    def __init__(self, keyring: Keyring, issuer: str) -> None:
        self.keyring = keyring
        self.issuer = issuer

    def claims(self, t: Transaction, licence: Licence, device: Device) -> dict[str, Any]:
        """What a certificate of that licence says, without its number and times."""
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

    def certificate(self, t: Transaction, licence: Licence, device: Device) -> str:
        """The next certificate of a licence, signed and written down."""
        claims = self.claims(t, licence, device)
        t.do("UPDATE licence SET seq = seq + 1 WHERE id = ?", licence.id)
        (seq,) = t.one("SELECT seq FROM licence WHERE id = ?", licence.id)
        jti = certificate_name(licence.id, f"{seq:04d}")
        lease = terms.lease(licence.kind, licence.ends, t.now, offline=device.offline)
        t.do(
            "INSERT INTO cert (jti, licence_id, device_id, seq, kid, iat, exp, rights) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            jti, licence.id, device.id, seq, self.keyring.kid, t.now, lease.get("exp"),
            terms.rights(claims, self.keyring.kid),
        )  # fmt: skip
        t.audit("certificate", licence.id, jti=jti)
        times = {"jti": jti, "seq": seq, "iat": t.now, "nbf": t.now - terms.NBF_SLACK, **lease}
        return self.keyring.sign({**claims, **times}, CERTIFICATE)

    def queue_mail(
        self, t: Transaction, email: str, lang: str, letter: MailTemplate, code_id: str | None = None,
        **detail: str,
    ) -> None:  # fmt: skip
        """A mail that leaves when this transaction is over; with a code made then, if there is a ``code_id``.

        ``detail``: what its text needs; no number and no code.
        """
        t.do(
            "INSERT INTO mail (recipient, subject, lang, otp_id, detail, created, due) VALUES (?, ?, ?, ?, ?, ?, ?)",
            email, letter, lang, code_id, json.dumps(detail, ensure_ascii=False) if detail else None, t.now, t.now,
        )  # fmt: skip


def certificate_name(licence: str, seq: str) -> str:
    """The name of a licence's certificate with that number."""
    return f"crt_{licence.removeprefix('lic_')}_{seq}"


def read_email(typed: str) -> str:
    """The address as it is kept. Raises ``Refused``."""
    try:
        return recipient(typed)
    except BadAddress:
        raise Refused("email_invalid") from None


def read_company(said: wire.CompanyClaims) -> Company:
    """The company as it is kept. Raises ``Refused``."""
    try:
        return companies.company(said.name, said.post, said.cc, said.tin)
    except ValueError as error:
        raise Refused("company_invalid", why=str(error)) from None
