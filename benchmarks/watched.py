"""``python -m benchmarks.watched REPORT run ...``: the daemon, and in ``REPORT`` every stall of its event loop.

A timer of the loop is due every millisecond; when it is late, everything else was late too. The reason may be a long
callback, many short ones, or another thread that holds Python's lock. On a computer that is busy with other programs a
timer is late without a reason in the daemon, so a stall is at most the processor time that the daemon (all its threads)
has used since the timer before. A daemon that is not watched pays nothing for this.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

from fiscald.cli.fiscald import main

#: Milliseconds from which on a stall is written down.
WORTH_WRITING = 2.0
#: Seconds between two timers.
BEAT = 0.001


def watch(report: Path) -> None:
    """From now on, write down the stalls of every loop."""
    lines = report.open("a", buffering=1, encoding="utf-8")
    run, run_forever = asyncio.events.Handle._run, asyncio.base_events.BaseEventLoop.run_forever
    longest = 0.0

    def timed(handle: asyncio.Handle) -> None:
        nonlocal longest
        began = time.thread_time()
        run(handle)
        longest = max(longest, time.thread_time() - began)

    def beat(loop: asyncio.AbstractEventLoop, due: float, before: float) -> None:
        nonlocal longest
        late, spent = loop.time() - due, time.process_time()
        milliseconds = min(late, spent - before) * 1000
        if milliseconds > WORTH_WRITING:
            told = {
                "stall": round(milliseconds, 1),
                "late": round(late * 1000, 1),
                "callback": round(longest * 1000, 1),
            }
            lines.write(json.dumps(told) + "\n")
        longest = 0.0
        again = loop.time() + BEAT
        loop.call_at(again, beat, loop, again, time.process_time())

    def run_with_beat(loop: asyncio.BaseEventLoop) -> None:
        loop.call_soon(beat, loop, loop.time(), time.process_time())
        run_forever(loop)

    asyncio.events.Handle._run = timed  # type: ignore[method-assign, assignment]
    asyncio.base_events.BaseEventLoop.run_forever = run_with_beat  # type: ignore[method-assign, assignment]


if __name__ == "__main__":
    watch(Path(sys.argv.pop(1)))
    main(prog_name="fiscald")
