"""A person in front of a browser window, and what is always watched there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.console.desk import Console
from tests.console.shop import Shop

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Request
else:
    Browser = ConsoleMessage = Page = Request = Any

#: How browsers report an answer that refuses something: the page shows why.
_REFUSAL = re.compile(r"Failed to load resource: the server responded with a status of 4(03|04|09|22) ")


class Screen:
    """A browser window."""

    def __init__(self, page: Page, console: Console) -> None:
        self.page = page
        self.console = console
        self.errors: list[str] = []
        self.elsewhere: list[str] = []
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", self._requested)

    @property
    def shop(self) -> Shop:
        """The shop whose console it shows."""
        assert isinstance(self.console, Shop)
        return self.console

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not _REFUSAL.match(message.text):
            self.errors.append(message.text)

    def _requested(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob") and f"{address.scheme}://{address.netloc}" != self.console.address:
            self.elsewhere.append(request.url)

    def sign_in(self) -> None:
        self.page.goto(self.console.link())
        self.page.locator("button.primary").click()
        self.page.wait_for_url("**/console/")

    def open(self, path: str) -> None:
        self.page.goto(f"{self.console.address}/console/{path}")

    def text(self, selector: str = "main") -> str:
        return str(self.page.locator(selector).inner_text())

    def until(self, text: str | re.Pattern[str], selector: str = "main") -> None:
        """Wait until the page shows it, without a reload by the person."""
        found = self.page.locator(selector).get_by_text(text).first
        try:
            found.wait_for()
        except Exception as error:
            error.add_note(f"{self.page.url} shows:\n{self.page.locator('body').inner_text()}")
            raise

    def focused(self, selector: str) -> None:
        """Wait until the keyboard is in it: browsers put it there some time after the page is loaded."""
        self.page.locator(f"{selector}:focus").wait_for()

    def check(self) -> None:
        """No error, and no request to another host, since the last check."""
        assert self.errors == []
        assert self.elsewhere == []

    def overflow(self) -> int:
        """Pixels by which the page is wider than the window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))

    def violations(self, axe: str) -> list[str]:
        """What axe-core finds on the page that is serious or critical."""
        self.page.evaluate(axe)
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{each['id']}: {each['help']}: {node['html'][:200]} {node['failureSummary']}"
            for each in found["violations"]
            if each["impact"] in ("serious", "critical")
            for node in each["nodes"]
        ]


@contextmanager
def screen(
    chromium: Browser, console: Console, *, language: str = "en", width: int = 1280, dark: bool = False,
    signed_in: bool = True, **options: Any,
) -> Iterator[Screen]:  # fmt: skip
    """A window for one person; at its end nothing must have gone wrong in it."""
    context = chromium.new_context(
        locale=language, viewport={"width": width, "height": 800}, color_scheme="dark" if dark else "light", **options
    )
    try:
        it = Screen(context.new_page(), console)
        if signed_in:
            it.sign_in()
        yield it
        it.check()
    finally:
        context.close()
