"""One connection to one printer: a stream, a session, and deadlines.

A deadline belongs to a command, not to the port. A printer that reports that it is busy, out of paper or waiting for a
person extends the deadline without limit, because it will answer. A printer that reports that it is idle while we wait
has answered already: that answer is lost, and the line does not wait longer. Then the line raises ``Silence``.

After ``Silence`` the caller must open a new connection. On the old one, a late answer to the first question would look
like the answer to the second.

The step says which reply it expects and what the line may send again. If a family has no ``poll``, the line sends
nothing while a command waits; its printers may report by themselves that they are busy. If a family needs a new stream
for the next command, the line opens it.

A printer may also send without end. Every read lets the other printers have their turn, and the line gives up a command
if too many bytes come without its answer (``Garbage``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Self, TypeVar

import anyio
from anyio.lowlevel import checkpoint, checkpoint_if_cancelled

from fiscald.engine.noise import Noise
from fiscald.model.printers import Condition, PrinterState
from fiscald.model.problems import Problem, problem
from fiscald.protocols.base import (
    Answer,
    Busy,
    Checkpoint,
    Damaged,
    Deadline,
    Dialogue,
    DialogueAborted,
    Effect,
    Event,
    Expects,
    HostTime,
    Pause,
    Resend,
    Settings,
    Step,
    Stray,
)
from fiscald.protocols.driving import drive
from fiscald.protocols.families import Family
from fiscald.transport import TAKEN, Address, ByteStream, LinkError, LinkLost, PortHeld, StreamEnded, TcpHost

T = TypeVar("T")

#: Seconds to wait for an answer while the printer sends nothing, by deadline class.
SECONDS = {Deadline.QUERY: 5.0, Deadline.LINE: 15.0, Deadline.CLOSE: 30.0, Deadline.REPORT: 120.0}
#: Seconds without an answer after which the line polls the printer, and between two polls.
POLL_AFTER = 2.0
#: The line sends a query at most this often if its answer comes damaged.
QUERY_TRIES = 3
#: Seconds in which the system must accept the bytes to send.
SEND_SECONDS = 5.0
#: The line gives up a command after this many bytes without an answer. The longest answer has 8192.
MAX_UNANSWERED = 65_536


class Silence(Exception):
    """The printer did not answer a command in time and did not report that it is busy."""

    #: The condition of the link, as the problem catalogue calls it.
    code = "link.silent"


class Garbage(Silence):
    """The printer keeps sending, but does not answer the command."""

    code = "link.garbage"


class _GaveWay(Exception):
    """Something more urgent came between two queries."""


class NotSent(LinkError):
    """There was no stream for a command, so certainly nothing of it was sent."""

    def __init__(self, cause: LinkError) -> None:
        self.code = cause.code
        super().__init__(str(cause))


class _NotAnswered(Exception):
    """The printer did not answer a poll."""


def link_problem(address: Address, error: LinkError | Silence, line: Line | None) -> Problem:
    """Why there is no working connection. ``line``: the last connection, if there was one."""
    code, text = error.code, str(error).removeprefix(f"{address}: ")
    if isinstance(address, TcpHost) and line is not None and not line.answered:
        # The printer accepted the connection and sent nothing: network printers talk to one computer at a time.
        if isinstance(error, LinkLost):
            code, text = PortHeld.code, f"{TAKEN}: {text}"
        else:
            text = f"{text}; perhaps {TAKEN}"
    return problem(code, address=address, reason=text)


class _Resending:
    """The bytes of a command, and how often the line may still send them again."""

    def __init__(self, data: bytes, resend: Resend | None, sent_at: float) -> None:
        self.data = data
        self.left = 0 if resend is None else resend.times
        self.sent_at = sent_at
        self._after = 0.0 if resend is None else resend.after

    def due(self, last_byte_at: float) -> float:
        """When to send them again, if no byte comes before that. ``last_byte_at``: when the latest byte came."""
        return max(self.sent_at, last_byte_at) + self._after if self.left else float("inf")


class Line:
    """Carries steps over a stream, one at a time."""

    def __init__(
        self,
        stream: ByteStream,
        family: Family,
        settings: Settings,
        *,
        mark_heard: Callable[[], None],
        on_condition: Callable[[Condition], None],
        noise: Noise,
        reopen: Callable[[], Awaitable[ByteStream]],
        host_time: Callable[[], datetime],
    ) -> None:
        """The line calls ``mark_heard`` at every intact message, and ``on_condition`` with the result of every poll.

        ``noise`` counts the bytes that answer no command. ``reopen`` opens the next stream if the family needs one.
        ``host_time`` is the clock of this computer.
        """
        self._stream = stream
        self._family = family
        self._settings = settings
        self._session = family.session(settings)
        #: The clock of deadlines, asked several times for each command: anyio would look for the loop each time.
        self._time = asyncio.get_running_loop().time
        self._mark_heard = mark_heard
        self._on_condition = on_condition
        self._noise = noise
        self._reopen = reopen
        self._host_time = host_time
        self._answers: list[Answer] = []
        self._damaged = False
        self._unanswered = 0
        self._in_batch = False
        self._last_byte_at = self._busy_at = float("-inf")
        self.answered = False
        """Whether the printer has answered anything on this connection."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stream.aclose()

    @property
    def family(self) -> Family:
        """The printer's family."""
        return self._family

    @property
    def settings(self) -> Settings:
        """The settings that it uses."""
        return self._settings

    async def use(self, settings: Settings) -> None:
        """Use these settings from now on (the profile has become known)."""
        if settings != self._settings:
            if self._session.needs_new_connection:
                await self._reopen_stream()
            self._settings = settings
            self._session = self._family.session(settings)
            await self.greet()

    async def greet(self) -> None:
        """Send the family's greeting, if it has one, before the first command. Raises as ``drive`` does."""
        if self._family.greeting is not None:
            await self.drive(self._family.greeting(self._settings))

    async def drive(self, dialogue: Dialogue[T], *, give_way: Callable[[], bool] = lambda: False) -> T | None:
        """Drive a dialogue of queries, which may also pause and ask for the time. Returns ``None`` if ``give_way``
        returned true between two of them.

        Raises ``LinkLost``, ``Silence`` or ``DialogueAborted``.
        """

        async def exchange(step: Step) -> Any:
            if give_way():
                raise _GaveWay
            assert step.effect is Effect.QUERY, "only a job may change anything"
            return await self.ask(step)

        async def on_event(item: Checkpoint | Pause | HostTime) -> datetime | None:
            assert not isinstance(item, Checkpoint), "only a job has something to journal"
            if isinstance(item, HostTime):
                return self._host_time()
            await anyio.sleep(item.seconds)
            return None

        try:
            return await drive(dialogue, exchange, on_event)
        except _GaveWay:
            return None

    async def ask(self, step: Step) -> Any:
        """Send ``step`` and return the reply; ``None`` if it expects none.

        The line sends the same bytes again if the step allows that. It sends a query again if its answer came damaged.
        Raises ``LinkLost``, ``Silence`` or ``NotSent``.
        """
        for _ in range(QUERY_TRIES if step.effect is Effect.QUERY and not step.once else 1):
            await self._prepare(step)
            data = self._session.send(step.command)
            await self._send(data)
            if step.expects is Expects.NONE:
                self._in_batch = True
                return None
            self._in_batch = False
            reply = await self._wait_for_reply(step, data)
            if reply is not None:
                return reply.reply
            if not self._damaged:
                break
        self._session.forget()
        raise Silence("an answer was damaged on the line" if self._damaged else "no answer in time")

    async def _prepare(self, step: Step) -> None:
        """Get a stream on which no old answers wait, except those to the batch that ``step`` belongs to."""
        renewed = self._session.needs_new_connection
        if renewed:
            await self._reopen_stream()
        if self._in_batch and step.expects is not Expects.ONE:
            # Bytes that came in between may belong to the batch. The session keeps them until the end of the batch.
            if data := self._stream.receive_nowait():
                self._feed(data)
            return
        try:
            await self._discard()
        except StreamEnded:
            self._session.end()
            if not self._session.needs_new_connection:
                raise
        # Also after an answer that nothing waited for: it may stand where the next one is looked for.
        if self._session.needs_new_connection and not renewed:
            await self._reopen_stream()

    async def _reopen_stream(self) -> None:
        """Open the next stream of this connection. Raises ``NotSent``."""
        await self._stream.aclose()
        try:
            self._stream = await self._reopen()
        except LinkError as error:
            raise NotSent(error) from None
        self._answers.clear()
        self._damaged = self._in_batch = False
        self._unanswered = 0

    async def _wait_for_reply(self, step: Step, data: bytes) -> Answer | None:
        """Wait for the answer, and poll the printer meanwhile. ``data``: the bytes that were sent."""
        seconds = SECONDS[step.deadline]
        now = self._time()
        deadline = now + seconds
        poll_after = POLL_AFTER if self._family.poll is not None else float("inf")
        resending = _Resending(data, step.resend, now)
        while True:
            now = self._time()
            left = deadline - now
            answer = await self._wait_and_resend(step.command, now + min(left, poll_after), resending)
            if answer is not None or self._damaged:
                # Damaged: the answer came, so there is nothing left to wait for.
                return answer
            if self._busy_at + seconds > deadline:
                deadline = self._busy_at + seconds
            elif left <= poll_after:
                return None
            else:
                deadline = self._extended(deadline, seconds, await self._poll())

    async def _wait_and_resend(self, command: Any, until: float, resending: _Resending) -> Answer | None:
        """Wait for an answer. Meanwhile send the same bytes again, if the step allows that."""
        while True:
            quiet_until = resending.due(self._last_byte_at)
            answer = await self._wait_for(command, min(until, quiet_until))
            if answer is not None:
                return answer
            now = self._time()
            if resending.left and (self._damaged or now >= resending.due(self._last_byte_at)):
                self._damaged = False
                resending.left -= 1
                resending.sent_at = now
                await self._send(resending.data)
            elif self._damaged or now >= until:
                return None

    def _extended(self, deadline: float, seconds: float, condition: Condition | None) -> float:
        """The new deadline, given the condition that the printer reported."""
        if condition is None:
            return deadline
        self._on_condition(condition)
        if condition.idle:
            return min(deadline, self._time() + POLL_AFTER)
        return deadline if condition.state is PrinterState.READY else self._time() + seconds

    async def _poll(self) -> Condition | None:
        """Ask for the printer's condition while a command waits; ``None`` if it does not answer."""
        assert self._family.poll is not None, "the line must not poll a half-duplex printer"

        async def exchange(step: Step) -> Any:
            await self._send(self._session.send(step.command))
            answer = await self._wait_for(step.command, self._time() + POLL_AFTER)
            if answer is None:
                raise _NotAnswered
            return answer.reply

        try:
            return await drive(self._family.poll(self._settings), exchange)
        except (_NotAnswered, DialogueAborted):
            return None

    async def _wait_for(self, command: Any, until: float) -> Answer | None:
        """The answer to ``command`` if it comes until then. Keeps the answers to other commands."""
        with anyio.CancelScope(deadline=until):
            while True:
                for answer in self._answers:
                    if answer.command is command:
                        self._answers.remove(answer)
                        return answer
                if self._damaged:
                    return None
                await self._receive()
        return None

    async def _receive(self) -> None:
        """Read the next bytes. For some families the end of the stream completes an answer."""
        try:
            self._feed(await self._stream.receive())
        except StreamEnded:
            events = self._session.end()
            if not events:
                raise
            for event in events:
                self._on_event(event)

    async def _send(self, data: bytes) -> None:
        await checkpoint_if_cancelled()
        rest = self._stream.send_nowait(data)
        if not rest:
            return
        try:
            with anyio.fail_after(SEND_SECONDS):
                await self._stream.send(rest)
        except TimeoutError:
            raise LinkLost(f"{self._settings.name}: the port takes no data") from None

    async def _discard(self) -> None:
        """Drop everything that has arrived so far: it cannot answer the next command."""
        self._session.forget()
        self._in_batch = False
        self._answers.clear()
        self._unanswered = 0
        while data := self._stream.receive_nowait():
            self._feed(data)
            await checkpoint()
        self._answers.clear()
        self._damaged = False
        self._unanswered = 0

    def _feed(self, data: bytes) -> None:
        """Give received bytes to the session. Raises ``Garbage`` after too many bytes without an answer."""
        self._unanswered += len(data)
        self._last_byte_at = self._time()
        for event in self._session.receive(data):
            self._on_event(event)
        if self._unanswered > MAX_UNANSWERED:
            self._session.forget()
            raise Garbage(f"{self._unanswered} bytes came, and no answer to the command is among them")

    def _on_event(self, event: Event) -> None:
        match event:
            case Answer():
                self._unanswered = 0
                self.answered = True
                self._mark_heard()
                self._answers.append(event)
            case Busy():
                self._busy_at = self._time()
                self._mark_heard()
            case Damaged(detail):
                self._damaged = True
                self._noise.damage(detail)
            case Stray(detail):
                self._mark_heard()
                self._noise.stray(detail)
