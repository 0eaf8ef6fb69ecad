"""Chooses the format of an answer by the header ``Accept`` (RFC 9110, 12.5.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T", bound=str)

#: A media range: type, subtype.
_RANGE = re.compile(r"([\w!#$&^.+*-]{1,80})/([\w!#$&^.+*-]{1,80})", re.ASCII)
#: A weight. What is no weight counts as 1.
_WEIGHT = re.compile(r"q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)", re.ASCII | re.IGNORECASE)


def chosen(accept: str | None, formats: Sequence[T]) -> T | None:
    """The format that the client prefers; of equals the first in ``formats``. ``None``: it accepts none of them.

    Without the header every format is welcome, and so it is if nothing in it is a media range.
    """
    ranges = [found for part in (accept or "").split(",") if (found := _parse(part)) is not None]
    if not ranges:
        return formats[0]
    best = max(formats, key=lambda each: _weight(each, ranges))  # the first of equals
    return best if _weight(best, ranges) > 0 else None


def _parse(part: str) -> tuple[str, str, float] | None:
    """Type, subtype and weight; ``None``: not a media range."""
    name, *parameters = (each.strip() for each in part.split(";"))
    found = _RANGE.fullmatch(name)
    if found is None or (found[1] == "*" and found[2] != "*"):
        return None
    weights = [weight for each in parameters if (weight := _WEIGHT.fullmatch(each)) is not None]
    return found[1].lower(), found[2].lower(), float(weights[0][1]) if weights else 1.0


def _weight(media_type: str, ranges: Sequence[tuple[str, str, float]]) -> float:
    """The weight of a format: that of the most specific range that covers it; 0 if none does."""
    kind, _, subtype = media_type.partition("/")
    fitting = [
        ((main != "*") + (sub != "*"), weight)
        for main, sub, weight in ranges
        if main in ("*", kind) and sub in ("*", subtype)
    ]
    return max(fitting, default=(0, 0.0))[1]
