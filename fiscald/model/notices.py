"""What a person should know, though a document is good or a printer can print."""

from __future__ import annotations

from datetime import timedelta

from fiscald.model.jobs import Notice
from fiscald.model.spans import in_words, in_words_pl

#: Clocks that differ by more are a warning. A person may set a fiscal printer's clock by at most as much.
CLOCK_TOLERANCE = timedelta(hours=1)
#: Daily reports in a fiscal memory, typically (Thermal reference, section 7.2), and how many are left at a warning.
TYPICAL_RECORDS, FEW_RECORDS = 1830, 60


TRAINING = Notice(
    code="printer.training",
    detail="the printer is not fiscalised and prints training documents: this is no fiscal document",
    detail_pl="Drukarka nie jest zafiskalizowana: wydruki są niefiskalne (szkoleniowe) i nie są paragonami.",
)
PAPER_LOW = Notice(
    code="printer.paper_low",
    detail="the paper is near its end; have a new roll at hand",
    detail_pl="Kończy się papier. Przygotuj nową rolkę.",
)


def clock_off(apart: timedelta) -> Notice | None:
    """The printer's clock is ``apart`` from this computer's; ``None`` where that is no reason to warn."""
    if abs(apart) <= CLOCK_TOLERANCE:
        return None
    side, side_pl = ("ahead of", "spieszy się") if apart > timedelta() else ("behind", "spóźnia się")
    return Notice(
        code="printer.clock_off",
        detail=f"the printer's clock is {in_words(apart)} {side} this computer's, and its time is on every document; "
        "if this computer is right, the printer's service must set it: a person may by an hour at most",
        detail_pl=f"Zegar drukarki {side_pl} o {in_words_pl(apart)} względem komputera. Sprawdź datę i godzinę na "
        "komputerze; jeśli są dobre, wezwij serwis drukarki.",
    )


def memory_low(left: int) -> Notice | None:
    """So many daily reports fit into the fiscal memory; ``None`` where that is no reason to warn."""
    if left > FEW_RECORDS:
        return None
    return Notice(
        code="printer.memory_low",
        detail=f"the fiscal memory takes only about {max(left, 0)} more daily reports; order a new one from the "
        "printer's service",
        detail_pl="Pamięć fiskalna drukarki jest prawie pełna. Zamów jej wymianę w serwisie.",
    )
