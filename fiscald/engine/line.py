"""One connection to one printer: a stream, a session, and patience.

Deadlines belong to the command, not to the port. A printer that says it is busy, out of paper or waiting for
a person extends them without limit: it will answer. One that says it has nothing to do, while we wait, has
answered already: the answer is lost, and waiting longer is no use. Silence is what remains after that.

After silence nothing more is asked on the same connection: the late answer to the first question would be
taken for the answer to the second. Whoever hears of ``Silence`` opens a new one.

What a step expects, and what may be sent again, the step says. A family that cannot be asked while a command waits
(no ``poll``) is sent nothing out of turn; its printers may say by themselves that they are busy. Where a family needs
a new stream for the next command, the line opens it.

A printer may also send without end. Every read leaves the other printers their turn, and a command for which too
many bytes come without its answer among them is given up (``Garbage``).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Self, TypeVar

import anyio

from fiscald.engine.noise import Noise
from fiscald.model.printers import Condition, PrinterState
from fiscald.model.problems import Problem, problem
from fiscald.protocols.base import (
    Answer,
    Busy,
    Damaged,
    Deadline,
    Dialogue,
    DialogueAborted,
    Effect,
    Event,
    Expects,
    Resend,
    Settings,
    Step,
    Stray,
)
from fiscald.protocols.driving import drive
from fiscald.protocols.families import Family
from fiscald.transport import TAKEN, Address, ByteStream, LinkError, LinkLost, PortHeld, StreamEnded, TcpHost

T = TypeVar("T")

#: Seconds to wait for an answer without any sign of life, by deadline class.
SECONDS = {Deadline.QUERY: 5.0, Deadline.LINE: 15.0, Deadline.CLOSE: 30.0, Deadline.REPORT: 120.0}
#: Seconds of silence after which the printer is asked, out of turn, what it is doing; and between two such questions.
POLL_AFTER = 2.0
#: How often a query is asked whose answer comes damaged.
QUERY_TRIES = 3
#: Seconds in which the system must take what is sent.
SEND_SECONDS = 5.0
#: Bytes without an answer among them after which a command is given up. The longest answer has 8192.
MAX_UNANSWERED = 65_536


class Silence(Exception):
    """The printer did not answer a command in time, and gave no sign that it will."""

    #: Which condition of the link, as the problem catalogue calls it.
    code = "link.silent"


class Garbage(Silence):
    """The printer sends and sends, and none of it answers the command."""

    code = "link.garbage"


class _GaveWay(Exception):
    """Something more urgent came while queries were asked."""


class NotSent(LinkError):
    """There is no stream for a command any more: nothing of it was sent, which is certain."""

    def __init__(self, cause: LinkError) -> None:
        self.code = cause.code
        super().__init__(str(cause))


class _NotAnswered(Exception):
    """A question that was asked out of turn was not answered."""


def link_problem(address: Address, error: LinkError | Silence, line: Line | None) -> Problem:
    """Why there is no connection, or none of use. ``line``: the connection that was, if there was one."""
    code, text = error.code, str(error).removeprefix(f"{address}: ")
    if isinstance(address, TcpHost) and line is not None and not line.answered:
        # It took the connection and has not said a word: network printers speak to one computer at a time.
        if isinstance(error, LinkLost):
            code, text = PortHeld.code, f"{TAKEN}: {text}"
        else:
            text = f"{text}; perhaps {TAKEN}"
    return problem(code, address=address, reason=text)


class _Resending:
    """The bytes of a command, and how often they may still be sent again."""

    def __init__(self, data: bytes, resend: Resend | None, sent_at: float) -> None:
        self.data = data
        self.left = 0 if resend is None else resend.times
        self.sent_at = sent_at
        self._after = 0.0 if resend is None else resend.after

    def due(self, last_byte_at: float) -> float:
        """When they may be sent again, if nothing more comes; ``last_byte_at``: when the latest byte came."""
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
    ) -> None:
        """``mark_heard`` is called at every intact answer, ``on_condition`` with what the printer says while it is slow.

        ``noise`` counts what answers nothing. ``reopen`` opens the next stream, for a family that needs one.
        """
        self._stream = stream
        self._family = family
        self._settings = settings
        self._session = family.session(settings)
        self._mark_heard = mark_heard
        self._on_condition = on_condition
        self._noise = noise
        self._reopen = reopen
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
        """What the printer speaks."""
        return self._family

    async def use(self, settings: Settings) -> None:
        """From now on speak as ``settings`` say (the profile became known)."""
        if settings != self._settings:
            self._settings = settings
            self._session = self._family.session(settings)
            await self.greet()

    async def greet(self) -> None:
        """What must be said before the first command, where the family has such. Raises as ``drive`` does."""
        if self._family.greeting is not None:
            await self.drive(self._family.greeting(self._settings))

    async def drive(self, dialogue: Dialogue[T], *, give_way: Callable[[], bool] = lambda: False) -> T | None:
        """Drive a dialogue of queries. ``None`` when ``give_way`` said so between two of them.

        Raises ``LinkLost``, ``Silence`` or ``DialogueAborted``.
        """

        async def exchange(step: Step) -> Any:
            if give_way():
                raise _GaveWay
            return await self.ask(step)

        try:
            return await drive(dialogue, exchange)
        except _GaveWay:
            return None

    async def ask(self, step: Step) -> Any:
        """The reply to ``step``; ``None`` where it expects none. Raises ``LinkLost``, ``Silence`` or ``NotSent``.

        A step is sent again as it says; and a query, anew, when its answer came damaged.
        """
        for _ in range(QUERY_TRIES if step.effect is Effect.QUERY else 1):
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
        """A stream on which nothing waits but the batch that ``step`` belongs to."""
        if self._session.needs_new_connection:
            await self._reopen_stream()
        if self._in_batch and step.expects is not Expects.ONE:
            # What has come in between may be about the batch, and says so when its end is asked for.
            if data := self._stream.receive_nowait():
                self._feed(data)
            return
        try:
            await self._discard()
        except StreamEnded:
            self._session.end()
            if not self._session.needs_new_connection:
                raise
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
        """Wait for an answer, looking now and then what the printer is doing. ``data``: what was sent."""
        seconds = SECONDS[step.deadline]
        deadline = anyio.current_time() + seconds
        look = POLL_AFTER if self._family.poll is not None else float("inf")
        resending = _Resending(data, step.resend, anyio.current_time())
        while True:
            left = deadline - anyio.current_time()
            answer = await self._wait_and_resend(step.command, min(left, look), resending)
            if answer is not None or self._damaged:
                # Damaged: an answer came, and there is nothing more to wait for.
                return answer
            if self._busy_at + seconds > deadline:
                deadline = self._busy_at + seconds
            elif left <= look:
                return None
            else:
                deadline = self._extended(deadline, seconds, await self._poll())

    async def _wait_and_resend(self, command: Any, seconds: float, resending: _Resending) -> Answer | None:
        """Wait for an answer; meanwhile send the same bytes again, where the step allows that."""
        until = anyio.current_time() + seconds
        while True:
            quiet_until = resending.due(self._last_byte_at)
            answer = await self._wait_for(command, min(until, quiet_until) - anyio.current_time())
            if answer is not None:
                return answer
            now = anyio.current_time()
            if resending.left and (self._damaged or now >= resending.due(self._last_byte_at)):
                self._damaged = False
                resending.left -= 1
                resending.sent_at = now
                await self._send(resending.data)
            elif self._damaged or now >= until:
                return None

    def _extended(self, deadline: float, seconds: float, condition: Condition | None) -> float:
        """Until when to wait, by what the printer says it is doing."""
        if condition is None:
            return deadline
        self._on_condition(condition)
        if condition.idle:
            return min(deadline, anyio.current_time() + POLL_AFTER)
        return deadline if condition.state is PrinterState.READY else anyio.current_time() + seconds

    async def _poll(self) -> Condition | None:
        """What the printer is doing, asked out of turn; ``None`` where it does not say."""
        assert self._family.poll is not None, "a half-duplex printer is sent nothing out of turn"

        async def exchange(step: Step) -> Any:
            await self._send(self._session.send(step.command))
            answer = await self._wait_for(step.command, POLL_AFTER)
            if answer is None:
                raise _NotAnswered
            return answer.reply

        try:
            return await drive(self._family.poll(self._settings), exchange)
        except (_NotAnswered, DialogueAborted):
            return None

    async def _wait_for(self, command: Any, seconds: float) -> Answer | None:
        """The answer to ``command`` if it comes in time; answers to others are kept."""
        with anyio.move_on_after(seconds):
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
        """Take what comes next; also what the end of the stream completes, where the family goes by that."""
        try:
            self._feed(await self._stream.receive())
        except StreamEnded:
            events = self._session.end()
            if not events:
                raise
            for event in events:
                self._on_event(event)

    async def _send(self, data: bytes) -> None:
        try:
            with anyio.fail_after(SEND_SECONDS):
                await self._stream.send(data)
        except TimeoutError:
            raise LinkLost(f"{self._settings.name}: the port takes no data") from None

    async def _discard(self) -> None:
        """What has arrived by now answers nothing that will be asked."""
        self._session.forget()
        self._in_batch = False
        self._answers.clear()
        self._unanswered = 0
        while data := self._stream.receive_nowait():
            self._feed(data)
            await anyio.lowlevel.checkpoint()
        self._answers.clear()
        self._damaged = False
        self._unanswered = 0

    def _feed(self, data: bytes) -> None:
        """Raises ``Garbage`` where there is no end of what answers nothing."""
        self._unanswered += len(data)
        self._last_byte_at = anyio.current_time()
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
                self._busy_at = anyio.current_time()
                self._mark_heard()
            case Damaged(detail):
                self._damaged = True
                self._noise.damage(detail)
            case Stray(detail):
                self._mark_heard()
                self._noise.stray(detail)
