"""The routes of the customer's and the vendor's pages, with a desk in memory."""

from __future__ import annotations

import httpx
import pytest
from starlette.applications import Starlette

from fiscald.licence.server.app import create_app
from fiscald.licence.server.headers import POLICY
from fiscald.licence.server.pages.rendering import STYLE_PATH, words
from fiscald.licence.server.refusals import Refused, TooMany, Unable
from tests.licence.server.browsers import EMAIL, Browser, calls, cookies
from tests.licence.server.desks import CODE, FakeDesk
from tests.licence.server.html_check import Page, faults
from tests.licence.server.running import Vendor

# -- the customer ----------------------------------------------------------------------------------------


async def test_a_customer_signs_in_frees_a_seat_and_gets_numbers_again(browser: Browser, desk: FakeDesk) -> None:
    await browser.sign_in()
    assert calls(desk, "request_code")[0][:2] == (EMAIL, "en")
    await browser.send("/account/seats/free", {"seat": "seat_2"})
    assert "The seat is free." in browser.page.text
    assert calls(desk, "free_seat") == [("seat_2",)]
    await browser.send("/account/orders/resend", {"order": "2026/01/17"})
    assert "on their way" in browser.page.text
    assert calls(desk, "resend") == [("2026/01/17",)]
    await browser.send("/account/sign-out")
    assert "Sign in to your licences" in browser.page.text
    assert desk.sessions == {}


async def test_a_wrong_code_asks_for_the_code_again(browser: Browser, desk: FakeDesk) -> None:
    await browser.get("/account")
    await browser.send("/account/code", email=f"  {EMAIL} ")
    response = await browser.send("/account/confirm", code="00000-00000")
    assert response.status_code == 403
    assert "The code is wrong" in browser.page.text
    assert "account" not in cookies(response)
    await browser.send("/account/confirm", code=CODE)
    assert "Your licences" in browser.page.text


async def test_a_wrong_address_is_typed_again(browser: Browser) -> None:
    await browser.get("/account")
    response = await browser.send("/account/code", email="<b>anna")
    assert response.status_code == 422
    assert browser.page.form("/account/code").fields["email"] == "<b>anna"


async def test_the_answer_about_an_address_is_always_the_same(browser: Browser) -> None:
    seen = set()
    for email in ("known@zurek.pl", "nobody@example.org"):
        await browser.get("/account")
        response = await browser.send("/account/code", email=email)
        seen.add((response.status_code, browser.page.text.replace(email, "")))
    assert len(seen) == 1


async def test_a_code_works_only_in_the_browser_that_asked_for_it(
    app: Starlette, browser: Browser, desk: FakeDesk
) -> None:
    other = Browser(app)
    for one in (browser, other):
        await one.get("/account")
    await browser.send("/account/code", email=EMAIL)
    other.page = browser.page
    other.http.cookies.set("browser", "A" * 43, domain="vendor.example")
    assert (await other.send("/account/confirm", code=CODE)).status_code == 403
    assert calls(desk, "confirm") == [], "the form is another browser's"
    await other.http.aclose()
    ((_, _, asked, _),) = calls(desk, "request_code")
    await browser.send("/account/confirm", code=CODE)
    assert calls(desk, "confirm")[0][2] == asked


# -- the vendor ------------------------------------------------------------------------------------------


async def test_the_vendor_searches_and_decides(browser: Browser, desk: FakeDesk) -> None:
    await browser.enter()
    await browser.get("/vendor?q=%20żurek%20&after=x")
    assert calls(desk, "vendor_search")[-1] == ("żurek", "x", 50)
    await browser.get("/vendor/licences/lic_1")
    await browser.send("/vendor/unbind", {"seat": "seat_1"})
    assert "The seat is free." in browser.page.text
    await browser.send("/vendor/resend", {"order": "2026/02/02"})
    await browser.send("/vendor/suspend", sentence=" The invoice is not paid. ")
    assert "The licence is suspended." in browser.page.text
    assert calls(desk, "vendor_unbind") == [("lic_1", "seat_1")]
    assert calls(desk, "vendor_resend") == [("lic_1", "2026/02/02")]
    assert calls(desk, "vendor_suspend") == [("lic_1", "The invoice is not paid.")]
    await browser.get("/vendor/twins")
    assert "7Q2M-K1" in browser.page.text
    await browser.send("/vendor/sign-out")
    assert "For the vendor" in browser.page.text
    assert desk.sessions == {}


