"""A newcomer and ``fiscald demo --keep``: with what the terminal and the pages say, and nothing else."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import pytest

from tests.console_browser.screen import Screen, screen
from tests.end_to_end.demo import demo


class Printed(NamedTuple):
    """What the terminal printed."""

    url: str

    @property
    def address(self) -> str:
        return self.url.partition("/console/")[0]

    def link(self) -> str:
        return self.url


def prints_a_receipt(it: Screen) -> None:
    """The newcomer prints what stands in the sandbox, and is at the page of its document then."""
    it.page.get_by_role("link", name="Sandbox").click()
    it.page.wait_for_url("**/console/sandbox")
    it.page.get_by_role("button", name="Print", exact=True).click()
    it.page.wait_for_url(re.compile(r"/console/document\?key="))


@pytest.mark.parametrize("width", [360, 1280])
def test_a_newcomer_registers_prints_disturbs_decides_and_reads_why(chromium: Any, axe: str, width: int) -> None:
    with demo() as (terminal, process):
        link = terminal.read(r"http://127\.0\.0\.1:\S+")
        number = terminal.read(r"^  ([0-9A-Z]{5}-){5}[0-9A-Z]{4}$").strip()
        terminal.read("fiscalctl --socket .* status")
        with screen(chromium, Printed(link), width=width) as it:
            # registers: the window is there by itself
            it.page.locator("#f-number").fill(number)
            it.until("Number for: application", "dialog")
            it.page.get_by_role("button", name="Register").click()
            it.until("Registered. Thank you.", "dialog")
            assert it.page.locator("dialog #f-number").count() == 0, "nothing more is asked"
            assert not it.page.get_by_role("button", name="Later").is_visible()
            it.page.get_by_role("link", name="Go on").click()
            it.page.wait_for_url("**/console/")

            # prints, and looks at the paper
            prints_a_receipt(it)
            it.until("The printer registered it under the number")
            picture = it.page.locator(".paper img")
            picture.scroll_into_view_if_needed()
            assert picture.evaluate("each => each.decode().then(() => each.naturalWidth)") > 100
            terminal.read("P A R A G O N   F I S K A L N Y")

            # pulls the cable: the document waits, says why, and goes on by itself
            terminal.type("cable out")
            terminal.read("the cable is pulled")
            prints_a_receipt(it)
            # fiscald says "lost" if it met the end of the line with this receipt, and "not connected" if it knew it before.
            it.until(re.compile(r"The printer is not connected\.|The connection to the printer was lost\."))
            it.until("Check the cable and")
            assert "serial://" not in it.page.locator("#live .strip > p").first.inner_text()
            terminal.type("cable in")
            it.until("The printer registered it under the number")

            # an accident: the page changes by itself
            terminal.type("accident")
            terminal.read("it happens to the next receipt")
            prints_a_receipt(it)
            it.until("A person has to look at the paper.")
            assert it.violations(axe) == []
            undecided = it.page.url
            prints_a_receipt(it)
            it.until("An earlier document has to be decided first.")
            waiting = it.page.url
            it.page.get_by_role("link", name="To the printer").click()
            it.page.get_by_role("link", name="Look and decide").click()

            # decides, after a look at the paper in the terminal
            it.until("1. Look at the paper")
            assert it.violations(axe) == []
            it.page.get_by_label("was printed completely").check()
            it.page.get_by_label("Its number on the paper").fill("3")
            it.page.get_by_label("Your name").fill("Anna Nowak")
            it.page.get_by_role("button", name="Save the decision").click()
            it.until("Anna Nowak: it was printed, number 3.")
            assert it.page.url == undecided

            # reads why
            steps = it.page.locator(".timeline li").all_inner_texts()
            assert [words for words in (
                "A program handed it over.", "Printing began.", "It was interrupted.", "It cannot be known",
                "Anna Nowak: it was printed, number 3.",
            ) if not any(words in step for step in steps)] == []  # fmt: skip
            assert "a daily report cleared the counters" in steps[-2]
            assert it.overflow() <= 0
            assert it.violations(axe) == []

            # what waited was printed meanwhile
            it.page.goto(waiting)
            it.until("The printer registered it under the number")
        terminal.type("quit")
        assert process.wait(30) == 0
