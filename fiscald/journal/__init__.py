"""The durable record of every job. One writer: a thread of its own owns the file."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from fiscald.journal.store import (
    Accepted,
    Entry,
    JournalDamaged,
    JournalError,
    Phase,
    Store,
    WrongPhase,
    lock_directory,
)

__all__ = [
    "Accepted",
    "Entry",
    "Journal",
    "JournalDamaged",
    "JournalError",
    "Phase",
    "Store",
    "ThreadedJournal",
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


class ThreadedJournal:
    """A journal whose file is touched by one thread only, so that a slow disk never stops the loop.

    What is asked for while the disk is busy is carried out together, with one sync for all: a hundred printers
    do not wait for a hundred syncs. Nobody is answered before it.
    """

    def __init__(self, directory: Path, clock: Callable[[], datetime]) -> None:
        """Open the journal. Raises ``JournalError``."""
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        try:
            self._store = self._thread.submit(Store, directory, clock).result()
        except BaseException:
            self._thread.shutdown()
            raise
        self._waiting: list[tuple[Callable[[], Any], asyncio.Future[Any]]] = []
        self._busy = False

    async def run(self, transaction: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See ``Journal.run``."""
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((partial(transaction, self._store, *args, **kwargs), answer))
        self._hand_over()
        return await asyncio.shield(answer)

    def _hand_over(self) -> None:
        if self._busy or not self._waiting:
            return
        self._busy = True
        batch, self._waiting = self._waiting, []
        done = asyncio.wrap_future(self._thread.submit(self._store.together, [ask for ask, _ in batch]))
        done.add_done_callback(partial(self._answer, [answer for _, answer in batch]))

    def _answer(self, answers: list[asyncio.Future[Any]], done: asyncio.Future[list[Any]]) -> None:
        self._busy = False
        self._hand_over()
        for answer, outcome in zip(answers, done.result(), strict=True):
            if isinstance(outcome, Exception):
                answer.set_exception(outcome)
            else:
                answer.set_result(outcome)

    def close(self) -> None:
        """Finish what was begun and close the file."""
        self._busy = False  # the thread takes one after the other anyway
        self._hand_over()
        self._thread.submit(self._store.close).result()
        self._thread.shutdown()


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
