"""Small pieces of Markdown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table with a heading. A cell is one line; bars in it are escaped."""
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    return re.sub(r"\s*\n\s*", " ", text.strip()).replace("|", r"\|")


def code(text: str) -> str:
    """Text as code in a line. A backtick in it is not lost."""
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def prose(docstring: str) -> str:
    """A docstring as Markdown: its code is in two backticks there. Braces, angle brackets and stars are text."""
    parts = re.split(r"(`[^`]*`)", docstring.replace("``", "`"))
    return "".join(part if part.startswith("`") else re.sub(r"([<*\[\]])", r"\\\1", part) for part in parts)


def block(language: str, text: str) -> str:
    """A fenced block."""
    return f"```{language}\n{text.rstrip()}\n```\n"


def as_json(value: Any) -> str:
    """JSON with a line for each member, and short objects and lists in one line, as a person would write it."""
    return _written(value, 0)


def _written(value: Any, indent: int) -> str:
    short = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or not value or len(short) + indent <= 90:
        return short
    space = " " * (indent + 2)
    if isinstance(value, dict):
        parts = [f"{json.dumps(name)}: {_written(each, indent + 2)}" for name, each in value.items()]
        return "{\n" + ",\n".join(f"{space}{part}" for part in parts) + "\n" + " " * indent + "}"
    parts = [_written(each, indent + 2) for each in value]
    return "[\n" + ",\n".join(f"{space}{part}" for part in parts) + "\n" + " " * indent + "]"
