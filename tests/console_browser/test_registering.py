"""Registering in a browser: the window that opens by itself, typing, pasting, and every way to a licence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fiscald.licence.certificate import armour
from tests.console.shop import Shop, shop
from tests.console_browser.screen import Screen, screen

NUMBER = "410F4-0BV4H-MASW9-148AR-7BS7D-8TA1"
WINDOW = "dialog"


@pytest.fixture
def unregistered(chromium: Any) -> Iterator[Screen]:
    with shop(licensed=False, vendor=True) as it, screen(chromium, it) as anna:
        anna.page.locator("#f-number").wait_for()
        yield anna


@pytest.fixture(scope="module")
def closed() -> Iterator[Shop]:
    with shop(licensed=False) as it:
        yield it


def test_the_window_opens_by_itself_and_the_keyboard_is_in_field_x(chromium: Any, closed: Shop, axe: str) -> None:
    for language, width in (("en", 1280), ("pl", 360)):
        with screen(chromium, closed, language=language, width=width, dark=width == 360) as it:
            it.page.locator("#f-number").wait_for()
            it.focused("#f-number")
            assert it.violations(axe) == []
            it.page.keyboard.press("Escape")
            it.page.locator(WINDOW).wait_for(state="detached")
            it.open("documents")
            assert it.page.locator(WINDOW).count() == 0


def test_groups_appear_as_one_types(chromium: Any, closed: Shop) -> None:
    with screen(chromium, closed) as it:
        field = it.page.locator("#f-number")
        field.wait_for()
        field.press_sequentially("410f40bv4h ma")
        assert field.input_value() == "410F4-0BV4H-MA"
        it.until("12 of 29 characters", WINDOW)
        for _ in range(3):
            it.page.keyboard.press("Backspace")
        assert field.input_value() == "410F4-0BV4"
        it.page.keyboard.press("Home")
        it.page.keyboard.type("9")
        assert field.input_value() == "9410F-40BV4"
        assert field.evaluate("each => each.selectionStart") == 1


def test_a_mistyped_character_is_shown_at_its_place_before_anything_is_sent(chromium: Any, closed: Shop) -> None:
    with screen(chromium, closed) as it:
        field = it.page.locator("#f-number")
        field.wait_for()
        field.press_sequentially("410f40bv4hm4sw9148ar7bs7d8ta1")
        it.until("Group 3, character 2 looks wrong: you typed 4, perhaps A.", WINDOW)
        assert it.page.locator("#c-number mark").inner_text() == "4"
        it.page.get_by_role("button", name="Register").click()
        it.page.locator("#f-number[aria-invalid=true]").wait_for()
        assert it.page.locator("#f-number").input_value() == "410F4-0BV4H-M4SW9-148AR-7BS7D-8TA1"


def paste(it: Screen, selector: str, text: str) -> None:
    """As from a mail or an invoice."""
    it.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    it.page.evaluate("text => navigator.clipboard.writeText(text)", text)
    it.page.locator(selector).focus()
    it.page.keyboard.press("Control+V")


@pytest.mark.parametrize(
    "text",
    [
        NUMBER,
        NUMBER.replace("-", " – "),
        f"  {NUMBER.lower()}\n",
        f"Numer licencji: {NUMBER}.",
        NUMBER.replace("-", "\u00a0"),
    ],
)
def test_a_number_is_pasted_as_it_stands_in_a_mail(chromium: Any, closed: Shop, text: str) -> None:
    with screen(chromium, closed) as it:
        it.page.locator("#f-number").wait_for()
        paste(it, "#f-number", text)
        it.until("Number for: application, bank module, fiscal module", WINDOW)


def test_the_same_window_from_help_at_any_time(desk: Screen) -> None:
    desk.page.get_by_role("link", name="Help").click()
    desk.page.get_by_role("link", name="Register").click()
    desk.until("X: licence number")
    desk.until("Y: number for updates and support")


def test_a_number_is_registered_in_the_window(unregistered: Screen) -> None:
    it, page = unregistered, unregistered.page
    paste(it, "#f-number", it.shop.vendor.number())
    paste(it, "#f-support", it.shop.vendor.update_number())
    it.until("Number for: a year of updates and support", WINDOW)
    page.get_by_role("button", name="Register").click()
    it.until("Which company is it for?", WINDOW)
    it.until("cannot be changed later", WINDOW)
    page.get_by_label("Name", exact=True).fill("Piekarnia Żurek")
    page.get_by_label("Postcode").fill("00-950")
    page.get_by_label("Tax number (NIP)").fill("123-456-32-18")
    page.get_by_role("button", name="Register").click()
    it.until("Registered. Thank you.", WINDOW)
    it.until("Piekarnia Żurek", WINDOW)
    page.get_by_role("link", name="Go on").click()
    page.wait_for_url("**/console/")
    assert page.locator(WINDOW).count() == 0
    assert it.shop.client.licence()["state"] == "active"


def test_a_trial_by_keyboard_step_by_step(unregistered: Screen) -> None:
    it, page = unregistered, unregistered.page
    page.get_by_role("link", name="Try fiscald for 30 days").press("Enter")
    it.until("Step 1 of 3", WINDOW)
    for label, text in (("Name", "Sklep u Zosi"), ("Postcode", "30-001"), ("Tax number (NIP)", "5260001246")):
        page.get_by_label(label, exact=True).focus()
        page.keyboard.type(text)
    page.keyboard.press("Enter")
    it.until("Step 2 of 3", WINDOW)
    it.focused("#f-email")
    page.keyboard.type("zosia@example.pl")
    page.keyboard.press("Enter")
    it.until("Step 3 of 3", WINDOW)
    it.focused("#f-code")
    page.keyboard.type("00000-00000")
    page.keyboard.press("Enter")
    it.until("Code for support", WINDOW)
    assert page.locator("#f-code").input_value() == "00000-00000"
    page.locator("#f-code").fill(it.shop.code(1))
    page.keyboard.press("Enter")
    it.until("The trial has begun.", WINDOW)
    assert it.shop.client.licence()["state"] == "trial"


def test_a_licence_is_moved_here_by_mail(unregistered: Screen) -> None:
    it, page = unregistered, unregistered.page
    company = {"name": "Piekarnia Żurek", "postcode": "00-950", "country": "PL", "nip": "1234563218"}
    it.shop.client.licence_step(
        "registration", number=it.shop.vendor.number(), company=company, email="anna@example.pl"
    )
    mails = len(it.shop.vendor.mailbox.mails)
    it.open("licence/move")
    page.get_by_label("E-mail address").fill("anna@example.pl")
    page.keyboard.press("Enter")
    it.until("Step 2 of 3")
    page.get_by_label("Code from the mail").fill(it.shop.code(mails + 1))
    page.keyboard.press("Enter")
    it.until("Choose a company")
    page.get_by_label("Piekarnia Żurek").check()
    page.get_by_role("button", name="Go on").click()
    it.until("The licence is on this computer now.")


def test_without_internet_by_file_and_qr_code(unregistered: Screen, tmp_path: Path) -> None:
    it, page = unregistered, unregistered.page
    page.get_by_role("link", name="Without internet").click()
    page.locator("#f-number").fill(it.shop.vendor.number())
    page.get_by_role("button", name="Make the request").click()
    it.until("Which company is it for?", WINDOW)
    page.get_by_label("Name", exact=True).fill("Piekarnia Żurek")
    page.get_by_label("Postcode").fill("00-950")
    page.get_by_label("Tax number (NIP)").fill("1234563218")
    page.get_by_role("button", name="Make the request").click()
    page.get_by_role("img", name="The request as a QR code").wait_for()
    with page.expect_download() as file:
        page.get_by_role("button", name="Save as a file").click()
    request = Path(file.value.path()).read_bytes().strip()
    reply = it.shop.vendor.handler.answer_file(request, "192.0.2.1")
    assert reply.certificate is not None
    answer = tmp_path / "answer.txt"
    answer.write_text(armour(reply.certificate))
    page.locator("#f-file").set_input_files(answer)
    page.locator("#f-certificate:not(:placeholder-shown)").wait_for()
    assert "BEGIN FISCALD LICENCE" in page.locator("#f-certificate").input_value()
    page.get_by_role("button", name="Install the licence").click()
    it.until("The licence is installed.", WINDOW)


def test_the_emergency_pass_is_explained_and_refused_where_there_is_none(unregistered: Screen) -> None:
    unregistered.page.get_by_role("link", name="Emergency pass").click()
    unregistered.until("one pass in 90 days", WINDOW)
    unregistered.page.get_by_role("button", name="Use the pass").click()
    unregistered.until("licence.emergency_denied", WINDOW)
