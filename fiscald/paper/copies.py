"""Draws a copy of the paper of a printed document. It is no fiscal document, and every sheet carries that mark.

An emulated printer prints the stored document once more, with the rates, number and time of the original. What only
the printer knows (its header, the content of its reports) is not on the copy.
"""

from __future__ import annotations

import textwrap
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fiscald.model.about import BaseDocument, Fiscal, Sheet
from fiscald.model.copies import CannotDraw, CopyFormat, NoPictures, Original
from fiscald.model.jobs import Job, Paper, Result
from fiscald.model.times import POLISH_TIME
from fiscald.paper.emulated import EMULATED_NUMBER, NoPaper, carry_out, emulated_options, register_state

if TYPE_CHECKING:
    from fiscald.emulator.memory import RegisterState
    from fiscald.emulator.paper import Paper as Sheets
    from fiscald.emulator.paper import PaperLine, Printout

#: In the place of the printer's own header and NIP, which fiscald does not know.
HEADER = "(nagłówek i NIP: na oryginale)"
#: Sheets with more lines than this are not drawn as PNG: the picture would take too much memory.
MAX_PICTURE_LINES = 1500
_WIDTH = 40
#: The fields of documents whose content only the printer has, as their copies name them.
FIELDS_PL = {
    "month": "Miesiąc",
    "start": "Od",
    "end": "Do",
    "summary": "Tylko podsumowanie",
    "shift": "Zmiana",
    "cashier": "Kasjer",
    "reset": "Nowa zmiana",
    "time": "Czas",
    "rates": "Stawka",
    "confirm_on_printer": "Potwierdzenie na drukarce",
    "lines": "Wiersz",
}
#: A VAT table for documents whose paper shows no rates.
_NO_RATES: dict[str, str | None] = {"A": "23%"}


def draw(original: Original, form: CopyFormat) -> bytes:
    """The copy. Raises ``CannotDraw`` if there is none in this format, ``NoPictures`` without the extra ``png``.

    Takes up to a second of processor time for the longest documents.
    """
    sheets = _sheets(original)
    if form is CopyFormat.TEXT:
        return "\n".join(sheet.text for sheet in sheets).encode()
    if form is CopyFormat.SVG:
        from fiscald.emulator.svg import drawing

        return drawing(sheets).encode()
    if sum(len(sheet.lines) for sheet in sheets) > MAX_PICTURE_LINES:
        raise CannotDraw(f"it has more than {MAX_PICTURE_LINES} lines, too many for a PNG; ask for text or SVG")
    try:
        from fiscald.emulator.png import picture
    except ImportError:
        raise NoPictures from None
    return picture(sheets)


def _sheets(original: Original) -> list[Printout]:
    document, result = original.document, original.job.result
    if not isinstance(document, BaseDocument):
        raise CannotDraw("the journal's record of the document is damaged")
    if result is None or document.about.sheet is Sheet.NONE:
        raise CannotDraw("a document of this type prints nothing")
    if document.about.sheet is Sheet.PRINTERS_OWN:
        if original.job.paper is Paper.NONE:
            raise CannotDraw("the printer printed nothing about it")
        return [_facts(original.job, document, result)]
    try:
        sheets, number = _printed_again(original, document, result)
    except NoPaper as error:
        raise CannotDraw(str(error)) from None
    return [_marked(sheet, number, original.job, result) for sheet in sheets]


def _printed_again(original: Original, document: BaseDocument, result: Result) -> tuple[list[Printout], str]:
    """The sheets of an emulated printer, and its unique number as they show it."""
    from fiscald.emulator.running import build

    vat = original.vat
    if vat is None and document.about.fiscal is Fiscal.RECEIPT:
        raise CannotDraw("the printer's VAT table is not known")
    moment = result.printed_at or original.job.updated_at
    sheets: list[Printout] = []
    device, _ = build(
        original.family,
        **emulated_options(original),
        state=_memory(original, vat or _NO_RATES, result),
        clock=lambda: moment,
        printed=sheets.append,
    )
    carry_out(device, original)
    return sheets, device.register.state.unique_number


