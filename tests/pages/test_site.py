"""The site: what is generated is whole, every page has its place, and what is wrong with a built page is found."""

from __future__ import annotations

import json
import re
from itertools import filterfalse, pairwise
from pathlib import Path
from typing import Any

import click
import pytest

from fiscald.api.openapi import describe
from fiscald.api.routes import ROUTES
from fiscald.cli.fiscalctl import main as fiscalctl
from fiscald.model.problems import CATALOGUE
from tests.pages.building import built
from tests.pages.reading import DOCS, generated, without_blocks, written
from website.built import faults
from website.examples import example_pages
from website.markdown import as_json, prose, table
from website.prepare import MAY_BE_ABSENT, OTHERS, READERS, Page, adapted, is_there, linked, menus

PAGES = {
    name.removeprefix("docs/")
    for name in {**written(), **generated()}
    if name.startswith("docs/") and name.endswith(".md")
}


def text_of(name: str) -> str:
    text = generated()[f"docs/{name}"]
    assert text is not None
    return text


# -- what is generated -----------------------------------------------------------------------------------


def test_every_error_says_what_to_do() -> None:
    found = re.findall(r"^### `([\w.]+)`\n(.*?)(?=^##|\Z)", text_of("errors.md"), re.MULTILINE | re.DOTALL)
    assert sorted(code for code, _ in found) == sorted(CATALOGUE)
    sections = dict(found)
    for code, row in CATALOGUE.items():
        for fact in (f"(`{row.fault}`)", f"(`{row.document}`)", f"(`{row.retry}`)", row.title, "| what to do | "):
            assert fact in sections[code]
    assert "insert a new roll" in sections["printer.paper_out"]
    assert "Never use a new one" in sections["daemon.journal"]


def test_every_route_is_in_the_reference() -> None:
    text = text_of("reference/http.md")
    headings = re.findall(r"^### `(\w+) (\S+)`$", text, re.MULTILINE)
    assert sorted(headings) == sorted({(route.method, route.path) for route in ROUTES})
    assert "#### `webhook.test`" in text
    schemas = describe(ROUTES)["components"]["schemas"]
    assert set(re.findall(r"^## `(\w+)`$", text_of("reference/schemas.md"), re.MULTILINE)) == schemas.keys()


def verbs(group: click.Group, before: str = "") -> list[str]:
    found = []
    for name, verb in group.commands.items():
        found += [before + name, *(verbs(verb, f"{before}{name} ") if isinstance(verb, click.Group) else [])]
    return found


def test_every_verb_and_option_is_in_the_reference() -> None:
    text = text_of("reference/fiscalctl.md")
    for words in verbs(fiscalctl):
        assert f"\n## `fiscalctl {words}`\n" in text
    for option in ("--socket", "--json", "--printer", "--expires"):
        assert option in text


def test_every_table_ends_with_an_empty_line() -> None:
    """Otherwise the paragraph after it becomes a row."""
    texts = {name: text for name, text in {**generated(), **written()}.items() if text is not None}
    assert len(texts) > 30
    pairs = [(name, *pair) for name, text in texts.items() for pair in pairwise(without_blocks(text).splitlines())]
    ends = ("| ", " ", "<!--")
    assert [(name, line) for name, row, line in pairs if row[:2] == "| " and line and not line.startswith(ends)] == []


def test_json_is_written_as_a_person_would() -> None:
    short: dict[str, Any] = {"type": "receipt", "lines": [{"name": "Kawa", "price": "10.00", "vat": "A"}]}
    assert as_json(short).count("\n") == 0
    long = {**short, "footer": ["x" * 40, "y" * 40]}
    assert as_json(long).splitlines()[:3] == [
        "{",
        '  "type": "receipt",',
        '  "lines": [{"name": "Kawa", "price": "10.00", "vat": "A"}],',
    ]


def test_text_becomes_markdown() -> None:
    assert prose("``storno`` of <LINES> and [x]") == r"`storno` of \<LINES> and \[x\]"
    assert table(("a", "b"), [("x|y", "one\n  two")]) == "| a | b |\n| --- | --- |\n| x\\|y | one two |\n"


# -- where a page stands ---------------------------------------------------------------------------------


def test_every_page_has_a_place_by_a_link_of_a_reader() -> None:
    menu = menus(DOCS, PAGES | {"changelog.md"})
    placed = [name for names in menu.values() for name in names]
    assert len(placed) == len(set(placed)) > 30
    below_others = [page for page in PAGES if page.startswith("documents/") and page != "documents/index.md"]
    assert set(placed) - set(below_others) == {
        page
        for page in PAGES | {"changelog.md"}
        if page not in below_others and page != "index.md" and not page.startswith("readers/")
    }
    linked_to = {
        name
        for reader in READERS
        for name in linked(Page(f"readers/{reader}.md", (DOCS / f"readers/{reader}.md").read_text()))
    }
    assert set(placed) - set(below_others) <= linked_to, "a page without a link stands at the end of a menu"


