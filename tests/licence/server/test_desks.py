"""The customer's and the vendor's page over a real database, through a browser that fills in their forms."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from fiscald.licence import wire
from fiscald.licence.server import admin
from fiscald.licence.server.access import create_token, revoke_token
from fiscald.licence.server.app import create_app
from fiscald.licence.server.vendor_desk import DatabaseDesk
from tests.licence.server.browsers import Browser
from tests.licence.server.https import code_in
from tests.licence.server.running import BAKERY, DAIRY, Computer, Vendor
from tests.licence.server.test_vendors_desk import ORDER, place

EMAIL = "a@bakery.pl"


@pytest.fixture
async def page(vendor: Vendor) -> AsyncIterator[Browser]:
    """A browser at the pages of a vendor whose database is real."""
    it = Browser(
        create_app(vendor.handler, vendor.outbox, None, DatabaseDesk(vendor.store, vendor.rules, vendor.clock))
    )
    yield it
    await it.http.aclose()


async def sign_in(vendor: Vendor, page: Browser, email: str = EMAIL) -> None:
    await page.get("/account")
    await page.send("/account/code", email=email)
    while await vendor.outbox.send_one():
        pass
    await page.send("/account/confirm", code=code_in(vendor.mailbox.answer()))


def token(vendor: Vendor, rights: str = "desk") -> tuple[str, str]:
    with vendor.do() as t:
        return create_token(t, vendor.keyring, "Anna", rights)


async def enter(vendor: Vendor, page: Browser) -> str:
    id_, text = token(vendor)
    await page.get("/vendor")
    await page.send("/vendor/sign-in", token=text)
    return id_


async def test_a_customer_sees_licences_and_orders_and_frees_a_seat(
    vendor: Vendor, till: Computer, office: Computer, page: Browser
) -> None:
    numbers, _ = place(vendor, ORDER._replace(email=EMAIL))
    paid = vendor.activate(till, numbers[0], email=EMAIL).crt
    vendor.activate(office, numbers[1])
    await sign_in(vendor, page)
    for told in (BAKERY["name"], "1234563218", paid.number_hint, "W-1", "FV/1"):
        assert told in page.page.text
    (seat,) = vendor.rows("SELECT seat_id FROM device WHERE jkt = ?", till.key.thumbprint)[0]
    await page.send("/account/seats/free", {"seat": seat})
    vendor.clock.go(60)
    assert vendor.check(till, paid).verdict == "superseded"
    await page.send("/account/orders/resend", {"order": "W-1"})
    assert await vendor.outbox.send_one()
    assert numbers[0] in vendor.mailbox.mails[-1].get_content()
    await page.send("/account/sign-out")
    assert vendor.rows("SELECT count(*) FROM web_session") == [(0,)]


async def test_a_customer_frees_no_seat_and_gets_no_order_of_somebody_else(
    vendor: Vendor, till: Computer, office: Computer, page: Browser
) -> None:
    vendor.activate(till, vendor.number().text, email=EMAIL)
    other = vendor.activate(office, vendor.number().text, DAIRY, email="b@dairy.pl").crt
    place(vendor, ORDER._replace(email="b@dairy.pl"))
    await sign_in(vendor, page)
    assert "Mleczarnia" not in page.page.text
    csrf = page.page.form("/account/sign-out").fields["csrf"]
    (seat,) = vendor.rows("SELECT seat_id FROM device WHERE jkt = ?", office.key.thumbprint)[0]
    for action, field in (("/account/seats/free", {"seat": seat}), ("/account/orders/resend", {"order": "W-1"})):
        assert (await page.http.post(action, data={"csrf": csrf, **field})).status_code == 404
    assert vendor.check(office, other).verdict == "ok"


async def test_a_customers_session_ends_after_fifteen_quiet_minutes(
    vendor: Vendor, till: Computer, page: Browser
) -> None:
    vendor.activate(till, vendor.number().text, email=EMAIL)
    await sign_in(vendor, page)
    for _ in range(3):
        vendor.clock.go(14 * 60)
        assert (await page.get("/account")).status_code == 200
    vendor.clock.go(15 * 60)
    assert (await page.get("/account")).status_code == 403


async def test_the_vendor_searches_unbinds_suspends_and_reinstates(
    vendor: Vendor, till: Computer, office: Computer, page: Browser
) -> None:
    number = vendor.number()
    paid = vendor.activate(till, number.text).crt
    name = await enter(vendor, page)
    for search in ("", "piekarnia", "1234563218", number.hint):
        await page.get(f"/vendor?q={search}")
        assert paid.sub in page.page.text or BAKERY["name"] in page.page.text
    await page.get("/vendor?q=mleczarnia")
    assert BAKERY["name"] not in page.page.text
    await page.get(f"/vendor/licences/{paid.sub}")
    await page.send("/vendor/suspend", sentence="The invoice is not paid.")
    vendor.clock.go(60)
    assert vendor.check(till, paid).verdict == "suspended"
    await page.send("/vendor/reinstate", sentence="")
    vendor.clock.go(60)
    assert vendor.check(till, paid).verdict == "ok"
    await page.send("/vendor/unbind")
    vendor.clock.go(60)
    assert vendor.check(till, paid).verdict == "superseded"
    assert vendor.activate(office, number.text).status == 200
    actors = {actor for (actor,) in vendor.rows("SELECT actor FROM audit WHERE what LIKE 'licence.%ed' AND at > 0")}
    assert f"token:{name}" in actors


async def test_a_withdrawn_or_wrong_token_opens_nothing(vendor: Vendor, page: Browser) -> None:
    for wrong in ("fvt_" + "A" * 40, token(vendor, "issue")[1]):
        await page.get("/vendor")
        assert (await page.send("/vendor/sign-in", token=wrong)).status_code == 403
    name = await enter(vendor, page)
    assert (await page.get("/vendor")).status_code == 200
    with vendor.do() as t:
        revoke_token(t, name)
    assert (await page.get("/vendor")).status_code == 403


async def test_the_vendor_sees_twins(vendor: Vendor, till: Computer, page: Browser) -> None:
    paid = vendor.activate(till, vendor.number().text).crt
    vendor.clock.go(days=20)
    newer = vendor.ask(till, wire.Check, lic=paid.sub, crt=paid.jti).crt
    vendor.check(till, newer)
    vendor.check(till, paid)
    await enter(vendor, page)
    await page.get("/vendor/twins")
    assert BAKERY["name"] in page.page.text


async def test_a_customer_whose_licence_was_erased_sees_nothing_of_it(
    vendor: Vendor, till: Computer, page: Browser
) -> None:
    vendor.activate(till, vendor.number().text, email=EMAIL)
    await sign_in(vendor, page)
    with vendor.do() as t:
        admin.forget(t, EMAIL)
    assert (await page.get("/account")).status_code == 403


async def test_numbers_are_sent_again_five_times_a_day(vendor: Vendor, page: Browser) -> None:
    place(vendor, ORDER._replace(email=EMAIL))
    await sign_in(vendor, page)
    answers = []
    for _ in range(6):
        await page.get("/account")
        answers.append((await page.send("/account/orders/resend", {"order": "W-1"})).status_code)
    assert answers == [200] * 5 + [429]
