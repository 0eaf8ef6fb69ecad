"""Driving a dialogue without an engine: what stands between it and a printer that answers at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from fiscald.protocols.base import Answer, Checkpoint, Dialogue, Effect, Look, Pause, Session, Stage, Step

T = TypeVar("T")


@dataclass
class Journal:
    """What a dialogue has had written down."""

    last: Checkpoint | None = None

    def write(self, checkpoint: Checkpoint) -> None:
        if self.last is not None:
            assert self.last.stage < checkpoint.stage, "a stage is not passed twice, and not backwards"
            assert self.last.before == checkpoint.before, "what was read before stays as it was"
            assert self.last.opened in (None, checkpoint.opened), "and so does what was read when it was open"
        self.last = checkpoint

    @property
    def committing(self) -> bool:
        """Whether the irreversible step may have been sent."""
        return self.last is not None and self.last.stage is Stage.COMMITTING

    @property
    def checkpoint(self) -> Checkpoint:
        """As it comes back from the journal's JSON."""
        assert self.last is not None
        before, opened = self.last.before, self.last.opened
        return Checkpoint(self.last.stage, _stored(before), None if opened is None else _stored(opened))


def _stored(look: Look) -> Look:
    return type(look).model_validate_json(look.model_dump_json(exclude_none=True))


def drive(
    dialogue: Dialogue[T],
    session: Session,
    answer: Callable[[bytes], bytes],
    *,
    journal: Journal | None = None,
    paused: Callable[[], None] = lambda: None,
) -> T:
    """Drive a dialogue over a printer that answers at once; holds it to the engine's bargain.

    A new document changes nothing before it has told its evidence; a recovery has its evidence already (``journal``).
    """
    reply: Any = None
    journal = journal or Journal()
    try:
        while True:
            item = dialogue.send(reply)
            reply = None
            if isinstance(item, Pause):
                paused()
                continue
            if not isinstance(item, Step):
                journal.write(item)
                continue
            assert item.effect is Effect.QUERY or journal.last is not None, "a change before the evidence"
            assert item.effect is not Effect.IRREVERSIBLE or journal.committing, "an irreversible step not announced"
            (event,) = session.receive(answer(session.send(item.command)))
            assert isinstance(event, Answer), event
            reply = event.reply
    except StopIteration as stop:
        result: T = stop.value
        return result
