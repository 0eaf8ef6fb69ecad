"""What pages of the documentation have: headings, links, blocks."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import NamedTuple

from fiscald.api.openapi import describe
from fiscald.api.routes import ROUTES
from fiscald.model.documents import DOCUMENTS
from website.commands import command_pages
from website.errors import errors_page
from website.openapi import openapi_pages
from website.prepare import is_there

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>[\w-]*)\n(?P<body>.*?)^(?P=indent)```[ ]*$", re.MULTILINE | re.DOTALL
)


class Block(NamedTuple):
    """A fenced block."""

    page: str
    language: str
    body: str


@functools.cache
def written() -> dict[str, str]:
    """Every page that a person wrote, by its path in the project."""
    paths = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
    return {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in paths}


@functools.cache
def generated() -> dict[str, str | None]:
    """Every generated page, by its path as if it stood in the project; ``None``: its text takes long to make."""
    quick = [errors_page(), *command_pages(), *openapi_pages(describe(ROUTES))]
    pages: dict[str, str | None] = {f"docs/{page.path}": page.text for page in quick}
    slow = ["changelog.md", "reference/openapi.json", *(f"documents/{name}.md" for name in ("index", *DOCUMENTS))]
    examples = filter(is_there, ["examples.md"])
    return pages | {f"docs/{name}": None for name in (*slow, *examples)}


def blocks(pages: dict[str, str]) -> list[Block]:
    """Every fenced block of these pages."""
    return [
        Block(page, found["language"], found["body"]) for page, text in pages.items() for found in _FENCE.finditer(text)
    ]


def without_blocks(text: str) -> str:
    """The page without its blocks."""
    return _FENCE.sub("", text)


def anchors(text: str) -> set[str]:
    """The anchors of its headings, as GitHub and the site make them."""
    found: set[str] = set()
    for heading in re.findall(r"^#{1,6} +(.+?) *$", without_blocks(text), re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        number = 1
        while (unique := slug if number == 1 else f"{slug}-{number - 1}") in found:
            number += 1
        found.add(unique)
    return found


def links(text: str) -> list[str]:
    """Every link and picture, but for those to other sites."""
    return re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", without_blocks(text))
