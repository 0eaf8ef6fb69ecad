"""``python -m tests.loop.watched REPORT run ...``: the daemon, and in ``REPORT`` every callback that held its loop.

What counts is the processor time of the loop's thread: a machine that is busy with something else makes a callback
late, not long. Garbage collection counts too, for nothing else goes on meanwhile.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from pathlib import Path
from typing import Any

from fiscald.cli.fiscald import main

#: Seconds from which on a callback is written down.
WORTH_TELLING = 0.004


def command(report: Path) -> tuple[str, ...]:
    """What to start in the place of ``fiscald``."""
    return sys.executable, "-m", __name__, str(report)


def watch(report: Path) -> None:
    """From now on, write down what holds a loop."""
    collected = [0.0, 0.0]
    run = asyncio.events.Handle._run
    lines = report.open("a", buffering=1, encoding="utf-8")

    def collecting(phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            collected[1] = time.thread_time()
        else:
            collected[0] += time.thread_time() - collected[1]

    def timed(handle: asyncio.Handle) -> None:
        what = _name(handle)
        began, collected[0] = time.thread_time(), 0.0
        run(handle)
        seconds = time.thread_time() - began
        if seconds > WORTH_TELLING:
            told = {"ms": round(seconds * 1000, 1), "gc_ms": round(collected[0] * 1000, 1), "what": what}
            lines.write(json.dumps(told | {"now": _place(handle)}) + "\n")

    gc.callbacks.append(collecting)
    asyncio.events.Handle._run = timed  # type: ignore[method-assign, assignment]


def _task(handle: asyncio.Handle) -> asyncio.Task[Any] | None:
    owner = getattr(handle._callback, "__self__", None)  # type: ignore[attr-defined]
    return owner if isinstance(owner, asyncio.Task) else None


def _name(handle: asyncio.Handle) -> str:
    task = _task(handle)
    callback = handle._callback  # type: ignore[attr-defined]
    if task is None:
        return getattr(callback, "__qualname__", repr(callback))
    coroutine: Any = task.get_coro()
    cycle = coroutine.cr_frame.f_locals.get("self") if getattr(coroutine, "cr_frame", None) else None
    scope = getattr(cycle, "scope", None)  # of uvicorn, while it answers a request
    return f"{scope['method']} {scope['path']}" if scope else str(coroutine)


def _place(handle: asyncio.Handle) -> str:
    """Where the task is now: what held the loop came before that."""
    task = _task(handle)
    frames = [] if task is None else task.get_stack(limit=1)
    inner: Any = task.get_coro() if task is not None else None
    while (awaited := getattr(inner, "cr_await", None) or getattr(inner, "ag_await", None)) is not None:
        if (frame := getattr(awaited, "cr_frame", None) or getattr(awaited, "ag_frame", None)) is not None:
            frames = [frame]
        inner = awaited
    return "; ".join(f"{frame.f_code.co_filename.rpartition('/')[2]}:{frame.f_lineno}" for frame in frames)


if __name__ == "__main__":
    watch(Path(sys.argv.pop(1)))
    main(prog_name="fiscald")
