"""Virtual paper as a picture (extra ``png``)."""

from __future__ import annotations

import io
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import segno
from PIL import Image, ImageDraw, ImageFont

from fiscald.emulator.paper import MARK, PaperLine, Printout
from fiscald.model.qr import PAPER_DOTS

_SIZE = 20
_MARGIN = 24
_GAP = 28
_INK, _FAINT, _PAPER = (32, 32, 40), (150, 150, 160), (252, 252, 248)


class _Fonts:
    def __init__(self) -> None:
        folder = files("fiscald.emulator").joinpath("fonts")
        plain = io.BytesIO(folder.joinpath("DejaVuSansMono.ttf").read_bytes())
        bold = io.BytesIO(folder.joinpath("DejaVuSansMono-Bold.ttf").read_bytes())
        self.plain = ImageFont.truetype(plain, _SIZE)
        self.bold = ImageFont.truetype(bold, _SIZE)
        self.cell = self.plain.getlength("M")
        self.height = int(_SIZE * 1.3)


def draw(printouts: Sequence[Printout], path: Path) -> None:
    """Draw the sheets below each other into a PNG file. Raises ``ValueError`` if there are none."""
    if not printouts:
        raise ValueError("nothing was printed")
    fonts = _Fonts()
    sheets = [_sheet(sheet, fonts) for sheet in printouts]
    width = max(sheet.width for sheet in sheets)
    height = sum(sheet.height for sheet in sheets) + _GAP * (len(sheets) - 1)
    page = Image.new("RGB", (width, height), _FAINT)
    top = 0
    for sheet in sheets:
        page.paste(sheet, ((width - sheet.width) // 2, top))
        top += sheet.height + _GAP
    page.save(path, "PNG", optimize=True)


def _sheet(printout: Printout, fonts: _Fonts) -> Image.Image:
    text_width = int(fonts.cell * printout.width)
    dot = text_width / PAPER_DOTS.get(printout.width, PAPER_DOTS[40])
    codes = {index: picture for index, line in enumerate(printout.lines) if (picture := qr(line, dot)) is not None}
    width = text_width + 2 * _MARGIN
    height = 2 * _MARGIN
    for index in range(len(printout.lines)):
        height += codes[index].height + _MARGIN if index in codes else fonts.height
    image = Image.new("RGB", (width, height), _PAPER)
    pen = ImageDraw.Draw(image)
    top = _MARGIN
    for index, line in enumerate(printout.lines):
        if index in codes:
            picture = codes[index]
            image.paste(picture, ((width - picture.width) // 2, top))
            top += picture.height + _MARGIN
            continue
        font = fonts.plain if line.style == "plain" else fonts.bold
        if MARK in line.text:
            pen.rectangle((0, top, width, top + fonts.height), fill=_INK)
        pen.text((_MARGIN, top), line.text, font=font, fill=_PAPER if MARK in line.text else _INK)
        top += fonts.height
    return image


def qr(line: PaperLine, dot: float) -> Image.Image | None:
    """A QR code as a picture, as large as it is on paper; other codes stay text. ``dot``: pixels of a printer's dot."""
    if line.code is None or line.code[0] != "qr":
        return None
    buffer = io.BytesIO()
    code = segno.make_qr(
        line.code[1], error=line.correction, mode="byte", encoding="utf-8", eci=False, boost_error=False
    )
    code.save(buffer, kind="png", border=2)
    picture = Image.open(buffer).convert("RGB")
    size = round(picture.width * line.dots * dot)
    return picture.resize((size, size), Image.Resampling.NEAREST)
