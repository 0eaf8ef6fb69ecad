"""Makes the source folder of the site: the pages of ``docs``, and the generated ones beside them."""

from __future__ import annotations

import re
import shutil
from itertools import filterfalse
from pathlib import Path, PurePosixPath
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
#: A page for each kind of reader. Its links, in their order, are the pages below it in the site's menu.
READERS = ("applications", "technicians", "administrators", "ci", "contributors")
#: Below this reader's page stand the pages to which no reader's page has a link.
OTHERS = "administrators"
#: Pages that a reader's page already has a link to, and that need not exist yet: without them the line is left out.
MAY_BE_ABSENT = (
    "install.md", "upgrading.md", "monitoring.md", "monitoring/README.md", "ci.md", "pytest.md", "examples.md",
)  # fmt: skip
#: Where a page of the site is in the project, if not in ``docs``.
ELSEWHERE = {"changelog.md": "CHANGELOG.md", "examples.md": "examples/README.md"}
#: What is copied beside the pages.
_FILES = {".md", ".png", ".svg", ".yaml", ".yml", ".json", ".lua", ".pcapng", ".rules", ".css"}
#: Languages that Pygments does not know.
_PLAIN = ("caddyfile",)

_FENCE = re.compile(r"^(?P<mark>`{3,}|:{3,})[^\n]*\n.*?^(?P=mark)[ \t]*$", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]+)\]\((?!https?:)(?P<path>[^)#\s]*)(?P<anchor>#[^)\s]*)?\)")
_DRAWING = re.compile(r"^!\[(?P<what>[^\]]*)\]\((?P<path>[^)]+\.svg)\)$", re.MULTILINE)


class Page(NamedTuple):
    """A page of the site: where it stands, from the folder of all pages, and its text."""

    path: str
    text: str


def write_pages(target: Path, generated: list[Page]) -> None:
    """Write all pages to ``target``. A generated page takes the place of a page of ``docs`` with the same name."""
    for path in sorted(DOCS.rglob("*")):
        if path.is_file() and path.suffix in _FILES:
            copy = target / path.relative_to(DOCS)
            copy.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == ".md":
                name = path.relative_to(DOCS).as_posix()
                copy.write_text(adapted(Page(name, path.read_text("utf-8"))), "utf-8")
            else:
                shutil.copy(path, copy)
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8").replace("](docs/", "](")
    for page in [Page("changelog.md", changes), *generated]:
        path = target / page.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(adapted(page) if path.suffix == ".md" else page.text, "utf-8")
    names = {path.relative_to(target).as_posix() for path in target.rglob("*.md")}
    menu = menus(target, names)
    for reader, below in menu.items():
        _append(target / f"readers/{reader}.md", [f"/{name.removesuffix('.md')}" for name in below])
    _append(target / "index.md", [f"/readers/{reader}" for reader in READERS])


def menus(pages: Path, names: set[str]) -> dict[str, list[str]]:
    """The pages below each reader's page. A page stands in one menu only: the first that has a link to it."""
    taken = {"index.md", *(f"readers/{reader}.md" for reader in READERS)}
    menu: dict[str, list[str]] = {}
    for reader in READERS:
        menu[reader] = []
        for name in linked(Page(f"readers/{reader}.md", (pages / "readers" / f"{reader}.md").read_text("utf-8"))):
            if name in names - taken:
                taken.add(name)
                menu[reader].append(name)
    menu[OTHERS] += sorted(names - taken)
    return menu


def linked(page: Page) -> list[str]:
    """The pages that a page has links to, from the folder of all pages."""
    text = _FENCE.sub("", page.text)
    return [_from(page.path, found["path"]) for found in _LINK.finditer(text) if found["path"].endswith(".md")]


def is_there(name: str) -> bool:
    """Whether a page that a person writes exists."""
    return (ROOT / ELSEWHERE[name]).exists() if name in ELSEWHERE else (DOCS / name).exists()


def adapted(page: Page) -> str:
    """The text of a page as Sphinx needs it."""
    text = page.text
    for absent in filterfalse(is_there, MAY_BE_ABSENT):
        text = re.sub(
            rf"^- [^\n]*\]\((\.\./)*{re.escape(absent)}[#)].*?(?=^- |^$|\Z)", "", text, flags=re.MULTILINE | re.DOTALL
        )
    parts, end = [], 0
    for fence in _FENCE.finditer(text):
        parts += [_prose(page.path, text[end : fence.start()]), _block(fence[0])]
        end = fence.end()
    return "".join([*parts, _prose(page.path, text[end:])])


def _prose(page: str, text: str) -> str:
    text = _COMMENT.sub("", text)
    text = _DRAWING.sub(lambda found: _drawing(found["what"], DOCS / _from(page, found["path"])), text)
    return _LINK.sub(lambda found: _link(page, found), text)


def _block(text: str) -> str:
    for name in _PLAIN:
        text = text.replace(f"```{name}\n", "```text\n")
    return text


def _link(page: str, found: re.Match[str]) -> str:
    """A link, if it leads to a page or a file of the site; the file's name in the project otherwise."""
    path = found["path"]
    if not path or not _from(page, path).startswith("../"):
        return found[0]
    name = _from(page, path).removeprefix("../")
    for there, here in ELSEWHERE.items():
        if name == here and is_there(there):
            return f"[{found['text']}](/{there}{found['anchor'] or ''})"
    text = found["text"].strip("`")
    return f"`{name}`" if text in name else f"{found['text']} (`{name}`)"


def _drawing(what: str, path: Path) -> str:
    """A drawing as part of the page: its colours are those of the page, also in the dark."""
    if not path.exists() or 'class="drawn"' not in (text := path.read_text("utf-8")):
        return f"![{what}]({path.relative_to(DOCS).as_posix()})" if path.is_relative_to(DOCS) else what
    return f'```{{raw}} html\n<div class="drawing">{text[text.index("<svg") :].rstrip()}</div>\n```'


def _from(page: str, path: str) -> str:
    """A relative path of a page, from the folder of all pages."""
    parts: list[str] = []
    for part in (PurePosixPath(page).parent / path).parts:
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def _append(path: Path, entries: list[str]) -> None:
    """Add the menu below a page."""
    lines = "\n".join(entries)
    path.write_text(f"{path.read_text('utf-8').rstrip()}\n\n```{{toctree}}\n:hidden:\n\n{lines}\n```\n", "utf-8")
