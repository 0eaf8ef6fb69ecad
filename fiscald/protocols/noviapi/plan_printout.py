"""Turns a printout into the content of a request, and predicts the printer's refusals.

Source: the contract (schema ``printout``); Novitus reference, sections 5.16 and N5.
"""

from __future__ import annotations

from typing import Any

from fiscald.model.printout import BarcodeLine, InCodePage, Printout, QrLine, Rule, StyledText
from fiscald.model.text import fit
from fiscald.protocols.noviapi import fields as f
from fiscald.protocols.noviapi.options import CODE_PAGE, NoviApiOptions
from fiscald.protocols.noviapi.plan import Plan, Planner
from fiscald.protocols.noviapi.profiles import Profile

_AT = "/document"
_ALIGN = {"center": "center", "right": "right"}


class _PrintoutPlanner(Planner):
    """Walks one printout."""

    def printout(self, printout: Printout) -> Plan:
        if printout.title:
            self._add(self._title(printout.title), f"{_AT}/title")
        for index, line in enumerate(printout.lines):
            pointer = f"{_AT}/lines/{index}"
            match line:
                case Rule():
                    self._add([_special("underline")], pointer)
                case QrLine():
                    self._add(self.qr(line.qr, f"{pointer}/qr"), pointer)
                case BarcodeLine():
                    self._add(self.barcode(line.barcode, f"{pointer}/barcode"), pointer)
                case StyledText():
                    self._add(self._styled(line, pointer), pointer)
                case InCodePage():
                    self._add(self._in_code_page(line, pointer), pointer)
                case _:
                    self._add(self._text(line, pointer), pointer)
        if printout.barcode is not None:
            self._add(self.barcode(printout.barcode, f"{_AT}/barcode"), f"{_AT}/barcode")
        if len(self.items) > f.MAX_LINES:
            self.plan.error(
                f"{_AT}/lines", "printout.too_many", f"{len(self.items)} lines, this printer takes {f.MAX_LINES}",
                f"za dużo wierszy (najwyżej {f.MAX_LINES}).",
            )  # fmt: skip
        self.put("lines", self.items)
        return self.plan

    def _add(self, lines: list[dict[str, Any]], pointer: str) -> None:
        for line in lines:
            self.add_item(line, pointer)

    def _title(self, value: str) -> list[dict[str, Any]]:
        """Centred, and bold where half a line holds it."""
        pointer = f"{_AT}/title"
        if min(len(value), len(fit(value, CODE_PAGE).text)) > self.profile.columns:
            self.plan.too_long(value, pointer, self.profile.columns)
            return []
        text = self.text(value, pointer, self.profile.columns)
        return [_line(text, bold=len(text) <= self.profile.columns // 2, center=True)] if text else []

    def _text(self, value: str, pointer: str) -> list[dict[str, Any]]:
        parts = self.plan.form_line(value, pointer, CODE_PAGE, self.profile.columns)
        return [_line(part) for part in parts] or [_special("emptyline")]

    def _styled(self, line: StyledText, pointer: str) -> list[dict[str, Any]]:
        parts = self.plan.form_line(line.text, f"{pointer}/text", CODE_PAGE, self.profile.columns)
        most = self.profile.columns // 2
        bold = line.bold and max(map(len, parts), default=0) <= most
        if line.bold and not bold:
            self.plan.notice(
                "text.plain", pointer, f"printed without bold: a bold line has at most {most} characters",
                "Tekst wydrukowano bez pogrubienia.",
            )  # fmt: skip
        style = {_ALIGN[line.align]: True} if line.align in _ALIGN else {}
        return [_line(part, bold=bold, **style) for part in parts] or [_special("emptyline")]

    def _in_code_page(self, line: InCodePage, pointer: str) -> list[dict[str, Any]]:
        """The printer takes UTF-8, so a line in another code page would say nothing about it."""
        if line.code_page != CODE_PAGE:
            self.plan.left_out(
                f"{pointer}/code_page", f"this printer has no code page {line.code_page}: it takes UTF-8"
            )
            return [_special("emptyline")]
        return self._text(line.text, f"{pointer}/text")


def _line(text: str, **style: bool) -> dict[str, Any]:
    return {"textline": {"text": text, "masked": False} | {name: True for name, wanted in style.items() if wanted}}


def _special(kind: str) -> dict[str, Any]:
    return {"special_line": {"type": kind}}


def plan_printout(printout: Printout, profile: Profile, options: NoviApiOptions) -> Plan:
    """The content of ``printout``; or in ``errors`` every refusal that the planner can predict."""
    return _PrintoutPlanner(profile, None, options).printout(printout)
