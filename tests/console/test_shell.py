"""Signing in, sessions, languages, headers and errors of the console."""

from __future__ import annotations

import socket
from pathlib import Path

import httpx
import pytest

from fiscald.config_listen import ListenConfig
from fiscald.console.application import POLICY
from fiscald.console.languages import Words, preferred
from fiscald.console.sessions import IDLE_SECONDS, LINK_SECONDS, MOST, SESSION_SECONDS, Person, Sessions
from fiscald.consoles import address_of
from tests.console.desk import Reader, reader, text_of
from tests.console.shop import Shop
from tests.daemons import running
from tests.networked import networked


def test_a_link_signs_in_once(market: Shop) -> None:
    with reader(market, signed_in=False) as it:
        first = it.get("")
        assert (first.status_code, first.headers["location"]) == (303, "/console/sign-in")
        assert "fiscalctl console" in it.read("sign-in")
        link = market.link()
        secret = link.partition("link=")[2]
        assert "signs you in once" in text_of(it.http.get(link))
        assert "signs you in once" in text_of(it.http.get(link)), "looking at it does not use it up"
        entered = it.http.post("/console/sign-in", data={"link": secret})
        cookie = entered.headers["set-cookie"]
        assert entered.status_code == 303
        assert all(part in cookie for part in ("HttpOnly", "SameSite=strict", "Path=/console"))
        assert "till1" in it.read("")
        again = it.http.post("/console/sign-in", data={"link": secret})
        assert again.status_code == 403
        assert "used already" in text_of(again)


def test_every_answer_has_the_headers(anna: Reader) -> None:
    for path in ("", "sign-in", "nowhere", "static/console.css", "printer?name=till9", "licence", "technician"):
        answer = anna.http.get(f"/console/{path}")
        assert answer.headers["content-security-policy"] == POLICY, path
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
    assert "unsafe" not in POLICY
    assert anna.get("").headers["cache-control"] == "no-store"


def test_a_page_has_no_script_or_style_inside(anna: Reader) -> None:
    for path in ("", "documents", "sandbox", "technician", "about", "licence", "sign-in"):
        page = anna.get(path).text
        assert "style=" not in page
        assert "<style" not in page
        assert " onclick" not in page
        assert page.count("<script") == page.count("<script src=")


def test_pages_in_the_browsers_language_until_one_is_chosen(market: Shop) -> None:
    with reader(market, language="de, pl;q=0.8, en;q=0.3") as it:
        assert "Drukarki" in it.read("")
        chosen = it.post("language", language="en", back="/console/printer?name=till1")
        assert chosen.headers["location"] == "/console/printer?name=till1"
        assert "Printers" in it.read("")
        for elsewhere in ("//example.org/console/", "https://example.org", "/console/\\\\example.org", ""):
            assert it.post("language", language="pl", back=elsewhere).headers["location"] == "/console/"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("pl-PL,pl;q=0.9,en;q=0.8", "pl"),
        ("en-GB,pl;q=0.5", "en"),
        ("", "en"),
        ("de", "en"),
        ("pl;q=x, en;q=0.1", "en"),
        ("PL", "pl"),
    ],
)
def test_the_language_that_a_browser_prefers(header: str, language: str) -> None:
    assert preferred(header) == language


def test_amounts_in_both_languages() -> None:
    assert Words("pl").money("1234567.5") == "1\u202f234\u202f567,5\u00a0zł"
    assert Words("en").money("-12.30") == "−12.30\u00a0zł"
    assert Words("pl").money(None) == "–"


def test_a_form_of_another_site_does_nothing(anna: Reader) -> None:
    action = {"name": "till1", "do": "drawer", "key": "console/1"}
    before = [job.key for job in anna.shop.client.jobs().jobs]
    assert anna.http.post("/console/printer/action", data=action).status_code == 403
    assert anna.http.post("/console/printer/action", data=action | {"csrf": "ż"}).status_code == 403
    token = anna.token
    cross = {"Sec-Fetch-Site": "cross-site"}
    other = anna.http.post("/console/printer/action", data=action | {"csrf": token}, headers=cross)
    assert other.status_code == 403
    assert "nothing was done" in text_of(other)
    origin = {"Origin": "https://example.org"}
    assert anna.http.post("/console/printer/action", data=action | {"csrf": token}, headers=origin).status_code == 403
    assert [job.key for job in anna.shop.client.jobs().jobs] == before


