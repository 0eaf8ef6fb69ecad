"""What the pages show. Every view is plain data: the rules fill it, ``rendering`` turns it into a page."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import ClassVar, NamedTuple


class Seat(NamedTuple):
    """A seat of a licence, and the computer in it."""

    id: str
    hint: str | None
    """First and last group of its number; a trial has none."""
    updates: datetime.date
    """Until when it covers updates."""
    ends: datetime.date | None = None
    """The end of a trial or a term; perpetual ones have none."""
    computer: str | None = None
    """Pseudonym of its computer; ``None`` if the seat is free."""
    since: datetime.date | None = None
    checked: datetime.date | None = None
    """The day of the computer's last check."""
    version: str | None = None
    offline: bool = False
    """Its certificate needs no check, so a freed seat does not stop the computer."""


class OwnLicence(NamedTuple):
    """A licence, for the customer."""

    id: str
    company: str
    postcode: str
    tax_number: str | None
    kind: str
    """``trial``, ``paid`` or ``term``."""
    state: str
    """``active``, ``suspended``, ``superseded``, ``ended`` or ``revoked``."""
    sentence: str | None
    """What the vendor says about the state."""
    seats: tuple[Seat, ...]


class Order(NamedTuple):
    """What was bought together."""

    id: str
    day: datetime.date
    invoice: str | None
    buyer: str
    hints: tuple[str, ...]
    """Of its numbers."""


class Number(NamedTuple):
    """A number of a licence, for the vendor."""

    hint: str
    kind: str
    """``licence`` or ``updates``."""
    state: str
    """``issued``, ``used``, ``superseded`` or ``revoked``."""
    bought: datetime.date


class AuditRow(NamedTuple):
    """A decision."""

    at: datetime.datetime
    actor: str
    what: str
    detail: str


class FoundLicence(NamedTuple):
    """A licence in a list."""

    id: str
    company: str
    tax_number: str | None
    email: str | None
    kind: str
    state: str
    hint: str | None
    seats: int
    free: int


class Twin(NamedTuple):
    """A computer that has shown an older certificate than before."""

    licence: str
    company: str
    computer: str
    times: int
    checked: datetime.date | None


# -- pages -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OfflineForm:
    """Where a request file is uploaded."""

    template: ClassVar[str] = "offline_form.html"
    product_url: str | None = None


@dataclass(frozen=True, slots=True)
class OfflineCertificate:
    """A certificate to take away."""

    template: ClassVar[str] = "offline_certificate.html"
    text: str
    """As it is in a file."""
    seal: str
    """With it the server gives back the same text as a file."""
    picture: str | None
    """A QR code, as a data URL."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something was not done."""

    template: ClassVar[str] = "problem.html"
    title: str
    """A key of the words."""
    sentence: str
    """In the reader's language."""
    back: str | None = None
    """Where to go on."""
    code: str | None = None
    """For a question to the vendor."""


@dataclass(frozen=True, slots=True)
class AskCode:
    """The customer's page, step 1: an address."""

    template: ClassVar[str] = "account_ask.html"
    email: str = ""
    fault: str | None = None
    """Why it has to be typed again, in the reader's language."""


@dataclass(frozen=True, slots=True)
class EnterCode:
    """The customer's page, step 2: the code from the mail."""

    template: ClassVar[str] = "account_code.html"
    email: str
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """The customer's page: licences and orders."""

    template: ClassVar[str] = "account.html"
    email: str
    licences: tuple[OwnLicence, ...]
    orders: tuple[Order, ...]


@dataclass(frozen=True, slots=True)
class VendorSignIn:
    """The vendor's page: an administrator's token."""

    template: ClassVar[str] = "vendor_sign_in.html"
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """The vendor's page: licences that fit a text."""

    template: ClassVar[str] = "vendor_search.html"
    text: str
    rows: tuple[FoundLicence, ...]
    next: str | None
    """Where the next page begins; ``None`` on the last one."""


@dataclass(frozen=True, slots=True)
class LicenceDetail:
    """The vendor's page: everything about one licence."""

    template: ClassVar[str] = "vendor_licence.html"
    id: str
    company: str
    postcode: str
    country: str
    tax_number: str | None
    email: str | None
    kind: str
    state: str
    sentence: str | None
    since: datetime.date
    seats: tuple[Seat, ...]
    numbers: tuple[Number, ...]
    orders: tuple[Order, ...]
    audit: tuple[AuditRow, ...]
    """The newest first."""


@dataclass(frozen=True, slots=True)
class Twins:
    """The vendor's page: computers of which there may be two."""

    template: ClassVar[str] = "vendor_twins.html"
    rows: tuple[Twin, ...]


View = (
    OfflineForm | OfflineCertificate | Problem | AskCode | EnterCode | Account | VendorSignIn | Search | LicenceDetail
    | Twins
)  # fmt: skip
