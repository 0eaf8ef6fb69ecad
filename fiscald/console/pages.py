"""Every page of the console, by its path."""

from __future__ import annotations

from fiscald.console import printers
from fiscald.console.application import Page

PAGES = (
    Page("", printers.overview),
    Page("printer", printers.printer),
    Page("printer/action", printers.action, printers.do_action),
    Page("printer/adopt", post=printers.adopt),
    Page("printer/journal", post=printers.confirm_journal),
)
