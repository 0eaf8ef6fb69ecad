"""``python -m benchmarks.watched REPORT run ...``: the daemon, and in ``REPORT`` every long pass of its event loop.

A pass is what the loop does between two looks at its connections and timers: during it everything else waits. A callback
is one piece of it. Both count the processor time of the loop's thread: on a machine that is busy with something else a
pass is late, not long. A daemon that is not watched pays nothing for this.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

from fiscald.cli.fiscald import main

#: Milliseconds from which on a pass is written down.
WORTH_WRITING = 2.0


def watch(report: Path) -> None:
    """From now on, write down the long passes of every loop."""
    lines = report.open("a", buffering=1, encoding="utf-8")
    run, run_once = asyncio.events.Handle._run, asyncio.base_events.BaseEventLoop._run_once  # type: ignore[attr-defined]
    longest = 0.0

    def timed(handle: asyncio.Handle) -> None:
        nonlocal longest
        began = time.thread_time()
        run(handle)
        longest = max(longest, time.thread_time() - began)

    def timed_pass(loop: asyncio.AbstractEventLoop) -> None:
        nonlocal longest
        began, longest = time.thread_time(), 0.0
        run_once(loop)
        milliseconds = (time.thread_time() - began) * 1000
        if milliseconds > WORTH_WRITING:
            told = {"pass": round(milliseconds, 1), "callback": round(longest * 1000, 1)}
            lines.write(json.dumps(told) + "\n")

    asyncio.events.Handle._run = timed  # type: ignore[method-assign, assignment]
    asyncio.base_events.BaseEventLoop._run_once = timed_pass  # type: ignore[attr-defined]


if __name__ == "__main__":
    watch(Path(sys.argv.pop(1)))
    main(prog_name="fiscald")
