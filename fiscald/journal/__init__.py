"""The durable record of every job. One writer: a thread of its own owns the file."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Concatenate, NamedTuple, ParamSpec, Protocol, TypeVar

from fiscald.journal.store import (
    Accepted,
    Change,
    Entry,
    JournalDamaged,
    JournalError,
    Phase,
    Store,
    Unread,
    WrongPhase,
    lock_directory,
)

__all__ = [
    "Accepted",
    "Change",
    "Entry",
    "Journal",
    "JournalDamaged",
    "JournalError",
    "Phase",
    "Store",
    "ThreadedJournal",
    "Unread",
    "UnusableJournal",
    "WrongPhase",
]

P = ParamSpec("P")
T = TypeVar("T")


class Journal(Protocol):
    """Runs transactions of a ``Store`` one after the other, wherever that happens."""

    async def run(self, transaction: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """``transaction(store, *args, **kwargs)``, a method of ``Store``.

        Once begun it is carried through, even if the caller is cancelled. Raises what the transaction raises.
        """


#: What moves a job on its way to the paper: a hundred printers do not wait for a hundred syncs.
_SHARE_A_SYNC = frozenset((Store.accept, Store.start, Store.opened, Store.commit, Store.requeue, Store.finish))
#: At most so many with one sync.
_TOGETHER = 128


class ThreadedJournal:
    """A journal whose file is touched by one thread only, so that a slow disk never stops the loop.

    The moves of jobs that are asked for while the disk is busy are carried out together, with one sync for all, and
    answered as soon as it is over. Everything else is carried out by itself.
    """

    def __init__(self, directory: Path, clock: Callable[[], datetime]) -> None:
        """Open the journal. Raises ``JournalError``."""
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        try:
            self._store = self._thread.submit(Store, directory, clock).result()
        except BaseException:
            self._thread.shutdown()
            raise
        self._moves: deque[_Asked] = deque()
        self._closed = False

    async def run(self, transaction: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See ``Journal.run``. Raises ``JournalError`` once the journal is closed."""
        if self._closed:
            raise JournalError("the journal is closed; fiscald is stopping")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        asked = _Asked(partial(transaction, self._store, *args, **kwargs), answer, loop)
        if transaction in _SHARE_A_SYNC:
            self._moves.append(asked)
            self._thread.submit(self._carry_out_moves)
        else:
            self._thread.submit(self._carry_out, [asked])
        return await asyncio.shield(answer)

    def _carry_out_moves(self) -> None:
        """Those that wait by now; none, when an earlier turn took them along."""
        group: list[_Asked] = []
        while self._moves and len(group) < _TOGETHER:
            group.append(self._moves.popleft())
        if group:
            self._carry_out(group)

    def _carry_out(self, group: list[_Asked]) -> None:
        outcomes = self._store.together([asked.transaction for asked in group])
        for asked, outcome in zip(group, outcomes, strict=True):
            asked.loop.call_soon_threadsafe(_answer, asked.answer, outcome)

    def close(self) -> None:
        """Finish what was begun and close the file."""
        self._closed = True
        self._thread.submit(self._store.close).result()
        self._thread.shutdown()


class _Asked(NamedTuple):
    """A transaction, and who waits for it where."""

    transaction: Callable[[], Any]
    answer: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop


def _answer(answer: asyncio.Future[Any], outcome: Any) -> None:
    if isinstance(outcome, Exception):
        answer.set_exception(outcome)
    else:
        answer.set_result(outcome)


class UnusableJournal:
    """Stands in for a damaged journal: every transaction fails with the reason. The directory stays locked."""

    def __init__(self, directory: Path, error: JournalDamaged) -> None:
        """Raises ``JournalError`` if another daemon uses the directory."""
        self._lock = lock_directory(directory)
        self._error = error

    async def run(self, transaction: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See ``Journal.run``."""
        raise self._error

    def close(self) -> None:
        """Let the next daemon in."""
        self._lock.close()
