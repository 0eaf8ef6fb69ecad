"""Non-fiscal printouts ``$w``: the predefined forms of POSNET, and the free form of Novitus.

A form is lost when the printer loses power (11.2), and then counts as nothing (our assumption). A person can cancel it
on the keypad; then it counts like a printed one (our assumption, the worse one for a program).
Source: Thermal reference, section 5.10 and appendix B; of Novitus the description of its protocol 1.12, 3.20 to 3.22.
"""

from __future__ import annotations

import re

from fiscald.emulator.layout import Foot
from fiscald.emulator.paper import Paper
from fiscald.emulator.thermal.form_table import FORMS, Form, Line
from fiscald.emulator.thermal.machine import ExecError, Handler, Machine, Values
from fiscald.emulator.thermal.memory import Appended, OpenForm
from fiscald.protocols.thermal.grammar import State

#: The free form of Novitus and its headings.
FREE, FREE_HEADINGS = 200, ("WYDRUK NIEFISKALNY", "")
#: Its lines: their characters; those whose text is printed as a code.
FREE_LINES, FREE_BARCODES, FREE_QR_CODES = (40, 44, 42, 42, 40, 40, 40, 40), (4, 5), (6, 7)
#: The form that is none: number and lines are for the next document that is not fiscal.
NEXT_DOCUMENT = 255
#: Lines that every form has; on POSNET 254 is a bar code or a separator.
EMPTY, SPECIAL, LAST_RECEIPT, BARCODE, GRAPHIC, QR = 255, 254, 253, 252, 250, 249
#: Options of the opening command (Novitus).
_NO_PAPER, _NO_HEADER, _NO_MARGINS = 2, 4, 8
#: Attributes of the font that halve the characters of a line.
_WIDE = 1 | 4
#: Forms whose lines come in their order, each once; and the line that may be repeated.
_ORDERED, _REPEATED = (23, 24, 38, 39), (38, 10)
#: The characters of a field. Others become spaces, like surplus letters (our assumption).
_ILLEGAL = re.compile(r"[^a-zA-Z0-9ąćęłńóśżźĄĆĘŁÓŃŚŻŹ\"`~@#$%^&*()_\-+=\[{\]}\\|;:',<.>/? ]")
#: The characters of a QR code of a Novitus; the bits of its highest version, 9, with correction H (ISO/IEC 18004); bits
#: of its head, of two characters, and of the last one of an odd number.
_QR_TEXT, _QR_BITS = re.compile(r"[0-9A-Z $%*+\-./:]+").fullmatch, 800
_HEAD, _TWO, _ONE = 13, 11, 6
_TOO_MANY, _WRONG, _STATE = 3, 4, 82


def open_form(machine: Machine, values: Values) -> None:
    """``0;form$w``."""
    if not machine.novitus and values.get("opcje") is not None:
        raise ExecError(_TOO_MANY)
    number, heading = values["formularz"], values.get("naglowek") or 0
    form = _find(machine, number)
    headings = FREE_HEADINGS if form is None else form.headings
    if heading >= len(headings):
        raise ExecError(_WRONG)
    machine.memory.form = OpenForm(number=number, heading=headings[heading], options=values.get("opcje") or 0)


def _find(machine: Machine, number: int) -> Form | None:
    """The predefined form; ``None``: the free one. An unknown one is refused and named."""
    if number == FREE and machine.novitus:
        return None
    if number not in FORMS:
        machine.unknown_command(f"0;{number}$w", "a form that no source describes")
        raise ExecError(_WRONG)
    return FORMS[number]


def line(machine: Machine, values: Values) -> None:
    """``form;line$w``: one line, a code, a separator, or nothing."""
    form = machine.memory.form
    assert form is not None, "the grammar refuses a line without a form"
    if values["formularz"] != form.number:
        raise ExecError(_WRONG)
    number: int = values["linia"]
    texts = [_ILLEGAL.sub(" ", text) for text in values["argumenty"]]
    paper = Paper(machine.width)
    if not _special(machine, paper, number, values, texts):
        if form.number == FREE:
            _free_line(paper, number, values, texts)
        else:
            _form_line(paper, form, number, texts)
    form.lines += paper.lines


