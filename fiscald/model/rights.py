"""The rights that a caller can have."""

from __future__ import annotations

from enum import StrEnum

#: Who asked for something: a user of this computer by its number, a token by its name; ``None``: not known.
Asker = int | str | None


class Right(StrEnum):
    """A right."""

    PRINT = "print"
    """Receipts, slips, printouts, the drawer; previewing and withdrawing them."""
    REPORT = "report"
    """Fiscal reports."""
    CONFIGURE = "configure"
    """Confirming which physical printer has a name; clock, VAT table, header and display of a printer; copies of the
    whole journal; making and revoking tokens."""
    RAW = "raw"
    """Commands in the printer's own protocol."""
    RESOLVE = "resolve"
    """Deciding an undecided job; confirming that the journal matches a printer's paper."""
    LICENCE = "licence"
    """Registering, renewing and moving the licence."""
