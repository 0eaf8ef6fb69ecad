"""The test page that a printer takes: a printer without QR codes, or with shorter lines, gets a simpler one."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from fiscald import __version__
from fiscald.api.calling import Refused
from fiscald.console.inside import Inside
from fiscald.model.printers import PrinterStatus
from fiscald.model.testpage import PAGES, page
from fiscald.protocols import family


async def document(api: Inside, printer: PrinterStatus) -> dict[str, Any]:
    """The document. Raises ``Refused`` if the printer takes none."""
    for width, qr in PAGES[:-1]:
        with suppress(Refused):
            found = await api.preview(printer.name, page(printer, __version__, None, width, qr=qr))
            return page(printer, __version__, _code_page(printer, found.code_page), width, qr=qr)
    width, qr = PAGES[-1]
    found = await api.preview(printer.name, page(printer, __version__, None, width, qr=qr))
    return page(printer, __version__, _code_page(printer, found.code_page), width, qr=qr)


def _code_page(printer: PrinterStatus, code_page: str | None) -> str | None:
    """The code page of the printer; ``None`` where its protocol has no choice."""
    return code_page if code_page in family(printer.family).choices("code_page") else None