def _special(machine: Machine, paper: Paper, number: int, values: Values, texts: list[str]) -> bool:
    """The lines that every form has; false if it is none of these."""
    novitus, only = machine.novitus, texts[0] if len(texts) == 1 else ""
    match number:
        case 255:
            # One client ends it with CR.
            _no_text(texts)
            paper.left("")
        case 254 if novitus or values.get("P3") == 1:
            _no_text(texts)
            paper.rule()
        case 254 if values.get("P3") == 0 and only:
            paper.code("barcode", only)
        case 253 if novitus and not texts:
            paper.left(f"Nr ostatniego paragonu: {machine.register.state.day.last_receipt}")
        case 252 if novitus and only:
            paper.code("barcode", only)
        case 250 if novitus:
            machine.unknown_command(f"{values['formularz']};{GRAPHIC}$w", "a graphic")
            raise ExecError(_WRONG)
        case 249 if novitus:
            _qr(paper, values["argumenty"])
        case 249 | 250 | 252 | 253 | 254:
            raise ExecError(_WRONG)
        case _:
            return False
    return True


def _no_text(texts: list[str]) -> None:
    if any(texts):
        raise ExecError(_WRONG)


def _qr(paper: Paper, texts: list[str]) -> None:
    """Its correction is that for which the manual's longest text is right: H."""
    if len(texts) != 1 or _QR_TEXT(texts[0]) is None:
        raise ExecError(_WRONG)
    pairs, single = divmod(len(texts[0]), 2)
    if _HEAD + _TWO * pairs + _ONE * single > _QR_BITS:
        raise ExecError(_WRONG)
    paper.code("qr", texts[0], "H")


def _free_line(paper: Paper, number: int, values: Values, texts: list[str]) -> None:
    if number >= len(FREE_LINES) or len(texts) != 1:
        raise ExecError(_WRONG)
    (text,) = texts
    if number in FREE_BARCODES:
        paper.code("barcode", text)
    elif number in FREE_QR_CODES:
        _qr(paper, texts)
    else:
        wide = bool(values.get("P3")) or bool((values.get("atrybuty") or 0) & _WIDE)
        if len(text) > FREE_LINES[number] // (2 if wide else 1):
            raise ExecError(_WRONG)
        write = paper.centre if values.get("srodek") else paper.left
        write(text, style="bold" if wide else "plain")


def _form_line(paper: Paper, form: OpenForm, number: int, texts: list[str]) -> None:
    lines: tuple[Line, ...] = FORMS[form.number].lines
    if number >= len(lines):
        raise ExecError(_WRONG)
    again = (form.number, number) == _REPEATED and number == form.last
    if form.number in _ORDERED and number <= form.last and not again:
        raise ExecError(_WRONG)
    fields = lines[number].fields
    if len(texts) != len(fields) or any(len(t) > f.characters for t, f in zip(texts, fields, strict=True)):
        raise ExecError(_WRONG)
    form.last = number
    text = lines[number].text(texts, paper.width)
    if (form.number, number) == (35, 3):
        paper.centre(text.strip(), style="wide")
    else:
        paper.left(text)


def end_form(machine: Machine, values: Values) -> None:
    """``1;form$w``; the form 255 stands for the next document that is not fiscal."""
    appended = Appended(system_number=values.get("numer_systemowy") or "", lines=values["linie"])
    form = machine.memory.form
    if values["formularz"] == NEXT_DOCUMENT and form is None:
        machine.memory.appended = appended
        return
    if form is None:
        raise ExecError(_STATE)
    if values["formularz"] != form.number:
        raise ExecError(_WRONG)
    _print(machine, "form", form, appended)


def cancel(machine: Machine) -> None:
    """A person cancels the open form on the keypad, if there is one."""
    form = machine.memory.form
    if form is not None:
        _print(machine, "cancelled_form", form, Appended())
        machine.memory.state = State.IDLE
        machine.register.commit()


def _print(machine: Machine, kind: str, form: OpenForm, appended: Appended) -> None:
    machine.memory.form = None
    machine.register.ledger.slip()
    foot = Foot(machine.who({}), system_number=appended.system_number, lines=appended.lines)
    sheet = machine.sheet(foot)
    if form.options & _NO_HEADER:
        sheet.paper.lines.clear()
    ending = "WYDRUK ANULOWANY" if kind == "cancelled_form" else ""
    sheet.form(form.heading, form.lines, ending, marked=not form.options & _NO_MARGINS)
    machine.emit(kind, sheet, form=form.number, paper=not form.options & _NO_PAPER)


#: Handlers by command.
HANDLERS: dict[str, Handler] = {"$w 0": open_form, "$w": line, "$w 1": end_form}
