"""Polish and English: which one a reader gets, and how each writes amounts, times and lists.

Every text of the console stands beside its translation, where it is used: ``t("Printers", "Drukarki")``.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from fiscald.model.money import format_money, plain
from fiscald.model.times import POLISH_TIME

LANGUAGES = {"pl": "Polski", "en": "English"}
#: Problems whose English sentence is for technicians (addresses, names of keys, commands), and what other readers get.
_PLAIN = {
    "link.absent": "The printer is not connected.",
    "link.refused": "The printer does not answer in the network.",
    "link.certificate": "The printer shows another certificate than the one in the configuration.",
    "link.denied": "fiscald is not allowed to use the printer's port.",
    "link.held": "Another program or computer has the printer.",
    "link.lost": "The connection to the printer was lost.",
    "link.silent": "The printer does not answer.",
    "link.garbage": "The printer sends something that is no answer.",
    "printer.undecided": "An earlier document has to be decided first.",
}
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
           "December")  # fmt: skip
_MONTHS_PL = ("stycznia", "lutego", "marca", "kwietnia", "maja", "czerwca", "lipca", "sierpnia", "września",
              "października", "listopada", "grudnia")  # fmt: skip


def preferred(header: str) -> str:
    """The language of an ``Accept-Language`` header; English for readers who ask for neither."""
    best, found = 0.0, "en"
    for item in header[:500].split(","):
        tag, _, quality = item.strip().partition(";q=")
        language = tag.partition("-")[0].lower()
        try:
            weight = float(quality or 1)
        except ValueError:
            continue
        if language in LANGUAGES and best < weight <= 1:
            best, found = weight, language
    return found


class Words:
    """Texts, amounts and times in one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.polish = language == "pl"

    def __call__(self, english: str, polish: str) -> str:
        """The text in the reader's language."""
        return polish if self.polish else english

    def of(self, told: Any) -> str:
        """The sentence of a problem, a notice or a bad field: its ``detail_pl`` or its ``detail``."""
        text: str = (told.detail_pl if self.polish else _PLAIN.get(told.code, "")) or told.detail
        if text.endswith((".", "!", "?")):
            return text
        begins_with_word = text.partition(" ")[0].isalpha()  # and not with an address or a name
        return f"{text[:1].upper()}{text[1:]}." if begins_with_word else f"{text}."

    def money(self, amount: Decimal | str | None) -> str:
        """An amount of złoty."""
        if amount is None:
            return "–"
        written = amount if isinstance(amount, str) else format_money(amount)
        whole, _, grosze = written.partition(".")
        sign, digits = ("−", whole[1:]) if whole.startswith("-") else ("", whole)
        space = "\N{NARROW NO-BREAK SPACE}"
        groups: list[str] = []
        while digits:
            groups.insert(0, digits[-3:])
            digits = digits[:-3]
        return f"{sign}{space.join(groups) or '0'}{',' if self.polish else '.'}{grosze or '00'}\N{NO-BREAK SPACE}zł"

    def number(self, value: Decimal) -> str:
        """A quantity."""
        return plain(value).replace(".", ",") if self.polish else plain(value)

    def day(self, moment: date | datetime | str | None) -> str:
        """A day, with the month in words."""
        if moment is None:
            return "–"
        if isinstance(moment, str):
            moment = datetime.fromisoformat(moment)
        if isinstance(moment, datetime):
            moment = moment.astimezone(POLISH_TIME)
        months = _MONTHS_PL if self.polish else _MONTHS
        return f"{moment.day} {months[moment.month - 1]} {moment.year}"

    def time(self, moment: datetime | str | None) -> str:
        """A day and a time of Polish time."""
        if moment is None:
            return "–"
        if isinstance(moment, str):
            moment = datetime.fromisoformat(moment)
        moment = moment.astimezone(POLISH_TIME)
        return f"{self.day(moment)}, {moment:%H:%M:%S}"

    def ago(self, milliseconds: int | None) -> str:
        """How long ago something was."""
        if milliseconds is None:
            return self("never", "nigdy")
        seconds = milliseconds // 1000
        if seconds < 60:
            return self("just now", "przed chwilą") if seconds < 5 else self(f"{seconds} s ago", f"{seconds} s temu")
        if seconds < 3600:
            return self(f"{seconds // 60} min ago", f"{seconds // 60} min temu")
        return self(f"{seconds // 3600} h ago", f"{seconds // 3600} godz. temu")
