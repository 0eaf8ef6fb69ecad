"""Driving a dialogue without an engine: what stands between it and a printer that answers at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from fiscald.emulator.device import Device
from fiscald.protocols.base import Answer, Checkpoint, Dialogue, Effect, HostTime, Look, Pause, Session, Stage, Step
from fiscald.protocols.driving import drive_sync

T = TypeVar("T")
#: The time of the emulated printers of these tests.
NOON = datetime.fromisoformat("2026-11-22T12:00:00+01:00")


class NotAnswered(Exception):
    """The printer did not answer a step."""


@dataclass
class Journal:
    """What a dialogue has had written down."""

    last: Checkpoint | None = None

    def write(self, checkpoint: Checkpoint) -> None:
        if self.last is None:
            assert checkpoint.stage is Stage.STARTED, "the first entry says that something may change now"
            assert checkpoint.counters is not None, "the journal compares the counters with what it knows"
        else:
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
    between: Callable[[Step, bytes], bytes] | None = None,
    now: Callable[[], datetime] = lambda: NOON,
) -> T:
    """Drive a dialogue over a printer that answers at once; holds it to the engine's bargain.

    A new document changes nothing before it has told its evidence; a recovery has its evidence already (``journal``).
    ``between``: instead of ``answer``, given also the step. ``now``: this computer's time.
    """
    known = journal or Journal()

    def exchange(step: Step) -> Any:
        assert step.effect is Effect.QUERY or known.last is not None, "a change before the evidence"
        assert step.effect is not Effect.IRREVERSIBLE or known.committing, "an irreversible step not announced"
        data = session.send(step.command)
        # A printer that says no more has closed the stream: for some families that is the end of the answer.
        events = session.receive(answer(data) if between is None else between(step, data)) or session.end()
        if not events:
            raise NotAnswered(step)
        (event,) = events
        assert isinstance(event, Answer), event
        return event.reply

    def tell(item: Checkpoint | Pause | HostTime) -> Any:
        if isinstance(item, HostTime):
            return now()
        if isinstance(item, Pause):
            paused()
        else:
            known.write(item)
        return None

    return drive_sync(dialogue, exchange, tell)


def over(device: Device) -> Callable[[bytes], bytes]:
    """An emulated printer that answers at once."""

    def answer(data: bytes) -> bytes:
        device.receive(data, 0.0)
        return device.poll(0.0)

    return answer
