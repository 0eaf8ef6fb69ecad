"""Virtual time: the same turns as asyncio's own loop takes, and nothing real in it."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import virtual


class _Selector(selectors.SelectSelector):
    """Lets the time pass at once for which asyncio would wait."""

    now = 0.0
    turn: Callable[[], None]

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.now += timeout or 0
        self.turn()
        return super().select(0)


class _AsyncioLoop(asyncio.SelectorEventLoop):
    def __init__(self, turn: Callable[[], None]) -> None:
        self._clock = _Selector()
        self._clock.turn = turn
        super().__init__(self._clock)

    def time(self) -> float:
        return self._clock.now


def by_asyncio(main: Coroutine[Any, Any, None], turn: Callable[[], None]) -> None:
    with asyncio.Runner(loop_factory=lambda: _AsyncioLoop(turn)) as runner:
        runner.run(main)


def virtual_run(main: Coroutine[Any, Any, None], turn: Callable[[], None]) -> None:
    virtual.run(main, turn=turn)


#: What a task does, one after the other: sleep so long, let the others go first, start a timer, cancel the oldest one,
#: start so many timers and cancel them.
ACT = st.tuples(
    st.sampled_from(["sleep", "yield", "timer", "cancel", "many", "threadsafe"]),
    st.sampled_from([0.0, 0.1, 0.25, 1.0, 3]),
)
PROGRAM = st.lists(st.lists(ACT, max_size=12), min_size=1, max_size=6)


class Turns:
    """Counts the turns of a loop."""

    def __init__(self) -> None:
        self.taken = 0

    def __call__(self) -> None:
        self.taken += 1


async def carry_out(program: list[list[tuple[str, float]]], log: list[object], turns: Turns) -> None:
    loop = asyncio.get_running_loop()
    timers: list[asyncio.TimerHandle] = []

    async def act(name: int, acts: list[tuple[str, float]]) -> None:
        for number, (what, seconds) in enumerate(acts):
            log.append((name, number, loop.time(), turns.taken))
            if what == "sleep":
                await asyncio.sleep(seconds)
            elif what == "yield":
                await asyncio.sleep(0)
            elif what == "timer":
                timers.append(loop.call_later(seconds, log.append, (name, number, "timer")))
            elif what == "cancel" and timers:
                timers.pop(0).cancel()
            elif what == "many":
                for timer in [loop.call_later(seconds + each % 3, log.append, "never") for each in range(150)]:
                    timer.cancel()
            elif what == "threadsafe":
                loop.call_soon_threadsafe(log.append, (name, number, "soon"))

    await asyncio.gather(*(act(name, acts) for name, acts in enumerate(program)))


@given(PROGRAM)
def test_turns_and_times_are_those_of_asyncio(program: list[list[tuple[str, float]]]) -> None:
    logs: list[list[object]] = [[], []]
    for run, log in zip((by_asyncio, virtual_run), logs, strict=True):
        turns = Turns()
        run(carry_out(program, log, turns), turns)
    assert logs[1] == logs[0]


def test_a_program_that_waits_for_nothing_ends_with_an_error() -> None:
    async def main() -> None:
        await asyncio.Event().wait()

    with pytest.raises(RuntimeError, match="nothing will ever happen"):
        virtual.run(main())


def test_tasks_that_are_left_are_cancelled_and_their_errors_reported() -> None:
    ended: list[str] = []

    async def left() -> None:
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise ValueError("in the end") from None

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: ended.append(str(context["exception"])))
        main.tasks = [asyncio.create_task(left())]  # type: ignore[attr-defined]
        await asyncio.sleep(0)

    virtual.run(main())
    assert ended == ["cancelled", "in the end"]


def test_an_error_of_a_callback_goes_to_the_handler() -> None:
    found: list[str] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: found.append(str(context["exception"])))
        loop.call_soon(int, "x")
        await asyncio.sleep(1)

    virtual.run(main())
    assert found == ["invalid literal for int() with base 10: 'x'"]


def test_real_input_is_refused() -> None:
    async def main() -> None:
        asyncio.get_running_loop().add_reader(0, print)

    with pytest.raises(NotImplementedError):
        virtual.run(main())
