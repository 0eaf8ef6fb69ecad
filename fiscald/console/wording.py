"""The words of the API in the reader's language: states, documents, remedies, evidence."""

from __future__ import annotations

from typing import NamedTuple

from fiscald.console.languages import Words
from fiscald.model.jobs import JobState, Paper
from fiscald.model.printers import PrinterState
from fiscald.model.problems import Problem


class Told(NamedTuple):
    """A state in words."""

    text: str
    tone: str = ""
    """``good``, ``warn``, ``bad`` or nothing: never the only sign of a state."""


#: English, Polish, tone.
_PRINTER: dict[PrinterState, tuple[str, str, str]] = {
    PrinterState.STARTING: ("Not read yet", "Jeszcze nieodczytana", ""),
    PrinterState.READY: ("Ready", "Gotowa", "good"),
    PrinterState.PRINTING: ("Printing", "Drukuje", "good"),
    PrinterState.BUSY: ("Busy", "Zajęta", "warn"),
    PrinterState.PAPER_OUT: ("No paper", "Brak papieru", "bad"),
    PrinterState.COVER_OPEN: ("Cover open", "Otwarta pokrywa", "bad"),
    PrinterState.ATTENTION: ("Needs attention", "Czeka na obsługę", "warn"),
    PrinterState.BATTERY: ("Battery empty", "Rozładowany akumulator", "bad"),
    PrinterState.NO_POWER: ("No mains power", "Brak zasilania", "bad"),
    PrinterState.UNAUTHORISED: ("Authorisation ended", "Koniec autoryzacji", "bad"),
    PrinterState.GOODS_FULL: ("Goods base full", "Pełna baza towarów", "warn"),
    PrinterState.LOCKED: ("Locked in its settings", "Blokada w ustawieniach", "bad"),
    PrinterState.WRONG_PROTOCOL: ("Wrong protocol", "Inny protokół", "bad"),
    PrinterState.COPY_BLOCKED: ("Copy cannot be written", "Kopia zablokowana", "bad"),
    PrinterState.REPORT_DUE: ("Daily report due", "Zaległy raport dobowy", "bad"),
    PrinterState.TOTALS_FULL: ("Totals full", "Pełne sumy dobowe", "bad"),
    PrinterState.TEXTS_FULL: ("Too many texts today", "Limit tekstów", "warn"),
    PrinterState.CHANGE_DUE: ("Change of rates due", "Zmiana stawek", "bad"),
    PrinterState.NO_HEADER: ("No header", "Brak nagłówka", "bad"),
    PrinterState.NO_RATES: ("No VAT rates", "Brak stawek PTU", "bad"),
    PrinterState.NO_CLOCK: ("Clock faulty", "Błędny zegar", "bad"),
    PrinterState.MEMORY_FULL: ("Fiscal memory full", "Pełna pamięć fiskalna", "bad"),
    PrinterState.JUMPER: ("Service jumper fitted", "Założona zwora", "bad"),
    PrinterState.READ_ONLY: ("Read-only", "Tylko odczyt", "bad"),
    PrinterState.OUT_OF_ORDER: ("Out of order", "Usterka", "bad"),
    PrinterState.OFFLINE: ("Not connected", "Brak połączenia", "bad"),
    PrinterState.SWAPPED: ("Another printer", "Inna drukarka", "bad"),
    PrinterState.UNDECIDED: ("Waits for a decision", "Czeka na decyzję", "bad"),
    PrinterState.BEHIND: ("Waits for a comparison", "Czeka na porównanie", "bad"),
}
_JOB: dict[JobState, tuple[str, str, str]] = {
    JobState.ACCEPTED: ("Waiting", "Czeka", ""),
    JobState.RUNNING: ("In progress", "W toku", "warn"),
    JobState.DONE: ("Printed", "Wydrukowany", "good"),
    JobState.FAILED: ("Not printed", "Niewydrukowany", "bad"),
    JobState.UNDECIDED: ("Undecided", "Nierozstrzygnięty", "bad"),
}
_DOCUMENTS = {
    "receipt": ("Receipt", "Paragon"),
    "invoice": ("Invoice", "Faktura"),
    "packaging": ("Packaging", "Opakowania zwrotne"),
    "printout": ("Printout", "Wydruk niefiskalny"),
    "daily_report": ("Daily report", "Raport dobowy"),
    "shift_report": ("Shift report", "Raport zmiany"),
    "monthly_report": ("Monthly report", "Raport miesięczny"),
    "periodic_report": ("Periodic report", "Raport okresowy"),
    "cash_in": ("Cash in", "Wpłata do kasy"),
    "cash_out": ("Cash out", "Wypłata z kasy"),
    "goods_return": ("Goods return", "Zwrot towaru"),
    "drawer": ("Drawer", "Szuflada"),
    "set_clock": ("Clock", "Zegar"),
    "set_vat_rates": ("VAT rates", "Stawki PTU"),
    "set_header": ("Header", "Nagłówek"),
    "set_display": ("Display", "Wyświetlacz"),
    "damaged": ("Damaged record", "Uszkodzony zapis"),
}
_PAPER = {
    Paper.NONE: ("nothing was printed", "nic nie wydrukowano"),
    Paper.PRINTED: ("printed", "wydrukowany"),
    Paper.PENDING: ("registered; the printer still has to finish it", "zarejestrowany; drukarka musi go dokończyć"),
    Paper.UNKNOWN: ("not known", "nie wiadomo"),
}  # fmt: skip
#: What to do, where the sentence of the problem does not say it.
_REMEDIES: dict[str, tuple[str, str]] = {
    "link.absent": ("Check the cable and switch the printer on. Documents wait and are printed then.",
                    "Sprawdź kabel i włącz drukarkę. Dokumenty czekają i wydrukują się same."),
    "link.refused": ("Check that the printer is on and in the network, and the address in the configuration.",
                     "Sprawdź, czy drukarka jest włączona i w sieci oraz czy adres w konfiguracji jest dobry."),
    "link.denied": ("An administrator adds the user of fiscald to the port's group (often dialout).",
                    "Administrator dodaje użytkownika programu do grupy portu (zwykle dialout)."),
    "link.held": ("Close the other program or computer that uses this printer.",
                  "Zamknij inny program lub komputer, który używa tej drukarki."),
    "link.lost": ("Check the cable and the power. fiscald connects again by itself and finds out what was printed.",
                  "Sprawdź kabel i zasilanie. Program połączy się sam i ustali, co zostało wydrukowane."),
    "link.silent": ("Check that it is on; then its speed and protocol (Technician can look for it).",
                    "Sprawdź, czy jest włączona; potem prędkość i protokół (Serwis może jej poszukać)."),
    "link.garbage": ("Switch it off and on. Then check the speed and the protocol in its menu.",
                     "Wyłącz ją i włącz. Potem sprawdź prędkość i protokół w jej menu."),
    "printer.paper_out": ("Insert a new roll. Waiting documents are printed then.",
                          "Włóż nową rolkę. Czekające dokumenty wydrukują się same."),
    "printer.cover_open": ("Close the cover. Waiting documents are printed then.",
                           "Zamknij pokrywę. Czekające dokumenty wydrukują się same."),
    "printer.attention": ("Answer the question on its display.", "Odpowiedz na pytanie na wyświetlaczu drukarki."),
    "printer.report_due": ("Make the daily report below.", "Wykonaj poniżej raport dobowy."),
    "printer.totals_full": ("Make the daily report below.", "Wykonaj poniżej raport dobowy."),
    "printer.change_due": ("Make the daily report below, then confirm the change on the printer.",
                           "Wykonaj poniżej raport dobowy, potem potwierdź zmianę na drukarce."),
    "printer.undecided": ("Look at the paper, then decide the document.",
                          "Obejrzyj wydruk, potem rozstrzygnij dokument."),
    "printer.swapped": ("Connect the old printer again, or confirm the new one below.",
                        "Podłącz poprzednią drukarkę albo zatwierdź nową poniżej."),
    "printer.foreign_transaction": ("Finish or cancel that document in the other program. fiscald never cancels it.",
                                    "Zakończ lub anuluj ten dokument w innym programie. fiscald nigdy go nie anuluje."),
    "journal.behind": ("Compare the printer's last documents with the list, then confirm below.",
                       "Porównaj ostatnie dokumenty drukarki z listą, potem potwierdź poniżej."),
}  # fmt: skip
_CAUSES = {
    "report_between": ("The printer did not answer the closing command, and then a daily report cleared the counters.",
                       "Drukarka nie odpowiedziała na polecenie zamknięcia, a potem raport dobowy wyzerował liczniki."),
    "twins": ("One receipt was completed and one cancelled, and nothing shows which one was this document.",
              "Jeden paragon zakończono, a jeden anulowano; nie wiadomo, który z nich był tym dokumentem."),
    "vanished": ("The document is not open any more, and no counter shows that it was completed or cancelled.",
                 "Dokument nie jest już otwarty, a żaden licznik nie pokazuje, czy go zakończono czy anulowano."),
    "changed": ("The completed document differs from this one: another program may have sold on it.",
                "Zakończony dokument różni się od tego: inny program mógł na nim sprzedawać."),
    "counters_restored": ("The printer's counters went back: it has another memory than before.",
                          "Liczniki drukarki się cofnęły: ma inną pamięć niż wcześniej."),
    "contradiction": ("The printer confirmed the document, but no counter moved.",
                      "Drukarka potwierdziła dokument, ale żaden licznik się nie zmienił."),
    "journal_behind": ("It waited while the journal may have been an older copy, which may have printed it already.",
                       "Czekał, gdy dziennik mógł być starszą kopią; mógł już zostać wydrukowany."),
    "damaged": ("The journal's record of it cannot be read.", "Nie można odczytać zapisu w dzienniku."),
}  # fmt: skip


def printer_state(t: Words, state: PrinterState) -> Told:
    """The state of a printer."""
    english, polish, tone = _PRINTER[state]
    return Told(t(english, polish), tone)


def job_state(t: Words, state: JobState) -> Told:
    """The state of a job."""
    english, polish, tone = _JOB[state]
    return Told(t(english, polish), tone)


def document_type(t: Words, name: str) -> str:
    """The type of a document."""
    return t(*_DOCUMENTS.get(name, (name, name)))


def paper(t: Words, it: Paper) -> str:
    """What is known about the sheet of paper."""
    return t(*_PAPER[it])


def remedy(t: Words, problem: Problem | None) -> str:
    """What a person does about a printer's problem; empty: its sentence says it."""
    return "" if problem is None else t(*_REMEDIES.get(problem.code, ("", "")))


def cause(t: Words, name: str) -> str:
    """Why a job is undecided; empty for a cause without its own sentence."""
    return t(*_CAUSES.get(name, ("", "")))
