"""Bytes from a printer that answer no command. They are counted, and logged at most once a minute."""

from __future__ import annotations

import logging

import anyio

log = logging.getLogger(__name__)

#: Seconds between two log lines about the same kind of noise on one printer.
LOG_EVERY = 60.0


class Noise:
    """Counts the noise on one printer since the daemon started, over all connections."""

    def __init__(self, printer: str) -> None:
        self._printer = printer
        self.strays = 0
        """Intact answers that no command waited for."""
        self.damaged = 0
        """Answers that came damaged."""
        self._logged: dict[str, tuple[float, int]] = {}

    def stray(self, detail: str) -> None:
        """Count an answer that no command waits for."""
        self.strays += 1
        self._log("unexpected answers", self.strays, detail)

    def damage(self, detail: str) -> None:
        """Count bytes that cannot be an intact answer."""
        self.damaged += 1
        self._log("damaged answers", self.damaged, detail)

    def _log(self, kind: str, count: int, detail: str) -> None:
        now = anyio.current_time()
        at, before = self._logged.get(kind, (float("-inf"), 0))
        if now - at < LOG_EVERY:
            return
        self._logged[kind] = (now, count)
        new = count - before
        text = detail if new == 1 else f"{new} {kind} since the last such line; the latest: {detail}"
        log.warning("%s: %s", self._printer, text)
