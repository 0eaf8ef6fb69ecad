"""The customer's page over the database: see ``desk.CustomerDesk``."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fiscald.licence.server import limits, page_rows
from fiscald.licence.server.certificates import Requester, read_email
from fiscald.licence.server.desk import CUSTOMER_SECONDS, MAX_LICENCES, MAX_ORDERS, SignedOut
from fiscald.licence.server.limits import network
from fiscald.licence.server.mail import MailTemplate
from fiscald.licence.server.mailing import mailbox
from fiscald.licence.server.pages import views
from fiscald.licence.server.refusals import Refused
from fiscald.licence.server.rules import Rules
from fiscald.licence.server.selling import send_order
from fiscald.licence.server.store import Store
from fiscald.licence.server.transaction import Transaction, normal_email


class DatabaseCustomerDesk:
    """What a customer may see and do, after a code from a mail."""

    def __init__(self, store: Store, rules: Rules, clock: Callable[[], int]) -> None:
        self._store = store
        self._rules = rules
        self._clock = clock

    def request_code(self, email: str, lang: str, browser: str, address: str) -> None:
        """See ``CustomerDesk``. Limits are those of moving a licence: it is the same mailbox."""
        with self._store.transaction(self._clock) as t:
            to = read_email(email)
            whom = Requester({}, network(address, t.now))
            box = f"{mailbox(to)}\0{whom.network}"
            self._rules.limiter(t).take(
                (limits.RECOVER_IP, whom.network), *((limit, box) for limit in limits.RECOVER_EMAIL)
            )
            self._rules.take_mail(t, to, whom)
            account = t.get_or_create_account(to, lang)
            known = t.companies(account) or page_rows.orders(t, "lower(email) = ?", normal_email(to), 1)
            letter = MailTemplate.CODE if known else MailTemplate.ADDRESS_UNKNOWN
            self._rules.mail_code(t, account, "account", to, letter, lang, _key(browser), {})

    def confirm(self, email: str, code: str, browser: str, address: str) -> str:
        """See ``CustomerDesk``."""
        with self._store.transaction(self._clock) as t:
            used = self._rules.use_code(t, email, "account", code, _key(browser), network(address, t.now))
            if used.again:
                raise Refused("code_wrong")
            t.confirm_account(used.account)
            session = secrets.token_urlsafe(32)
            t.do(
                "INSERT INTO web_session (h, account_id, expires) VALUES (?, ?, ?)",
                self._seal(session), used.account, t.now + CUSTOMER_SECONDS,
            )  # fmt: skip
            t.audit("page.entered", used.account)
            return session

    def account(self, session: str) -> views.Account:
        """See ``CustomerDesk``."""
        with self._signed_in(session) as (t, account):
            t.do("UPDATE web_session SET expires = ? WHERE h = ?", t.now + CUSTOMER_SECONDS, self._seal(session))
            email, _ = t.address(account)
            newest = [page_rows.newest_licence(t, company.id) for company in t.companies(account)[:MAX_LICENCES]]
            return views.Account(
                email=email,
                licences=tuple(page_rows.own_licence(t, licence) for licence in newest if licence is not None),
                orders=page_rows.orders(t, "lower(email) = ?", normal_email(email), MAX_ORDERS),
            )

    def free_seat(self, session: str, seat: str) -> None:
        """See ``CustomerDesk``. The next computer in it is counted, as after ``deactivate``."""
        with self._signed_in(session) as (t, account):
            row = t.one(
                "SELECT licence_id FROM seat JOIN licence ON licence.id = licence_id"
                " JOIN company ON company.id = company_id WHERE seat.id = ? AND account_id = ?",
                seat, account,
            )  # fmt: skip
            if row is None:
                raise Refused("licence_unknown")
            device = t.computer(seat)
            if device is not None:
                t.free(seat)
                t.audit("device.released", row[0], device=device.id, by="page", offline_copy=device.offline)

    def resend(self, session: str, order: str) -> None:
        """See ``CustomerDesk``."""
        with self._signed_in(session) as (t, account):
            email, _ = t.address(account)
            row = t.one("SELECT 1 FROM purchase WHERE id = ? AND lower(email) = ?", order, normal_email(email))
            if row is None:
                raise Refused("order_unknown")
            self._rules.limiter(t).take((limits.RESENDS, order))
            send_order(t, self._rules, order)

    def leave(self, session: str) -> None:
        """See ``CustomerDesk``."""
        with self._store.transaction(self._clock) as t:
            t.do("DELETE FROM web_session WHERE h = ? AND account_id IS NOT NULL", self._seal(session))

    @contextmanager
    def _signed_in(self, session: str) -> Iterator[tuple[Transaction, str]]:
        with self._store.transaction(self._clock) as t:
            row = t.one(
                "SELECT account_id FROM web_session WHERE h = ? AND account_id IS NOT NULL AND expires > ?",
                self._seal(session), t.now,
            )  # fmt: skip
            if row is None:
                raise SignedOut
            yield t, str(row[0])

    def _seal(self, session: str) -> bytes:
        return self._rules.keyring.seal("web", session)


def _key(browser: str) -> str:
    """What a browser's codes are kept by."""
    return f"browser:{hashlib.sha256(browser.encode()).hexdigest()}"
