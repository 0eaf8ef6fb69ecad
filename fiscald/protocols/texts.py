"""Fits the texts of a document to a printer, and collects what is wrong with the document or printed differently."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from fiscald.model.jobs import Notice
from fiscald.model.problems import FieldProblem
from fiscald.model.receipt import Line
from fiscald.model.text import Fitted, fit, name_changes


class TextKind(Enum):
    """What happens to a text that the printer cannot print as it was sent (docs/text.md)."""

    GOODS = auto()
    """Name and unit of goods: cut if too long; refused if nothing of it can be printed."""
    NUMBER = auto()
    """An identifier: refused if too long; left out if it would lose a character."""
    FREE = auto()
    """A text that is not fiscal, which never stops a sale: cut if too long; left out if nothing of it remains."""
    WHOLE = auto()
    """A text that must be right, as the buyer's name on an invoice: refused if it is too long or loses a character."""


@dataclass(slots=True)
class Texts:
    """Every method that finds an error adds it to ``errors``."""

    errors: list[FieldProblem] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    _goods: dict[str, str] = field(default_factory=dict)
    """The first sent name for each printed name."""

    def error(self, pointer: str, code: str, detail: str, detail_pl: str) -> None:
        """Add an error of the document at ``pointer``, in English and in Polish."""
        self.errors.append(FieldProblem(pointer=pointer, code=code, detail=detail, detail_pl=detail_pl))

    def notice(self, code: str, pointer: str, detail: str, detail_pl: str) -> None:
        """Add a notice: the printer prints something differently from what was sent."""
        self.notices.append(Notice(code=code, pointer=pointer, detail=detail, detail_pl=detail_pl))

    def left_out(self, pointer: str, why: str) -> None:
        """Add a notice: a text that is not fiscal is not printed."""
        self.notice("text.left_out", pointer, f"not printed: {why}", "Tego tekstu nie wydrukowano.")

    def text(self, value: str, pointer: str, code_page: str, limit: int, kind: TextKind = TextKind.FREE) -> str:
        """``value`` in the printer's code page, in at most ``limit`` characters; empty if that is impossible."""
        fitted = fit(value, code_page, None if kind in (TextKind.NUMBER, TextKind.WHOLE) else limit)
        if not fitted.text or (kind in (TextKind.NUMBER, TextKind.WHOLE) and fitted.lost):
            self._nothing_left(value, pointer, code_page, fitted, kind)
            return ""
        if len(fitted.text) > limit:
            self.too_long(fitted.text, pointer, limit)
            return ""
        if fitted.replaced:
            self._replaced(pointer, fitted, [fitted.text])
        if fitted.cut:
            detail = f"printed as {fitted.text!r}: cut after {limit} characters"
            self.notice("text.cut", pointer, detail, f"Skrócono do: „{fitted.text}”.")
        return fitted.text

    def _nothing_left(self, value: str, pointer: str, code_page: str, fitted: Fitted, kind: TextKind) -> None:
        if not value:
            return
        lacks = f"the printer's code page {code_page} lacks it: {name_changes(fitted.changes)}"
        if kind in (TextKind.GOODS, TextKind.WHOLE):
            self.error(
                pointer,
                "text.code_page",
                f"{'not all' if fitted.text else 'nothing'} of {value!r} can be printed, {lacks}; send it in Latin "
                "letters",
                f"tekstu „{value}” nie można wydrukować na tej drukarce.",
            )
        else:
            self.left_out(pointer, lacks)

    def _replaced(self, pointer: str, fitted: Fitted, printed: list[str]) -> None:
        shown = ", ".join(map(repr, printed))
        shown_pl = ", ".join(f"„{text}”" for text in printed)
        changes = name_changes(fitted.changes)
        self.notice("text.replaced", pointer, f"printed as {shown}: {changes}", f"Wydrukowano jako {shown_pl}.")

    def too_long(self, value: str, pointer: str, limit: int) -> None:
        """Add an error: a text is too long, and a cut would change its meaning."""
        self.error(
            pointer,
            "text.too_long",
            f"{len(value)} characters, this printer takes {limit}; send a shorter one",
            f"tekst „{value}” jest za długi (najwyżej znaków: {limit}).",
        )

    def goods(self, line: Line, pointer: str, code_page: str, limit: int) -> str:
        """The printed name of sold goods. The printer knows goods only by this name: two names that become the same
        are the same goods to it.
        """
        name = self.text(line.name, pointer, code_page, limit, TextKind.GOODS)
        first = self._goods.setdefault(name, line.name)
        if name and first != line.name:
            self.notice(
                "text.same_name",
                pointer,
                f"printed as {name!r}, like {first!r}: the printer takes both for the same goods",
                f"Towar ma na wydruku tę samą nazwę co inny: „{name}”.",
            )
        return name

    def form_line(self, value: str, pointer: str, code_page: str, limit: int) -> list[str]:
        """A line of a printout. It is never cut, because half a line of an order would be a different order.

        If plain forms made it too long, it continues in the next line.
        """
        fitted = fit(value, code_page)
        if min(len(value), len(fitted.text)) > limit:
            self.too_long(value, pointer, limit)
            return []
        if not fitted.text:
            self._nothing_left(value, pointer, code_page, fitted, TextKind.FREE)
            return []
        parts = [fitted.text[start : start + limit] for start in range(0, len(fitted.text), limit)]
        if fitted.replaced:
            self._replaced(pointer, fitted, parts)
        return parts
