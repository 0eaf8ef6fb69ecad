"""What people do with printers and documents, with mouse, keyboard and clipboard."""

from __future__ import annotations

from typing import Any

from tests.console.shop import RECEIPT, Shop, shop
from tests.console_browser.screen import Screen, screen


def test_signing_in_changing_the_language_and_signing_out(chromium: Any, market: Shop) -> None:
    with screen(chromium, market, signed_in=False) as it:
        it.page.goto(market.link())
        it.focused("button.primary")
        it.page.keyboard.press("Enter")
        it.page.wait_for_url("**/console/")
        it.page.get_by_role("link", name="Documents", exact=True).click()
        it.page.wait_for_url("**/console/documents")  # the button of the page before leads elsewhere
        it.page.get_by_role("button", name="Polski").click()
        it.until("Dokumenty", "h1")
        assert it.page.url.endswith("/console/documents")
        it.page.get_by_role("button", name="Wyloguj").press("Enter")
        it.page.wait_for_url("**/console/sign-in")
        it.open("")
        assert "fiscalctl console" in it.text()


def test_a_printer_without_paper_is_seen_at_once_and_again_when_it_has_some(desk: Screen) -> None:
    desk.open("printer?name=till2")
    desk.until("Ready")
    desk.shop.printers["till2"].switch("paper_out")
    desk.until("Insert a new roll.")
    desk.shop.printers["till2"].switch("paper_out", on=False)
    desk.until("It takes documents.")


def test_a_page_that_changes_keeps_the_keyboard_and_what_is_open(desk: Screen) -> None:
    desk.open("printer?name=till2")
    desk.shop.printers["till2"].switch("paper_out")
    desk.until("Insert a new roll.")
    details = desk.page.locator("#live details")
    details.locator("summary").focus()
    desk.page.keyboard.press("Enter")
    first = desk.page.locator("#live").evaluate_handle("each => each")
    desk.shop.client.submit("keeps/1", "till2", {"type": "drawer"}, wait=0)
    desk.page.locator("#live").get_by_role("link", name="1", exact=True).wait_for()
    desk.page.wait_for_function("former => !former.isConnected", arg=first)
    desk.focused("#live summary")
    assert details.get_attribute("open") is not None
    desk.shop.client.withdraw("keeps/1")
    desk.shop.printers["till2"].switch("paper_out", on=False)
    desk.until("It takes documents.")


def test_a_pulled_cable_is_seen_on_the_list_of_printers(desk: Screen) -> None:
    desk.open("")
    desk.shop.printers["till2"].power(on=False)
    desk.until("Not connected")
    desk.shop.printers["till2"].power(on=True)
    desk.page.get_by_text("Not connected").first.wait_for(state="detached")


def test_a_daily_report_by_keyboard(desk: Screen) -> None:
    desk.shop.client.submit("before/report", "till1", RECEIPT, wait=10)
    desk.open("printer?name=till1")
    desk.page.get_by_role("link", name="Daily report").press("Enter")
    desk.until("This cannot be undone.")
    desk.page.get_by_role("button", name="Print").press("Enter")
    desk.until("Printed")
    assert "Daily report" in desk.text("h1")


def test_cash_with_a_slip_of_the_hand(desk: Screen) -> None:
    desk.open("printer/action?name=till1&do=cash_in")
    desk.focused("#f-amount")
    desk.page.keyboard.type("sto złotych")
    desk.page.keyboard.press("Enter")
    desk.until("Write an amount like 200,00.")
    field = desk.page.locator("#f-amount")
    assert field.input_value() == "sto złotych"
    field.fill("100,00")
    desk.page.keyboard.press("Enter")
    desk.until("Printed")
    assert "100.00" in desk.text()


def test_a_receipt_from_the_sandbox_to_its_paper(desk: Screen) -> None:
    desk.open("sandbox")
    desk.page.locator("#f-name-0").fill("Herbata")
    desk.page.locator("#f-price-0").fill("7,77")
    desk.until("7.77", "#preview")
    desk.until("Herbata", "#preview pre")
    desk.page.locator("#f-price-0").fill("siedem")
    desk.until("Code for support", "#preview")
    desk.page.locator("#f-price-0").fill("7,77")
    desk.until("would accept", "#preview")
    desk.page.get_by_role("button", name="Add a line").click()
    assert desk.page.locator("#f-price-3").count() == 1
    desk.page.get_by_role("button", name="Print").click()
    desk.until("The printer registered it under the number")
    picture = desk.page.locator(".paper img")
    picture.scroll_into_view_if_needed()
    assert picture.evaluate("each => each.decode().then(() => each.naturalWidth)") > 100
    desk.page.get_by_text("As text").click()
    assert "Herbata" in desk.text("pre.paper")


