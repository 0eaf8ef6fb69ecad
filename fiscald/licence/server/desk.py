"""What the pages ask of the rules. Every method is one transaction, called in a thread.

All may raise ``Refused`` (the person reads its sentence), ``TooMany`` and ``Unable``; those that take a session raise
``SignedOut``. Texts are what a person typed: any characters, at most as long as the forms allow.
"""

from __future__ import annotations

from typing import Protocol

from fiscald.licence.server.pages.views import Account, LicenceDetail, Search, Twins

#: A customer is signed out after this time without a request; the vendor, this time after signing in.
CUSTOMER_SECONDS = 15 * 60
VENDOR_SECONDS = 8 * 3600
#: On one page, the newest.
MAX_LICENCES = MAX_ORDERS = 100


class SignedOut(Exception):
    """The session is over, unknown, or its token was withdrawn."""


class CustomerDesk(Protocol):
    """For the customer's page. A session begins with a code from a mail."""

    def request_code(self, email: str, lang: str, browser: str, address: str) -> None:
        """Queue a mail, whether the address is known or not. Only ``browser`` can use its code.

        Raises ``Refused("email_invalid")``.
        """

    def confirm(self, email: str, code: str, browser: str, address: str) -> str:
        """A new session, 256 random bits as text. Raises ``Refused("code_wrong")``."""

    def account(self, session: str) -> Account:
        """The newest licences and orders of the address; the session lasts ``CUSTOMER_SECONDS`` from now."""

    def free_seat(self, session: str, seat: str) -> None:
        """Release the computer of a seat, counted as a move. Raises ``Refused`` for a seat of somebody else."""

    def resend(self, session: str, order: str) -> None:
        """Queue the mail with the numbers of an order, to the session's address only."""

    def leave(self, session: str) -> None:
        """End the session, if there is one. Does not raise ``SignedOut``."""


class VendorDesk(Protocol):
    """For the vendor's page. A session begins with an administrator's token; the audit names the administrator."""

    def vendor_enter(self, token: str, address: str) -> str:
        """A new session, 256 random bits as text. Raises ``Refused`` for a wrong token; tries are limited."""

    def vendor_search(self, session: str, text: str, after: str | None, limit: int) -> Search:
        """Licences by company, tax number, e-mail, hint or order; all of them for an empty text.

        ``after``: the ``next`` of an earlier answer, or anything else.
        """

    def vendor_licence(self, session: str, licence: str, audit_rows: int) -> LicenceDetail:
        """One licence, and its newest ``audit_rows`` decisions. Raises ``Refused("licence_unknown")``."""

    def vendor_unbind(self, session: str, licence: str, seat: str) -> None:
        """Release the computer of a seat, not counted."""

    def vendor_resend(self, session: str, licence: str, order: str) -> None:
        """Queue the mail with the numbers of an order, to its buyer."""

    def vendor_suspend(self, session: str, licence: str, sentence: str) -> None:
        """Suspend a licence; the customer gets the sentence."""

    def vendor_reinstate(self, session: str, licence: str, sentence: str) -> None:
        """Reinstate a suspended licence."""

    def vendor_twins(self, session: str, limit: int) -> Twins:
        """Computers of which there may be two."""

    def vendor_leave(self, session: str) -> None:
        """End the session, if there is one. Does not raise ``SignedOut``."""


class Desk(CustomerDesk, VendorDesk, Protocol):
    """Both."""
