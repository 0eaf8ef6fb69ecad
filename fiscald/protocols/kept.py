"""What a family keeps for one printer over its connections and over restarts of the daemon."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping


class Kept:
    """Short texts that a family keeps for one printer, over its connections and over restarts of the daemon: a token.

    A text must not be needed: it may be lost, or come back older than it was.
    """

    #: How many texts, and how long each may be.
    MOST, LONGEST = 16, 4096

    def __init__(
        self, texts: Mapping[str, str] | None = None, store: Callable[[Mapping[str, str]], None] = lambda _: None
    ) -> None:
        """``texts``: from before. ``store`` is called with all of them at every change, and writes them at once."""
        self._texts = dict(texts or {})
        self._store = store

    def __getitem__(self, name: str) -> str:
        """The text of that name; empty if there is none."""
        return self._texts.get(name, "")

    def __setitem__(self, name: str, text: str) -> None:
        """Keep ``text``; nothing is kept of an empty one. Raises ``ValueError`` beyond the bounds."""
        if text == self[name]:
            return
        if len(text) > self.LONGEST or (name not in self._texts and len(self._texts) >= self.MOST):
            raise ValueError(f"{name}: {self.MOST} texts of {self.LONGEST} characters can be kept")
        if text:
            self._texts[name] = text
        else:
            del self._texts[name]
        self._store(self._texts)

    def items(self) -> Iterator[tuple[str, str]]:
        """All of them, by name."""
        yield from self._texts.items()

    def __repr__(self) -> str:
        # Some are secrets.
        return f"Kept({', '.join(self._texts)})"
