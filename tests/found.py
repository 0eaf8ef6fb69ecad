"""What a test looks at must be there: a test that finds nothing to look at has tested nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


def found(things: Iterable[T]) -> list[T]:
    """All of them. Raises ``AssertionError`` where there is none."""
    known = list(things)
    assert known, "nothing was found to test"
    return known
