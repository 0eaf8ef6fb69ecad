"""The one loop that drives a dialogue. It does no I/O: the caller passes in the exchange.

An exception from the exchange or from ``on_event`` closes the dialogue, and the caller gets it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from fiscald.protocols.base import Checkpoint, Dialogue, Effect, HostTime, Pause, Step

T = TypeVar("T")


async def only_questions(item: Checkpoint | Pause | HostTime) -> None:
    """``on_event`` for dialogues that only ask: they have nothing to journal and nothing to wait for."""
    raise AssertionError(f"a dialogue of queries yields steps only, not {item}")


async def drive(
    dialogue: Dialogue[T],
    exchange: Callable[[Step], Awaitable[Any]],
    on_event: Callable[[Checkpoint | Pause | HostTime], Awaitable[Any]] = only_questions,
) -> T:
    """Drive ``dialogue`` to its end and return its result.

    ``exchange`` sends a step and returns the reply. ``on_event`` stores a checkpoint, or lets the seconds of a pause
    pass, before it returns; it returns the time that a dialogue asks for. Without ``on_event`` the dialogue must yield
    queries only.
    """
    reply: Any = None
    try:
        while True:
            try:
                item = dialogue.send(reply)
            except StopIteration as stop:
                result: T = stop.value
                return result
            if isinstance(item, Step):
                assert on_event is not only_questions or item.effect is Effect.QUERY, "only a job may change anything"
                reply = await exchange(item)
            else:
                reply = await on_event(item)
    finally:
        dialogue.close()


def drive_sync(
    dialogue: Dialogue[T],
    exchange: Callable[[Step], Any],
    on_event: Callable[[Checkpoint | Pause | HostTime], Any] | None = None,
) -> T:
    """``drive`` without an event loop, for a printer that answers at once."""

    async def carry_out(step: Step) -> Any:
        return exchange(step)

    async def pass_on(item: Checkpoint | Pause | HostTime) -> Any:
        assert on_event is not None
        return on_event(item)

    return _run(drive(dialogue, carry_out, only_questions if on_event is None else pass_on))


def _run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    coroutine.close()
    raise AssertionError("it waits for something, and there is no event loop")
