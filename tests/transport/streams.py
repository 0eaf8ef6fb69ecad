"""Every implementation of ``ByteStream``, with something at its other end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fiscald.transport import (
    ByteStream,
    memory_line,
)


@dataclass
class End:
    """The far end of a stream under test."""

    write: Callable[[bytes], None]
    read: Callable[[], bytes]
    close: Callable[[], None]


@asynccontextmanager
async def over_memory() -> AsyncIterator[tuple[ByteStream, End]]:
    near, far = memory_line()
    async with near:
        yield near, End(near.deliver, far.receive_nowait, near.cut)
