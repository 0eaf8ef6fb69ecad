"""The languages of mails and pages: Polish, Dutch and English."""

from __future__ import annotations

import datetime

LANGUAGES = ("pl", "nl", "en")
FALLBACK = "en"
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
#: Of a header: a browser names fewer.
_MAX_TAGS = 20


def language(tag: str | None) -> str:
    """The language of a tag such as ``nl`` or ``pl-PL``; English for every other."""
    name = (tag or "").strip().lower().partition("-")[0]
    return name if name in LANGUAGES else FALLBACK


def preferred(accept_language: str) -> str:
    """The language that a browser prefers, by its ``Accept-Language``."""
    best, best_weight = FALLBACK, 0.0
    for part in accept_language.split(",")[:_MAX_TAGS]:
        tag, _, parameter = part.partition(";")
        name = tag.strip().lower().partition("-")[0]
        weight = _weight(parameter)
        if name in LANGUAGES and weight > best_weight:
            best, best_weight = name, weight
    return best


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        weight = float(value)
    except ValueError:
        return 0.0
    return weight if 0.0 <= weight <= 1.0 else 0.0


def written_day(day: datetime.date | str, lang: str) -> str:
    """A day as people write it. Raises ``ValueError`` where a text is no day (YYYY-MM-DD)."""
    if isinstance(day, str):
        day = datetime.date.fromisoformat(day)
    match lang:
        case "pl":
            return f"{day.day}.{day.month:02}.{day.year}"
        case "nl":
            return f"{day.day}-{day.month}-{day.year}"
        case _:
            return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
