"""Proof by the printer's own id of a document. Pure: no reading, no waiting.

Theory. Such a printer stores a document, answers with an id, and does nothing else. It prints the document when the id
is confirmed, and an id is printed once, however often it is confirmed. Asked for an id, it says what became of it. So
the id is looked at while the document is open (``Stage.OPENED``), the confirmation is the step that decides, and what
the printer says of the id is the proof. Its memory is read before and after: it decides where the id is no longer
known, and it must agree where the printer says that the document is done or refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from fiscald.protocols.base import Held, Look, NotPrinted, Unknown
from fiscald.protocols.proof import verdicts
from fiscald.protocols.proof.verdicts import CommitReply


class State(Enum):
    """What the printer says of an id."""

    UNKNOWN = "it does not know the id"
    STORED = "not confirmed"
    OPEN = "confirmed, and waiting or being printed"
    DONE = "printed"
    REFUSED = "not printed, for a reason that it gives"


class Next(Enum):
    """What a dialogue does next."""

    DROP = "have the document forgotten, and ask again: it was never confirmed, and is carried out from the start"
    CONFIRM = "confirm it: no confirmation was carried out"
    ASK_AGAIN = "ask again later: it is being printed"
    ANSWER = "it is printed: read its number, and answer"


class MemoryDelta(NamedTuple):
    """What was registered between two looks, by whatever program."""

    documents: int | None
    """Documents in the protected memory; ``None``: the printer does not say. Below zero: another memory."""
    value: int | None = None
    """Value of the sales among them, in grosze; ``None``: the printer does not say, as after a daily report."""
    uncounted: bool = False
    """A training device, whose memory need not move."""

    def may_hold(self, total: int | None) -> bool:
        """Whether a document of ``total`` (``None``: without a value) may be among them."""
        if self.documents is None:
            return True
        if self.documents <= 0:
            return False
        return total is None or verdicts.may_hold(self.documents, self.value, total)


@dataclass(frozen=True, slots=True)
class OwnIdProof:
    """What became of a document that the printer knows by an id."""

    own_id: str | None
    """``None``: the printer's answer with the id was lost."""
    confirming: bool
    """Whether the confirmation may have been sent."""
    total: int | None
    """In grosze; ``None``: of a document without a value."""

    def follows(
        self, state: State, memory: MemoryDelta, now: Look, refusal: CommitReply | None = None
    ) -> Next | NotPrinted | Held | Unknown:
        """What follows from the printer's answer to the question for the id.

        ``refusal``: with ``REFUSED``, the reason that the printer gives.
        """
        if self.own_id is None:
            return verdicts.interrupted("its id was not received, so that it was never confirmed", now)
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
                    "contradiction", "the printer says it is done, and holds no document more", now
                )
            case State.REFUSED, _ if memory.documents is not None and memory.may_hold(self.total):
                return verdicts.unproven("contradiction", "the printer refused it, and holds one that may be it", now)
            case State.REFUSED, _:
                return verdicts.not_executed(refusal, "the printer refused it", now, begun=False)
            case _ if memory.may_hold(self.total):
                return verdicts.unproven("id_forgotten", "the printer forgot the id, and holds one that may be it", now)
            case _:
                return verdicts.interrupted("the printer forgot the id, and holds nothing that can be it", now)
