"""What every rule of the vendor needs: who asks, what is typed, mails, and the certificates that are the answer."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from fiscald.licence import company as companies
from fiscald.licence import wire
from fiscald.licence.certificate import KIND as CERTIFICATE
from fiscald.licence.company import Company
from fiscald.licence.number import Kind, Number, issue
from fiscald.licence.server.keyring import Keyring
from fiscald.licence.server.limits import Limiter
from fiscald.licence.server.mail import BadAddress, MailTemplate, recipient
from fiscald.licence.server.records import Device, Licence, Seat, StoredNumber
from fiscald.licence.server.refusals import Refused, Unable
from fiscald.licence.server.terms import NBF_SLACK, NO_NUMBER, Terms, certificate_claims, lease, rights
from fiscald.licence.server.transaction import Transaction
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
    """The vendor's keys, name and terms, and what is signed with them."""

    def __init__(
        self, keyring: Keyring, issuer: str, terms: Terms | None = None, most: Mapping[str, int] | None = None
    ) -> None:
        """``most``: limits that the configuration changes, by name."""
        self.keyring = keyring
        self.issuer = issuer
        self.terms = Terms() if terms is None else terms
        self._most = {} if most is None else most

    def limiter(self, t: Transaction) -> Limiter:
        """The counters of a transaction."""
        return Limiter(t, self.keyring, self._most)

    def claims(self, t: Transaction, licence: Licence, device: Device) -> dict[str, Any]:
        """What a certificate of that computer says, without its number and times."""
        company, seat = t.company_of(licence).company, t.seat(device.seat)
        return certificate_claims(
            issuer=self.issuer,
            licence=licence.id,
            kind=kind_of(licence, seat),
            flags=seat.flags,
            ends=seat.ends,
            upd=seat.upd,
            number=self._number_claim(t, seat),
            company={
                "name": seat.name or company.name,
                "post": seat.post or company.post,
                "cc": company.cc,
                "tin": company.tin,
            },
            mid=device.mid,
            jkt=device.jkt,
            offline=device.offline,
            seats=t.count_seats(licence.id),
        )

    def _number_claim(self, t: Transaction, seat: Seat) -> dict[str, str]:
        stored = t.number_of(seat.id)
        if stored is None:
            return NO_NUMBER
        number = self.clear(stored)
        return {"h": number.digest, "hint": number.hint}

    def clear(self, stored: StoredNumber) -> Number:
        """A number in clear, made again from its fields: the database holds nothing that it could be found from.

        Raises ``Unable`` where the MAC key of its generation is missing.
        """
        if stored.mk not in self.keyring.mac:
            raise Unable(f"mac-{stored.mk}.key is missing; old generations must stay")
        return issue(
            kind=Kind(stored.kind),
            flags=stored.flags,
            issued=datetime.date.fromisoformat(stored.issued),
            serial=stored.serial,
            mac_key=stored.mk,
            key=self.keyring.mac[stored.mk],
        )

    def certificate(self, t: Transaction, licence: Licence, device: Device, *, renewal: bool = False) -> str:
        """The next certificate of a computer, signed and written down; those before the one it showed are deleted.

        ``renewal``: it follows from no decision.
        """
        claims = self.claims(t, licence, device)
        t.do("UPDATE licence SET seq = seq + 1 WHERE id = ?", licence.id)
        (seq,) = t.one("SELECT seq FROM licence WHERE id = ?", licence.id)
        jti = certificate_name(licence.id, f"{seq:04d}")
        times = lease(self.terms.lease(claims["kind"]), claims["end"], t.now, offline=device.offline)
        t.do(
            "INSERT INTO cert (jti, licence_id, device_id, seq, kid, iat, exp, rights) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            jti, licence.id, device.id, seq, self.keyring.kid, t.now, times.get("exp"),
            rights(claims, self.keyring.kid),
        )  # fmt: skip
        t.do(
            "DELETE FROM cert WHERE licence_id = ? AND device_id = ? AND seq < (SELECT seen FROM device WHERE id = ?)",
            licence.id, device.id, device.id,
        )  # fmt: skip
        if not renewal:
            t.audit("certificate", licence.id, jti=jti)
        dated = {"jti": jti, "seq": seq, "iat": t.now, "nbf": t.now - NBF_SLACK, **times}
        return self.keyring.sign({**claims, **dated}, CERTIFICATE)

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


def kind_of(licence: Licence, seat: Seat) -> str:
    """What a certificate says of a seat: a trial, bought for good, or bought for a term."""
    return "sub" if licence.kind == "paid" and seat.ends is not None else licence.kind


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
