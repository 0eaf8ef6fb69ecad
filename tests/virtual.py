"""Virtual time: an event loop whose clock jumps to the next timer instead of waiting for it.

Only for programs without real I/O and threads: their results would come at no virtual time at all.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Selector(selectors.SelectSelector):
    def __init__(self, turn: Callable[[], None]) -> None:
        super().__init__()
        self.now = 0.0
        self._turn = turn

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if not events:
            if timeout is None:
                raise RuntimeError("nothing will ever happen again")
            self.now += timeout
        self._turn()
        return events


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self, turn: Callable[[], None]) -> None:
        self._clock = _Selector(turn)
        super().__init__(self._clock)

    def time(self) -> float:
        return self._clock.now


def here() -> bool:
    """Whether the running task lives in virtual time."""
    return isinstance(asyncio.get_running_loop(), _Loop)


def run(main: Coroutine[Any, Any, T], *, turn: Callable[[], None] = lambda: None) -> T:
    """Run ``main`` under virtual time, beginning at 0; ``turn`` is called once in every turn of the loop."""
    with asyncio.Runner(loop_factory=lambda: _Loop(turn)) as runner:
        return runner.run(main)
