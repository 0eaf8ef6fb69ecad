"""The documentation site in a browser: no request to another host, nothing wider than a telephone, and it finds words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.found import found
from tests.pages.building import built

if TYPE_CHECKING:
    from playwright.sync_api import Browser
else:
    Browser = Any


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("site"))


@pytest.mark.timeout(400)
@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
def test_every_page_of_the_site(chromium: Browser, html: Path, width: int, scheme: Any) -> None:
    wrong: list[str] = []
    page = chromium.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("request", lambda asked: wrong.append(asked.url) if not asked.url.startswith(("file:", "data:")) else None)
    for path in found(sorted(html.rglob("*.html"))):
        page.goto(path.as_uri())
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert (path.relative_to(html).as_posix(), wider, wrong) == (path.relative_to(html).as_posix(), 0, [])
    page.close()


@pytest.mark.timeout(400)
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_pages_for_a_screen_reader(chromium: Browser, axe: str, html: Path, scheme: Any) -> None:
    page = chromium.new_page(color_scheme=scheme)
    for name in ("index", "tutorial", "symptoms", "documents/receipt", "reference/fiscalctl", "architecture"):
        page.goto((html / f"{name}.html").as_uri())
        page.evaluate(axe)
        options = "{resultTypes: ['violations'], rules: {'scrollable-region-focusable': {enabled: false}}}"
        result = page.evaluate(f"axe.run('article', {options})")
        serious = [each for each in result["violations"] if each["impact"] in ("serious", "critical")]
        assert [f"{name}: {each['id']}: {each['nodes'][0]['html'][:150]}" for each in serious] == []
    page.close()


@pytest.mark.timeout(400)
def test_the_search_works_from_files(chromium: Browser, html: Path) -> None:
    page = chromium.new_page()
    page.goto(f"{(html / 'search.html').as_uri()}?q=undecided")
    page.locator("#search-results a[href^='howto/undecided.html']").first.wait_for()
    page.close()
