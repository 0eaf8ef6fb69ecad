"""Draws the pictures of the console's pages for docs/console: ``python -m tests.console_browser [FOLDER]``."""

from __future__ import annotations

import io
import os
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.console.hooks import hooks
from tests.console.shop import RECEIPT, shop
from tests.console_browser.screen import screen
from tests.console_browser.test_pages import prepare

SHOWN = {
    "printers": "", "printer": "printer?name=till1", "documents": "documents", "document": "document?key=FV/2026/11/0017",
    "undecided": "document?key=FV/2026/11/0018", "decision": "document/decision?key=FV/2026/11/0018", "sandbox": "sandbox", "technician": "technician", "tokens": "technician/tokens",
    "conversation": "technician/conversation?name=till1", "doctor": "technician/doctor?now=yes", "help": "about",
    "trial": "licence/enrol",
}  # fmt: skip
#: Of a shop with webhooks that do not work.
HOOKED = {"webhooks": "technician/webhooks", "dead-letters": "technician/webhooks/dead?name=erp"}
#: Colours of a picture: enough for text, and a tenth of the bytes.
COLOURS = 64


def save(page: Page, file: Path, *, whole: bool = True) -> None:
    """A small picture of the page."""
    drawn = page.screenshot(full_page=whole, caret="initial")
    with Image.open(io.BytesIO(drawn)) as picture:
        picture.convert("RGB").quantize(COLOURS).save(file, optimize=True)


def main(folder: Path) -> None:
    """Draw all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=options)
        for language in ("en", "pl"):
            for width in (360, 1280):
                with shop(families=("posnet", "thermal")) as it:
                    prepare(it)
                    with screen(browser, it, language=language, width=width) as person:
                        for name, path in SHOWN.items():
                            person.open(path)
                            person.page.wait_for_load_state("load")
                            save(person.page, folder / f"{name}-{language}-{width}.png")
                with hooks() as there, shop(webhooks=there.configured) as it:
                    it.client.submit("FV/2026/11/0017", "till1", RECEIPT, wait=10)
                    with screen(browser, it, language=language, width=width) as person:
                        for name, path in HOOKED.items():
                            person.open(path)
                            person.page.wait_for_load_state("load")
                            save(person.page, folder / f"{name}-{language}-{width}.png")
                with shop(licensed=False) as it, screen(browser, it, language=language, width=width) as person:
                    field = person.page.locator("#f-number")
                    field.wait_for()
                    field.press_sequentially("410f40bv4hm4sw9148ar7bs7d8ta1")
                    person.page.locator("#c-number mark").wait_for()
                    save(person.page, folder / f"registration-{language}-{width}.png", whole=False)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/console"))