def test_a_document_is_found_by_its_number_and_amount(desk: Screen) -> None:
    job = desk.shop.client.submit("FV/found", "till1", RECEIPT, wait=10)
    assert job.result is not None
    desk.open("documents")
    desk.page.locator("#f-number").fill(str(job.result.number))
    desk.page.locator("#f-amount").fill("31,08 zł")
    desk.page.keyboard.press("Enter")
    desk.page.get_by_role("link", name="FV/found").click()
    desk.until("receipts of the day: from")


def test_new_documents_appear_in_the_list_by_themselves(desk: Screen) -> None:
    desk.open("documents")
    desk.shop.client.submit("appears/1", "till1", {"type": "drawer"}, wait=10)
    desk.until("appears/1", "#list")


def test_an_undecided_document_is_decided_after_a_look(chromium: Any) -> None:
    with shop() as it, screen(chromium, it, width=360) as anna:
        it.undecided("FV/2026/11/0018")
        anna.open("")
        anna.page.get_by_role("link", name="Look and decide").first.click()
        anna.until("1. Look at the paper")
        anna.page.get_by_role("button", name="Save the decision").click()
        anna.until("Choose one of the two.")
        anna.page.get_by_label("was not printed, or was cancelled").check()
        anna.page.get_by_label("Your name").fill("Anna Nowak")
        anna.page.get_by_role("button", name="Save the decision").click()
        anna.until("Anna Nowak: it was not printed.")
        anna.open("")
        anna.until("Ready")


def test_a_swapped_printer_is_adopted(chromium: Any) -> None:
    with shop() as it, screen(chromium, it) as anna:
        it.printer.seed(unique_number="EMU 0000000077")
        it.printer.power(on=False)
        it.printer.power(on=True)
        it.until("swapped")
        anna.open("printer?name=till1")
        anna.page.get_by_role("button", name="Use the new printer").click()
        anna.until("Tick that you have looked at the new printer.")
        anna.page.get_by_label("I have looked at the new printer").check()
        anna.page.get_by_role("button", name="Use the new printer").click()
        anna.until("Ready")


def test_a_page_without_a_daemon_tells_that_it_is_old_until_there_is_one(chromium: Any) -> None:
    with shop() as it, screen(chromium, it) as anna:
        anna.open("")
        anna.until("Ready")
        it.stop()
        anna.until("There is no connection to fiscald")
        it.start()
        anna.until("fiscalctl console")  # a restart ends all sessions
        anna.errors.clear()  # the browser's own, about the lost connection


def test_a_token_is_made_and_revoked(desk: Screen) -> None:
    desk.open("technician")
    desk.page.get_by_role("link", name="Tokens").click()
    desk.page.get_by_label("Name of the program").fill("web-shop")
    desk.page.get_by_label("Name of the program").press("Enter")
    desk.until("it is shown only once")
    assert desk.text("pre").startswith("fiscald_")
    desk.page.get_by_role("button", name="Revoke web-shop").click()
    desk.until("revoked")


# -- the technician --------------------------------------------------------------------------------------------


def test_a_scan_shows_its_progress_and_its_result(desk: Screen) -> None:
    desk.open("technician")
    desk.page.get_by_role("link", name="Look for printers").click()
    desk.page.get_by_role("button", name="Ask all places").click()
    desk.until("fiscald uses it")
    desk.page.get_by_label("Also this port or address").fill("tcp://nowhere")
    desk.page.get_by_role("button", name="Ask all places").click()
    desk.page.locator(".error").wait_for()


def test_a_conversation_grows_while_one_looks(desk: Screen) -> None:
    desk.open("technician/conversation?name=till1")
    desk.shop.client.submit("talks/1", "till1", {"type": "drawer"}, wait=10)
    desk.until("opendrwr", ".talk")


def test_the_doctor_and_the_files(desk: Screen) -> None:
    desk.open("technician/doctor")
    desk.page.get_by_role("link", name="Examine again").wait_for(timeout=90_000)
    desk.open("technician")
    with desk.page.expect_download() as file:
        desk.page.get_by_role("link", name="Save as a file").first.click()
    assert file.value.suggested_filename == "till1.pcapng"
    with desk.page.expect_download(timeout=90_000) as report:
        desk.page.get_by_role("link", name="Save the report").click()
    assert report.value.suggested_filename == "fiscald-report.tar.gz"
