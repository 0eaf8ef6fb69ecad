"""Every link between pages leads to a page and to a heading that exist."""

from __future__ import annotations

import os
from pathlib import PurePosixPath

import pytest

from tests.pages.reading import ROOT, anchors, generated, links, written
from website.prepare import MAY_BE_ABSENT


def broken(page: str, text: str, pages: dict[str, str | None]) -> list[str]:
    """The links of a page that lead nowhere, each with the reason."""
    wrong = []
    for link in links(text):
        path, _, anchor = link.partition("#")
        target = os.path.normpath(PurePosixPath(page).parent / path) if path else page
        if target not in pages:
            absent = target.removeprefix("docs/") in MAY_BE_ABSENT and page.startswith("docs/readers/")
            if not absent and not (ROOT / target).exists():
                wrong.append(f"{page}: {link} does not exist")
        elif anchor and (there := pages[target]) is not None and anchor not in anchors(there):
            wrong.append(f"{page}: {link}: no such heading")
    return wrong


def test_every_link_leads_somewhere() -> None:
    made = generated()
    # The site has a richer page of the errors; both have to have the anchors.
    pages: dict[str, str | None] = {**made, **written()}
    assert sum(len(links(text)) for text in written().values()) > 200
    texts = {**written(), **{page: text for page, text in made.items() if text is not None}}
    assert [fault for page, text in texts.items() for fault in broken(page, text, {**pages, page: text})] == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[x](nowhere.md)", "docs/a.md: nowhere.md does not exist"),
        ("[x](../README.md#nowhere)", "docs/a.md: ../README.md#nowhere: no such heading"),
        ("# One\n\n[x](#two)", "docs/a.md: #two: no such heading"),
        ("![x](nowhere.svg)", "docs/a.md: nowhere.svg does not exist"),
    ],
)
def test_a_broken_link_is_found(text: str, fault: str) -> None:
    assert broken("docs/a.md", text, {**written(), "docs/a.md": text}) == [fault]


def test_anchors_are_those_of_github() -> None:
    text = "# Out of paper, cover open\n\n## `receipt`\n\n## `receipt`\n\n```\n# no heading\n```\n\n### Gdy [to](a.md) źle?\n"
    assert anchors(text) == {"out-of-paper-cover-open", "receipt", "receipt-1", "gdy-to-źle"}
