"""Checks the built site: no page loads anything from another host, and every link inside the site leads somewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

#: What a browser loads by itself, by element; a link that a person follows is not one of these.
_LOADS = {
    "img": ("src", "srcset"),
    "script": ("src",),
    "link": ("href",),
    "iframe": ("src",),
    "source": ("src", "srcset"),
    "video": ("src", "poster"),
    "audio": ("src",),
    "object": ("data",),
    "embed": ("src",),
    "form": ("action",),
    "image": ("href", "xlink:href"),
    "use": ("href", "xlink:href"),
}
_CSS_LOADS = re.compile(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)")


class Found(NamedTuple):
    """What a page has: anchors, links that a person follows, and what it loads."""

    anchors: set[str]
    links: list[str]
    loads: list[str]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found = Found(set(), [], [])
        self._style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value for name, value in attrs if value is not None}
        if "id" in values:
            self.found.anchors.add(values["id"])
        if tag == "a" and "href" in values:
            self.found.links.append(values["href"])
        self.found.loads.extend(values[name] for name in _LOADS.get(tag, ()) if name in values)
        self.found.loads.extend(_loads_of_css(values.get("style", "")))
        self._style = tag == "style"

    def handle_data(self, data: str) -> None:
        if self._style:
            self.found.loads.extend(_loads_of_css(data))


def read(text: str) -> Found:
    """What a page has."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader.found


def _loads_of_css(text: str) -> list[str]:
    return [first or second for first, second in _CSS_LOADS.findall(text)]


def faults(folder: Path) -> list[str]:
    """What is wrong with the site in ``folder``, a sentence each. Empty: nothing."""
    folder = folder.resolve()
    pages = {path: read(path.read_text("utf-8")) for path in sorted(folder.rglob("*.html"))}
    loads = [(path, load) for path, page in pages.items() for load in page.loads]
    loads += [(path, load) for path in folder.rglob("*.css") for load in _loads_of_css(path.read_text("utf-8"))]
    wrong = [f"{path.relative_to(folder)} loads {load} from another host" for path, load in loads if _is_foreign(load)]
    for path, page in pages.items():
        wrong += [f"{path.relative_to(folder)}: {fault}" for link in page.links if (fault := _fault(path, link, pages))]
    if not (folder / "searchindex.js").exists():
        wrong.append("there is no index to search in")
    return wrong


def _is_foreign(load: str) -> bool:
    return bool(urlsplit(load).netloc)


def _fault(page: Path, link: str, pages: dict[Path, Found]) -> str | None:
    """What is wrong with a link of a page."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return None
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if target.suffix != ".html":
        return None if target.exists() else f"{link} does not exist"
    if target not in pages:
        return f"{link} does not exist"
    anchor = unquote(parts.fragment)
    if anchor and anchor not in pages[target].anchors:
        return f"{link}: there is no such heading"
    return None
