"""One order after the other: checked, noted, handed to the engine, answered."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Protocol, TypeVar

from fiscald.engine import Engine
from fiscald.fleet.envelope import digest_of, parse, payload_of
from fiscald.fleet.messages import Order, OrderHead, journal_key
from fiscald.fleet.shop.checks import grosze, is_forbidden, is_over_limit
from fiscald.fleet.shop.outcomes import is_passing, of_job, of_refusal
from fiscald.fleet.shop.settings import ShopSettings
from fiscald.fleet.shop.store import OPEN, REFUSED, FleetStore, OrderId
from fiscald.model.about import BaseDocument
from fiscald.model.documents import Submission
from fiscald.model.jobs import Job, JobState
from fiscald.model.problems import Fate, Problem, ProblemError, problem
from fiscald.model.times import POLISH_TIME
from fiscald.signed import TokenRefused

log = logging.getLogger(__name__)
T = TypeVar("T")


class InThread(Protocol):
    """Runs short work with the disk away from the event loop, one at a time; a simulation runs it at once."""

    def __call__(self, work: Callable[[], T], /) -> Awaitable[T]:
        """What ``work`` returns."""


class Orders:
    """Decides about orders whose signature and session are right."""

    def __init__(
        self,
        engine: Engine,
        settings: ShopSettings,
        session: str,
        store: FleetStore,
        clock: Callable[[], datetime],
        in_thread: InThread,
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._session = session
        self._store = store
        self._clock = clock
        self._in_thread = in_thread

    async def take(self, head: OrderHead, claims: Any) -> Job | Problem | None:
        """Carry out an order, or refuse it: its job; why it is not taken now, though it may come again; or ``None`` if
        its final outcome is noted.

        Raises ``ProblemError`` if the journal cannot be asked, ``sqlite3.Error`` if the store cannot.
        """
        order = OrderId(head.central, head.key, head.digest)
        rows = await self._in_thread(lambda: self._store.find(head.central, head.key))
        noted = next((row for row in rows if row.order == order), None)
        if noted is not None and noted.state == REFUSED:
            await self._in_thread(lambda: self._store.again(order))
            return None
        job, sure = await self._known(head.journal_key)
        earlier = next((row for row in rows if row.first), None)
        if job is None and noted is None and earlier is not None:
            at = datetime.fromtimestamp(int(earlier.received), POLISH_TIME)
            return await self._refuse(order, _conflict(order, earlier.order.digest, at), sure=sure, first=False)
        if job is not None:
            return await self._take_known(order, job, noted=noted is not None)
        try:
            submission = parse(Order, claims).submission
        except TokenRefused as error:
            return await self._refuse(order, problem("fleet.order", reason=error.detail), sure=sure)
        why = is_forbidden(submission, self._settings, self._engine.names())
        if why is None and noted is None:
            why = await self._note(order, submission)
        if why is not None:
            return await self._refuse(order, why, sure=sure)
        try:
            job, _ = await self._engine.submit(head.journal_key, submission, asked_by=f"fleet {head.central}")
        except ProblemError as error:
            return await self._refuse(order, error.problem, sure=sure)
        log.info("job %s accepted: %s on %s", job.key, submission.document.type, submission.printer)
        return job

    async def _known(self, key: str) -> tuple[Job | None, bool]:
        """The job of that key; and whether it is certain that an unknown one was never printed."""
        try:
            return await self._engine.job(key), True
        except ProblemError as error:
            if error.problem.code != "job.unknown":
                raise
            return None, error.problem.document is Fate.NOT_PRINTED

    async def _take_known(self, order: OrderId, job: Job, *, noted: bool) -> Job | Problem | None:
        """An order that the journal has already: it gets the answer of its job."""
        first = _digest(job)
        if first is not None and first != order.digest:
            return await self._refuse(order, _conflict(order, first, job.created_at), sure=True, first=False)
        if not noted:  # the store was lost
            await self._receive(order, 0)
        return job

    async def _note(self, order: OrderId, submission: Submission) -> Problem | None:
        """Note a new order if the daily limits let it pass; otherwise why not."""
        total = 0
        if self._settings.total_per_day is not None:
            try:
                totals = self._engine.preview(submission.printer, submission.document).totals
            except ProblemError as error:
                return error.problem
            total = 0 if totals is None else grosze(totals.total)
        day = self._day()
        used = await self._in_thread(lambda: self._store.used(day))
        why = is_over_limit(self._settings, used.orders, used.total, total)
        if why is None:
            await self._receive(order, total)
        return why

    async def _receive(self, order: OrderId, total: int) -> None:
        at, day = self._clock().timestamp(), self._day()
        await self._in_thread(lambda: self._store.receive(order, at, day, total))

    async def _refuse(self, order: OrderId, why: Problem, *, sure: bool, first: bool = True) -> Problem | None:
        """Note a final refusal. Returns ``why`` instead if the refusal cannot be final."""
        if is_passing(why) or not sure:
            return why
        now, day = self._clock(), self._day()
        payload = payload_of(of_refusal(order, why, self._settings, self._session, now, final=True))
        digest = digest_of(payload)
        await self._in_thread(lambda: self._store.refuse(order, payload, digest, now.timestamp(), day, first=first))
        log.warning("order %s of %s refused: %s", order.key, order.central, why.code)
        return None

    async def note_end(self, order: OrderId, job: Job) -> None:
        """Note the outcome of a job that is final or undecided, before it is sent."""
        outcome = of_job(order, job, self._settings, self._session, self._clock())
        payload = payload_of(outcome)
        await self._in_thread(lambda: self._store.tell(order, payload, digest_of(payload), ended=outcome.final))

    async def of_journal_key(self, job: Job) -> OrderId | None:
        """The order of a job of the journal that has no end yet; ``None``: it is not one of this central, or ended."""
        prefix = journal_key(self._settings.central, "")
        if not job.key.startswith(prefix):
            return None
        central, key = self._settings.central, job.key.removeprefix(prefix)
        rows = await self._in_thread(lambda: self._store.find(central, key))
        if rows:
            return rows[0].order if rows[0].first and rows[0].state == OPEN else None
        digest = _digest(job)
        if digest is None:
            return None
        order = OrderId(central, key, digest)
        await self._receive(order, 0)
        return order

    async def open_jobs(self) -> list[tuple[OrderId, Job]]:
        """The orders without an end that the journal has, and their jobs. Raises ``ProblemError``."""
        found = []
        for order in await self._in_thread(self._store.open_orders):
            job, _ = await self._known(journal_key(order.central, order.key))
            if job is not None:
                found.append((order, job))
        return found

    def _day(self) -> str:
        return self._clock().astimezone(POLISH_TIME).date().isoformat()


def has_end(job: Job) -> bool:
    """Whether the central must learn of the job's state: it is final, or a person has to decide."""
    return job.state in (JobState.DONE, JobState.FAILED, JobState.UNDECIDED)


def _digest(job: Job) -> str | None:
    """The digest of the order that made the job; ``None``: its document is damaged."""
    if not isinstance(job.document, BaseDocument):
        return None
    return Submission(printer=job.printer, document=job.document).digest().hex()


def _conflict(order: OrderId, first: str, at: datetime) -> Problem:
    extra = {"expected": first, "found": order.digest}
    return problem("job.conflict", key=order.key, created_at=at.isoformat(), extra=extra)
