"""Virtual paper as a picture (extra ``png``)."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import segno
from PIL import Image, ImageDraw, ImageFont

from fiscald.emulator.paper import PaperLine, Printout
from fiscald.model.qr import PAPER_DOTS

_SIZE = 20
_MARGIN = 24
_GAP = 28
#: Shades of grey.
_INK, _FAINT, _PAPER = 34, 152, 251


class _Fonts:
    def __init__(self) -> None:
        folder = files("fiscald.emulator").joinpath("fonts")
        plain = io.BytesIO(folder.joinpath("DejaVuSansMono.ttf").read_bytes())
        bold = io.BytesIO(folder.joinpath("DejaVuSansMono-Bold.ttf").read_bytes())
        # The basic layout: the other one gives a character another width, and is there only with the system's fribidi.
        basic = ImageFont.Layout.BASIC
        self.plain = ImageFont.truetype(plain, _SIZE, layout_engine=basic)
        self.bold = ImageFont.truetype(bold, _SIZE, layout_engine=basic)
        self.cell = self.plain.getlength("M")
        self.height = int(_SIZE * 1.3)


def draw(printouts: Sequence[Printout], path: Path) -> None:
    """Draw the sheets below each other into a PNG file. Raises ``ValueError`` if there are none."""
    path.write_bytes(picture(printouts))


def picture(printouts: Sequence[Printout]) -> bytes:
    """The sheets below each other as PNG. Raises ``ValueError`` if there are none."""
    if not printouts:
        raise ValueError("nothing was printed")
    fonts = _Fonts()
    sheets = [_sheet(sheet, fonts) for sheet in printouts]
    width = max(sheet.width for sheet in sheets)
    height = sum(sheet.height for sheet in sheets) + _GAP * (len(sheets) - 1)
    page = Image.new("L", (width, height), _FAINT)
    top = 0
    for sheet in sheets:
        page.paste(sheet, ((width - sheet.width) // 2, top))
        top += sheet.height + _GAP
    buffer = io.BytesIO()
    page.save(buffer, "PNG")
    return buffer.getvalue()


def _sheet(printout: Printout, fonts: _Fonts) -> Image.Image:
    text_width = int(fonts.cell * printout.width)
    dot = text_width / PAPER_DOTS.get(printout.width, PAPER_DOTS[40])
    codes = {
        index: qr(line, dot) or _framed(line, fonts, text_width)
        for index, line in enumerate(printout.lines)
        if line.code is not None
    }
    width = text_width + 2 * _MARGIN
    height = 2 * _MARGIN
    for index in range(len(printout.lines)):
        height += codes[index].height + _MARGIN if index in codes else fonts.height
    image = Image.new("L", (width, height), _PAPER)
    pen = ImageDraw.Draw(image)
    top = _MARGIN
    for index, line in enumerate(printout.lines):
        if index in codes:
            picture = codes[index]
            image.paste(picture, ((width - picture.width) // 2, top))
            top += picture.height + _MARGIN
            continue
        font = fonts.plain if line.style == "plain" else fonts.bold
        if line.is_mark:
            pen.rectangle((0, top, width, top + fonts.height), fill=_INK)
        pen.text((_MARGIN, top), line.text, font=font, fill=_PAPER if line.is_mark else _INK)
        top += fonts.height
    return image


def qr(line: PaperLine, dot: float) -> Image.Image | None:
    """A QR code as a picture, as large as it is on paper; ``None`` for others. ``dot``: pixels of a printer's dot."""
    if line.code is None or line.code[0] != "qr":
        return None
    buffer = io.BytesIO()
    code = segno.make_qr(
        line.code[1], error=line.correction, mode="byte", encoding="utf-8", eci=False, boost_error=False
    )
    code.save(buffer, kind="png", border=2, light=(_PAPER,) * 3)
    picture = Image.open(buffer).convert("L")
    size = round(picture.width * line.dots * dot)
    return picture.resize((size, size), Image.Resampling.NEAREST)


def _framed(line: PaperLine, fonts: _Fonts, width: int) -> Image.Image:
    """A frame with the name of a code that is not drawn."""
    assert line.code is not None
    kind, content = line.code
    lines = textwrap.wrap(f"{kind}: {content}", int((width - 2 * _MARGIN) / fonts.cell), max_lines=4)
    image = Image.new("L", (width, (len(lines) + 1) * fonts.height), _PAPER)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, image.width - 1, image.height - 1), outline=_INK)
    for index, text in enumerate(lines):
        left = (image.width - fonts.plain.getlength(text)) / 2
        pen.text((left, (index + 0.5) * fonts.height), text, font=fonts.plain, fill=_INK)
    return image
