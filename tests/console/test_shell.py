"""Signing in, sessions, languages, headers and errors of the console."""

from __future__ import annotations

from pathlib import Path

from fiscald.console.application import POLICY
from tests.console.desk import desk, text_of


async def test_a_link_signs_in_once(tmp_path: Path) -> None:
    async with desk(tmp_path, signed_in=False) as at:
        first = await at.get("")
        assert (first.status_code, first.headers["location"]) == (303, "/console/sign-in")
        assert "fiscalctl console" in text_of(await at.get("sign-in"))
        link = (await at.client.console_link()).url
        secret = link.partition("link=")[2]
        assert "Sign in" in text_of(await at.http.get(link))
        assert "signs you in once" in text_of(await at.http.get(link)), "looking at it does not use it up"
        entered = await at.http.post("/console/sign-in", data={"link": secret})
        cookie = entered.headers["set-cookie"]
        assert entered.status_code == 303
        assert all(part in cookie for part in ("HttpOnly", "SameSite=strict", "Path=/console"))
        assert "till1" in text_of(await at.get(""))
        again = await at.http.post("/console/sign-in", data={"link": secret})
        assert again.status_code == 403
        assert "used already" in text_of(again)


async def test_every_answer_has_the_headers(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        for path in ("", "sign-in", "nowhere", "static/console.css", "printer?name=till9"):
            answer = await at.http.get(f"/console/{path}")
            assert answer.headers["content-security-policy"] == POLICY, path
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "same-origin"
        assert "unsafe" not in POLICY
        assert (await at.get("")).headers["cache-control"] == "no-store"
        assert "style=" not in (await at.get("")).text


async def test_pages_in_the_browsers_language_until_one_is_chosen(tmp_path: Path) -> None:
    async with desk(tmp_path, language="de, pl;q=0.8, en;q=0.3") as at:
        assert "Drukarki" in text_of(await at.get(""))
        chosen = await at.post("language", {"language": "en", "back": "/console/printer?name=till1"})
        assert chosen.headers["location"] == "/console/printer?name=till1"
        assert "Printers" in text_of(await at.get(""))
        elsewhere = await at.post("language", {"language": "pl", "back": "//example.org/console/"})
        assert elsewhere.headers["location"] == "/console/"


async def test_a_form_of_another_site_does_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        action = {"name": "till1", "do": "drawer", "key": "console/1"}
        assert (await at.http.post("/console/printer/action", data=action)).status_code == 403
        assert (await at.http.post("/console/printer/action", data=action | {"csrf": "ż"})).status_code == 403
        other = await at.http.post("/console/printer/action", data=action, headers={"Sec-Fetch-Site": "cross-site"})
        assert other.status_code == 403
        assert "nothing was done" in text_of(other)
        assert not (await at.client.jobs()).jobs


async def test_requests_that_no_page_makes(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        assert (await at.get("nowhere")).status_code == 404
        assert (await at.http.delete("/console/")).status_code == 405
        assert (await at.http.post("/console/language", json={})).status_code == 400
        too_large = await at.http.post("/console/language", data={"back": "x" * 200_000})
        assert too_large.status_code == 413
        assert (await at.get("printer", name="till9")).status_code == 404
        assert (await at.get("static/../application.py")).status_code in (303, 404)


async def test_signing_out_ends_the_session(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        cookie = at.http.cookies["fiscald_session"]
        assert (await at.post("sign-out", {})).status_code == 303
        at.http.cookies.set("fiscald_session", cookie, domain="127.0.0.1")
        assert (await at.get("")).status_code == 303
        part = await at.http.get("/console/", headers={"HX-Request": "true"})
        assert (part.status_code, part.headers["hx-redirect"]) == (401, "/console/sign-in")


async def test_a_browser_is_led_to_the_console_and_finds_no_open_api(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        assert (await at.http.get("/v1/printers")).status_code == 401
        assert (await at.http.get("/")).headers["location"] == "/console/"
        assert (await at.http.get("/console")).headers["location"] == "/console/"
