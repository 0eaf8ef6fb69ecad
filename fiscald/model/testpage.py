"""The test page: a printout with the printer's identity, a ruler and the Polish letters in every code page."""

from __future__ import annotations

from typing import Any

from fiscald.model.printers import PrinterStatus
from fiscald.model.text import CODE_PAGES

LETTERS = "ĄĆĘŁŃÓŚŹŻ ąćęłńóśźż"
#: Characters in a line of the page, and whether it has a QR code: the first pair that the printer takes.
PAGES = ((38, True), (38, False), (31, False))


def page(status: PrinterStatus, version: str, code_page: str | None, width: int, *, qr: bool) -> dict[str, Any]:
    """The document; ``version`` is that of fiscald. Everything except the letters is ASCII, as in every code page.

    Without a code page of the printer (``None``) the letters stand once.
    """
    identity = status.identity
    who = ["", ""] if identity is None else [identity.model or "", f"nr {identity.printer_id}"]
    facts = [
        f"drukarka {status.name}",
        f"{status.family} {who[0]}",
        who[1],
        f"fiscald {version}",  # no time: the same key must have the same content, and the printer adds the time
    ]
    letters: list[Any] = ["Polskie litery:", LETTERS]
    if code_page is not None:
        letters = [
            "Polskie litery. Czytelny wiersz",
            "podaje ustawienie drukarki:",
            *({"text": f"{name:8}{LETTERS}", "code_page": name} for name in CODE_PAGES),
            f"w konfiguracji fiscald: {code_page}",
        ]
    code = [{"qr": {"text": f"FISCALD {version}".upper()}}] if qr else []
    return {
        "type": "printout",
        "title": "STRONA TESTOWA",
        "lines": [
            *(_ascii(fact, width) for fact in facts),
            {"rule": True},
            *letters,
            {"rule": True},
            "".join(str(column // 10 or " ") if column % 10 == 0 else "." for column in range(1, width + 1)),
            "".join(str(column % 10) for column in range(1, width + 1)),
            *code,
        ],
    }


def _ascii(text: str, width: int) -> str:
    return text.encode("ascii", "replace").decode()[:width].strip()
