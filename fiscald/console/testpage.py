"""The test page that a printer takes: a printer without QR codes, or with shorter lines, gets a simpler one."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from fiscald import __version__
from fiscald.api.calls import Refused
from fiscald.console.inside import Inside
from fiscald.model.printers import PrinterStatus
from fiscald.model.testpage import PAGES, page


async def document(api: Inside, printer: PrinterStatus) -> dict[str, Any]:
    """The document. Raises ``Refused`` if the printer takes none."""
    for width, qr in PAGES[:-1]:
        with suppress(Refused):
            found = await api.preview(printer.name, page(printer, __version__, "", width, qr=qr))
            return page(printer, __version__, found.code_page or "", width, qr=qr)
    width, qr = PAGES[-1]
    found = await api.preview(printer.name, page(printer, __version__, "", width, qr=qr))
    return page(printer, __version__, found.code_page or "", width, qr=qr)
