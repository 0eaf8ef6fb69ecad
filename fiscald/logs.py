"""Limits repeated log lines."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Hashable

#: Seconds in which lines of one kind are counted.
MINUTE = 60.0
#: Warnings of one kind that are logged per minute, and the number of kinds that are counted separately.
MAX_LINES, MAX_KINDS = 20, 10_000


class RateLimitFilter(logging.Filter):
    """A filter for a handler: at most ``MAX_LINES`` warnings or errors of one kind per minute, and one traceback.

    Lines are of one kind if their format and their first argument are equal; that argument is the name of a printer or
    the key of a job. The first line of the next minute says how many were left out.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._began = clock()
        self._seen: Counter[Hashable] = Counter()
        self._left_out: Counter[Hashable] = Counter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is logged."""
        if record.levelno < logging.WARNING:
            return True
        now = self._clock()
        if now - self._began >= MINUTE or len(self._seen) > MAX_KINDS:
            self._began = now
            self._left_out = Counter({kind: n - MAX_LINES for kind, n in self._seen.items() if n > MAX_LINES})
            self._seen.clear()
        first = record.args[0] if isinstance(record.args, tuple) and record.args else None
        kind = record.name, str(record.msg), str(first)
        self._seen[kind] += 1
        if self._seen[kind] > MAX_LINES:
            return False
        if self._seen[kind] > 1:
            record.exc_info = record.exc_text = record.stack_info = None
        if left_out := self._left_out.pop(kind, 0):
            record.msg, record.args = f"{record.getMessage()} ({left_out} more of these were omitted)", ()
        return True


class RateLimitedLog:
    """Logs one line per minute for each message, however often it is given."""

    def __init__(self, log: logging.Logger, clock: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._clock = clock
        self._next: dict[str, float] = {}
        self._unsaid: Counter[str] = Counter()

    def warning(self, message: str, *args: object) -> None:
        """Log the message; or count it, if the same ``message`` was logged within the last minute."""
        now = self._clock()
        if now < self._next.get(message, now):
            self._unsaid[message] += 1
            return
        self._next[message] = now + MINUTE
        unsaid = self._unsaid.pop(message, 0)
        self._log.warning(f"{message}%s", *args, f" (and {unsaid} times before)" if unsaid else "")
