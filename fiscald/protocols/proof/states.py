"""Proof by state: the printer shows afterwards what a document set, or it does not.

The technician's documents leave no fiscal trace, and setting the same thing twice changes nothing. So what the printer
shows decides, and it does not matter who set it. A document whose outcome is not known is carried out again if the
printer does not show it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Generic, TypeVar

from fiscald.model.jobs import Notice
from fiscald.model.problems import problem
from fiscald.protocols.base import Dialogue, Look, NotPrinted, Pause, Printed, Settings, Verdict
from fiscald.protocols.proof import verdicts
from fiscald.protocols.proof.verdicts import CommitReply

#: After so many looks the printer does not show what it confirmed.
LOOKS = 3
UNCHANGED = Notice(
    code="setting.unchanged",
    detail="nothing was sent: the printer shows it already",
    detail_pl="Niczego nie zmieniono: drukarka ma już te ustawienia.",
)

L = TypeVar("L", bound=Look)


@dataclass(frozen=True)
class StateProof(ABC, Generic[L]):
    """The proof of a document that sets something. A family adds how to look and how to answer."""

    before: L
    settings: Settings
    notices: tuple[Notice, ...]

    @abstractmethod
    def shown(self) -> Dialogue[bool]:
        """Whether the printer shows what the document sets."""

    @abstractmethod
    def done(self, notices: tuple[Notice, ...]) -> Dialogue[Printed]:
        """The answer."""

    def verdict(self, reply: CommitReply | None) -> Dialogue[Verdict]:
        """Decide what became of it, after the answer to its step or (``None``) after an interruption."""
        confirmed = reply is not None and reply.refusal is None
        for attempt in range(LOOKS if confirmed else 1):
            if attempt:
                yield Pause(1.0)
            if (yield from self.shown()):
                return (yield from self.done(self.notices))
        if confirmed:
            reason = "it confirmed the command and shows the old setting: a person has said no on its keypad"
            return NotPrinted(problem("printer.refused", reason=reason, reason_pl="odmowa na klawiaturze drukarki"))
        return verdicts.not_executed(reply, "the printer does not show the new setting", self.before, was_open=False)
