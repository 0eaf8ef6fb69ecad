"""The durable record of every job. One writer: one thread owns the file."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Concatenate, NamedTuple, ParamSpec, Protocol, TypeVar

from fiscald.journal.directory import StateDirectory, prepare
from fiscald.journal.errors import (
    DirectoryRefused,
    JournalDamaged,
    JournalError,
    JournalMissing,
    JournalThere,
    WrongPhase,
)
from fiscald.journal.file import Doubt
from fiscald.journal.listing import Wanted
from fiscald.journal.printers import Known, Rule, Unexplained
from fiscald.journal.rows import Accepted, Change, Entry, Phase, Unread
from fiscald.journal.store import Store

__all__ = [
    "Accepted",
    "Change",
    "DirectoryRefused",
    "Doubt",
    "Entry",
    "Journal",
    "JournalDamaged",
    "JournalError",
    "JournalMissing",
    "JournalThere",
    "Known",
    "Phase",
    "Rule",
    "Store",
    "ThreadedJournal",
    "Unexplained",
    "Unread",
    "UnusableJournal",
    "Wanted",
    "WrongPhase",
    "prepare",
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

    def __init__(
        self, directory: Path, clock: Callable[[], datetime], *, printers: Iterable[str] = (), new: bool = False
    ) -> None:
        """Open the journal, see ``JournalFile``. Raises ``JournalError``."""
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        try:
            self._store = self._thread.submit(Store, directory, clock, printers=printers, new=new).result()
        except BaseException:
            self._thread.shutdown()
            raise
        self._moves: deque[_Asked] = deque()
        self._others: deque[_Asked] = deque()
        self._closed = False
        # A copy of a large journal takes seconds, in which everything goes on.
        self._store.take_turns = self._carry_out_what_waits

    @property
    def doubt(self) -> Doubt | None:
        """Why the journal may not know everything that was printed, as it was found when it was opened."""
        return self._store.doubt

    @property
    def missing_changes(self) -> int | None:
        """How many changes an older copy lacks, where that is known."""
        return self._store.missing_changes

    def run_here(self, transaction: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See ``Journal.run``; for threads other than the loop's, which waits for the disk meanwhile."""
        if self._closed:
            raise JournalError("the journal is closed; fiscald is stopping")
        return self._thread.submit(transaction, self._store, *args, **kwargs).result()

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
        elif transaction == Store.copy:
            self._thread.submit(self._carry_out, [asked])
        else:
            self._others.append(asked)
            self._thread.submit(self._carry_out_other)
        return await asyncio.shield(answer)

    def _carry_out_moves(self) -> None:
        """Those that wait by now; none, when an earlier turn took them along."""
        group: list[_Asked] = []
        while self._moves and len(group) < _TOGETHER:
            group.append(self._moves.popleft())
        if group:
            self._carry_out(group)

    def _carry_out_other(self) -> None:
        """The next one that waits; none, when it had its turn while the journal was copied."""
        if self._others:
            self._carry_out([self._others.popleft()])

    def _carry_out_what_waits(self) -> None:
        """Between two parts of a copy: everything that waits by now but other copies."""
        self._carry_out_moves()
        for _ in range(len(self._others)):
            self._carry_out_other()

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
        self._lock = StateDirectory(directory)
        self._error = error

    async def run(self, transaction: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See ``Journal.run``."""
        raise self._error

    def close(self) -> None:
        """Let the next daemon in."""
        self._lock.close()
