"""What a verb is doing while it takes long: one line on standard error, on a terminal only.

Written by hand: a line that is written over is all there is to show, and a library for it is larger than the rest of
``fiscalctl``.
"""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from fiscald.terminal import VisibleStream, visible

#: Seconds after which a verb that has not ended says what it is doing, and between two times.
AFTER, EVERY = 1.0, 1.0
_WIPE = "\r\x1b[K"


class Progress:
    """The line, and the seconds since it was last changed."""

    def __init__(self, text: str, *, after: float, end: str) -> None:
        self._text = text
        self._end = end
        self._began = time.monotonic()
        self._due = self._began + after
        self._shown = False
        self._over = threading.Event()
        self._lock = threading.Lock()

    def say(self, text: str) -> None:
        """Something else is being done from now on."""
        with self._lock:
            self._text, self._began = text, time.monotonic()
            if self._shown:
                self._draw()

    def run(self) -> None:
        """Write the line again and again until ``end``; in its own thread."""
        while not self._over.wait(max(self._due - time.monotonic(), 0.0)):
            with self._lock:
                if not self._over.is_set():
                    self._draw()
            self._due = time.monotonic() + EVERY

    def end(self) -> None:
        """Take the line away."""
        with self._lock:
            self._over.set()
            if self._shown:
                _send(_WIPE)

    def _draw(self) -> None:
        self._shown = True
        seconds = int(time.monotonic() - self._began)
        line = f"{self._text}{f', {seconds} s' if seconds else ''} ({self._end})"
        _send(_WIPE + visible(line)[: shutil.get_terminal_size().columns - 1])


def _send(text: str) -> None:
    """Our own control sequences, and text that was made visible."""
    stream: Any = sys.stderr
    (stream.control if isinstance(stream, VisibleStream) else stream.write)(text)
    stream.flush()


@contextmanager
def progress(text: str, *, after: float = AFTER, end: str = "Ctrl-C ends") -> Iterator[Callable[[str], None]]:
    """Says ``text`` while the block runs longer than ``after`` seconds; yields what changes the text.

    ``end``: what Ctrl-C does.
    """
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    shown = Progress(text, after=after, end=end)
    thread = threading.Thread(target=shown.run, daemon=True)
    thread.start()
    try:
        yield shown.say
    finally:
        shown.end()
        thread.join()
