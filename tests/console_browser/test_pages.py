"""Every page, in both languages and both colour schemes, wide and narrow: for eyes, keyboards and screen readers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.console.hooks import hooks
from tests.console.shop import HOSTILE, RECEIPT, Shop, shop
from tests.console_browser.screen import screen

PAGES = {
    "printers": "", "printer": "printer?name=till1", "without-paper": "printer?name=till2", "documents": "documents",
    "nothing-found": "documents?amount=0,01", "bad-search": "documents?amount=x&day=y&key=%C5%BC",
    "document": "document?key=FV/2026/11/0017", "undecided": "document?key=FV/2026/11/0018",
    "decision": "document/decision?key=FV/2026/11/0018", "hostile": "document?key=hostile", "waiting": "document?key=FV/2026/11/0019",
    "report": "printer/action?name=till1&do=daily_report", "cash": "printer/action?name=till1&do=cash_in", "sandbox": "sandbox",
    "json": "sandbox/json", "technician": "technician", "tokens": "technician/tokens", "webhooks": "technician/webhooks",
    "dead": "technician/webhooks/dead?name=erp", "scan": "technician/scan", "conversation": "technician/conversation?name=till1",
    "about": "about", "licence": "licence", "trial": "licence/enrol", "move": "licence/move", "offline": "licence/offline",
    "emergency": "licence/confirm?do=emergency", "no-page": "nowhere",
}  # fmt: skip


@pytest.fixture(scope="module")
def market() -> Iterator[Shop]:
    """A shop on a bad day: one printer waits for a decision, the other one has no paper."""
    with hooks() as there, shop(families=("posnet", "thermal"), webhooks=there.configured) as it:
        prepare(it)
        yield it


def prepare(it: Shop) -> None:
    it.client.submit("FV/2026/11/0017", "till1", RECEIPT, wait=10)
    it.client.submit("hostile", "till1", {"type": "printout", "title": "X", "lines": [HOSTILE]}, wait=10)
    it.undecided("FV/2026/11/0018")
    it.printers["till2"].switch("paper_out")
    it.until("paper_out", "till2")
    plain = {name: value for name, value in RECEIPT.items() if name != "buyer"}
    it.client.submit("FV/2026/11/0019", "till2", plain, wait=0)


@pytest.mark.parametrize(
    ("language", "width", "dark"), [("en", 1280, False), ("pl", 360, True), ("pl", 1280, True), ("en", 360, False)]
)
def test_every_page_can_be_seen_heard_and_used(
    chromium: Any, market: Shop, axe: str, language: str, width: int, dark: bool
) -> None:  # fmt: skip
    with screen(chromium, market, language=language, width=width, dark=dark) as it:
        for name, path in PAGES.items():
            it.open(path)
            assert it.page.evaluate("document.documentElement.lang") == language
            assert it.page.title().endswith("· fiscald")
            assert it.page.locator("h1").count() == 1, name
            assert it.overflow() <= 0, name
            assert it.violations(axe) == [], name
            it.check()


def test_the_page_for_signing_in(chromium: Any, market: Shop, axe: str) -> None:
    with screen(chromium, market, language="pl", width=360, signed_in=False) as it:
        for address in (
            market.link(),
            f"{market.address}/console/sign-in",
            f"{market.address}/console/sign-in?link=old",
        ):
            it.page.goto(address)
            assert it.violations(axe) == []
            assert it.overflow() <= 0


def test_a_page_is_reached_and_left_by_keyboard(chromium: Any, market: Shop) -> None:
    with screen(chromium, market) as it:
        it.open("")
        it.page.keyboard.press("Tab")
        it.focused(".skip")
        it.page.keyboard.press("Enter")
        it.focused("#content")
        it.open("")
        for _ in range(4):
            it.page.keyboard.press("Tab")
        it.page.keyboard.press("Enter")
        it.page.wait_for_url("**/console/documents")


def test_without_scripts_everything_is_still_there(chromium: Any, market: Shop) -> None:
    with screen(chromium, market, java_script_enabled=False) as it:
        it.open("printer?name=till1")
        assert "till1" in it.text()
        it.open("sandbox")
        it.page.locator("#f-price-0").fill("9,99")
        it.page.locator("button[value=preview]").click()
        assert "9.99" in it.text("#preview")
        it.open("documents")
        it.page.locator("#f-amount").fill("31,08")
        it.page.get_by_role("button", name="Search").click()
        assert "FV/2026/11/0017" in it.text("#list")


def test_the_checks_notice_what_they_look_for(chromium: Any, market: Shop, axe: str) -> None:
    with screen(chromium, market) as it:
        it.open("sandbox")
        it.page.evaluate("document.querySelectorAll('label').forEach(each => each.remove())")
        assert any(each.startswith("label") for each in it.violations(axe))
        it.page.evaluate("document.body.style.width = '3000px'")
        assert it.overflow() > 1000
        it.page.evaluate("new Image().src = 'http://example.invalid/x.png'")
        it.page.wait_for_timeout(100)
        assert it.errors
        it.errors.clear()
        it.elsewhere.clear()