def test_requests_that_no_page_makes(anna: Reader) -> None:
    assert anna.get("nowhere").status_code == 404
    assert anna.http.delete("/console/").status_code == 405
    assert anna.http.post("/console/language", json={}).status_code == 400
    assert anna.http.post("/console/language", data={"back": "x" * 200_000}).status_code == 413
    assert anna.http.post("/console/language", data={f"f{number}": "" for number in range(500)}).status_code == 400
    assert anna.get("printer", name="till9").status_code == 404
    assert anna.get("document", key="no/such").status_code == 404
    assert anna.http.get("/console/static/%2e%2e/application.py").status_code in (303, 404)
    assert anna.http.get("/console/static/nothing.js").status_code == 404


def test_signing_out_ends_the_session(market: Shop) -> None:
    with reader(market) as it:
        cookie = it.http.cookies["fiscald_session"]
        assert it.post("sign-out").status_code == 303
        it.http.cookies.set("fiscald_session", cookie, domain="127.0.0.1")
        assert it.get("").status_code == 303
        part = it.http.get("/console/", headers={"HX-Request": "true"})
        assert (part.status_code, part.headers["hx-redirect"]) == (401, "/console/sign-in")


def test_a_browser_is_led_to_the_console_and_finds_no_open_api(anna: Reader) -> None:
    assert anna.http.get("/v1/printers").status_code == 401
    assert anna.http.get("/").headers["location"] == "/console/"
    assert anna.http.get("/console").headers["location"] == "/console/"


def test_static_files_are_kept_by_their_version(anna: Reader) -> None:
    page = anna.get("").text
    source = page.partition('rel="stylesheet" href="')[2].partition('"')[0]
    assert "immutable" in anna.http.get(source).headers["cache-control"]
    assert anna.http.get(source.partition("?")[0]).headers["cache-control"] == "no-cache"


def test_links_and_sessions_end() -> None:
    now = [0.0]
    sessions = Sessions(lambda: now[0])
    anna = Person("anna", None)
    late = sessions.link(anna)
    now[0] = LINK_SECONDS
    assert not sessions.is_link(late)
    assert sessions.enter(late) is None
    cookie = sessions.enter(sessions.link(anna))
    now[0] += IDLE_SECONDS
    assert sessions.find(cookie) is not None
    now[0] += IDLE_SECONDS + 1
    assert sessions.find(cookie) is None
    cookie, began = sessions.enter(sessions.link(anna)), now[0]
    while now[0] - began <= SESSION_SECONDS:
        assert sessions.find(cookie) is not None
        now[0] += IDLE_SECONDS - 1
    assert sessions.find(cookie) is None, "however busy it was"


def test_only_so_many_links_and_sessions() -> None:
    sessions = Sessions()
    first = sessions.link(Person("anna", None))
    cookies = [sessions.enter(sessions.link(Person("jan", None))) for _ in range(MOST + 1)]
    for _ in range(MOST):
        sessions.link(Person("eve", None))
    assert not sessions.is_link(first)
    assert sessions.find(cookies[0]) is None
    assert sessions.find(cookies[-1]) is not None
    assert sessions.find(None) is None


async def test_without_a_listener_there_is_no_link(tmp_path: Path) -> None:
    async with running(tmp_path) as it:
        refused = await it.http.post("/v1/console/link")
        assert (refused.status_code, refused.json()["code"]) == (409, "console.off")
        assert "[listen]" in refused.json()["detail"]


async def test_over_tls_the_cookie_is_for_tls_only(tmp_path: Path) -> None:
    async with networked(tmp_path) as it:
        link = (await it.it.client.console_link()).url
        assert link.startswith(f"https://127.0.0.1:{it.port}/console/sign-in?link=")
        async with httpx.AsyncClient(base_url=it.listen.url, verify=it.context, trust_env=False) as http:
            entered = await http.post("/console/sign-in", data={"link": link.partition("link=")[2]})
            assert "; Secure" in entered.headers["set-cookie"]
            assert "till1" in (await http.get("/console/")).text


def test_the_address_for_a_browser() -> None:
    everywhere = ListenConfig(address="0.0.0.0:8443", certificate=Path("c.pem"), key=Path("k.pem"))
    assert address_of(everywhere, ("*.shop.example.pl", "till.example.pl")) == "https://till.example.pl:8443"
    assert address_of(everywhere, ()) == f"https://{socket.gethostname()}:8443"
    assert address_of(ListenConfig(address="[::1]:80"), ()) == "http://[::1]:80"


def test_a_token_gets_no_link(market: Shop) -> None:
    made = httpx.Client(transport=httpx.HTTPTransport(uds=str(market.socket)), base_url="http://fiscald")
    with made:
        token = made.post("/v1/tokens", json={"name": "erp", "rights": ["print"]}).json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    refused = httpx.post(f"{market.address}/v1/console/link", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "console.unknown_user")
