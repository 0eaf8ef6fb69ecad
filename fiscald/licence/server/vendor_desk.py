"""The vendor's page over the database: see ``desk.VendorDesk``."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fiscald.licence.server import admin, limits, listing, page_rows
from fiscald.licence.server.access import authenticate
from fiscald.licence.server.admin import AdminError
from fiscald.licence.server.customer_desk import DatabaseCustomerDesk
from fiscald.licence.server.desk import VENDOR_SECONDS, SignedOut
from fiscald.licence.server.limits import network
from fiscald.licence.server.pages import views
from fiscald.licence.server.records import Licence
from fiscald.licence.server.refusals import Refused
from fiscald.licence.server.rules import Rules
from fiscald.licence.server.selling import send_order
from fiscald.licence.server.store import Store
from fiscald.licence.server.transaction import Transaction


class DatabaseVendorDesk:
    """What the vendor's people may see and do, with a token of the right ``desk``."""

    def __init__(self, store: Store, rules: Rules, clock: Callable[[], int]) -> None:
        self._store = store
        self._rules = rules
        self._clock = clock

    def vendor_enter(self, token: str, address: str) -> str:
        """See ``VendorDesk``."""
        with self._store.transaction(self._clock) as t:
            self._rules.limiter(t).take((limits.SIGN_IN_IP, network(address, t.now)))
            access = authenticate(t, self._rules.keyring, token)
            if access is None or access.rights != "desk":
                t.audit("page.refused")
                raise Refused("code_wrong")
            session = secrets.token_urlsafe(32)
            t.do(
                "INSERT INTO web_session (h, token_id, expires) VALUES (?, ?, ?)",
                self._seal(session), access.id, t.now + VENDOR_SECONDS,
            )  # fmt: skip
            t.actor = access.actor
            t.audit("page.entered", access.id)
            return session

    def vendor_search(self, session: str, text: str, after: str | None, limit: int) -> views.Search:
        """See ``VendorDesk``."""
        with self._at_desk(session) as t:
            try:
                page = listing.found(t, text or None, after=after, limit=limit)
            except AdminError:
                page = listing.found(t, text or None, limit=limit)
            return views.Search(text, tuple(page_rows.found_licence(t, id_) for id_ in page.ids), page.after)

    def vendor_licence(self, session: str, licence: str, audit_rows: int) -> views.LicenceDetail:
        """See ``VendorDesk``."""
        with self._at_desk(session) as t:
            return page_rows.detail(t, _licence(t, licence), audit_rows)

    def vendor_unbind(self, session: str, licence: str, seat: str) -> None:
        """See ``VendorDesk``. A seat that is free already is no mistake."""
        with self._at_desk(session) as t:
            found = _licence(t, licence)
            if seat not in [each.id for each in t.seats(found.id)]:
                raise Refused("licence_unknown")
            if t.computer(seat) is not None:
                admin.unbind(t, self._rules, seat)

    def vendor_resend(self, session: str, licence: str, order: str) -> None:
        """See ``VendorDesk``."""
        with self._at_desk(session) as t:
            if order not in [each.id for each in page_rows.detail(t, _licence(t, licence), 0).orders]:
                raise Refused("order_unknown")
            try:
                send_order(t, self._rules, order)
            except AdminError:
                raise Refused("order_unknown") from None  # it has no address

    def vendor_suspend(self, session: str, licence: str, sentence: str) -> None:
        """See ``VendorDesk``. Twice is no mistake."""
        with self._at_desk(session) as t:
            found = _licence(t, licence)
            if found.state == "suspended":
                return
            if found.state != "active":
                raise Refused("licence_over")
            admin.suspend(t, self._rules, found.id, sentence)

    def vendor_reinstate(self, session: str, licence: str, sentence: str) -> None:
        """See ``VendorDesk``. Twice is no mistake."""
        with self._at_desk(session) as t:
            found = _licence(t, licence)
            if found.state == "active":
                return
            try:
                admin.reinstate(t, self._rules, found.id, sentence or None)
            except AdminError:
                raise Refused("licence_over") from None

    def vendor_twins(self, session: str, limit: int) -> views.Twins:
        """See ``VendorDesk``."""
        with self._at_desk(session) as t:
            return views.Twins(tuple(page_rows.twin(t, row) for row in listing.twins(t, limit)))

    def vendor_leave(self, session: str) -> None:
        """See ``VendorDesk``."""
        with self._store.transaction(self._clock) as t:
            t.do("DELETE FROM web_session WHERE h = ? AND token_id IS NOT NULL", self._seal(session))

    @contextmanager
    def _at_desk(self, session: str) -> Iterator[Transaction]:
        with self._store.transaction(self._clock) as t:
            row = t.one(
                "SELECT token_id FROM web_session JOIN access_token ON access_token.id = token_id"
                " WHERE web_session.h = ? AND expires > ? AND revoked IS NULL",
                self._seal(session), t.now,
            )  # fmt: skip
            if row is None:
                raise SignedOut
            t.actor = f"token:{row[0]}"
            yield t

    def _seal(self, session: str) -> bytes:
        return self._rules.keyring.seal("web", session)


class DatabaseDesk(DatabaseCustomerDesk, DatabaseVendorDesk):
    """Both pages."""


def _licence(t: Transaction, name: str) -> Licence:
    try:
        return admin.find_licence(t, name)
    except AdminError:
        raise Refused("licence_unknown") from None
