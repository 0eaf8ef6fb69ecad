"""The bounds of the lists in a document."""

from __future__ import annotations

from typing import Any

from pydantic import BeforeValidator
from pydantic_core import PydanticKnownError

#: The longest list of lines, of any kind, and of payments; no printer takes as many.
MAX_LINES, MAX_PAYMENTS = 1000, 100


def at_most(most: int) -> BeforeValidator:
    """Checks the length of a list before its elements: a list that is too long is one mistake."""

    def count(value: Any) -> Any:
        if isinstance(value, list | tuple) and len(value) > most:
            raise PydanticKnownError(
                "too_long", {"field_type": "List", "max_length": most, "actual_length": len(value)}
            )
        return value

    return BeforeValidator(count)


#: Bounds a list of lines.
BoundedLines = at_most(MAX_LINES)