async def test_a_wrong_token_begins_no_session(browser: Browser) -> None:
    await browser.get("/vendor")
    response = await browser.send("/vendor/sign-in", token="guess")
    assert (response.status_code, "vendor" in cookies(response)) == (403, False)
    assert "This token is unknown" in browser.page.text
    assert "guess" not in response.text


async def test_a_suspension_needs_a_sentence(browser: Browser, desk: FakeDesk) -> None:
    await browser.enter()
    await browser.get("/vendor/licences/lic_1")
    assert (await browser.send("/vendor/suspend", sentence="  ")).status_code == 400
    assert calls(desk, "vendor_suspend") == []


@pytest.mark.parametrize("licence", ["lic_2", "a%2Fb", "%0d%0aX: y", "x" * 65, "<b>"])
async def test_a_licence_that_is_not_there(browser: Browser, licence: str) -> None:
    await browser.enter()
    assert (await browser.http.get(f"/vendor/licences/{licence}")).status_code == 404


async def test_a_licence_in_a_form_leads_to_no_other_place(browser: Browser, desk: FakeDesk) -> None:
    await browser.enter()
    await browser.get("/vendor/licences/lic_1")
    for target in ("//evil.example", "lic_1/../../..", "lic_1?x", "lic_1\r\nX: y"):
        response = await browser.send("/vendor/unbind", {"seat": "seat_1"}, licence=target)
        assert response.status_code == 404
        await browser.get("/vendor/licences/lic_1")
    assert calls(desk, "vendor_unbind") == []


# -- languages -------------------------------------------------------------------------------------------


async def test_a_language_is_chosen_by_link_and_kept(app: Starlette, desk: FakeDesk) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://vendor.example") as http:
        for header, path, lang in [
            ("pl-PL,pl;q=0.9", "/account", "pl"), ("de", "/account", "en"), ("pl", "/account?lang=nl", "nl"), ("pl", "/account", "nl"),
            ("pl", "/vendor", "nl"), ("pl", "/account?lang=xx", "nl"), ("pl", "/v1/offline?lang=en", "en"), ("pl", "/vendor", "en"),
        ]:  # fmt: skip
            page = Page((await http.get(path, headers={"Accept": "text/html", "Accept-Language": header})).text)
            assert page.one("html").get("lang") == lang, (header, path)


async def test_a_mail_comes_in_the_language_of_the_page(browser: Browser, desk: FakeDesk) -> None:
    await browser.http.get("/account?lang=nl")
    page = Page((await browser.http.get("/account")).text)
    await browser.http.post("/account/code", data=page.form("/account/code").fields | {"email": EMAIL})
    assert calls(desk, "request_code")[0][1] == "nl"


# -- bounds and errors -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"x" * 8193, "application/x-www-form-urlencoded", 413),
        (b"&".join(b"a%d=1" % number for number in range(11)), "application/x-www-form-urlencoded", 400),
        (b"email=%ff", "application/x-www-form-urlencoded", 400),
        (b"\xff", "application/x-www-form-urlencoded", 400),
        (b"{}", "application/json", 400),
        (b"", "multipart/form-data; boundary=x", 400),
        (b"", "", 400),
    ],
)
async def test_a_form_has_limits(browser: Browser, desk: FakeDesk, content: bytes, kind: str, status: int) -> None:
    response = await browser.http.post("/account/code", content=content, headers={"Content-Type": kind})
    assert response.status_code == status
    assert faults(Page(response.text), "en") == []
    assert desk.calls == []


