"""The messages between a computer and the vendor's server.

A request is a text signed by the computer (``tokens``), posted to its path. An answer is a text signed by the
vendor that names the request it belongs to; anything else - an error page, a captive portal, an
unsigned refusal - does not count. The answer to a request for a mail is always the same unsigned 202.

Strict both ways: unknown fields, wrong types and doubled names are refused.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import Field, StringConstraints, ValidationError

from fiscald.licence import company
from fiscald.licence.clock import LAST
from fiscald.licence.company import Company
from fiscald.model.strict import Deferred, Strict

T = TypeVar("T", bound=Strict)
#: Seconds by which a request's time may differ from the server's.
WINDOW = 600
ANSWER, STATUS, KEYS, LATEST = "fiscald-answer", "fiscald-status", "fiscald-keys", "fiscald-latest"

#: The longest text in a request, an answer or a certificate.
MAX_TEXT = 500
Text = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=MAX_TEXT)]
Signed = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=8000)]
Seconds = Annotated[int, Field(strict=True, ge=0, le=LAST)]
Nonce = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9_-]{22}$")]
Email = Annotated[
    str, StringConstraints(strict=True, max_length=254, pattern=r"^[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]+$")
]
Code = Annotated[str, StringConstraints(strict=True, max_length=40)]
Language = Literal["pl", "en", "nl"]
#: The languages of mails by the company's country; English elsewhere.
_LANGUAGES: dict[str, Language] = {"PL": "pl", "NL": "nl"}


def language(country: str | None) -> Language:
    """The language of mails to a company in that country; Polish where the country is not known."""
    return "pl" if country is None else _LANGUAGES.get(country.strip().upper(), "en")


class WireError(ValueError):
    """An invalid message; ``str`` is one sentence."""


class CompanyClaims(Strict):
    """A company as it is written in requests, answers and certificates (``co``)."""

    name: Text
    post: Text
    cc: Text
    tin: Text | None = None

    def company(self) -> Company:
        """The company, tidied. Raises ``WireError``."""
        try:
            return company.company(self.name, self.post, self.cc, self.tin)
        except ValueError as error:
            raise WireError(str(error)) from None


class VendorRequest(Deferred):
    """The fields of every request."""

    path: ClassVar[str]
    kind: ClassVar[str]
    """The ``typ`` of its signature, without ``+jwt``."""

    aud: Text
    """The receiving vendor (its ``iss``)."""
    iat: Seconds
    nonce: Nonce
    """16 random bytes, base64url; used once."""


class Enrol(VendorRequest):
    """A company asks for a trial; the code comes by mail."""

    path = "/v1/enrol"
    kind = "fiscald-enrol"
    email: Email
    company: CompanyClaims
    mid: Text
    lang: Language = "pl"


class EnrolConfirm(VendorRequest):
    """The code from the mail, for the trial's certificate."""

    path = "/v1/enrol/confirm"
    kind = "fiscald-enrol-confirm"
    email: Email
    code: Code


class Activation(VendorRequest):
    """What both ways to exchange a number for a certificate say."""

    number: Text
    support: Text | None = None
    company: CompanyClaims
    mid: Text
    ver: Text
    email: Email | None = None
    """Where mails about the licence go."""
    lang: Language = "pl"


class Activate(Activation):
    """Exchange a number for a certificate."""

    path = "/v1/activate"
    kind = "fiscald-activate"


class RequestFile(Activation):
    """The same from a computer without internet: a file, which another computer hands in."""

    path = "/v1/offline"
    kind = "fiscald-request-file"


class Support(VendorRequest):
    """A number Y adds a year of updates."""

    path = "/v1/support"
    kind = "fiscald-support"
    number: Text
    lic: Text


class Check(VendorRequest):
    """The daily request. Nothing else is sent: no company, no printers, no counts."""

    path = "/v1/check"
    kind = "fiscald-check"
    lic: Text
    crt: Text
    ver: Text


