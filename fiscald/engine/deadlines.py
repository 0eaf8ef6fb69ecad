"""Fails the jobs whose deadline passes before they start."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import NoReturn

import anyio

from fiscald.journal import Entry, Journal, JournalError, Store
from fiscald.model.jobs import Job
from fiscald.model.problems import Problem, problem

log = logging.getLogger(__name__)

#: Seconds between two checks of the deadlines, because the host's clock may jump.
DEADLINE_CHECK = 60.0


class Deadlines:
    """Watches the deadlines of the jobs of all printers, whatever these are doing."""

    def __init__(self, journal: Journal, held: Callable[[], frozenset[str]], expired: Callable[[Entry], None]) -> None:
        """``held`` returns the printers whose jobs must not expire, because they may be printed already. ``expired`` is
        called with every job that has failed.
        """
        self._journal = journal
        self._held = held
        self._expired = expired
        self._new = anyio.Event()

    def check_again(self) -> None:
        """There is a new deadline, or a printer is no longer held."""
        self._new.set()

    async def run(self) -> NoReturn:
        """Without end."""
        while True:
            self._new = anyio.Event()
            try:
                expired, left = await self._journal.run(Store.expire, _problem, self._held())
            except JournalError:
                expired, left = [], DEADLINE_CHECK
            for entry in expired:
                log.warning("job %s has failed: its deadline passed", entry.job.key)
                self._expired(entry)
            with anyio.move_on_after(float("inf") if left is None else min(left, DEADLINE_CHECK)):
                await self._new.wait()


def _problem(job: Job) -> Problem:
    assert job.deadline is not None
    return problem("job.expired", deadline=job.deadline.isoformat())
