"""Lines that a program lays out itself: of printouts that are not fiscal, and below receipts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from fiscald.emulator.novitus.documents import PrintedLine
from fiscald.emulator.paper import Paper, PaperLine

#: Widest text of a bar code on 80 and on 57 mm; a longer one is not printed (Novitus XML reference, 4.3).
_BARCODE_WIDE, _BARCODE_NARROW, _WIDE_FROM = 52, 30, 48


def drawn(lines: Iterable[PrintedLine], width: int, *, receipt: int = 0) -> list[PaperLine]:
    """The lines on paper of that many characters; ``receipt`` is the number of the last receipt."""
    paper = Paper(width)
    for line in lines:
        if not line.copy_only:
            _draw(paper, line, receipt)
    return paper.lines


def _draw(paper: Paper, line: PrintedLine, receipt: int) -> None:
    match line.kind:
        case "rule":
            paper.rule()
        case "empty":
            paper.left("")
        case "qr":
            paper.code("qr", line.text)
        case "barcode":
            if line.text and len(line.text) <= (_BARCODE_WIDE if paper.width >= _WIDE_FROM else _BARCODE_NARROW):
                paper.code("barcode", line.text)
        case "graphic":
            paper.centre(f"[GRAFIKA {line.text}]")
        case "receipt_number":
            _text(paper, line, f"Numer paragonu: {receipt}")
        case "text":
            _text(paper, line, line.text)


def _text(paper: Paper, line: PrintedLine, text: str) -> None:
    style: Literal["wide", "bold", "plain"] = "wide" if line.wide else "bold" if line.bold or line.inverse else "plain"
    # Wide letters take the place of two (5.16); the picture draws them so.
    width = max(paper.width // 2, 1) if line.wide else paper.width
    for start in range(0, max(len(text), 1), width):
        part = text[start : start + width]
        space = width - len(part)
        left = {"left": 0, "centre": space // 2, "right": space}[line.align]
        paper.lines.append(PaperLine(text=" " * left + part, style=style))
