"""What is imported stays in memory, and the garbage collector need not search it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def staying_in_memory() -> Iterator[None]:
    """What is imported inside stays: searching it for garbage would block the event loop for 60 ms now and then."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collects:
            gc.enable()
