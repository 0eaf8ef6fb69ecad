"""The differences between the generations that speak XML, as data. Each entry has its reason.

Source: Novitus reference, sections 1, 5.15 and 8.2.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Profile:
    """One generation."""

    name: str
    """The name used in the configuration."""
    header: str
    """The element of the header."""
    header_lines: int
    """The lines that it takes."""
    invoices: bool
    """Whether fiscald prints invoices on it."""


PROFILES = {
    profile.name: profile
    for profile in (
        # [doc] ONLINE printers, version 1.02 of the language.
        Profile("online", "header_online", 8, invoices=True),
        # [client LMS] The HD before the ONLINE generation: another header of four lines. Its counters of invoices are
        # not described anywhere, so nothing would prove an invoice [choice].
        Profile("hd", "header", 4, invoices=False),
    )
}


def detect(_model: str | None) -> Profile:
    """The profile of a model. No model name of an older printer in this language is known, so it must be configured."""
    return PROFILES["online"]
