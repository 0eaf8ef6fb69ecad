"""Turns a printout into one element, and predicts the printer's refusals.

One element is one printout, and a packet holds 4500 bytes (2). So a longer printout is refused: as two sheets it would
have two outcomes.

Source: Novitus reference, sections 4.3 and 5.16.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fiscald.model.barcodes import QrCode
from fiscald.model.printout import BarcodeLine, InCodePage, Printout, QrLine, Rule, StyledText
from fiscald.model.text import CODE_PAGES
from fiscald.protocols.novitus_elements import Element, decode_text, element, write_elements
from fiscald.protocols.novitus_packets import PRACTICAL_LIMIT
from fiscald.protocols.novitus_xml.fields import CODE_PAGE
from fiscald.protocols.novitus_xml.options import NovitusXmlOptions
from fiscald.protocols.novitus_xml.planner import LIMITS
from fiscald.protocols.planning import PlanBuilder, TextKind

_AT = "/document"
#: Bytes that remain of a packet for the element.
MAX_BYTES = PRACTICAL_LIMIT - 100
#: The basic font (5.16).
_FONT = "1"


@dataclass(slots=True)
class PrintoutPlan(PlanBuilder):
    """A printout, ready to send; or the errors (``errors``)."""

    command: Element | None = field(default=None)


def plan_printout(printout: Printout, options: NovitusXmlOptions) -> PrintoutPlan:
    """The element of ``printout``; or in ``errors`` every refusal that the planner can predict."""
    return _Printout(options.columns).walk(printout)


class _Printout:
    """Walks one printout."""

    def __init__(self, columns: int) -> None:
        self._columns = columns
        self._lines: list[Element] = []
        self.plan = PrintoutPlan()

    def walk(self, printout: Printout) -> PrintoutPlan:
        if printout.title:
            self._text(printout.title, f"{_AT}/title", bold=True, center=True)
        for index, line in enumerate(printout.lines):
            pointer = f"{_AT}/lines/{index}"
            match line:
                case Rule():
                    self._lines.append(element("line", type="underline"))
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
            self._barcode(printout.barcode, f"{_AT}/barcode")
        self._finish()
        return self.plan

    def _finish(self) -> None:
        command = element("nonfiscalprintout", *self._lines, nonfiscalheader="yes")
        if self.plan.errors:
            return
        size = len(write_elements([command]))
        if size > MAX_BYTES:
            self.plan.error(
                f"{_AT}/lines",
                "printout.too_long",
                f"the printout has {size} bytes, this printer takes {MAX_BYTES} at once; send it as several printouts",
                "wydruk jest za długi; należy go podzielić na kilka wydruków.",
            )
        self.plan.command = command

    def _text(self, value: str, pointer: str, *, bold: bool = False, center: bool = False) -> bool:
        """Add a line of text; whether it is as bold as was asked for. Bold text is twice as wide (5.16)."""
        parts = self.plan.form_line(value, pointer, CODE_PAGE, self._columns)
        bold = bold and all(len(part) <= self._columns // 2 for part in parts)
        for part in parts or [""]:
            self._lines.append(
                element(
                    "line",
                    text=part,
                    type="line",
                    bold="yes" if bold else None,
                    center="yes" if center else None,
                    fontid=_FONT,
                )
            )
        return bold or not parts

    def _in_code_page(self, line: InCodePage, pointer: str) -> None:
        """The bytes of another code page, whatever letters they are in this one."""
        text = self.plan.text(line.text, pointer, line.code_page, self._columns, TextKind.NUMBER)
        if text:
            shown = decode_text(text.encode(CODE_PAGES[line.code_page]))
            self._lines.append(element("line", text=shown, type="line", fontid=_FONT))

    def _styled(self, line: StyledText, pointer: str) -> None:
        as_bold = self._text(line.text, f"{pointer}/text", bold=line.bold, center=line.align == "center")
        left_out = ["bold"] if line.bold and not as_bold else []
        left_out += ["align"] if line.align == "right" else []
        if left_out:
            few = f"it prints at most {self._columns // 2} characters in bold"
            why = few if left_out == ["bold"] else "it places no text on the right"
            self.plan.notice(
                "text.plain",
                pointer,
                f"printed without {' and '.join(left_out)} on this printer: {why}",
                "Tekst wydrukowano bez pogrubienia lub wyrównania.",
            )

    def _barcode(self, value: str, pointer: str) -> None:
        most = LIMITS["barcode"]
        if len(value) > most:
            self.plan.error(
                pointer,
                "barcode.length",
                f"{len(value)} characters, this printer takes {most} in a bar code; send a shorter one",
                f"kod kreskowy jest za długi (najwyżej znaków: {most}).",
            )
            return
        self._lines.append(element("line", text=value, type="barcode", center="yes"))

    def _qr(self, qr: QrCode, pointer: str) -> None:
        most = LIMITS["qrcode"]
        text = self.plan.text(qr.text, f"{pointer}/text", CODE_PAGE, most, TextKind.WHOLE)
        self.plan.plain_code(qr, pointer)
        self._lines.append(element("line", text=text, type="qrcode", center="yes"))
