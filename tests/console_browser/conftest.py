"""Chromium, driven by Playwright. Without either, the tests are skipped, and the report says which is missing.

Every page is held to four rules: no error in the browser's console, no request to another host, nothing that a screen
reader or a keyboard cannot use (axe-core), and nothing wider than the screen.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.console.shop import Shop, shop

if TYPE_CHECKING:
    from playwright.sync_api import Browser
else:
    Browser = Any

from tests.console_browser.axe import source
from tests.console_browser.screen import Screen, screen


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs: pip install 'fiscald[browser]'")
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("there is no chromium here; Debian: apt install chromium")
    with playwright.sync_playwright() as running:
        # Chromium's own sandbox does not work for root, as in containers.
        options = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = running.chromium.launch(executable_path=found, args=options)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe() -> str:
    return source()


@pytest.fixture(scope="module")
def market() -> Iterator[Shop]:
    with shop(families=("posnet", "thermal")) as it:
        yield it


@pytest.fixture
def desk(chromium: Browser, market: Shop) -> Iterator[Screen]:
    """A person who reads English on a wide screen, and is signed in."""
    with screen(chromium, market) as it:
        yield it
