"""Turns a printout into the commands of a non-fiscal form, and predicts the printer's refusals.

POSNET has predefined forms only. Form 22, a confirmation of a card payment, takes the most text: a line of 31
characters without a label, and one of 35 behind ``TC:``. Novitus has a free form, 200, with bold text, centred text and
QR codes. Both take Polish letters and the signs of ASCII except the exclamation mark.

Source: Thermal reference, section 5.10 and appendix B; Novitus's description of its protocol 1.12, sections 3.20 to
3.22.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import Any

from fiscald.model.barcodes import QrCode
from fiscald.model.printout import BarcodeLine, InCodePage, Printout, QrLine, Rule, StyledText
from fiscald.model.text import CODE_PAGES
from fiscald.protocols.planning import Item, TextKind
from fiscald.protocols.thermal.commands import Request, request
from fiscald.protocols.thermal.fields import Brand
from fiscald.protocols.thermal.planner import Plan
from fiscald.protocols.thermal.profiles import PROFILES, Profile

#: The line that recovery prints on a printout that it ends: on paper, an unfinished one must not look finished.
BROKEN_OFF = "WYDRUK PRZERWANY"
#: The code page with exactly the letters that a form takes (4.3).
_LETTERS = "mazovia"
#: The lines that every form has (5.10): 254 is a separator; on POSNET its third parameter selects it, or a bar code.
_EMPTY, _SPECIAL, _BARCODE, _QR = 255, 254, 252, 249
#: What a bar code may hold: the rule for bar codes of system numbers (5.11, choice).
_BARCODE_CHARACTERS = re.compile(r"[A-Za-z0-9]{3,15}|[0-9]{16,28}|[0-9]{30}").fullmatch
BARCODE_LONGEST = 30
#: Why a printer prints no printout.
NO_FORM = "fiscald knows no command for printouts on a printer of this profile"
#: What a QR code of a Novitus may hold. Its text limit of 1852 is that of a code with correction H, whose version 9
#: (the highest that it prints) holds 143 (NOV 3.22).
_QR_OTHERS = re.compile(r"[^0-9A-Z $%*+\-./:]")
QR_CHARACTERS = 143


class Form(ABC):
    """One form of one brand: its commands, and the number of characters in a line."""

    number: int
    brand: Brand
    characters: int
    """In a line."""
    bold_characters = 0
    """In a line of bold text; 0: the form has no bold text."""
    centres = False
    """Whether it has centred text."""

    def _request(self, name: str, **values: Any) -> Request:
        return request(name, self.brand, formularz=self.number, **values)

    @abstractmethod
    def opening(self) -> Request:
        """The command that opens it."""

    @abstractmethod
    def text(self, value: str | bytes, *, bold: bool = False, centre: bool = False) -> Request:
        """A line of text."""

    @abstractmethod
    def separator(self) -> Request:
        """A line across the paper."""

    @abstractmethod
    def barcode(self, value: str) -> Request:
        """A bar code."""

    def empty(self) -> Request:
        """An empty line."""
        return self._request("$w", linia=_EMPTY)

    def ending(self) -> Request:
        """The command that ends it."""
        return self._request("$w 1", nr_sys=0, ile=0)


class CardForm(Form):
    """Form 22 of POSNET. Of its five headings fiscald prints the one that says least, "Pokwitowanie"."""

    number, brand, characters = 22, Brand.POSNET, 35
    HEADING, HEADING_TEXT = 2, "Pokwitowanie"
    #: The line without a label, its length; the line with one, and the label.
    PLAIN, PLAIN_CHARACTERS = 14, 31
    LABELLED, LABEL = 37, "TC:"

    def opening(self) -> Request:
        """See ``Form.opening``."""
        return self._request("$w 0", naglowek=self.HEADING)

    def text(self, value: str | bytes, *, bold: bool = False, centre: bool = False) -> Request:
        """See ``Form.text``."""
        line = self.PLAIN if len(value) <= self.PLAIN_CHARACTERS else self.LABELLED
        return self._request("$w", linia=line, argumenty=[value])

    def separator(self) -> Request:
        """See ``Form.separator``."""
        return self._request("$w", linia=_SPECIAL, P3=1)

    def barcode(self, value: str) -> Request:
        """See ``Form.barcode``; EAN-128."""
        return self._request("$w", linia=_SPECIAL, P3=0, argumenty=[value])


class FreeForm(Form):
    """Form 200 of Novitus. The manual gives its line 0 forty characters; bold text is twice as wide."""

    number, brand, characters = 200, Brand.NOVITUS, 40
    bold_characters, centres = 20, True
    LINE = 0

    def opening(self) -> Request:
        """See ``Form.opening``; with the printer's header, and the words that the document is not fiscal."""
        return self._request("$w 0", naglowek=0, opcje=0)

    def text(self, value: str | bytes, *, bold: bool = False, centre: bool = False) -> Request:
        """See ``Form.text``."""
        return self._request(
            "$w", linia=self.LINE, P3=int(bold), inwers=0, czcionka=0, srodek=int(centre), atrybuty=0, argumenty=[value]
        )

    def separator(self) -> Request:
        """See ``Form.separator``."""
        return self._request("$w", linia=_SPECIAL)

    def barcode(self, value: str) -> Request:
        """See ``Form.barcode``."""
        return self._request("$w", linia=_BARCODE, argumenty=[value])

    def qr(self, value: str) -> Request:
        """A QR code, in the printer's own size and correction."""
        return self._request("$w", linia=_QR, argumenty=[value])


