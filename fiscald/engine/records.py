"""The journal's records: trouble with the file is a problem for the caller and is logged once; old records go."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Concatenate, NoReturn, ParamSpec, TypeVar

import anyio

from fiscald.journal import Journal, JournalError, Store
from fiscald.model.problems import ProblemError, problem

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

#: Seconds between two deletions of old jobs, and between two steps of one.
PRUNE_EVERY, PRUNE_PAUSE = 86_400.0, 1.0


class Records:
    """Runs transactions of the journal for a caller."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._trouble = ""

    async def run(self, transaction: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run one transaction. Raises ``ProblemError`` ``daemon.journal`` if the file cannot be read or written."""
        try:
            answer = await self._journal.run(transaction, *args, **kwargs)
        except JournalError as error:
            if str(error) != self._trouble:
                self._trouble = str(error)
                log.error("the journal: %s", error, exc_info=error.__cause__)
            raise ProblemError(problem("daemon.journal", reason=error)) from None
        self._trouble = ""
        return answer


async def prune(journal: Journal, keep_days: int) -> NoReturn:
    """Delete answers older than ``keep_days``, a few at a time."""
    while True:
        deleted = 0
        try:
            deleted = await journal.run(Store.prune, keep_days)
        except JournalError as error:
            log.warning("old jobs cannot be deleted: %s", error)
        await anyio.sleep(PRUNE_PAUSE if deleted else PRUNE_EVERY)
