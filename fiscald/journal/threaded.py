"""The journal as the daemon uses it: one thread carries out its transactions, so a slow disk never stops the loop."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Concatenate, NamedTuple, ParamSpec, Protocol, TypeVar

from fiscald.journal.directory import StateDirectory
from fiscald.journal.errors import JournalDamaged, JournalError
from fiscald.journal.file import Doubt
from fiscald.journal.store import Store
from fiscald.journal.webhooks import Subscription

P = ParamSpec("P")
T = TypeVar("T")

#: The transactions that share a sync, so that a hundred printers do not wait for a hundred syncs: the moves of jobs,
#: and the good answers of webhooks.
_SHARE_A_SYNC = frozenset(
    (
        Store.accept, Store.start, Store.opened, Store.commit, Store.interrupt, Store.requeue, Store.finish,
        Store.message_delivered,
    )
)  # fmt: skip
#: At most this many transactions share one sync.
_TOGETHER = 128
#: After so many changes the thread empties the log, as soon as it has had nothing to do for so many seconds. A receipt
#: makes five changes, so this takes less than one sync for each receipt.
_CHANGES, _QUIET = 30, 1.0


class Journal(Protocol):
    """Runs the transactions of a ``Store`` one after the other."""

    async def run(self, transaction: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """``transaction(store, *args, **kwargs)``, a method of ``Store``.

        A started transaction runs to its end, even if the caller is cancelled. Raises what the transaction raises.
        """


class _Call(NamedTuple):
    """A transaction, and where its caller waits."""

    transaction: Callable[[], Any]
    answer: asyncio.Future[Any] | Future[Any]
    loop: asyncio.AbstractEventLoop | None
    """The loop of an ``asyncio.Future``."""
    line: deque[_Call]
    """Where the call waits for its turn."""


class ThreadedJournal:
    """A journal whose file only one thread uses.

    Moves of jobs that arrive while the disk is busy run together with one sync, and get their answers after it. Every
    other transaction runs alone.
    """

    def __init__(
        self,
        directory: Path,
        clock: Callable[[], datetime],
        *,
        printers: Iterable[str] = (),
        webhooks: Iterable[Subscription] = (),
        new: bool = False,
    ) -> None:
        """Open the journal, see ``Store``. Raises ``JournalError``."""
        self._store = Store(directory, clock, printers=printers, webhooks=webhooks, new=new)
        # A copy of a large journal takes seconds. Other transactions run meanwhile.
        self._store.take_turns = self._carry_out_what_came
        self._moves: deque[_Call] = deque()
        self._others: deque[_Call] = deque()
        self._copies: deque[_Call] = deque()
        self._came: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._closed = False
        self._closing = threading.Lock()
        """Held while a call is handed over, so that none comes after the end."""
        self._thread = threading.Thread(target=self._serve, name="journal", daemon=True)
        self._thread.start()

    @property
    def doubt(self) -> Doubt | None:
        """Why the journal may not know everything that was printed; found when the journal was opened."""
        return self._store.doubt

    @property
    def kept(self) -> Path | None:
        """The copy that was made before this start converted the journal."""
        return self._store.kept

    @property
    def missing_changes(self) -> int | None:
        """How many changes an older copy lacks, if that is known."""
        return self._store.missing_changes

    def run_here(self, transaction: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Like ``Journal.run``, but waits for the disk: for other threads than the event loop's."""
        answer: Future[T] = Future()
        self._hand_over(_Call(partial(transaction, self._store, *args, **kwargs), answer, None, self._others))
        return answer.result()

    async def run(self, transaction: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See ``Journal.run``. Raises ``JournalError`` once the journal is closed."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        line = self._moves if transaction in _SHARE_A_SYNC else self._others
        if transaction == Store.copy:
            line = self._copies
        self._hand_over(_Call(partial(transaction, self._store, *args, **kwargs), answer, loop, line))
        return await answer

    def _hand_over(self, call: _Call) -> None:
        with self._closing:
            if self._closed:
                raise JournalError("the journal is closed; fiscald is stopping")
            self._came.put(call)

    def close(self) -> None:
        """Finish the transactions that came before, and close the file."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._came.put(None)
        self._thread.join()

    # -- in the thread --------------------------------------------------------------------------------

    def _serve(self) -> None:
        going_on = True
        while going_on or self._moves or self._others or self._copies:
            going_on = self._receive(wait=not (self._moves or self._others or self._copies)) and going_on
            self._carry_out_moves()
            for line in (self._others, self._copies):
                if line:
                    self._carry_out([line.popleft()])
        self._store.close()

    def _receive(self, *, wait: bool) -> bool:
        """Put the calls that came into their lines; ``wait``: at least one. Returns whether more may come."""
        with suppress(queue.Empty):
            call = self._wait() if wait else self._came.get_nowait()
            while call is not None:
                call.line.append(call)
                call = self._came.get_nowait()
            return False
        return True

    def _wait(self) -> _Call | None:
        """The next call. Empties the log when there is nothing else to do."""
        if self._store.changes_in_log >= _CHANGES:
            try:
                return self._came.get(timeout=_QUIET)
            except queue.Empty:
                self._store.checkpoint()
        return self._came.get()

    def _carry_out_moves(self) -> None:
        """Run moves that wait now. There may be none."""
        if self._moves:
            self._carry_out([self._moves.popleft() for _ in range(min(len(self._moves), _TOGETHER))])

    def _carry_out_what_came(self) -> None:
        """Between two parts of a copy: run everything that waits now, except other copies."""
        if not self._receive(wait=False):
            self._came.put(None)  # ``_serve`` ends after the copy
        self._carry_out_moves()
        for _ in range(len(self._others)):
            self._carry_out([self._others.popleft()])

    def _carry_out(self, group: list[_Call]) -> None:
        outcomes = self._store.together([call.transaction for call in group])
        answered = list(zip(group, outcomes, strict=True))
        for loop in {call.loop for call in group}:
            there = [(call.answer, outcome) for call, outcome in answered if call.loop is loop]
            if loop is None:
                _answer(there)
                continue
            with suppress(RuntimeError):  # the loop has ended, and with it all callers
                loop.call_soon_threadsafe(_answer, there)


def _answer(answers: list[tuple[asyncio.Future[Any] | Future[Any], Any]]) -> None:
    for answer, outcome in answers:
        if answer.done():
            continue  # the caller was cancelled
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
        if self._lock.first:
            self._lock.forget()
        self._lock.close()