class Recover(VendorRequest):
    """A known address asks for a code, to move a licence here."""

    path = "/v1/recover"
    kind = "fiscald-recover"
    email: Email
    lang: Language = "pl"


class RecoverConfirm(VendorRequest):
    """The code from the mail, for a session and the list of own companies."""

    path = "/v1/recover/confirm"
    kind = "fiscald-recover-confirm"
    email: Email
    code: Code


class Transfer(VendorRequest):
    """Move a licence to this computer."""

    path = "/v1/transfer"
    kind = "fiscald-transfer"
    session: Text
    lic: Text
    seat: Text | None = None
    """Which seat; may be left out where one is free, or where there is only one."""
    mid: Text


class Deactivate(VendorRequest):
    """Give the seat back."""

    path = "/v1/deactivate"
    kind = "fiscald-deactivate"
    lic: Text


REQUESTS: tuple[type[VendorRequest], ...] = (
    Enrol, EnrolConfirm, Activate, Support, Check, Recover, RecoverConfirm, Transfer, Deactivate
)  # fmt: skip


class Refusal(Deferred):
    """A definite no. ``code`` is stable; the sentences are for people."""

    code: Text
    detail: Text
    detail_pl: Text


class OwnSeat(Deferred):
    """A seat of a licence: the right to run on one computer."""

    seat: Text
    hint: Text | None = None
    """First and last group of its number; a trial has none."""
    free: bool
    """Whether no computer has it."""
    last: Text | None = None
    """The day of its computer's last check."""


class OwnCompany(Deferred):
    """A company of the account whose address was confirmed."""

    name: Text
    post: Text
    lic: Text | None = None
    """Its licence that can be moved, if it has one."""
    seats: tuple[OwnSeat, ...] = ()


class Reply(Deferred):
    """The fields of every signed answer."""

    kind: ClassVar[str]
    """The ``typ`` of its signature, without ``+jwt``."""

    iss: Text
    aud: Literal["fiscald"]
    iat: Seconds
    nonce: Nonce
    req: Text
    """Fingerprint of the request."""


class Answer(Reply):
    """The answer to everything but a check: exactly one of the optional fields is present."""

    kind: ClassVar[str] = ANSWER
    crt: Signed | None = None
    """A certificate."""
    session: Text | None = None
    """Proves for 15 minutes that the address was confirmed."""
    companies: tuple[OwnCompany, ...] = ()
    released: Text | None = None
    """The licence whose seat is free now."""
    refused: Refusal | None = None


class Latest(Deferred):
    """The newest version; ``series`` is the release date of its series. ``url`` is shown, never opened."""

    latest: Text
    series: Text
    url: Text


class Status(Reply):
    """The answer to a check."""

    kind: ClassVar[str] = STATUS
    lic: Text
    verdict: Literal["ok", "renewed", "superseded", "suspended", "revoked", "ended"]
    crt: Signed | None = None
    upd: Latest | None = None
    text: Text | None = None
    """The vendor's reason for a revocation or suspension."""
    since: Seconds | None = None
    """When the licence was revoked, suspended or moved."""
    keys: Signed | None = None
    """A newer key list."""


class ListedKey(Deferred):
    """A signing key in a key list."""

    kid: Text
    x: Text
    uses: tuple[Literal["licence", "status"], ...]
    valid_from: Seconds | None = None
    valid_to: Seconds | None = None
    revoked: bool = False


class KeyList(Deferred):
    """All signing keys, signed by the root. ``ver`` only goes up."""

    iss: Text
    ver: Annotated[int, Field(strict=True, ge=1, le=2**40)]
    iat: Seconds
    keys: tuple[ListedKey, ...]


def parse(model: type[T], payload: Any) -> T:
    """``payload`` as a ``model``. Raises ``WireError``."""
    try:
        return model.model_validate(payload)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the text"
        raise WireError(f"{where}: {first['msg']}") from None


def claims(message: Strict) -> dict[str, Any]:
    """The signed form of a message: absent fields are omitted."""
    return message.model_dump(mode="json", exclude_none=True)
