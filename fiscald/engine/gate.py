"""The licence as the engine sees it: the engine asks, and gets ``None`` (allowed) or a problem."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from fiscald.model.printers import Identity
from fiscald.model.problems import Problem


class Gate(Protocol):
    """The engine asks once, before a document opens. It never asks inside a document or during recovery."""

    def refuses(self, document_type: str, identity: Identity | None) -> Problem | None:
        """Why this printer must not open a document of that type now; ``None``: it may.

        ``identity`` is ``None`` while the printer is not known yet.
        """

    def observe_clock(self, identity: Identity, clock: datetime | None) -> None:
        """A printer has just reported its identity and its clock."""
