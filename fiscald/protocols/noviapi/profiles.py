"""What differs between printers: the width of the paper. Source: the contract (lengths of lines and codes)."""

from __future__ import annotations

from typing import NamedTuple


class Profile(NamedTuple):
    """A width of paper."""

    name: str
    columns: int
    """Characters of a line of text; half as many if it is bold."""
    barcode: int
    """Characters of a bar code. A longer one is not printed."""
    description: int
    """Characters under the name of goods on a receipt."""
    invoice_description: int
    """The same on an invoice."""


PROFILES = {
    each.name: each for each in (Profile("80mm", 64, 52, 177, 177), Profile("57mm", 44, 30, 117, 111))
}  # fmt: skip


def of_columns(characters: int | None) -> Profile:
    """The profile of a printer that reports so many characters in a line; the narrow one where it does not."""
    return PROFILES["80mm" if characters is not None and characters >= PROFILES["80mm"].columns else "57mm"]