def test_a_page_without_a_link_stands_in_the_last_menu() -> None:
    assert menus(DOCS, PAGES | {"strange/new.md"})[OTHERS][-1] == "strange/new.md"


def test_a_page_that_is_not_there_yet_is_not_linked() -> None:
    page = Page("readers/x.md", "- [A](../nowhere.md): one,\n  two\n- [B](../api.md)\n- [C](../nowhere.md#x)\n\nEnd\n")
    assert "nowhere.md" not in MAY_BE_ABSENT
    absent = next(filterfalse(is_there, MAY_BE_ABSENT))
    text = adapted(Page(page.path, page.text.replace("nowhere.md", absent)))
    assert text == "- [B](../api.md)\n\nEnd\n"


def test_stage_directions_and_links_out_of_the_site_are_gone() -> None:
    text = "<!-- shop posnet -->\n\n[known ids](../fiscald/transport/known_usb.py), [it](../README.md#x)\n\n```\n<!-- kept -->\n```\n"
    assert adapted(Page("a.md", text)) == (
        "\n\nknown ids (`fiscald/transport/known_usb.py`), it (`README.md`)\n\n```\n<!-- kept -->\n```\n"
    )


def test_the_example_shops_are_on_one_page(tmp_path: Path) -> None:
    assert example_pages(tmp_path) == []
    (tmp_path / "go").mkdir()
    (tmp_path / "go" / "shop.go").write_text("package main\n")
    text = "# Shops\n\n[go/shop.go](go/shop.go), [it](go/go.mod), [api](../docs/api.md#jobs), [try](../README.md#x)\n"
    (tmp_path / "README.md").write_text(text)
    (page,) = example_pages(tmp_path)
    assert adapted(page) == (
        f"# Shops\n\n[go/shop.go](#goshopgo), `{tmp_path.name}/go/go.mod`, [api](api.md#jobs), try (`README.md`)\n\n"
        "## `go/shop.go`\n\n```{code-block} go\n:force:\n\npackage main\n```\n"
    )


def test_a_drawing_becomes_part_of_the_page() -> None:
    text = adapted(Page("architecture.md", "![Parts](architecture.svg)\n"))
    assert text.startswith('```{raw} html\n<div class="drawing"><svg ')
    assert adapted(Page("performance.md", "![x](performance/line.svg)\n")) == "![x](performance/line.svg)\n"


# -- what is built ---------------------------------------------------------------------------------------


def site(folder: Path, page: str, css: str = "") -> list[str]:
    (folder / "index.html").write_text(f"<html><body><h1 id='top'>x</h1>{page}</body></html>")
    (folder / "site.css").write_text(css)
    (folder / "searchindex.js").write_text("")
    return faults(folder)


@pytest.mark.parametrize(
    ("page", "css", "fault"),
    [
        ('<img src="https://other.example/a.png">', "", "index.html loads https://other.example/a.png from another host"),
        ('<script src="//other.example/a.js"></script>', "", "index.html loads //other.example/a.js from another host"),
        ('<link rel="stylesheet" href="https://o.example/a.css">', "", "index.html loads https://o.example/a.css from another host"),
        ('<p style="background: url(http://o.example/a)">', "", "index.html loads http://o.example/a from another host"),
        ("<style>@import 'https://o.example/a.css';</style>", "", "index.html loads https://o.example/a.css from another host"),
        ("", "body { background: url('https://o.example/b') }", "site.css loads https://o.example/b from another host"),
        ('<a href="nowhere.html">x</a>', "", "index.html: nowhere.html does not exist"),
        ('<a href="#nowhere">x</a>', "", "index.html: #nowhere: there is no such heading"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_built_page_is_found(tmp_path: Path, page: str, css: str, fault: str) -> None:
    assert site(tmp_path, page, css) == [fault]


def test_a_good_page_has_no_faults(tmp_path: Path) -> None:
    good = '<a href="https://other.example">followed by a person</a><a href="#top">x</a><a href="site.css">y</a>'
    assert site(tmp_path, good, "a { background: url(data:image/png;base64,AA) }") == []
    (tmp_path / "searchindex.js").unlink()
    assert faults(tmp_path) == ["there is no index to search in"]


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    html = built(tmp_path)
    assert (html / "searchindex.js").stat().st_size > 100_000
    for kind in ("receipt", "printout", "daily_report", "cash_in"):
        assert len(list(html.glob(f"_images/{kind}-1-*.png"))) >= 2
    assert "<svg" in (html / "architecture.html").read_text("utf-8")
    assert json.loads(next(html.glob("_downloads/*/openapi.json")).read_text("utf-8"))["openapi"] == "3.1.0"
