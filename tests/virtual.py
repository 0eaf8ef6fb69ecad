"""Virtual time: an event loop whose clock jumps to the next timer instead of waiting for it.

Only for programs without real I/O and threads: their results would come at no virtual time at all. The loop has no
selector, so real I/O fails at once.
"""

from __future__ import annotations

import asyncio
import contextvars
import heapq
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

#: Seconds of the longest jump, and how near a timer is due: as in asyncio.
_LONGEST_JUMP, _RESOLUTION = 24 * 3600.0, 1e-9
#: With more timers than this, and more than half of them cancelled, the cancelled ones are swept out: as in asyncio.
_MANY_TIMERS = 100


class _Handle(asyncio.Handle):
    """A callback for the next turn. asyncio's own asks the loop about its debug mode, 400 times in a short run."""

    __slots__ = ()

    def __init__(
        self,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        loop: asyncio.AbstractEventLoop,
        context: contextvars.Context | None,
    ) -> None:
        self._context = contextvars.copy_context() if context is None else context
        self._loop = loop
        self._callback = callback
        self._args = args
        self._cancelled = False
        self._repr = self._source_traceback = None


class _Loop(asyncio.BaseEventLoop):
    """Takes its turns in the same order as asyncio's own loop does; ``tests/project/test_virtual.py`` compares them.

    The simulations spend much of their time here. Timers are pairs, because heapq compares those without calling Python.
    """

    _ready: deque[asyncio.Handle]
    _scheduled: list[tuple[float, asyncio.TimerHandle]]
    _timer_cancelled_count: int
    _stopping: bool

    def __init__(self, turn: Callable[[], None]) -> None:
        super().__init__()
        self._now = 0.0
        self._turn = turn

    def time(self) -> float:
        return self._now

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.Handle:
        handle = _Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.TimerHandle:
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._scheduled, (when, timer))
        timer._scheduled = True  # type: ignore[attr-defined]
        return timer

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Callable[..., object], *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self._now + delay, callback, *args, context=context)

    def _run_once(self) -> None:
        scheduled, ready = self._scheduled, self._ready
        if self._timer_cancelled_count:
            self._drop_cancelled()
        if not ready and not self._stopping:
            if not scheduled:
                raise RuntimeError("nothing will ever happen again")
            self._now += min(max(0, scheduled[0][0] - self._now), _LONGEST_JUMP)
        self._turn()
        due = self._now + _RESOLUTION
        while scheduled and scheduled[0][0] < due:
            timer = heapq.heappop(scheduled)[1]
            timer._scheduled = False  # type: ignore[attr-defined]
            ready.append(timer)
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle._cancelled:
                handle._run()

    def _drop_cancelled(self) -> None:
        """Cancelled timers go when they are the next, or when they are many."""
        scheduled = self._scheduled
        if len(scheduled) > _MANY_TIMERS and self._timer_cancelled_count / len(scheduled) > 0.5:
            for _, timer in scheduled:
                timer._scheduled = not timer._cancelled  # type: ignore[attr-defined]
            scheduled[:] = [entry for entry in scheduled if not entry[1]._cancelled]
            heapq.heapify(scheduled)
            self._timer_cancelled_count = 0
            return
        while scheduled and scheduled[0][1]._cancelled:
            self._timer_cancelled_count -= 1
            heapq.heappop(scheduled)[1]._scheduled = False  # type: ignore[attr-defined]

    def _write_to_self(self) -> None:
        """Nothing waits in a selector, so nothing must be woken."""

    def _process_events(self, event_list: object) -> None:
        """There are none."""


def here() -> bool:
    """Whether the running task lives in virtual time."""
    return isinstance(asyncio.get_running_loop(), _Loop)


def run(main: Coroutine[Any, Any, T], *, turn: Callable[[], None] = lambda: None) -> T:
    """Run ``main`` under virtual time, beginning at 0; ``turn`` is called once in every turn of the loop.

    Not by ``asyncio.Runner``: its handler of Ctrl-C makes ``signal`` describe the whole result of ``main`` in words.
    """
    loop = _Loop(turn)
    try:
        asyncio.set_event_loop(loop)
        try:
            return loop.run_until_complete(main)
        finally:
            loop.run_until_complete(_end_the_rest())
            loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        asyncio.set_event_loop(None)
        loop.close()


async def _end_the_rest() -> None:
    """Cancel every other task and wait for its end; what goes wrong in one is reported, as ``asyncio.run`` does."""
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    for ended in await asyncio.gather(*rest, return_exceptions=True):
        if isinstance(ended, Exception):
            asyncio.get_running_loop().call_exception_handler(
                {"message": "a task failed while the loop was ending", "exception": ended}
            )
