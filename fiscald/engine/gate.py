"""The licence as the engine sees it: it asks, and is told yes or a problem."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from fiscald.model.printers import Identity
from fiscald.model.problems import Problem


class Gate(Protocol):
    """Asked once, before a document is opened; never inside one, never for recovery."""

    def refuses(self, document_type: str, identity: Identity | None) -> Problem | None:
        """Why a document of that type may not be opened now on that printer (``None``: not known yet)."""

    def observe_clock(self, identity: Identity, clock: datetime | None) -> None:
        """A printer has just told who it is and what time it has."""
