"""What must hold of the documents that need more than a line in ``tests.chaos.check``."""

from __future__ import annotations

import re

from fiscald.model.printout import BarcodeLine, Printout, QrLine
from tests.chaos.world import Outcome


def codes_of_printout(key: str, document: Printout, paper: str) -> list[str]:
    """Every code of a printout that came out whole is on its paper."""
    wanted = [f"[QR {line.qr.text}]" for line in document.lines if isinstance(line, QrLine)]
    wanted += [f"[BARCODE {line.barcode}]" for line in document.lines if isinstance(line, BarcodeLine)]
    return [f"content: {key} was printed without {code}" for code in wanted if code not in paper]


def codes_elsewhere(outcome: Outcome) -> list[str]:
    """The code of a printout is on no other document.

    A person who cancels the form between its last line and its code leaves the code to the next sheet.
    """
    by_others = any(form.by == "others" for form in outcome.truth.forms)
    if by_others or outcome.schedule.restored is not None:
        return []
    found = []
    for sheet in outcome.truth.sheets:
        code, bon = re.search(r"\[QR QR-(\d+)-", sheet.text), re.search(r"Bon (\d+)", sheet.text)
        if code is not None and (bon is None or bon[1] != code[1]):
            found.append(f"code: {sheet.kind} carries the code of job/{code[1]}")
    return found
