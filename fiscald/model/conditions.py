"""The conditions that keep a printer from printing, in words: what each one is, who ends it, and how.

One row per condition, the same for every family. The row's name is the printer's ``state``, and with ``printer.``
before it the code of the problem, with ``doctor.`` the code of the finding. Which conditions a family's printers have,
how they are recognised and which documents wait for their end stands in the family's table
(``fiscald/protocols/*/conditions.py``). Texts are templates: ``{reason}`` and ``{reason_pl}`` are what the printer
itself says, ``{printer}`` is its name.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Heals(StrEnum):
    """What ends a condition."""

    ITSELF = "itself"
    """It passes."""
    PERSON = "person"
    """Somebody at the printer."""
    REPORT = "report"
    """A daily report."""
    SERVICE = "service"
    """The printer's service."""


class Words(NamedTuple):
    """One condition."""

    heals: Heals
    title: str
    detail: str
    """English, for the developer and the technician."""
    detail_pl: str
    """Polish, for the cashier: what it is, and what to do."""
    fix: str
    """What a technician does about it, as ``fiscalctl doctor`` prints it."""


_REPORT = "fiscalctl report daily --printer {printer}    # or on the printer's keypad"
_REPORT_PL = "Wykonaj raport dobowy."
_SERVICE = "call the printer's service"
_SERVICE_PL = "Wezwij serwis."

