"""All webhooks of the daemon, as the API uses them."""

from __future__ import annotations

import logging
import random
import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import NamedTuple, Protocol, TypeVar

import anyio

from fiscald.journal import Journal, JournalError, Store
from fiscald.journal.webhooks import Counted
from fiscald.model.jobs import Notice
from fiscald.model.problems import ProblemError, problem
from fiscald.model.times import POLISH_TIME
from fiscald.model.webhooks import (
    DeadLetter,
    DeadLetters,
    WebhookChange,
    WebhookEvent,
    WebhookState,
    WebhookStatus,
    WebhookTest,
)
from fiscald.webhooks.receiver import TROUBLE, Hook, Receiver, Sender

log = logging.getLogger(__name__)
T = TypeVar("T")
_RANDOM = random.Random()

#: Seconds for which changes of jobs are collected before messages are looked for, and between two clean-ups.
COLLECT, CLEAN_EVERY = 0.02, 3600.0
#: Dead letters that one step sends again.
_STEP = 500


class Changes(Protocol):
    """What wakes the webhooks: see ``fiscald.engine.changes``."""

    jobs: int

    def count(self, name: str) -> None:
        """Something under that name has changed."""

    def next(self) -> Callable[[float], Awaitable[bool]]:
        """A function that waits for the next change."""


class Tally(NamedTuple):
    """The numbers of one webhook, for the metrics."""

    name: str
    state: WebhookState
    waiting: int
    dead: int
    delivered: int
    """Messages since the start; ``failed``: tries."""
    failed: int


