"""The rights that a caller can have."""

from __future__ import annotations

from enum import StrEnum


class Right(StrEnum):
    """What can be allowed."""

    PRINT = "print"
    """Receipts, slips, printouts, the drawer; their preview and withdrawing them."""
    REPORT = "report"
    """Fiscal reports."""
    CONFIGURE = "configure"
    """Which physical printer stands behind a name; copies of the whole journal."""
    RAW = "raw"
    """Commands in the printer's own protocol."""
    RESOLVE = "resolve"
    """Deciding an undecided job; confirming that the journal is a printer's true past."""
    LICENCE = "licence"
    """Registering, renewing and moving the licence."""
