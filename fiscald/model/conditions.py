"""The conditions that keep a printer from printing: what each one is, who ends it, and how.

One row per condition, the same for every family. The row's name is the printer's ``state``, and with ``printer.``
before it the code of the problem, with ``doctor.`` the code of the finding. The family's table
(``fiscald/protocols/*/conditions.py``) says which conditions its printers have, how fiscald recognises them, and which
documents wait until they end. Texts are templates: ``{reason}`` and ``{reason_pl}`` are what the printer itself says,
``{printer}`` is its name.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Heals(StrEnum):
    """What ends a condition."""

    ITSELF = "itself"
    """It ends without help."""
    PERSON = "person"
    """A person at the printer."""
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
    """Polish, for the cashier: the cause, and what to do."""
    fix: str
    """The remedy for a technician, as ``fiscalctl doctor`` prints it."""


_REPORT = "fiscalctl report daily --printer {printer}    # or on the printer's keypad"
_REPORT_PL = "Wykonaj raport dobowy."
_SERVICE = "call the printer's service"
_SERVICE_PL = "Wezwij serwis."

#: Every condition, by name.
CONDITIONS: dict[str, Words] = {
    # -- a person at the printer ends these ------------------------------------------------------------
    "paper_out": Words(
        Heals.PERSON, "No paper", "out of paper", "Brak papieru. Włóż nową rolkę.",
        "insert a new roll; waiting documents are printed then",
    ),
    "cover_open": Words(
        Heals.PERSON, "Cover open", "the cover or the printing lever is open", "Zamknij pokrywę drukarki.",
        "close it; waiting documents are printed then",
    ),
    "attention": Words(
        Heals.PERSON, "The printer needs operator attention", "{reason}", "Drukarka czeka na obsługę ({reason_pl}).",
        "answer the question on its display",
    ),
    "battery": Words(
        Heals.PERSON, "Battery discharged", "{reason}",
        "Akumulator drukarki jest rozładowany. Podłącz zasilanie i sprawdź papier.",
        "connect its power supply and check the paper",
    ),
    "no_power": Words(
        Heals.PERSON, "No mains power", "{reason}", "Brak zasilania drukarki. Podłącz zasilacz.",
        "connect its power supply",
    ),
    "unauthorised": Words(
        Heals.PERSON, "The printer's authorisation has ended",
        "the printer takes no sale until an authorisation code is entered ({reason})",
        "Skończył się czas autoryzacji drukarki. Wpisz kod autoryzacyjny otrzymany od serwisu.",
        "enter the authorisation code at the printer; its service provides the code",
    ),
    "goods_full": Words(
        Heals.PERSON, "The goods base is full",
        "the printer takes no goods with a new name: the goods base is full ({reason}). It still prints receipts whose "
        "goods it knows",
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
        "check the medium of the electronic copy; if it is in place, call the printer's service",
    ),
    # -- a daily report ends these ---------------------------------------------------------------------
    "report_due": Words(
        Heals.REPORT, "A daily report is due", "the printer takes no sale until a daily report is made ({reason})",
        f"Drukarka wymaga zaległego raportu dobowego. {_REPORT_PL}", _REPORT,
    ),
    "totals_full": Words(
        Heals.REPORT, "The totals of the day are full",
        "the printer takes no sale until a daily report is made ({reason})",
        f"Sumy dobowe drukarki są pełne. {_REPORT_PL}", _REPORT,
    ),
    "texts_full": Words(
        Heals.REPORT, "Too many different texts in one day",
        "the printer takes no new footer texts until a daily report is made ({reason})",
        f"Przekroczono dzienny limit różnych tekstów stopki. {_REPORT_PL}", _REPORT,
    ),
    "change_due": Words(
        Heals.REPORT, "A change of VAT rates or currency is due",
        "the printer takes no sale until the programmed change of VAT rates or currency is made ({reason})",
        f"Nadszedł termin zaprogramowanej zmiany stawek PTU lub waluty. {_REPORT_PL} "
        "Potem potwierdź zmianę na drukarce.",
        "fiscalctl report daily --printer {printer}    # then confirm the change on the printer",
    ),
    # -- the printer's service ends these --------------------------------------------------------------
    "no_header": Words(
        Heals.SERVICE, "No header is programmed", "the printer takes no sale without a header ({reason})",
        f"W drukarce nie zaprogramowano nagłówka. {_SERVICE_PL}",
        "fiscalctl header set LINES --printer {printer}    # or the printer's menu, or its service",
    ),
    "no_rates": Words(
        Heals.SERVICE, "No VAT rates are programmed", "the printer takes no sale without VAT rates ({reason})",
        f"W drukarce nie ma aktywnych stawek PTU. {_SERVICE_PL}",
        "fiscalctl rates set A=23% B=8% C=5% D=0% E= F= G=exempt --printer {printer}    # the shop's own table; or the "
        "printer's service",
    ),
    "no_clock": Words(
        Heals.SERVICE, "The printer's clock is not set or faulty",
        "the printer prints nothing fiscal with this clock: {reason}",
        f"Zegar drukarki nie jest ustawiony, jest zepsuty lub wskazuje złą datę. {_SERVICE_PL}",
        f"{_SERVICE}: only it can set the clock of a fiscal printer by more than an hour",
    ),
    "memory_full": Words(
        Heals.SERVICE, "The fiscal memory is full",
        "the printer takes no more sales: the fiscal memory is full ({reason})",
        f"Pamięć fiskalna drukarki jest pełna. {_SERVICE_PL}", f"{_SERVICE}: the fiscal memory must be replaced",
    ),
    "jumper": Words(
        Heals.SERVICE, "The service jumper is fitted",
        "the printer takes no sale while the service jumper is fitted ({reason})",
        f"W drukarce jest założona zwora serwisowa. {_SERVICE_PL}", f"{_SERVICE}: the service jumper must be removed",
    ),
    "read_only": Words(
        Heals.SERVICE, "The printer is read-only", "the printer only allows reading ({reason})",
        f"Drukarka działa tylko w trybie odczytu. {_SERVICE_PL}", _SERVICE,
    ),
    "out_of_order": Words(
        Heals.SERVICE, "The printer reports a fault", "{reason}",
        f"Drukarka zgłasza usterkę ({{reason_pl}}). {_SERVICE_PL}", _SERVICE,
    ),
    # -- these end without help ----------------------------------------------------------------------------------
    "busy": Words(
        Heals.ITSELF, "The printer is busy", "{reason}", "Drukarka jest zajęta.",
        "wait: the printer continues by itself",
    ),
}  # fmt: skip
