"""The one loop over a dialogue: what it is sent, what stops it, and that there is no other."""

from __future__ import annotations

import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import anyio
import pytest

from fiscald.protocols.base import Checkpoint, Deadline, Effect, HostTime, Pause, Stage, Step
from fiscald.protocols.driving import drive, drive_sync
from tests import virtual

ROOT = Path(__file__).parents[2]
STARTED = Checkpoint(Stage.STARTED, {"n": 1})


def query(text: str) -> Step:
    return Step(text, Effect.QUERY, Deadline.QUERY)


class Lost(Exception):
    pass


class Talk:
    """A dialogue that writes down what it was sent, and whether it was closed."""

    def __init__(self, *items: Step | Checkpoint | Pause) -> None:
        self.items = items
        self.sent: list[Any] = []
        self.closed = False

    def __call__(self) -> Generator[Step | Checkpoint | Pause, Any, str]:
        try:
            for item in self.items:
                self.sent.append((yield item))
        finally:
            self.closed = True
        return "the verdict"


def test_a_step_is_sent_its_reply_and_everything_else_nothing() -> None:
    told: list[Checkpoint | Pause | HostTime] = []
    talk = Talk(STARTED, query("a"), Pause(2), query("b"))
    assert drive_sync(talk(), lambda step: step.command * 2, told.append) == "the verdict"
    assert talk.sent == [None, "aa", None, "bb"]
    assert told == [STARTED, Pause(2)]


def test_a_dialogue_of_no_steps_returns_at_once() -> None:
    assert drive_sync(Talk()(), lambda _: pytest.fail("nothing is asked")) == "the verdict"


@pytest.mark.parametrize("at", ["exchange", "on_event"])
def test_what_the_exchange_raises_closes_the_dialogue_and_goes_on(at: str) -> None:
    def fail(_: object) -> None:
        raise Lost

    talk = Talk(STARTED, query("a")) if at == "on_event" else Talk(query("a"), query("b"))
    with pytest.raises(Lost):
        drive_sync(talk(), fail, fail)
    assert talk.closed
    assert not talk.sent


@pytest.mark.parametrize(
    "item",
    [STARTED, Pause(1), Step("x", Effect.REVERSIBLE, Deadline.LINE), Step("x", Effect.IRREVERSIBLE, Deadline.LINE)],
)
def test_without_a_journal_only_queries_are_driven(item: Step | Checkpoint | Pause) -> None:
    asked: list[Step] = []
    talk = Talk(query("a"), item, query("b"))
    with pytest.raises(AssertionError):
        drive_sync(talk(), asked.append)
    assert asked == [query("a")]
    assert talk.closed


def test_a_cancelled_task_closes_its_dialogue() -> None:
    talk = Talk(query("a"))

    async def main() -> None:
        async def never(_: Step) -> None:
            await anyio.sleep_forever()

        with anyio.move_on_after(3):
            await drive(talk(), never)

    virtual.run(main())
    assert talk.closed


def test_an_exchange_that_waits_needs_an_event_loop() -> None:
    """Not driven to a half by the synchronous helper."""
    talk = Talk(query("a"))

    class Waiting:
        def __await__(self) -> Generator[None, None, None]:
            yield

    from fiscald.protocols import driving

    async def waits(_: Step) -> None:
        await Waiting()

    with pytest.raises(AssertionError, match="no event loop"):
        driving._run(drive(talk(), waits))
    assert talk.closed


def test_no_other_loop_drives_a_dialogue() -> None:
    """A second loop would be a second bargain: what is journaled, what is closed, what is asked again."""
    other = re.compile(r"except StopIteration as|dialogue\.send\(|next\((dialogue|steps)\b")
    found = {
        str(path.relative_to(ROOT))
        for folder in ("fiscald", "tests", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
        if path != Path(__file__) and other.search(path.read_text(encoding="utf-8"))
    }
    assert found == {"fiscald/protocols/driving.py"}
