"""Certificates: what the vendor signed, verified strictly and in a fixed order.

A certificate is a signed text (``tokens``) whose claims are checked here, one by one. Every way to be refused has
its own code; the first one wins.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fiscald.licence.clock import LAST
from fiscald.licence.company import Company
from fiscald.licence.keys import SigningKey
from fiscald.licence.tokens import MAX_BYTES, TokenRefused, read_vendor_token
from fiscald.licence.wire import MAX_TEXT

KIND = "fiscald-licence"
AUDIENCE = "fiscald"
BEGIN, END = "-----BEGIN FISCALD LICENCE-----", "-----END FISCALD LICENCE-----"
_WHITE = " \t\r\n\x0b\x0c"
#: Seconds by which ``nbf`` may lie ahead of our clock.
CLOCK_SLACK = 300


class CertificateCode(StrEnum):
    """Why a certificate is refused."""

    FORMAT = "CERT_FORMAT"
    HEADER = "CERT_HEADER"
    ALG = "CERT_ALG"
    TYPE = "CERT_TYPE"
    KEY_UNKNOWN = "CERT_KEY_UNKNOWN"
    KEY_USE = "CERT_KEY_USE"
    KEY_RETIRED = "CERT_KEY_RETIRED"
    SIGNATURE = "CERT_SIGNATURE"
    CLAIMS = "CERT_CLAIMS"
    ISSUER = "CERT_ISSUER"
    AUDIENCE = "CERT_AUDIENCE"
    KEY_WINDOW = "CERT_KEY_WINDOW"
    SUPERSEDED = "CERT_SUPERSEDED"
    MACHINE = "CERT_MACHINE"
    NOT_YET = "CERT_NOT_YET"


class CertificateRefused(Exception):
    """An invalid certificate; the installed one stays in force."""

    def __init__(self, code: CertificateCode, detail: str) -> None:
        self.code = code
        self.detail = detail
        super().__init__(f"{code}: {detail}")


@dataclass(frozen=True, slots=True)
class Certificate:
    """The verified content. Times are seconds since 1970, UTC."""

    token: str
    key: SigningKey
    sub: str
    jti: str
    seq: int
    iat: int
    nbf: int
    exp: int | None
    """End of this copy's lease; ``None`` for one that never needs to be confirmed."""
    number: str
    """Hash of the number it was issued for (``num.h``)."""
    number_hint: str
    company: Company
    kind: str
    modules: tuple[str, ...]
    end: int | None
    """End of the licence itself; ``None`` is perpetual."""
    upd: datetime.date
    check_every: int | None
    lapse: str
    mid: str
    jkt: str
    """Thumbprint of the device key that it was issued to."""


def verify(text: bytes, keys: Mapping[str, SigningKey], now: int | None = None) -> Certificate:
    """The certificate in ``text`` (a file's content, armoured or bare). Raises ``CertificateRefused``.

    ``now`` is the time by which withdrawn keys run out. Whether it supersedes what is installed, and whether its
    time has come, is the store's to ask.
    """
    token = _token(text)
    try:
        key, payload = read_vendor_token(token, KIND, keys, "licence", now=now)
    except TokenRefused as refused:
        raise CertificateRefused(CertificateCode(f"CERT_{refused.fault}"), refused.detail) from None
    claims = _Claims.read(payload)
    if claims.all.get("iss") != key.issuer:
        raise CertificateRefused(CertificateCode.ISSUER, "not issued by the vendor this key belongs to")
    if claims.all.get("aud") != AUDIENCE:
        raise CertificateRefused(CertificateCode.AUDIENCE, "made for another product")
    certificate = claims.certificate(token, key)
    if not (key.valid_from or 0) <= certificate.iat <= (key.valid_to or LAST):
        # Compared with the time of signing, not with now: a perpetual licence outlives its signing key.
        raise CertificateRefused(CertificateCode.KEY_WINDOW, "signed at a time at which this key was not in use")
    return certificate


def armour(token: str) -> str:
    """A certificate as it is mailed and kept in files."""
    lines = [token[start : start + 64] for start in range(0, len(token), 64)]
    return "\n".join([BEGIN, *lines, END]) + "\n"


def _token(text: bytes) -> str:
    if len(text) > MAX_BYTES:
        raise CertificateRefused(CertificateCode.FORMAT, f"larger than {MAX_BYTES} bytes")
    try:
        plain = text.decode("ascii").strip(_WHITE)
    except UnicodeDecodeError:
        raise CertificateRefused(CertificateCode.FORMAT, "not plain ASCII text") from None
    if plain.startswith(BEGIN) and plain.endswith(END):
        body = plain.removeprefix(BEGIN).removesuffix(END)
        plain = body.translate({ord(char): None for char in _WHITE})
    return plain


