"""The journal: the durable record of every job. Only one thread uses the file."""

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
    """Runs the transactions of a ``Store`` one after the other."""

    async def run(self, transaction: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """``transaction(store, *args, **kwargs)``, a method of ``Store``.

        A started transaction runs to its end, even if the caller is cancelled. Raises what the transaction raises.
        """


#: The transactions that share a sync, so that a hundred printers do not wait for a hundred syncs: the moves of jobs.
_SHARE_A_SYNC = frozenset((Store.accept, Store.start, Store.opened, Store.commit, Store.requeue, Store.finish))
#: At most this many transactions share one sync.
_TOGETHER = 128


class ThreadedJournal:
    """A journal whose file only one thread uses, so that a slow disk never stops the event loop.

    Moves of jobs that arrive while the disk is busy run together with one sync, and get their answers after it. Every
    other transaction runs alone.
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
        self._moves: deque[_Call] = deque()
        self._others: deque[_Call] = deque()
        self._closed = False
        # A copy of a large journal takes seconds. Other transactions run meanwhile.
        self._store.take_turns = self._carry_out_what_waits

    @property
    def doubt(self) -> Doubt | None:
        """Why the journal may not know everything that was printed; found when the journal was opened."""
        return self._store.doubt

    @property
    def missing_changes(self) -> int | None:
        """How many changes an older copy lacks, if that is known."""
        return self._store.missing_changes

    def run_here(self, transaction: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Like ``Journal.run``, but waits for the disk: for other threads than the event loop's."""
        if self._closed:
            raise JournalError("the journal is closed; fiscald is stopping")
        return self._thread.submit(transaction, self._store, *args, **kwargs).result()

    async def run(self, transaction: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See ``Journal.run``. Raises ``JournalError`` once the journal is closed."""
        if self._closed:
            raise JournalError("the journal is closed; fiscald is stopping")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        call = _Call(partial(transaction, self._store, *args, **kwargs), answer, loop)
        if transaction in _SHARE_A_SYNC:
            self._moves.append(call)
            self._thread.submit(self._carry_out_moves)
        elif transaction == Store.copy:
            self._thread.submit(self._carry_out, [call])
        else:
            self._others.append(call)
            self._thread.submit(self._carry_out_other)
        return await asyncio.shield(answer)

    def _carry_out_moves(self) -> None:
        """Run the moves that wait now. There may be none, if an earlier turn ran them."""
        group: list[_Call] = []
        while self._moves and len(group) < _TOGETHER:
            group.append(self._moves.popleft())
        if group:
            self._carry_out(group)

    def _carry_out_other(self) -> None:
        """Run the next waiting transaction. There may be none, if it ran while the journal was copied."""
        if self._others:
            self._carry_out([self._others.popleft()])

    def _carry_out_what_waits(self) -> None:
        """Between two parts of a copy: run everything that waits now, except other copies."""
        self._carry_out_moves()
        for _ in range(len(self._others)):
            self._carry_out_other()

    def _carry_out(self, group: list[_Call]) -> None:
        outcomes = self._store.together([call.transaction for call in group])
        for call, outcome in zip(group, outcomes, strict=True):
            call.loop.call_soon_threadsafe(_answer, call.answer, outcome)

    def close(self) -> None:
        """Finish the started transactions and close the file."""
        self._closed = True
        self._thread.submit(self._store.close).result()
        self._thread.shutdown()


class _Call(NamedTuple):
    """A transaction, and where its caller waits."""

    transaction: Callable[[], Any]
    answer: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop


def _answer(answer: asyncio.Future[Any], outcome: Any) -> None:
    if isinstance(outcome, Exception):
        answer.set_exception(outcome)
    else:
        answer.set_result(outcome)


class UnusableJournal:
    """Replaces a damaged journal: every transaction fails with the reason. The directory stays locked."""

    def __init__(self, directory: Path, error: JournalDamaged) -> None:
        """Raises ``JournalError`` if another daemon uses the directory."""
        self._lock = StateDirectory(directory)
        self._error = error

    async def run(self, transaction: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See ``Journal.run``."""
        raise self._error

    def close(self) -> None:
        """Release the directory for the next daemon."""
        self._lock.close()
