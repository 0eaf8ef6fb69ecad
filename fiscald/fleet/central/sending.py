"""Sends the messages of one webhook, signed as the daemon's, at least once and in order per order."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial

import anyio
from sqlalchemy.exc import SQLAlchemyError

from fiscald.fleet.central import letters
from fiscald.fleet.central.database import Database
from fiscald.fleet.central.dispatcher import InThread
from fiscald.fleet.central.letters import Letter
from fiscald.webhooks import schedule
from fiscald.webhooks.posting import Poster, PostFailed
from fiscald.webhooks.secret_file import SecretUnusable

log = logging.getLogger(__name__)

#: Seconds between two looks for messages, and before the next try after trouble on this side.
LOOK_AGAIN, TROUBLE = 2.0, 30.0


class Sender:
    """Sends the messages of one webhook."""

    def __init__(
        self, db: Database, hook: str, poster: Poster, clock: Callable[[], datetime], in_thread: InThread,
        spread: Callable[[], float],
    ) -> None:  # fmt: skip
        """``spread`` returns a number from 0 to 1 at random."""
        self._db = db
        self._hook = hook
        self._poster = poster
        self._clock = clock
        self._in_thread = in_thread
        self._spread = spread
        self._failures = 0

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            try:
                pause = await self._turn()
            except SQLAlchemyError as error:
                log.error("webhook %s: the database cannot be used: %s", self._hook, error)
                pause = TROUBLE
            except SecretUnusable as error:
                log.error("webhook %s: %s", self._hook, error)
                pause = TROUBLE
            await anyio.sleep(pause)

    async def _turn(self) -> float:
        """Send one message; returns the seconds until the next."""
        await self._poster.check()
        letter = await self._in_thread(partial(letters.take, self._db, self._hook, self._now()))
        if letter is None:
            return LOOK_AGAIN
        try:
            answer = await self._poster.send(letter.message_id, letter.body.encode())
        except PostFailed as error:
            return await self._failed(letter, str(error), 0.0)
        if 200 <= answer.status < 300:
            self._failures = 0
            await self._in_thread(partial(letters.arrived, self._db, letter))
            return 0.0
        asked = schedule.asked_wait(answer.retry_after, self._now())
        return await self._failed(letter, f"the receiver answered {answer.status}", asked)

    async def _failed(self, letter: Letter, why: str, asked: float) -> float:
        self._failures += 1
        now = self._now()
        tries = letter.tries + 1
        is_over = schedule.is_given_up(tries, now - letter.created)
        again = None if is_over else now + max(asked, schedule.wait_after(tries, self._spread()))
        await self._in_thread(lambda: letters.failed(self._db, letter, why, again, now))
        log.warning("webhook %s: %s", self._hook, why)
        return max(asked, schedule.pause_after(self._failures, self._spread()))

    def _now(self) -> float:
        return self._clock().timestamp()
