"""Forgets what has run out, once a minute, in turns so short that no answer waits for long."""

from __future__ import annotations

import logging
from collections.abc import Callable

import anyio
from anyio import to_thread

from fiscald.licence.server.refusals import Unable

log = logging.getLogger(__name__)

INTERVAL = 60.0
#: Turns of one round: what is left is for the next minute. At 500 rows of each table a round keeps up with 400 checks a
#: second.
TURNS = 50
#: Seconds between two turns: those who wait for an answer go first.
PAUSE = 0.05


class Housekeeping:
    """The server's task beside the answers and the mails."""

    def __init__(self, tidy: Callable[[], bool]) -> None:
        """``tidy``: one turn (``RequestHandler.tidy``); whether there may be more to do."""
        self._tidy = tidy

    async def run(self) -> None:
        """Tidy until cancelled. No error ends it."""
        while True:
            await self.round()
            await anyio.sleep(INTERVAL)

    async def round(self) -> None:
        """One round."""
        try:
            for _ in range(TURNS):
                if not await to_thread.run_sync(self._tidy):
                    return
                await anyio.sleep(PAUSE)
        except Unable as error:
            log.error("nothing is tidied: %s", error)
        except Exception:  # the answers do not need it; what is wrong today may be right in a minute
            log.exception("nothing is tidied")
