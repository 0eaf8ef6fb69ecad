"""Paths of routes, with something in the place of every parameter."""

from __future__ import annotations

#: What stands there. There is no such token and no such webhook.
NAMES = {"key": "A", "name": "till0", "token": "none", "webhook": "none"}


def filled(path: str, **names: str) -> str:
    """A path of the table of routes as one asks for it; ``names``: other ones than these."""
    return path.format_map(NAMES | names)
