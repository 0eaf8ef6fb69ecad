"""Every page of the console, by its path."""

from __future__ import annotations

from fiscald.console import documents, printers, sandbox
from fiscald.console.application import Page

PAGES = (
    Page("", printers.overview),
    Page("printer", printers.printer),
    Page("printer/action", printers.action, printers.do_action),
    Page("printer/adopt", post=printers.adopt),
    Page("printer/journal", post=printers.confirm_journal),
    Page("documents", documents.documents),
    Page("document", documents.document),
    Page("document/paper", documents.picture),
    Page("document/withdraw", post=documents.withdraw),
    Page("document/decision", documents.decision, documents.decide),
    Page("sandbox", sandbox.sandbox, sandbox.try_out),
    Page("sandbox/json", sandbox.as_json, sandbox.try_json),
)