_FORMS: dict[int, Form] = {form.number: form for form in (CardForm(), FreeForm())}


def form_of(profile: Profile | str | None) -> Form | None:
    """The form for printers of that profile; ``None``: fiscald knows none. Raises ``ValueError`` for a lost profile."""
    if profile is None:
        raise ValueError("the profile of its plan is lost")
    known = PROFILES[profile] if isinstance(profile, str) else profile
    return None if known.form is None else _FORMS[known.form]


class _Printout:
    """Walks one printout."""

    def __init__(self, form: Form, plan: Plan) -> None:
        self._form = form
        self.plan = plan

    def walk(self, printout: Printout) -> None:
        at = "/document"
        self._add(at, self._form.opening())
        if isinstance(self._form, CardForm):
            self.plan.notice(
                "printout.heading",
                at,
                f"printed under the heading {self._form.HEADING_TEXT!r}: this printer has no form for free text",
                f"Wydruk ma nagłówek drukarki: „{self._form.HEADING_TEXT}”.",
            )
        if printout.title:
            self._text(printout.title, f"{at}/title", bold=True, centre=True)
        for index, line in enumerate(printout.lines):
            pointer = f"{at}/lines/{index}"
            match line:
                case Rule():
                    self._add(pointer, self._form.separator())
                case InCodePage():
                    self._in_code_page(line, f"{pointer}/text")
                case QrLine():
                    self._qr(line.qr, f"{pointer}/qr")
                case BarcodeLine():
                    self._barcode(line.barcode, f"{pointer}/barcode")
                case StyledText():
                    self._styled(line, pointer)
                case _:
                    self._text(line, pointer)
        if printout.barcode is not None:
            self._barcode(printout.barcode, f"{at}/barcode")
        self.plan.close = self._form.ending()

    def _add(self, pointer: str, command: Request) -> None:
        if not self.plan.errors:
            self.plan.items.append(Item(command, pointer))

    def _text(self, value: str, pointer: str, *, bold: bool = False, centre: bool = False) -> bool:
        """Add a line of text; whether it is as bold as was asked for."""
        value = self._without_exclamations(value, pointer)
        parts = self.plan.form_line(value, pointer, _LETTERS, self._form.characters)
        bold = bold and all(len(part) <= self._form.bold_characters for part in parts)
        for part in parts:
            self._tell_of_label(len(part), pointer)
            self._add(pointer, self._form.text(part, bold=bold, centre=centre))
        if not parts:
            self._add(pointer, self._form.empty())
        return bold or not parts

    def _without_exclamations(self, value: str, pointer: str) -> str:
        """Both manuals list the characters of a form, and this sign of ASCII alone is missing."""
        if "!" in value:
            value = value.replace("!", ".")
            detail = f"printed as {value!r}: this printer takes no exclamation mark here"
            self.plan.notice("text.replaced", pointer, detail, f"Wydrukowano jako „{value}”.")
        return value

    def _tell_of_label(self, length: int, pointer: str) -> None:
        form = self._form
        if isinstance(form, CardForm) and length > form.PLAIN_CHARACTERS:
            detail = f"printed behind {form.LABEL!r}; up to {form.PLAIN_CHARACTERS} characters are printed without it"
            self.plan.notice("printout.label", pointer, detail, f"Wiersz zaczyna się od „{form.LABEL}”.")

    def _in_code_page(self, line: InCodePage, pointer: str) -> None:
        value = self._without_exclamations(line.text, pointer)
        text = self.plan.text(value, pointer, line.code_page, self._form.characters, TextKind.NUMBER)
        if text:
            self._tell_of_label(len(text), pointer)
            self._add(pointer, self._form.text(text.encode(CODE_PAGES[line.code_page])))

    def _styled(self, line: StyledText, pointer: str) -> None:
        centre = line.align == "center"
        as_bold = self._text(line.text, f"{pointer}/text", bold=line.bold, centre=centre)
        left_out = ["bold"] if line.bold and not as_bold else []
        aligned = line.align is None or (self._form.centres and line.align != "right")
        left_out += [] if aligned else ["align"]
        if not left_out:
            return
        most = self._form.bold_characters
        why = f"it prints at most {most} characters in bold" if left_out == ["bold"] and most else "no command is known"
        self.plan.notice(
            "text.plain",
            pointer,
            f"printed without {' and '.join(left_out)} on this printer: {why}",
            "Tekst wydrukowano bez pogrubienia lub wyrównania.",
        )

    def _barcode(self, value: str, pointer: str) -> None:
        if _BARCODE_CHARACTERS(value) is None:
            self.plan.error(
                pointer,
                "barcode.length",
                "this printer takes 3 to 15 letters and digits, or up to 30 digits except 29; send such a code, or a "
                "line of text",
                "kod kreskowy jest za krótki lub za długi.",
            )
            return
        self._add(pointer, self._form.barcode(value))

    def _qr(self, qr: QrCode, pointer: str) -> None:
        form = self._form
        if not isinstance(form, FreeForm):
            self.plan.error(
                pointer,
                "qr.unsupported",
                "this printer prints no QR code; send its content as a bar code or as a line of text",
                "ta drukarka nie drukuje kodów QR.",
            )
        elif other := _QR_OTHERS.search(qr.text):
            self.plan.error(
                f"{pointer}/text",
                "qr.characters",
                f"this printer takes digits, capital letters, spaces and $%*+-./: in a QR code, not {other[0]!r}; send "
                "a web address in capital letters, or send the content as a line of text",
                "kod QR może zawierać tylko cyfry, wielkie litery, odstępy i niektóre znaki.",
            )
        elif len(qr.text) > QR_CHARACTERS:
            self.plan.error(
                f"{pointer}/text",
                "qr.too_long",
                f"{len(qr.text)} characters, a QR code of this printer takes {QR_CHARACTERS}; send a shorter text",
                f"kod QR jest za długi (najwyżej znaków: {QR_CHARACTERS}).",
            )
        else:
            self.plan.plain_code(qr, pointer)
            self._add(pointer, form.qr(qr.text))


def plan_printout(printout: Printout, profile: Profile) -> Plan:
    """The commands of ``printout``; or in ``errors`` every refusal that the planner can predict."""
    plan, form = Plan(), form_of(profile)
    if form is None:
        plan.error(
            "/document",
            "printout.unsupported",
            f"{NO_FORM}; print it on another printer",
            "ta drukarka nie drukuje wydruków niefiskalnych.",
        )
        return plan
    _Printout(form, plan).walk(printout)
    return plan
