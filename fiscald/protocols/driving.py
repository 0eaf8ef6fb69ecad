"""The one loop that drives a dialogue. It does no I/O: whoever drives brings the exchange.

An exception of the exchange or of ``on_event`` ends the dialogue, closed, and is raised on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from fiscald.protocols.base import Checkpoint, Dialogue, Effect, Pause, Step

T = TypeVar("T")


async def only_questions(item: Checkpoint | Pause) -> None:
    """For dialogues that change nothing, and so have nothing to journal and nothing to wait for."""
    raise AssertionError(f"a dialogue of queries yields steps only, not {item}")


async def drive(
    dialogue: Dialogue[T],
    exchange: Callable[[Step], Awaitable[Any]],
    on_event: Callable[[Checkpoint | Pause], Awaitable[None]] = only_questions,
) -> T:
    """What ``dialogue`` returns.

    ``exchange`` carries out a step and returns the reply. ``on_event`` has a checkpoint written down, or lets the
    seconds of a pause pass, before it returns; without it the dialogue may yield queries only.
    """
    reply: Any = None
    try:
        while True:
            try:
                item = dialogue.send(reply)
            except StopIteration as stop:
                result: T = stop.value
                return result
            reply = None
            if isinstance(item, Step):
                assert on_event is not only_questions or item.effect is Effect.QUERY, "only a job may change anything"
                reply = await exchange(item)
            else:
                await on_event(item)
    finally:
        dialogue.close()


def drive_sync(
    dialogue: Dialogue[T],
    exchange: Callable[[Step], Any],
    on_event: Callable[[Checkpoint | Pause], None] | None = None,
) -> T:
    """The same without an event loop, over a printer that answers at once."""

    async def carry_out(step: Step) -> Any:
        return exchange(step)

    async def tell(item: Checkpoint | Pause) -> None:
        assert on_event is not None
        on_event(item)

    return _run(drive(dialogue, carry_out, only_questions if on_event is None else tell))


def _run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that waits for nothing to its end."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    coroutine.close()
    raise AssertionError("it waits for something, and there is no event loop")
