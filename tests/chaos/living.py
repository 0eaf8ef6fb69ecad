"""Lets a world live under virtual time, in a directory in memory, from the first turn of the loop to the last."""

from __future__ import annotations

import asyncio
import logging
import shutil
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Protocol, TypeVar

from fiscald.engine import actor
from fiscald.model.printers import PrinterState
from tests import virtual

#: Where the journals lie: in memory, on a host that has such a place.
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None


class _Faults(logging.Handler):
    """What the daemon itself calls an internal error is one; and how often it said that the journal is behind."""

    def __init__(self, found: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._found = found
        self.alarms = 0

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.levelno >= logging.ERROR:
            self._found.append(f"internal error: {record.exc_info[1]!r}")
        self.alarms += PrinterState.BEHIND in (record.args or ())


class Living(Protocol):
    """What ``live`` lets live: a shop, or a fleet of them."""

    def turn(self) -> None:
        """Called once in every turn of the loop."""


class Came(Protocol):
    """What came of it."""

    violations: list[str]
    alarms: int


W = TypeVar("W", bound=Living)
Out = TypeVar("Out", bound=Came)


def live(make: Callable[[Path], W], main_of: Callable[[W], Coroutine[Any, Any, Out]], seed: int) -> Out:
    """Let a world live in a new directory until what ``main_of`` gives has come to its end."""
    actor.RANDOM.seed(seed)
    directory = Path(tempfile.mkdtemp(prefix="chaos-", dir=MEMORY))
    world: list[W] = []
    internal: list[str] = []
    handler = _Faults(internal)
    logger = logging.getLogger("fiscald")
    logger.addHandler(handler)
    propagated, logger.propagate = logger.propagate, False

    async def main() -> Out:
        world.append(make(directory))
        asyncio.get_running_loop().set_exception_handler(lambda _, context: internal.append(str(context)))
        return await main_of(world[0])

    try:
        outcome = virtual.run(main(), turn=lambda: world[0].turn() if world else None)
    finally:
        logger.propagate = propagated
        logger.removeHandler(handler)
        shutil.rmtree(directory)
    outcome.violations += internal
    outcome.alarms = handler.alarms
    return outcome
