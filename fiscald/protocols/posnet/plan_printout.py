"""Turns a printout into commands, and predicts the printer's refusals.

Source: POSNET reference, sections 4.3 (lengths), 5.6 (codes), 5.9 (forms), 6.2 (what is legal in a form).
"""

from __future__ import annotations

from fiscald.model.barcodes import QrCode
from fiscald.model.printout import BarcodeLine, InCodePage, Printout, QrLine, Rule, StyledText
from fiscald.model.text import CODE_PAGES, fit
from fiscald.protocols.planning import TextKind
from fiscald.protocols.posnet.commands import request
from fiscald.protocols.posnet.plan import Plan, Planner
from fiscald.protocols.posnet.profiles import Profile

#: The free form, its heading "non-fiscal document", and its line of one text of 38 characters (5.9). No source
#: gives the length of the heading; we assume that of a line (choice).
FORM, FORM_HEADING, FORM_LINE, FORM_CHARACTERS = 200, 75, 711, 38
EMPTY_LINE, SEPARATOR = 0, 1


class _Printout:
    """Walks one printout."""

    def __init__(self, profile: Profile, code_page: str) -> None:
        self._planner = Planner(profile, code_page, None)
        self.plan = self._planner.plan
        self._code_page = code_page
        self._qr: tuple[QrCode, str] | None = None

    def walk(self, printout: Printout) -> Plan:
        at = "/document"
        title = printout.title and self._title(printout.title, f"{at}/title")
        self._planner.add(at, "formstart", fn=FORM, fh=FORM_HEADING, al=title or None)
        for index, line in enumerate(printout.lines):
            pointer = f"{at}/lines/{index}"
            match line:
                case Rule():
                    self._planner.add(pointer, "formcmd", fn=FORM, cm=SEPARATOR)
                case InCodePage():
                    self._in_code_page(line, f"{pointer}/text")
                case QrLine():
                    self._keep_qr(line.qr, f"{pointer}/qr", last=index == len(printout.lines) - 1)
                case BarcodeLine():
                    self._barcode(line.barcode, f"{pointer}/barcode")
                case StyledText():
                    self._text(line.text, f"{pointer}/text")
                    self._not_styled(line, pointer)
                case _:
                    self._text(line, pointer)
        if printout.barcode is not None:
            self._barcode(printout.barcode, f"{at}/barcode")
        self._place_qr()
        self.plan.close = request("formend", fn=FORM)
        return self.plan

    def _title(self, value: str, pointer: str) -> str:
        """Like a line, but cut if plain forms made it too long."""
        if min(len(value), len(fit(value, self._code_page).text)) > FORM_CHARACTERS:
            self.plan.too_long(value, pointer, FORM_CHARACTERS)
            return ""
        return self.plan.text(value, pointer, self._code_page, FORM_CHARACTERS)

    def _text(self, value: str, pointer: str) -> None:
        parts = self.plan.form_line(value, pointer, self._code_page, FORM_CHARACTERS)
        for part in parts:
            self._planner.add(pointer, "formline", fn=FORM, fl=FORM_LINE, s1=part)
        if not parts:
            self._planner.add(pointer, "formcmd", fn=FORM, cm=EMPTY_LINE)

    def _in_code_page(self, line: InCodePage, pointer: str) -> None:
        text = self.plan.text(line.text, pointer, line.code_page, FORM_CHARACTERS, TextKind.NUMBER)
        if text:
            encoded = text.encode(CODE_PAGES[line.code_page])
            self._planner.add(pointer, "formline", fn=FORM, fl=FORM_LINE, s1=encoded)

    def _barcode(self, value: str, pointer: str) -> None:
        code = self._planner.text(value, pointer, "formbarcode", "bc", TextKind.NUMBER)
        self._planner.add(pointer, "formbarcode", fn=FORM, bc=code)

    def _not_styled(self, line: StyledText, pointer: str) -> None:
        """The marks of bold and of the centre are for headers and footers; no source has them for this line (4.3)."""
        names = [name for name, asked in (("bold", line.bold), ("align", line.align is not None)) if asked]
        if names:
            self.plan.notice(
                "text.plain",
                pointer,
                f"printed without {' and '.join(names)}: no command for it is known on this printer",
                "Tekst wydrukowano bez pogrubienia lub wyrównania.",
            )

    def _keep_qr(self, qr: QrCode, pointer: str, *, last: bool) -> None:
        if self._qr is not None:
            self.plan.error(
                pointer,
                "printout.one_qr",
                "this printer prints one QR code on a sheet; send each of the others as a separate printout",
                "drukarka drukuje jeden kod QR na wydruku.",
            )
            return
        self._qr = qr, pointer
        if not last:
            self.plan.notice(
                "qr.moved",
                pointer,
                "printed under the last line: this printer has no other place for a QR code",
                "Kod QR wydrukowano pod ostatnim wierszem.",
            )

    def _place_qr(self) -> None:
        """Both commands configure the next sheet (5.6), so they are sent as late as possible in the open form, where
        they are legal (6.2). Sent before it, an interruption would put the code on another document.
        """
        if self._qr is not None:
            qr, pointer = self._qr
            self._planner.qr(qr, pointer)
            self._planner.add(pointer, "ftrcfg", bb=1)


def plan_printout(printout: Printout, profile: Profile, code_page: str) -> Plan:
    """The commands of ``printout``; or in ``errors`` every refusal that the planner can predict."""
    return _Printout(profile, code_page).walk(printout)
