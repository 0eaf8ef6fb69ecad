"""Who is signed in: sessions, cookies, and the tokens in forms."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from tests.licence.server.browsers import EMAIL, Browser, calls, cookies
from tests.licence.server.desks import CODE, TOKEN, FakeDesk

ACTIONS = [
    ("/account/code", {"email": EMAIL}), ("/account/confirm", {"email": EMAIL, "code": CODE}), ("/account/seats/free", {"seat": "seat_1"}),
    ("/account/orders/resend", {"order": "2026/01/17"}), ("/account/sign-out", {}), ("/vendor/sign-in", {"token": TOKEN}),
    ("/vendor/unbind", {"licence": "lic_1", "seat": "seat_1"}), ("/vendor/resend", {"licence": "lic_1", "order": "1"}),
    ("/vendor/suspend", {"licence": "lic_1", "sentence": "No."}), ("/vendor/reinstate", {"licence": "lic_1", "sentence": ""}),
    ("/vendor/sign-out", {}),
]  # fmt: skip


def test_every_action_is_among_the_cases(app: Starlette) -> None:
    routes = [route for route in app.routes if isinstance(route, Route)]
    posts = {route.path for route in routes if "POST" in (route.methods or ()) and not route.path.startswith("/v1/")}
    assert posts == {path for path, _ in ACTIONS}


@pytest.mark.parametrize(("path", "fields"), ACTIONS)
async def test_a_form_without_its_token_does_nothing(
    app: Starlette, browser: Browser, desk: FakeDesk, path: str, fields: dict[str, str]
) -> None:
    """Another page of the web can send a form, but it does not know the token of this browser and session."""
    await browser.sign_in()
    await browser.enter()
    strange = Browser(app)
    await strange.get("/account")
    before, sessions = list(desk.calls), dict(desk.sessions)
    for token in (
        {},
        {"csrf": ""},
        {"csrf": "0" * 64},
        {"csrf": "ż"},
        {"csrf": strange.page.form("/account/code").fields["csrf"]},
    ):
        response = await browser.http.post(path, data={"more": ""} | fields | token)
        assert (response.status_code, "too old" in response.text) == (403, True), token
    assert (desk.calls, desk.sessions) == (before, sessions)
    await strange.http.aclose()


async def test_a_token_of_one_session_is_worthless_in_the_next(browser: Browser, desk: FakeDesk) -> None:
    await browser.sign_in()
    old = browser.page.form("/account/seats/free", seat="seat_1").fields
    await browser.send("/account/sign-out")
    await browser.sign_in()
    assert (await browser.http.post("/account/seats/free", data=old)).status_code == 403
    assert calls(desk, "free_seat") == []


@pytest.mark.parametrize(
    ("path", "fields"),
    [case for case in ACTIONS if case[0] not in ("/account/code", "/account/confirm", "/vendor/sign-in")],
)
async def test_a_session_that_is_over_asks_to_sign_in_again(
    browser: Browser, desk: FakeDesk, path: str, fields: dict[str, str]
) -> None:
    await browser.sign_in()
    await browser.enter()
    await browser.get("/vendor/licences/lic_1" if path.startswith("/vendor") else "/account")
    token = browser.page.forms[0].fields["csrf"]
    desk.sessions.clear()
    response = await browser.http.post(path, data=fields | {"csrf": token})
    if path.endswith("sign-out"):
        assert response.status_code == 303
    else:
        assert (response.status_code, "signed out" in response.text) == (403, True)
    name = path.split("/")[1]
    assert cookies(response)[name]["max-age"] == "0"
    assert "Sign in" in (await browser.get(f"/{name}")).text


@pytest.mark.parametrize("path", ["/vendor/licences/lic_1", "/vendor/twins"])
async def test_the_vendors_pages_are_for_the_vendor_only(browser: Browser, desk: FakeDesk, path: str) -> None:
    await browser.sign_in()
    session = browser.http.cookies["account"]
    for cookie in (
        b"other=1",
        f"vendor={session}".encode(),
        b"vendor=" + b"x" * 43,
        b"vendor=" + b"x" * 5000,
        b"vendor=\xc5\xbc",
    ):
        headers = [(b"Accept", b"text/html"), (b"Cookie", cookie)]
        response = await browser.http.get(path, headers=headers)
        assert response.status_code == 403
        assert "PIEKARNIA" not in response.text
    assert calls(desk, "vendor_licence") == calls(desk, "vendor_twins") == []


@pytest.mark.parametrize(
    ("url", "secure"),
    [("https://vendor.example", True), ("http://127.0.0.1:8080", False), ("http://localhost:8080", False), ("http://[::1]:8080", False),
     ("http://vendor.example", True), ("http://127.0.0.1.evil.example", True)],
)  # fmt: skip
async def test_cookies_are_kept_from_scripts_other_pages_and_open_networks(
    app: Starlette, desk: FakeDesk, url: str, secure: bool
) -> None:
    browser = Browser(app, url)
    session = desk._session("customer")
    first = await browser.http.get("/account?lang=en", headers={"Cookie": f"account={session}"})
    kept = cookies(first)
    assert kept.keys() == {"browser", "lang", "account"}
    for name, cookie in kept.items():
        assert (cookie["httponly"], bool(cookie["secure"])) == ("True", secure), name
        assert cookie["samesite"] == ("strict" if name == "account" else "lax")
        assert cookie["domain"] == ""
    assert (kept["account"]["max-age"], kept["account"]["path"], kept["account"]["value"]) == (
        "900",
        "/account",
        session,
    )
    assert (kept["browser"]["max-age"], kept["browser"]["path"]) == ("", "/")
    await browser.http.aclose()


async def test_a_customer_has_fifteen_minutes_and_the_vendor_eight_hours(browser: Browser) -> None:
    await browser.sign_in()
    assert cookies(await browser.get("/account"))["account"]["max-age"] == "900"
    await browser.get("/vendor")
    response = await browser.http.post(
        "/vendor/sign-in", data=browser.page.form("/vendor/sign-in").fields | {"token": TOKEN}
    )
    assert (cookies(response)["vendor"]["max-age"], cookies(response)["vendor"]["path"]) == ("28800", "/vendor")
    assert "vendor" not in cookies(await browser.get("/vendor")), "it does not begin again"


async def test_a_name_that_a_browser_brings_must_look_like_ours(browser: Browser, desk: FakeDesk) -> None:
    for name in ("", "a", "x" * 44, "A" * 42 + "=", "A" * 42 + "%"):
        response = await browser.http.get("/account", headers={"Cookie": f"browser={name}"})
        assert len(cookies(response)["browser"]["value"]) == 43
        assert cookies(response)["browser"]["value"] != name
