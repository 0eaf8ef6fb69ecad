"""Virtual paper as a vector picture: SVG with the text as text. Needs no other package.

Codes are drawn if ``segno`` is installed (extra ``png``), otherwise as a frame with their content.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from xml.sax.saxutils import escape

from fiscald.emulator.paper import PaperLine, Printout
from fiscald.model.qr import PAPER_DOTS

#: Width and height of a character cell, and the margin, in pixels.
_CELL, _HEIGHT, _MARGIN = 12, 26, 24
_SIZE = 20
_INK, _FAINT, _PAPER = "#202028", "#9696a0", "#fcfcf8"
#: What XML 1.0 cannot hold.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def drawing(printouts: Sequence[Printout]) -> str:
    """The sheets below each other as an SVG document. Raises ``ValueError`` if there are none."""
    if not printouts:
        raise ValueError("nothing was printed")
    width = max(sheet.width for sheet in printouts) * _CELL + 2 * _MARGIN
    parts, top = [], 0.0
    for sheet in printouts:
        body, height = _sheet(sheet)
        left = (width - sheet.width * _CELL - 2 * _MARGIN) / 2
        parts.append(f'<g transform="translate({left:g} {top:g})">{body}</g>')
        top += height + _MARGIN
    height = top - _MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height:g}" viewBox="0 0 {width} {height:g}"'
        f' font-family="DejaVu Sans Mono, Liberation Mono, Consolas, monospace" font-size="{_SIZE}">'
        f'<rect width="100%" height="100%" fill="{_FAINT}"/>{"".join(parts)}</svg>\n'
    )


def _sheet(sheet: Printout) -> tuple[str, float]:
    """The sheet, and its height."""
    text_width = sheet.width * _CELL
    width = text_width + 2 * _MARGIN
    dot = text_width / PAPER_DOTS.get(sheet.width, PAPER_DOTS[40])
    lines, top = [], float(_MARGIN)
    for line in sheet.lines:
        if line.code is not None:
            body, height = _code(line, width, top, dot)
            lines.append(body)
            top += height + _MARGIN
            continue
        if line.is_mark:
            lines.append(f'<rect y="{top:g}" width="{width}" height="{_HEIGHT}" fill="{_INK}"/>')
        lines.append(_text(line, top))
        top += _HEIGHT
    height = top + _MARGIN
    return f'<rect width="{width}" height="{height:g}" fill="{_PAPER}"/>{"".join(lines)}', height


def _text(line: PaperLine, top: float) -> str:
    """One line. ``textLength`` keeps the columns, whatever font the viewer has."""
    text = line.text.rstrip()
    stripped = text.lstrip()
    if not stripped:
        return ""
    left = _MARGIN + _CELL * (len(text) - len(stripped))
    colour = _PAPER if line.is_mark else _INK
    weight = "" if line.style == "plain" else ' font-weight="bold"'
    return (
        f'<text x="{left}" y="{top + 0.75 * _HEIGHT:g}" fill="{colour}"{weight} xml:space="preserve"'
        f' textLength="{_CELL * len(stripped)}" lengthAdjust="spacingAndGlyphs">{_escaped(stripped)}</text>'
    )


def _escaped(text: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", text))


def _code(line: PaperLine, width: float, top: float, dot: float) -> tuple[str, float]:
    """A code as a picture, or as a frame with its content; and its height."""
    assert line.code is not None
    kind, content = line.code
    if kind == "qr" and (rows := _modules(line)) is not None:
        module = line.dots * dot
        size = module * len(rows)
        path = "".join(
            f"M{column} {row}h1v1h-1z" for row, cells in enumerate(rows) for column, dark in enumerate(cells) if dark
        )
        left = (width - size) / 2
        scale = f"translate({left:g} {top:g}) scale({module:g})"
        return f'<path transform="{scale}" fill="{_INK}" shape-rendering="crispEdges" d="{path}"/>', size
    texts = textwrap.wrap(f"{kind}: {content}", int((width - 4 * _MARGIN) / _CELL), max_lines=4)
    height = (len(texts) + 1) * _HEIGHT
    frame = (
        f'<rect x="{_MARGIN}" y="{top:g}" width="{width - 2 * _MARGIN:g}" height="{height}" fill="none"'
        f' stroke="{_INK}"/>'
    )
    inside = "".join(
        f'<text x="{width / 2:g}" y="{top + (index + 1.25) * _HEIGHT:g}" fill="{_INK}" text-anchor="middle">'
        f"{_escaped(text)}</text>"
        for index, text in enumerate(texts)
    )
    return frame + inside, height


def _modules(line: PaperLine) -> list[list[int]] | None:
    """The modules of a QR code with its quiet zone; ``None`` without ``segno``."""
    try:
        import segno
    except ImportError:
        return None
    assert line.code is not None
    code = segno.make_qr(
        line.code[1], error=line.correction, mode="byte", encoding="utf-8", eci=False, boost_error=False
    )
    return [[*row] for row in code.matrix_iter(border=2)]
