"""Proof by the id that the printer gives to a document. Pure: no reading, no waiting.

Theory. Such a printer stores a document, answers with an id, and does nothing else. It prints the document when fiscald
confirms the id, and it prints an id only once, however often fiscald confirms it. Asked about an id, it reports the
state of the document. So ``Stage.OPENED`` comes when fiscald knows the id, the confirmation is the commit step, and the
state of the id is the proof. fiscald also reads the printer's memory before and after. The memory decides if the
printer no longer knows the id, and it must agree if the printer reports the document as done or refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from fiscald.protocols.base import Held, Look, NotPrinted, Unknown
from fiscald.protocols.proof import verdicts
from fiscald.protocols.proof.verdicts import CommitReply


class State(Enum):
    """What the printer reports about an id."""

    UNKNOWN = "the printer does not know the id"
    STORED = "not confirmed"
    OPEN = "confirmed, and waiting or printing"
    DONE = "printed"
    REFUSED = "not printed, for a reason that the printer gives"


class Next(Enum):
    """What a dialogue does next."""

    DROP = "remove the document from the printer and ask again: it was never confirmed, and starts over"
    CONFIRM = "confirm it: the printer executed no confirmation"
    ASK_AGAIN = "ask again later: it is printing"
    ANSWER = "it is printed: read its number and answer"


class MemoryDelta(NamedTuple):
    """What the printer registered between two looks, for any program."""

    documents: int | None
    """Documents in the protected memory; ``None``: the printer does not say. Below zero: another memory."""
    value: int | None = None
    """Value of the sales among them, in grosze; ``None``: the printer does not say, as after a daily report."""
    uncounted: bool = False
    """Whether the device is in training, so that its memory need not change."""

    def may_hold(self, total: int | None) -> bool:
        """Whether a document of ``total`` (``None``: without a value) may be among them."""
        if self.documents is None:
            return True
        if self.documents <= 0:
            return False
        return total is None or verdicts.may_hold(self.documents, self.value, total)


@dataclass(frozen=True, slots=True)
class OwnIdProof:
    """Decides what became of a document that the printer knows by an id."""

    own_id: str | None
    """``None``: the printer's answer with the id was lost."""
    confirming: bool
    """Whether the confirmation may have been sent."""
    total: int | None
    """In grosze; ``None``: the document has no value."""

    def follows(
        self, state: State, memory: MemoryDelta, now: Look, refusal: CommitReply | None = None
    ) -> Next | NotPrinted | Held | Unknown:
        """The conclusion from what the printer reports about the id.

        ``refusal``: the reason that the printer gives with ``REFUSED``.
        """
        if self.own_id is None:
            return verdicts.interrupted("fiscald received no id, so the document was never confirmed", now)
        restored = verdicts.unproven("counters_restored", "the printer's memory holds less than before", now)
        lower, moved = (memory.documents or 0) < 0, memory.documents != 0
        match state, self.confirming:
            case State.OPEN, _:
                return Next.ASK_AGAIN
            case State.STORED, False:
                return Next.DROP
            case State.STORED, True:
                return Next.CONFIRM
            case State.UNKNOWN, False:
                return verdicts.interrupted("it was never confirmed", now)
            case _ if lower:
                return restored
            case State.DONE, _ if moved or memory.uncounted:
                return Next.ANSWER
            case State.DONE, _:
                return verdicts.unproven(
                    "contradiction", "the printer reports it as done, but its memory holds no new document", now
                )
            case State.REFUSED, _ if memory.documents is not None and memory.may_hold(self.total):
                return verdicts.unproven(
                    "contradiction", "the printer refused it, but its memory holds one that may be ours", now
                )
            case State.REFUSED, _:
                return verdicts.not_executed(refusal, "the printer refused it", now, was_open=False)
            case _ if memory.may_hold(self.total):
                return verdicts.unproven(
                    "id_forgotten", "the printer forgot the id, and its memory holds one that may be ours", now
                )
            case _:
                return verdicts.interrupted(
                    "the printer forgot the id, and its memory holds nothing that can be ours", now
                )
