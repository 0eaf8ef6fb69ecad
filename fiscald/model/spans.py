"""Durations in words."""

from __future__ import annotations

from datetime import timedelta

_UNITS = (
    (365 * 86_400, ("year", "years"), ("rok", "lata", "lat")),
    (86_400, ("day", "days"), ("dzień", "dni", "dni")),
    (3600, ("hour", "hours"), ("godzinę", "godziny", "godzin")),
    (60, ("minute", "minutes"), ("minutę", "minuty", "minut")),
)


def _largest(span: timedelta) -> tuple[int, tuple[str, str], tuple[str, str, str]]:
    """The span in the largest unit of which it has at least two, otherwise in minutes."""
    seconds = abs(span).total_seconds()
    for size, english, polish in _UNITS:
        if seconds >= 2 * size or size == 60:
            return round(seconds / size), english, polish
    raise AssertionError("the smallest unit takes everything")


def in_words(span: timedelta) -> str:
    """``26 years``, ``3 days``, ``90 minutes``: in the unit that a person would use."""
    count, (one, many), _ = _largest(span)
    return f"{count} {one if count == 1 else many}"


def in_words_pl(span: timedelta) -> str:
    """The same in Polish, in the accusative: ``26 lat``, ``3 dni``, ``90 minut``."""
    count, _, (one, few, many) = _largest(span)
    if count == 1:
        return f"1 {one}"
    return f"{count} {few if count % 10 in (2, 3, 4) and count % 100 not in (12, 13, 14) else many}"