def _memory(original: Original, vat: dict[str, str | None], result: Result) -> RegisterState:
    """The memory of a printer that gives the document the number that it has."""
    state = register_state(vat, header=HEADER)
    state.fiscal = result.fiscal
    if original.printouts is not None:
        state.printout_count = max(original.printouts - 1, 0)
    if result.number is not None:
        state.day.last_receipt = state.day.last_invoice = max(result.number - 1, 0)
    return state


def _marked(sheet: Printout, emulated: str, job: Job, result: Result) -> Printout:
    """The sheet with the mark of a copy in place of the emulator's, and with the number of the real printer."""
    from fiscald.emulator.paper import MARK
    from fiscald.emulator.paper import Paper as Sheets

    paper = Sheets(sheet.width)
    paper.copy_mark()
    for line in sheet.lines:
        if line.text.strip() == MARK:
            paper.copy_mark()
        elif _shows(line, emulated):
            paper.centre(f"# KOPIA # {result.printer_id}".rstrip())
        else:
            paper.lines.append(line)
    unknown = [
        *(("numer wydruku",) if result.number is None and _is_receipt(job) else ()),
        *(("data i godzina",) if result.printed_at is None else ()),
    ]
    paper.rule()
    if unknown:
        for part in textwrap.wrap(f"Nieznane: {', '.join(unknown)}; na tej kopii nie są z oryginału.", sheet.width):
            paper.left(part)
    _end(paper, job)
    return sheet.model_copy(update={"lines": tuple(paper.lines)})


def _is_receipt(job: Job) -> bool:
    return isinstance(job.document, BaseDocument) and job.document.about.fiscal is Fiscal.RECEIPT


def _shows(line: PaperLine, number: str) -> bool:
    """Whether it is the line with the logo and the emulated printer's unique number."""
    words = line.text.replace(" ", "").removeprefix("{PL}").removeprefix("#NIEFISKALNY#")
    return words in (number.replace(" ", ""), EMULATED_NUMBER.replace(" ", ""))


def _end(paper: Sheets, job: Job) -> None:
    paper.left("Odtworzono z dziennika programu fiscald.")
    paper.left(f"Zlecenie: {job.key}")
    paper.copy_mark()


def _facts(job: Job, document: BaseDocument, result: Result) -> Printout:
    """A sheet with what fiscald knows of a document whose content only the printer has."""
    from fiscald.emulator.paper import Paper as Sheets
    from fiscald.emulator.paper import Printout

    paper = Sheets(_WIDTH)
    paper.copy_mark()
    paper.rule()
    paper.title(document.about.title_pl or job.document.type)
    if not result.fiscal:
        paper.centre("NIEFISKALNY (tryb szkoleniowy)")
    paper.rule()
    facts: dict[str, int | str | None] = {}
    if document.about.fiscal is not Fiscal.NOTHING:
        facts["Numer"] = result.number
    facts |= {"Raport dobowy": result.daily_report, "Drukarka": result.printer_id}
    facts["Wydrukowano"] = None if result.printed_at is None else _written(result.printed_at)
    for name, fact in facts.items():
        paper.pair(name, "nieznane" if fact is None else str(fact))
    for name, value in document.model_dump(mode="json", exclude={"type"}, exclude_defaults=True).items():
        for label, content in _in_words(FIELDS_PL[name], value):
            paper.pair(label, content)
    paper.rule()
    paper.left("Treść zna tylko drukarka: jest na")
    paper.left("oryginale i w jej pamięci.")
    paper.rule()
    _end(paper, job)
    return Printout(
        number=0, kind=job.document.type, at=result.printed_at or job.updated_at, width=_WIDTH, lines=tuple(paper.lines)
    )


def _in_words(label: str, value: Any) -> list[tuple[str, str]]:
    """A field of a document: a pair for each of its elements."""
    if isinstance(value, dict):
        return [(f"{label} {key}", "-" if each is None else str(each)) for key, each in value.items()]
    if isinstance(value, list):
        return [(f"{label} {number}", str(each)) for number, each in enumerate(value, 1)]
    if isinstance(value, bool):
        return [(label, "tak" if value else "nie")]
    return [(label, str(value))]


def _written(moment: datetime) -> str:
    return f"{moment.astimezone(POLISH_TIME):%Y-%m-%d %H:%M}"
