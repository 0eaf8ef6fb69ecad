"""Changes that make no difference that anybody could notice, each with the reason why; somebody has looked at every one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.mutation.changes import Change, changes

PATH = Path(__file__).with_name("equivalents.json")


class Equivalent(NamedTuple):
    """One change that is known to make no difference."""

    file: str
    where: str
    text: str
    """The line."""
    before: str
    after: str
    nth: int
    reason: str

    @property
    def key(self) -> tuple[str, str, str, str, str, int]:
        """See ``Change.key``."""
        return self[:6]


def read(path: Path = PATH) -> list[Equivalent]:
    """The list."""
    return [Equivalent(**each) for each in json.loads(path.read_text("utf-8"))]


def gone(known: Iterable[Equivalent], sources: Mapping[str, bytes]) -> list[Equivalent]:
    """Those whose place is not there any more; ``sources``: their files by name."""
    there: dict[str, set[tuple[str, str, str, str, str, int]]] = {
        file: {change.key for change in changes(file, source)} for file, source in sources.items()
    }
    return [each for each in known if each.key not in there.get(each.file, set())]


def entry(change: Change, reason: str) -> dict[str, object]:
    """A change as it stands in the list."""
    file, where, text, before, after, nth = change.key
    return Equivalent(file, where, text, before, after, nth, reason)._asdict()