@pytest.mark.parametrize(
    ("action", "name", "most"),
    [
        ("/account/code", "email", 254),
        ("/account/confirm", "code", 20),
        ("/account/seats/free", "seat", 200),
        ("/vendor/sign-in", "token", 200),
    ],
)
async def test_a_field_has_limits(browser: Browser, desk: FakeDesk, action: str, name: str, most: int) -> None:
    await browser.get("/vendor" if "vendor" in action else "/account")
    if name == "code":
        await browser.send("/account/code", email=EMAIL)
    elif name == "seat":
        await browser.sign_in()
    form = next(form for form in browser.page.forms if form.action == action).fields
    before = len(desk.calls)
    assert (await browser.http.post(action, data=form | {name: "x" * (most + 1)})).status_code == 400
    assert (
        await browser.http.post(action, data={key: value for key, value in form.items() if key != name})
    ).status_code == 400
    assert len(desk.calls) == before
    await browser.http.post(action, data=form | {name: "x" * most})
    assert len(desk.calls) == before + 1


@pytest.mark.parametrize("query", ["q=" + "x" * 201, "after=" + "x" * 201])
async def test_a_search_has_limits(browser: Browser, desk: FakeDesk, query: str) -> None:
    await browser.enter()
    before = len(desk.calls)
    assert (await browser.get(f"/vendor?{query}")).status_code == 400
    assert len(desk.calls) == before


@pytest.mark.parametrize("path", ["/account", "/vendor"])
@pytest.mark.parametrize(
    ("failure", "status", "told"),
    [
        (TooMany(125), 429, "Try again in 3 min"),
        (Unable("disk full"), 503, "Nothing was changed"),
        (Refused("licence_over"), 410, "This licence is no longer in force"),
    ],
)
async def test_what_the_rules_refuse_is_a_page(
    browser: Browser, desk: FakeDesk, path: str, failure: Exception, status: int, told: str
) -> None:
    await browser.sign_in()
    await browser.enter()
    desk.failure = failure
    response = await browser.get(path)
    assert response.status_code == status
    assert told in browser.page.text
    assert "disk" not in browser.page.text
    assert path in [element.get("href") for element in browser.page.all("a")]
    assert (status == 429) == ("retry-after" in response.headers)


async def test_the_reason_is_in_the_readers_language(browser: Browser, desk: FakeDesk) -> None:
    await browser.sign_in()
    desk.failure = Refused("licence_over")
    for lang, told in (
        ("nl", words("nl")["refusal.licence_over"]),
        ("pl", "Ta licencja już nie obowiązuje"),
        ("en", "This licence is no longer"),
    ):
        assert told in (await browser.http.get(f"/account?lang={lang}")).text


async def test_pages_that_are_not_there(browser: Browser) -> None:
    assert (await browser.get("/nothing")).status_code == 404
    response = await browser.http.get("/account/code")
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert faults(Page(response.text), "en") == []


async def test_a_server_without_a_desk_has_no_such_pages(vendor: Vendor) -> None:
    browser = Browser(create_app(vendor.handler, vendor.outbox))
    for path in ("/account", "/vendor"):
        assert (await browser.get(path)).status_code == 404
    await browser.http.aclose()


async def test_the_style_is_kept_by_the_browser(browser: Browser) -> None:
    await browser.get("/account")
    (style,) = [element.get("href") for element in browser.page.all("link") if element.get("rel") == "stylesheet"]
    response = await browser.http.get(style)
    assert style == STYLE_PATH
    assert response.headers["content-type"].startswith("text/css")
    assert "immutable" in response.headers["cache-control"]
    assert response.headers["x-content-type-options"] == "nosniff"


def test_a_page_may_load_the_style_and_pictures_in_it_and_nothing_else() -> None:
    assert dict(directive.split(" ", 1) for directive in POLICY.split("; ")) == {
        "default-src": "'none'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