_SUB = re.compile(r"lic_[0-9A-HJKMNP-TV-Z]{8,26}", re.ASCII)
_ALLOWED = frozenset(
    ("iss", "aud", "sub", "jti", "seq", "iat", "nbf", "exp", "perp", "num", "co", "kind", "mod", "end", "upd", "chk",
     "mid", "cnf", "seats", "x")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Claims:
    """Reads the payload; every error is ``CERT_CLAIMS``."""

    all: dict[str, Any]

    @classmethod
    def read(cls, payload: Any) -> _Claims:
        if type(payload) is not dict:
            raise _claims("the payload is not an object")
        unknown = set(payload) - _ALLOWED
        if unknown:
            raise _claims(f"unknown claim {min(unknown)}")
        return cls(payload)

    def certificate(self, token: str, key: SigningKey) -> Certificate:
        claims = self.all
        kind = _one_of(claims.get("kind"), ("trial", "paid", "sub"), "kind")
        end = None if "end" in claims and claims["end"] is None else _integer(claims.get("end"), "end")
        if kind != "paid" and end is None:
            raise _claims("a trial or a term licence needs an end")
        number = _object(claims.get("num"), ("h", "hint"), "num")
        company = _object(claims.get("co"), ("name", "post", "cc", "tin"), "co")
        check = _object(claims.get("chk"), ("every", "lapse"), "chk")
        confirmation = _object(claims.get("cnf"), ("jkt",), "cnf")
        if "seats" in claims:
            _integer(claims["seats"], "seats")
        if "x" in claims and type(claims["x"]) is not dict:
            raise _claims("x is not an object")
        return Certificate(
            token=token,
            key=key,
            sub=_matching(claims.get("sub"), _SUB, "sub"),
            jti=_text(claims.get("jti"), "jti"),
            seq=_integer(claims.get("seq"), "seq", least=1),
            iat=_integer(claims.get("iat"), "iat"),
            nbf=_integer(claims.get("nbf"), "nbf"),
            exp=self._lease(kind, end),
            number=_text(number["h"], "num.h"),
            number_hint=_text(number["hint"], "num.hint"),
            company=Company(
                name=_text(company["name"], "co.name"),
                post=_text(company["post"], "co.post"),
                cc=_text(company["cc"], "co.cc"),
                tin=None if company["tin"] is None else _text(company["tin"], "co.tin"),
            ),
            kind=kind,
            modules=_modules(claims.get("mod")),
            end=end,
            upd=_date(claims.get("upd")),
            check_every=None if check["every"] is None else _integer(check["every"], "chk.every", least=1),
            lapse=_one_of(check["lapse"], ("warn", "restrict"), "chk.lapse"),
            mid=_text(claims.get("mid"), "mid"),
            jkt=_text(confirmation["jkt"], "cnf.jkt"),
        )

    def _lease(self, kind: str, end: int | None) -> int | None:
        """``exp`` or ``perp``, exactly one: "missing" must never mean "for ever"."""
        if ("exp" in self.all) == ("perp" in self.all):
            raise _claims("exactly one of exp and perp must be present")
        if "exp" in self.all:
            return _integer(self.all["exp"], "exp")
        if self.all["perp"] is not True or kind != "paid" or end is not None:
            raise _claims("perp is true, and for a paid perpetual licence only")
        return None


def _claims(detail: str) -> CertificateRefused:
    return CertificateRefused(CertificateCode.CLAIMS, detail)


def _integer(value: Any, name: str, least: int = 0) -> int:
    if type(value) is not int or not least <= value <= LAST:
        raise _claims(f"{name} is not a whole number in range")
    return value


def _text(value: Any, name: str) -> str:
    if type(value) is not str or not 0 < len(value) <= MAX_TEXT:
        raise _claims(f"{name} is not a text, or too long")
    return value


def _matching(value: Any, shape: re.Pattern[str], name: str) -> str:
    if shape.fullmatch(_text(value, name)) is None:
        raise _claims(f"{name} has a wrong form")
    return str(value)


def _one_of(value: Any, choices: tuple[str, ...], name: str) -> str:
    if value not in choices or type(value) is not str:
        raise _claims(f"{name} is not one of {', '.join(choices)}")
    return value


def _object(value: Any, names: tuple[str, ...], name: str) -> dict[str, Any]:
    if type(value) is not dict or set(value) != set(names):
        raise _claims(f"{name} must hold exactly {', '.join(names)}")
    return value


def _modules(value: Any) -> tuple[str, ...]:
    if type(value) is not list or not all(type(item) is str for item in value) or value != sorted(set(value)):
        raise _claims("mod is not a sorted list of names")
    # Names this version does not know are the right of a later one, not an error.
    return tuple(value)


def _date(value: Any) -> datetime.date:
    parse: Callable[[str], datetime.date] = datetime.date.fromisoformat
    try:
        if type(value) is str and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
            return parse(value)
    except ValueError:
        pass
    raise _claims("upd is not a date")