#: Every condition, by name.
CONDITIONS: dict[str, Words] = {
    # -- what a person at the printer ends ------------------------------------------------------------
    "paper_out": Words(
        Heals.PERSON, "No paper", "out of paper", "Brak papieru. Włóż nową rolkę.",
        "put in a new roll; what waits is printed then",
    ),
    "cover_open": Words(
        Heals.PERSON, "Cover open", "the cover or the printing lever is open", "Zamknij pokrywę drukarki.",
        "close it; what waits is printed",
    ),
    "attention": Words(
        Heals.PERSON, "The printer waits for a person", "{reason}", "Drukarka czeka na obsługę ({reason_pl}).",
        "answer what its display shows",
    ),
    "battery": Words(
        Heals.PERSON, "Battery discharged", "{reason}",
        "Akumulator drukarki jest rozładowany. Podłącz zasilanie i sprawdź papier.",
        "connect its power supply, and look at its paper",
    ),
    "no_power": Words(
        Heals.PERSON, "No mains power", "{reason}", "Brak zasilania drukarki. Podłącz zasilacz.",
        "connect its power supply",
    ),
    "unauthorised": Words(
        Heals.PERSON, "The printer's authorisation has ended",
        "no sale is taken before an authorisation code is entered ({reason})",
        "Skończył się czas autoryzacji drukarki. Wpisz kod autoryzacyjny otrzymany od serwisu.",
        "enter the authorisation code at the printer; its service gives it out",
    ),
    "goods_full": Words(
        Heals.PERSON, "The goods base is full",
        "no goods with a new name are taken: the goods base is full ({reason}). Receipts whose goods are known "
        "are printed",
        "Baza towarowa drukarki jest pełna: nowych towarów nie można sprzedać. Usuń z niej nieużywane towary w menu "
        "drukarki lub wezwij serwis.",
        "make a daily report, then delete unused goods in the printer's menu, or call its service",
    ),
    "locked": Words(
        Heals.PERSON, "Locked in the printer's settings", "{reason}",
        "Ta czynność jest zablokowana w ustawieniach drukarki. Odblokuj ją w menu drukarki lub wezwij serwis.",
        "allow it in the printer's menu, or call its service",
    ),
    "wrong_protocol": Words(
        Heals.PERSON, "The printer is set to another protocol", "{reason}",
        "W drukarce jest włączony inny protokół. Zmień go w menu drukarki.",
        "choose the protocol in the printer's menu (PC interface), or the family in the configuration",
    ),
    "copy_blocked": Words(
        Heals.PERSON, "The electronic copy cannot be written", "{reason}",
        "Drukarka nie może zapisać kopii elektronicznej ({reason_pl}). Sprawdź nośnik kopii lub wezwij serwis.",
        "look at the medium of the electronic copy; if it is in place, call the printer's service",
    ),
    # -- what a daily report ends ---------------------------------------------------------------------
    "report_due": Words(
        Heals.REPORT, "A daily report is due", "no sale is taken before a daily report is made ({reason})",
        f"Drukarka wymaga zaległego raportu dobowego. {_REPORT_PL}", _REPORT,
    ),
    "totals_full": Words(
        Heals.REPORT, "The totals of the day are full",
        "no sale is taken before a daily report is made ({reason})",
        f"Sumy dobowe drukarki są pełne. {_REPORT_PL}", _REPORT,
    ),
    "texts_full": Words(
        Heals.REPORT, "Too many different texts in one day",
        "no other footer texts are taken before a daily report is made ({reason})",
        f"Na paragonach było już za dużo różnych tekstów stopki. {_REPORT_PL}", _REPORT,
    ),
    "change_due": Words(
        Heals.REPORT, "A change of VAT rates or currency is due",
        "no sale is taken before the programmed change of VAT rates or currency is made ({reason})",
        f"Nadszedł termin zaprogramowanej zmiany stawek PTU lub waluty. {_REPORT_PL} "
        "Potem potwierdź zmianę na drukarce.",
        "fiscalctl report daily --printer {printer}    # then confirm the change on the printer",
    ),
    # -- what the printer's service ends --------------------------------------------------------------
    "no_header": Words(
        Heals.SERVICE, "No header is programmed", "no sale is taken without a header ({reason})",
        f"W drukarce nie zaprogramowano nagłówka. {_SERVICE_PL}",
        "programme the header in the printer's menu, or call its service",
    ),
    "no_rates": Words(
        Heals.SERVICE, "No VAT rates are programmed", "no sale is taken without VAT rates ({reason})",
        f"W drukarce nie ma aktywnych stawek PTU. {_SERVICE_PL}", f"{_SERVICE}: the VAT rates must be programmed",
    ),
    "no_clock": Words(
        Heals.SERVICE, "The printer's clock is not set or faulty",
        "nothing fiscal is printed with a clock like this: {reason}",
        f"Zegar drukarki nie jest ustawiony, jest zepsuty lub wskazuje złą datę. {_SERVICE_PL}",
        f"{_SERVICE}: only it can set the clock of a fiscal printer by more than an hour",
    ),
    "memory_full": Words(
        Heals.SERVICE, "The fiscal memory is full",
        "no sale is taken any more: the fiscal memory is full ({reason})",
        f"Pamięć fiskalna drukarki jest pełna. {_SERVICE_PL}", f"{_SERVICE}: the fiscal memory must be replaced",
    ),
    "jumper": Words(
        Heals.SERVICE, "The service jumper is fitted",
        "no sale is taken while the service jumper is fitted ({reason})",
        f"W drukarce jest założona zwora serwisowa. {_SERVICE_PL}", f"{_SERVICE}: the service jumper must be removed",
    ),
    "read_only": Words(
        Heals.SERVICE, "The printer is read-only", "the printer can be read out and nothing else ({reason})",
        f"Drukarka działa tylko w trybie odczytu. {_SERVICE_PL}", _SERVICE,
    ),
    "out_of_order": Words(
        Heals.SERVICE, "The printer reports a fault", "{reason}",
        f"Drukarka zgłasza usterkę ({{reason_pl}}). {_SERVICE_PL}", _SERVICE,
    ),
    # -- what passes ----------------------------------------------------------------------------------
    "busy": Words(
        Heals.ITSELF, "The printer is busy", "{reason}", "Drukarka jest zajęta.",
        "wait: it goes on by itself",
    ),
}  # fmt: skip
