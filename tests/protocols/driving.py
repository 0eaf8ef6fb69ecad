"""Driving a dialogue without an engine: what stands between it and a printer that answers at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from fiscald.protocols.base import (
    Answer,
    Committing,
    Dialogue,
    Effect,
    Opened,
    Pause,
    Session,
    Started,
    Step,
    Trail,
)

T = TypeVar("T")


@dataclass
class Journal:
    """What a dialogue has had written down."""

    before: dict[str, Any] | None = None
    opened: dict[str, Any] | None = None
    committing: bool = False

    def write(self, item: Started | Opened | Committing) -> None:
        match item:
            case Started(evidence, _):
                self.before = evidence
            case Opened(evidence):
                assert self.before is not None
                self.opened = evidence
            case Committing():
                assert self.before is not None
                self.committing = True

    @property
    def trail(self) -> Trail:
        assert self.before is not None
        # As it comes back from the journal's JSON.
        before, opened = json.loads(json.dumps([self.before, self.opened]))
        return Trail(before, opened, self.committing)


def drive(
    dialogue: Dialogue[T],
    session: Session,
    answer: Callable[[bytes], bytes],
    *,
    trail: Journal | None = None,
    paused: Callable[[], None] = lambda: None,
) -> T:
    """Drive a dialogue over a printer that answers at once; holds it to the engine's bargain.

    A new document changes nothing before it has told its evidence; a recovery has its evidence already (``trail``).
    """
    reply: Any = None
    trail = trail or Journal()
    try:
        while True:
            item = dialogue.send(reply)
            reply = None
            if isinstance(item, Pause):
                paused()
                continue
            if not isinstance(item, Step):
                trail.write(item)
                continue
            assert item.effect is Effect.QUERY or trail.before is not None, "a change before the evidence"
            assert item.effect is not Effect.IRREVERSIBLE or trail.committing, "an irreversible step not announced"
            (event,) = session.receive(answer(session.send(item.command)))
            assert isinstance(event, Answer), event
            reply = event.reply
    except StopIteration as stop:
        result: T = stop.value
        return result
