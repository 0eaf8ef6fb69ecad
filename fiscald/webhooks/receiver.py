"""The messages to one receiver: in order per job, a few at a time, again after a failure."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import NamedTuple, Protocol

import anyio
from anyio.abc import TaskGroup

from fiscald.journal import Journal, JournalError, Message, Store, Subscription
from fiscald.model.webhooks import TEST_EVENT, WebhookChange, WebhookEvent, WebhookState, WebhookTest
from fiscald.webhooks import schedule
from fiscald.webhooks.posting import Answer, PostFailed
from fiscald.webhooks.secret_file import SecretUnusable

log = logging.getLogger(__name__)

#: Messages on their way to one receiver at the same time, each about another job.
TOGETHER = 4
#: Seconds after which a receiver looks for messages without a hint, and until the next try after trouble with the
#: journal or with the secret file.
LOOK_AGAIN, TROUBLE = 60.0, 60.0
#: Statuses that ask for patience; only with these ``Retry-After`` counts.
_BUSY = (
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
)
_GONE = "the receiver answered 410 Gone: it wants no more messages"


class Hook(NamedTuple):
    """A webhook as it is configured."""

    subscription: Subscription
    receiver: str
    """Scheme and host, for people."""
    events: tuple[WebhookEvent, ...]
    printers: tuple[str, ...] | None

    @property
    def name(self) -> str:
        """Its name in the configuration."""
        return self.subscription.name


class Sender(Protocol):
    """Sends one message, see ``Poster``."""

    async def check(self) -> None:
        """Raises ``SecretUnusable`` if nothing can be signed."""

    async def send(self, message_id: str, body: bytes) -> Answer:
        """Send a message. Raises ``PostFailed`` or ``SecretUnusable``."""


class Receiver:
    """One receiver. A failure of the journal or an internal error delays its messages, and stops nothing else."""

    def __init__(
        self,
        hook: Hook,
        sender: Sender,
        journal: Journal,
        clock: Callable[[], datetime],
        spread: Callable[[], float],
        changed: Callable[[], None],
    ) -> None:
        """``clock`` is the host's; it may jump. ``spread`` returns a number from 0 to 1 at random. ``changed`` is
        called when something in ``summary`` has changed.
        """
        self._changed = changed
        self.hook = hook
        self._sender = sender
        self._journal = journal
        self._clock = clock
        self._spread = spread
        self._flying: set[int] = set()
        """Messages on their way."""
        self._pause_ends = 0.0
        self._woken = anyio.Event()
        self.gone = False
        self.no_secret: str | None = None
        self.failures = 0
        self.failing_since: float | None = None
        self.reason: str | None = None
        self.delivered_at: float | None = None
        self.dead = 0
        """Messages that were given up, as far as they were counted."""
        self._told = self.summary
        self.delivered = self.failed = 0
        """Tries since the start."""

    @property
    def state(self) -> WebhookState:
        """Whether messages reach the receiver."""
        if self.gone:
            return WebhookState.GONE
        if self.no_secret is not None:
            return WebhookState.NO_SECRET
        return WebhookState.FAILING if self.failures else WebhookState.ACTIVE

    @property
    def summary(self) -> WebhookChange:
        """What people should know."""
        reason = self.no_secret or self.reason
        return WebhookChange(name=self.hook.name, state=self.state, reason=reason, dead=self.dead)

    def wake(self) -> None:
        """There may be a message, or something in ``summary`` may have changed."""
        self._woken.set()
        self._tell()

    def _tell(self) -> None:
        if self.summary != self._told:
            self._told = self.summary
            self._changed()

    async def run(self) -> None:
        """Send messages for ever."""
        await self._has_secret()
        async with anyio.create_task_group() as tasks:
            while True:
                self._woken = anyio.Event()
                wait = await self._send_due(tasks)
                with anyio.move_on_after(wait):
                    await self._woken.wait()

    async def _send_due(self, tasks: TaskGroup) -> float:
        """Send what may be sent now. Returns the seconds until the next look."""
        pause = self._pause_ends - anyio.current_time()
        room = (1 if self.failures else TOGETHER) - len(self._flying)
        if pause > 0 or room <= 0:
            return pause if pause > 0 else LOOK_AGAIN
        if self.no_secret is not None and not await self._has_secret():
            return TROUBLE
        # What is on its way now. Its outcome may be stored after the journal has answered: then its row is not true.
        before = frozenset(self._flying)
        try:
            if self.gone:
                await self._give_up(float("inf"), _GONE)
                return LOOK_AGAIN
            due = await self._journal.run(Store.due_messages, self.hook.name, room + len(before), schedule.LONGEST)
        except JournalError:
            return TROUBLE  # the engine reports it
        if self.state is WebhookState.GONE or self._pause_ends > anyio.current_time():
            return 0.0  # an outcome that came meanwhile
        for message in [each for each in due.messages if each.id not in before][:room]:
            self._flying.add(message.id)
            tasks.start_soon(self._deliver, message)
        return LOOK_AGAIN if due.next is None else min(LOOK_AGAIN, max(0.1, due.next - self._clock().timestamp()))

    async def _deliver(self, message: Message) -> None:
        try:
            await self._store(message, await self._try(message.message_id, message.body.encode()))
        except SecretUnusable as error:
            self._lacks_secret(error)
            self._pause(TROUBLE)
        except JournalError:
            # It may have arrived, and will arrive again. Not at once: a full disk stays full for a while.
            self._pause(TROUBLE)
        except Exception:
            log.exception("webhook %s: an internal error; it continues", self.hook.name)
            self._pause(TROUBLE)
        finally:
            self._flying.discard(message.id)
            self.wake()

    async def _try(self, message_id: str, body: bytes) -> Answer | str:
        """The answer, or why there is none. Raises ``SecretUnusable``."""
        try:
            answer = await self._sender.send(message_id, body)
        except PostFailed as error:
            answer = None
            why = str(error)
        return why if answer is None else answer

    async def _store(self, message: Message, outcome: Answer | str) -> None:
        """Store the outcome of a try. Raises ``JournalError``."""
        name = self.hook.name
        if isinstance(outcome, Answer) and 200 <= outcome.status < 300:
            back = self.failures >= schedule.AWAY
            await self._journal.run(Store.message_delivered, name, message.id, back=back)
            self.delivered += 1
            self.is_well()
            return
        self.failed += 1
        if isinstance(outcome, Answer) and outcome.status == HTTPStatus.GONE:
            await self._journal.run(Store.webhook_gone, name, _GONE)
            self.gone, self.reason = True, _GONE
            log.error("webhook %s: %s. When it is back: fiscalctl webhook test %s", name, _GONE, name)
            return
        now, why = self._clock().timestamp(), outcome if isinstance(outcome, str) else _refusal(outcome)
        asked = 0.0
        if isinstance(outcome, Answer) and outcome.status in _BUSY:
            asked = schedule.asked_wait(outcome.retry_after, now)
        if not self.failures:
            log.warning("webhook %s: %s; fiscald tries again for days", name, why)
        self.failures += 1
        self.failing_since = now if self.failing_since is None else self.failing_since
        self.reason = why
        self._pause(max(asked, schedule.pause_after(self.failures, self._spread())))
        wait = max(asked, schedule.wait_after(message.tries + 1, self._spread()))
        dead = schedule.is_given_up(message.tries + 1, now - message.since)
        await self._journal.run(Store.message_failed, name, message.id, now + wait, why, dead=dead)
        if dead:
            self.dead += 1
            log.error(
                "webhook %s: message %s is given up (%s); see: fiscalctl webhook dead", name, message.message_id, why
            )

    def _pause(self, seconds: float) -> None:
        self._pause_ends = max(self._pause_ends, anyio.current_time() + seconds)

    async def _has_secret(self) -> bool:
        try:
            await self._sender.check()
        except SecretUnusable as error:
            self._lacks_secret(error)
            return False
        if self.no_secret is not None:
            self.no_secret = None
            log.warning("webhook %s: the secret file can be used again", self.hook.name)
            self.wake()
        return True

    def _lacks_secret(self, error: SecretUnusable) -> None:
        if self.no_secret is None:
            log.error("webhook %s: nothing is sent: %s", self.hook.name, error)
        self.no_secret = str(error)
        self._tell()  # not wake: the receiver would look at the file again at once, and for ever

    def is_well(self) -> None:
        """The receiver has answered well."""
        if self.failures or self.gone:
            log.warning("webhook %s: the receiver answers again", self.hook.name)
        self.gone, self.failures, self.failing_since, self.reason = False, 0, None, None
        self.delivered_at = self._clock().timestamp()
        self._pause_ends = 0.0

    async def test(self, message_id: str) -> WebhookTest:
        """Send a test message now. A good answer also ends the state ``gone``. Raises ``JournalError``."""
        if not await self._has_secret():
            return WebhookTest(delivered=False, status=None, reason=self.no_secret)
        message = {"type": TEST_EVENT, "timestamp": self._clock().isoformat(), "data": {"webhook": self.hook.name}}
        try:
            outcome = await self._try(message_id, json.dumps(message, separators=(",", ":")).encode())
        except SecretUnusable as error:
            self._lacks_secret(error)
            return WebhookTest(delivered=False, status=None, reason=str(error))
        if isinstance(outcome, str):
            return WebhookTest(delivered=False, status=None, reason=outcome)
        if not 200 <= outcome.status < 300:
            return WebhookTest(delivered=False, status=outcome.status, reason=_refusal(outcome))
        await self._journal.run(Store.webhook_answered, self.hook.name)
        self.is_well()
        self.wake()
        return WebhookTest(delivered=True, status=outcome.status, reason=None)

    async def _give_up(self, before: float, why: str) -> None:
        """Give up all waiting messages from before that time, a few at a time. Raises ``JournalError``."""
        while given_up := await self._journal.run(Store.give_up, self.hook.name, before, why):
            self.dead += given_up
            self._tell()

    async def keep_house(self) -> None:
        """Give up what a lost receiver will not get; delete the oldest dead letters. Raises ``JournalError``."""
        now = self._clock().timestamp()
        failing = None if self.failing_since is None else now - self.failing_since
        if schedule.is_receiver_lost(self.failures, failing):
            await self._give_up(now - schedule.GIVE_UP, self.reason or "")
        while await self._journal.run(Store.forget_dead, self.hook.name):
            pass


def _refusal(answer: Answer) -> str:
    try:
        phrase = f" {HTTPStatus(answer.status).phrase}"
    except ValueError:
        phrase = ""
    hint = "; redirects are not followed: write the new address into url" if 300 <= answer.status < 400 else ""
    return f"HTTP {answer.status}{phrase}{hint}"
