"""A desk in memory: what the pages do with the rules, without a database."""

from __future__ import annotations

import datetime
import secrets
from dataclasses import dataclass, field, replace
from typing import Any

from fiscald.licence.server.desk import SignedOut
from fiscald.licence.server.pages.views import (
    Account,
    AuditRow,
    FoundLicence,
    LicenceDetail,
    Number,
    Order,
    OwnLicence,
    Search,
    Seat,
    Twin,
    Twins,
)
from fiscald.licence.server.refusals import Refused

DAY = datetime.date(2026, 1, 15)
YEAR = datetime.date(2027, 1, 15)
CODE, TOKEN = "ABCDE-12345", "an administrator's token"
SEATS = (
    Seat("seat_1", "410F4-8TA1", YEAR, None, "7Q2M-K1", DAY, datetime.date(2026, 11, 30), "1.4.2"),
    Seat("seat_2", "41054-SC7J", YEAR, datetime.date(2026, 12, 31), "9X1B-C3", DAY, None, "1.3.0", offline=True),
    Seat("seat_3", "51084-P826", YEAR),
)
ORDERS = (
    Order("2026/01/17", DAY, "FV/2026/01/0033", "Piekarnia Żurek Sp. z o.o.", ("410F4-8TA1", "51084-P826")),
    Order("2026/02/02", datetime.date(2026, 2, 2), None, "Anna Żurek", ("41054-SC7J",)),
)
LICENCES = (
    OwnLicence("lic_1", "PIEKARNIA ŻUREK SP. Z O.O.", "00-950", "1234563218", "paid", "active", None, SEATS),
    OwnLicence(
        "lic_2", "Bloemenhuis De Zeeën", "1011 AB", None, "trial", "suspended", "Faktura nie jest zapłacona.",
        (Seat("seat_4", None, YEAR, YEAR, "1A2B-C3", DAY, DAY, "1.4.2"),),
    ),
)  # fmt: skip
ACCOUNT = Account("anna@zurek.pl", LICENCES, ORDERS)
DETAIL = LicenceDetail(
    "lic_1", "PIEKARNIA ŻUREK SP. Z O.O.", "00-950", "PL", "1234563218", "anna@zurek.pl", "paid", "active", None, DAY,
    SEATS, (Number("410F4-8TA1", "licence", "used", DAY), Number("51084-P826", "updates", "issued", DAY)), ORDERS,
    (
        AuditRow(datetime.datetime(2026, 11, 30, 9, 12, tzinfo=datetime.UTC), "server", "certificate", '{"jti": "crt_1_0007"}'),
        AuditRow(datetime.datetime(2026, 1, 15, 9, 0, tzinfo=datetime.UTC), "cli:anna", "number.issued", ""),
    ),
)  # fmt: skip
FOUND = tuple(
    FoundLicence(f"lic_{number}", name, tin, email, kind, state, hint, seats, free)
    for number, (name, tin, email, kind, state, hint, seats, free) in enumerate(
        [
            ("PIEKARNIA ŻUREK SP. Z O.O.", "1234563218", "anna@zurek.pl", "paid", "active", "410F4-8TA1", 3, 1),
            ("Bloemenhuis De Zeeën", None, "info@dezeeen.nl", "trial", "suspended", None, 1, 0),
            ("Kwiaciarnia", "5260001246", None, "term", "ended", "41054-SC7J", 1, 1),
            ("Mleczarnia", "5252248481", "biuro@mleczarnia.pl", "paid", "revoked", "51084-P826", 2, 2),
            ("Stary Młyn", "7740001454", "mlyn@mlyn.pl", "paid", "superseded", "410F4-KWBV", 1, 0),
        ],
        1,
    )
)
TWINS = Twins(
    (Twin("lic_1", "PIEKARNIA ŻUREK SP. Z O.O.", "7Q2M-K1", 3, DAY), Twin("lic_3", "Kwiaciarnia", "X", 1, None))
)


@dataclass
class FakeDesk:
    """Keeps what was asked in ``calls``. ``failure`` is raised by every method; ``sessions`` are those in force."""

    calls: list[tuple[Any, ...]] = field(default_factory=list)
    sessions: dict[str, str] = field(default_factory=dict)
    failure: Exception | None = None
    account_view: Account = ACCOUNT
    detail: LicenceDetail = DETAIL
    found: Search = field(default_factory=lambda: Search("", FOUND, "after 5"))
    twins: Twins = TWINS

    def _begin(self, *call: Any) -> None:
        self.calls.append(call)
        if self.failure is not None:
            raise self.failure

    def _signed_in(self, session: str, kind: str, *call: Any) -> None:
        if self.sessions.get(session) != kind:
            raise SignedOut
        self._begin(*call)

    def _session(self, kind: str) -> str:
        session = secrets.token_urlsafe(32)
        self.sessions[session] = kind
        return session

    # -- the customer ---------------------------------------------------------------------------------

    def request_code(self, email: str, lang: str, browser: str, address: str) -> None:
        self._begin("request_code", email, lang, browser, address)
        if "@" not in email:
            raise Refused("email_invalid")

    def confirm(self, email: str, code: str, browser: str, address: str) -> str:
        self._begin("confirm", email, code, browser, address)
        asked = [call for call in self.calls if call[0] == "request_code" and call[1] == email and call[3] == browser]
        if code != CODE or not asked:
            raise Refused("code_wrong")
        return self._session("customer")

    def account(self, session: str) -> Account:
        self._signed_in(session, "customer", "account")
        return self.account_view

    def free_seat(self, session: str, seat: str) -> None:
        self._signed_in(session, "customer", "free_seat", seat)

    def resend(self, session: str, order: str) -> None:
        self._signed_in(session, "customer", "resend", order)

    def leave(self, session: str) -> None:
        self.sessions.pop(session, None)

    # -- the vendor -----------------------------------------------------------------------------------

    def vendor_enter(self, token: str, address: str) -> str:
        self._begin("vendor_enter", token, address)
        if token != TOKEN:
            raise Refused("code_wrong")
        return self._session("vendor")

    def vendor_search(self, session: str, text: str, after: str | None, limit: int) -> Search:
        self._signed_in(session, "vendor", "vendor_search", text, after, limit)
        return replace(self.found, text=text)

    def vendor_licence(self, session: str, licence: str, audit_rows: int) -> LicenceDetail:
        self._signed_in(session, "vendor", "vendor_licence", licence, audit_rows)
        if licence != self.detail.id:
            raise Refused("licence_unknown")
        return self.detail

    def vendor_unbind(self, session: str, licence: str, seat: str) -> None:
        self._signed_in(session, "vendor", "vendor_unbind", licence, seat)

    def vendor_resend(self, session: str, licence: str, order: str) -> None:
        self._signed_in(session, "vendor", "vendor_resend", licence, order)

    def vendor_suspend(self, session: str, licence: str, sentence: str) -> None:
        self._signed_in(session, "vendor", "vendor_suspend", licence, sentence)

    def vendor_reinstate(self, session: str, licence: str, sentence: str) -> None:
        self._signed_in(session, "vendor", "vendor_reinstate", licence, sentence)

    def vendor_twins(self, session: str, limit: int) -> Twins:
        self._signed_in(session, "vendor", "vendor_twins", limit)
        return self.twins

    def vendor_leave(self, session: str) -> None:
        self.sessions.pop(session, None)