class Webhooks:
    """The receivers. With none, it does nothing."""

    def __init__(
        self,
        hooks: Mapping[str, tuple[Hook, Sender]],
        journal: Journal,
        clock: Callable[[], datetime],
        spread: Callable[[], float] = _RANDOM.random,
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._receivers = {
            name: Receiver(hook, sender, journal, clock, spread, partial(self._changed, name))
            for name, (hook, sender) in hooks.items()
        }
        self._changes: Changes | None = None
        self._tests = anyio.CapacityLimiter(2)

    # -- sending --------------------------------------------------------------------------------------

    async def run(self, changes: Changes) -> None:
        """Send messages for ever."""
        if not self._receivers:
            return
        self._changes = changes
        await self._begin()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._watch, changes)
            tasks.start_soon(self._keep_house)
            for receiver in self._receivers.values():
                tasks.start_soon(receiver.run, name=f"webhook {receiver.hook.name}")

    async def _begin(self) -> None:
        """Read what the journal knows of the receivers, as soon as it can be read."""
        while True:
            try:
                known = await self._journal.run(Store.know_webhooks)
                await self._count()
                break
            except JournalError:
                await anyio.sleep(TROUBLE)
        for name, receiver in self._receivers.items():
            found = known[name]
            receiver.gone, receiver.failing_since = found.gone_at is not None, found.failing_since
            receiver.failures, receiver.reason, receiver.delivered_at = found.failures, found.error, found.delivered_at
            receiver.wake()

    async def _watch(self, changes: Changes) -> None:
        """Wake the receivers when a job has changed."""
        seen = changes.jobs
        while True:
            change = changes.next()
            if changes.jobs == seen:
                await change(TROUBLE)
                continue
            await anyio.sleep(COLLECT)
            seen = changes.jobs
            for receiver in self._receivers.values():
                receiver.wake()

    async def _keep_house(self) -> None:
        while True:
            try:
                for receiver in self._receivers.values():
                    await receiver.keep_house()
                await self._count()
            except JournalError as error:
                log.debug("webhooks: no clean-up: %s", error)
            await anyio.sleep(CLEAN_EVERY)

    async def _count(self) -> dict[str, Counted]:
        counts = await self._journal.run(Store.webhook_counts)
        for name, receiver in self._receivers.items():
            receiver.dead = counts[name].dead if name in counts else 0
        return counts

    def _changed(self, name: str) -> None:
        if self._changes is not None:
            self._changes.count(change_name(name))

    # -- for the API ----------------------------------------------------------------------------------

    async def statuses(self) -> tuple[WebhookStatus, ...]:
        """Every webhook. Raises ``ProblemError``."""
        if not self._receivers:
            return ()
        counts = await _problems(self._count())
        return tuple(_status(each, counts.get(name, Counted(0, None, 0))) for name, each in self._receivers.items())

    async def tallies(self) -> tuple[Tally, ...]:
        """The numbers of every webhook. Raises ``ProblemError``."""
        return tuple(
            Tally(each.name, each.state, each.waiting, each.dead, receiver.delivered, receiver.failed)
            for each, receiver in zip(await self.statuses(), self._receivers.values(), strict=True)
        )

    def notices(self) -> Iterator[Notice]:
        """Warnings, from memory."""
        for name, receiver in self._receivers.items():
            if receiver.state is not WebhookState.ACTIVE:
                yield Notice(
                    code=f"webhook.{receiver.state}",
                    detail=f"webhook {name}: {receiver.no_secret or receiver.reason}; see: fiscalctl webhook list",
                    detail_pl=f"Powiadomienia do systemu „{name}” nie są wysyłane. Zgłoś administratorowi.",
                )
            if receiver.dead:
                yield Notice(
                    code="webhook.dead",
                    detail=f"webhook {name}: {receiver.dead} messages were given up; see: fiscalctl webhook dead",
                    detail_pl=f"Część powiadomień do systemu „{name}” nie dotarła. Zgłoś administratorowi.",
                )

    def summaries(self) -> dict[str, Callable[[], WebhookChange]]:
        """What people should know of each webhook, from memory, by the name under which its changes are counted."""
        return {change_name(name): partial(getattr, each, "summary") for name, each in self._receivers.items()}

    async def dead(self, name: str, after: int, limit: int) -> DeadLetters:
        """A page of the dead letters of one webhook. Raises ``ProblemError``."""
        self._receiver(name)
        rows = await _problems(self._journal.run(Store.dead_messages, name, after, limit + 1))
        letters = tuple(
            DeadLetter(
                id=row.id,
                message_id=row.message_id,
                key=row.key,
                type=WebhookEvent(row.type),
                since=_moment(row.since),
                dead_at=_moment(row.dead_at),
                tries=row.tries,
                reason=row.error or "",
            )
            for row in rows[:limit]
        )
        return DeadLetters(dead=letters, next=letters[-1].id if len(rows) > limit else None)

    async def resend(self, name: str, ids: tuple[int, ...] | None) -> int:
        """Send dead letters again (``None``: all). Returns how many. Raises ``ProblemError``."""
        receiver = self._receiver(name)
        if receiver.gone:
            raise ProblemError(problem("webhook.gone", webhook=name))
        if ids is None:
            resent, after = 0, 0
            while rows := await _problems(self._journal.run(Store.dead_messages, name, after, _STEP)):
                after = rows[-1].id
                resent += await _problems(self._journal.run(Store.resend, name, [row.id for row in rows]))
        else:
            resent = await _problems(self._journal.run(Store.resend, name, ids))
        await _problems(self._count())
        log.info("webhook %s: %d dead letters are sent again", name, resent)
        receiver.wake()
        return resent

    async def test(self, name: str) -> WebhookTest:
        """Send a test message now. Raises ``ProblemError``."""
        receiver = self._receiver(name)
        async with self._tests:
            return await _problems(receiver.test(f"msg_{secrets.token_hex(16)}"))

    def _receiver(self, name: str) -> Receiver:
        found = self._receivers.get(name)
        if found is None:
            known = ", ".join(self._receivers) or "none"
            raise ProblemError(problem("webhook.unknown", webhook=name[:50], webhooks=known))
        return found


def change_name(webhook: str) -> str:
    """The name under which the changes of a webhook are counted: none of a printer, because it has a space."""
    return f"webhook {webhook}"


async def _problems(answer: Awaitable[T]) -> T:
    """The answer; trouble with the journal becomes ``ProblemError``."""
    try:
        return await answer
    except JournalError as error:
        raise ProblemError(problem("daemon.journal", reason=error)) from None


def _status(receiver: Receiver, counted: Counted) -> WebhookStatus:
    hook = receiver.hook
    return WebhookStatus(
        name=hook.name,
        receiver=hook.receiver,
        events=hook.events,
        printers=hook.printers,
        state=receiver.state,
        reason=receiver.no_secret or receiver.reason,
        waiting=counted.waiting,
        oldest=None if counted.oldest is None else _moment(counted.oldest),
        dead=counted.dead,
        failing_since=None if receiver.failing_since is None else _moment(receiver.failing_since),
        failures=receiver.failures,
        delivered_at=None if receiver.delivered_at is None else _moment(receiver.delivered_at),
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(int(seconds), POLISH_TIME)
