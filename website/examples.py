"""The page of the example shops: ``examples/README.md``, and below it the programs themselves."""

from __future__ import annotations

import re
from pathlib import Path

from website.markdown import block, code
from website.prepare import Page

_LANGUAGES = {
    ".py": "python", ".php": "php", ".mjs": "javascript", ".go": "go", ".java": "java", ".cs": "csharp", ".sh": "sh"
}  # fmt: skip


def example_pages(folder: Path) -> list[Page]:
    """The page of ``folder``; none if there is no such folder."""
    readme = folder / "README.md"
    if not readme.exists():
        return []
    programs: list[Path] = []

    def leads_here(found: re.Match[str]) -> str:
        """A link to a program leads to its place below."""
        text, path = found[1], folder / found[2]
        if path.suffix not in _LANGUAGES or not path.is_file():
            return code(f"{folder.name}/{found[2]}")
        if path not in programs:
            programs.append(path)
        anchor = re.sub(r"[^\w-]", "", found[2].lower())
        return f"[{text}](#{anchor})"

    text = readme.read_text("utf-8").replace("](../docs/", "](")
    text = re.sub(r"\[([^\]]+)\]\((?!https?:|#|\.\./)([^)#\s]+/[^)#\s]+)\)", leads_here, text)
    sources = [
        f"## {code(path.relative_to(folder).as_posix())}\n\n"
        # A program may be newer than what the highlighter knows of its language.
        + block(f"{{code-block}} {_LANGUAGES[path.suffix]}", f":force:\n\n{path.read_text('utf-8')}")
        for path in programs
    ]
    return [Page("examples.md", "\n".join([text, *sources]))]
