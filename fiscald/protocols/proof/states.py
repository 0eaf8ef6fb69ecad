"""Proof by state: the printer shows afterwards what a document set, or it does not.

The technician's documents leave no fiscal trace, and setting the same thing twice changes nothing. So what the printer
shows decides, and it does not matter who set it. A document whose outcome is not known is carried out again if the
printer does not show it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from fiscald.model.jobs import Notice
from fiscald.model.printers import Counters
from fiscald.model.problems import problem
from fiscald.protocols.base import (
    Checkpoint,
    Dialogue,
    Look,
    NotPrinted,
    Pause,
    Printed,
    Settings,
    Stage,
    Verdict,
)
from fiscald.protocols.proof import verdicts
from fiscald.protocols.proof.verdicts import CommitReply
from fiscald.protocols.rates import Rates

#: After so many looks the printer does not show what it confirmed.
LOOKS = 3
UNCHANGED = Notice(
    code="setting.unchanged",
    detail="nothing was sent: the printer shows it already",
    detail_pl="Niczego nie zmieniono: drukarka ma już te ustawienia.",
)

L = TypeVar("L", bound=Look)


@dataclass(frozen=True, slots=True)
class Shown:
    """The printer shows what the document sets: its VAT table or its clock, if the document sets one of them."""

    rates: Rates | None = None
    clock: datetime | None = None


@dataclass(frozen=True)
class StateProof(ABC, Generic[L]):
    """The proof of a document that sets something. A family adds how to look and how to answer."""

    before: L
    settings: Settings
    notices: tuple[Notice, ...]
    asks: bool
    """Whether the printer asks a person on its keypad before it sets this."""

    @abstractmethod
    def shown(self) -> Dialogue[Shown | None]:
        """What the printer shows, if that is what the document sets; else ``None``."""

    @abstractmethod
    def done(self, notices: tuple[Notice, ...], shown: Shown) -> Dialogue[Printed]:
        """The answer."""

    def carry_out(
        self, counters: Counters | None, already: Shown | None, send: Callable[[], Dialogue[CommitReply]]
    ) -> Dialogue[Verdict]:
        """Send the single command, unless the printer shows already what it sets.

        ``counters``: of the look before. ``already``: what the printer shows, if that needs no look any more.
        """
        yield Checkpoint(Stage.STARTED, self.before, counters=counters)
        shown = already if already is not None else (yield from self.shown())
        if shown is not None:
            return (yield from self.done((UNCHANGED,), shown))
        yield Checkpoint(Stage.COMMITTING, self.before)
        return (yield from self.verdict((yield from send())))

    def verdict(self, reply: CommitReply | None) -> Dialogue[Verdict]:
        """Decide what became of it, after the answer to its step or (``None``) after an interruption."""
        confirmed = reply is not None and reply.refusal is None
        for attempt in range(LOOKS if confirmed else 1):
            if attempt:
                yield Pause(1.0)
            shown = yield from self.shown()
            if shown is not None:
                return (yield from self.done(self.notices, shown))
        if confirmed and self.asks:
            return NotPrinted(problem("printer.cancelled"))
        if confirmed:
            reason = "it confirmed the command and does not show the new setting"
            return NotPrinted(
                problem("printer.refused", reason=reason, reason_pl="drukarka nie pokazuje nowego ustawienia")
            )
        return verdicts.not_executed(reply, "the printer does not show the new setting", self.before, was_open=False)
