"""One connection to one printer: a stream, a session, and patience.

Deadlines belong to the command, not to the port. A printer that says it is busy, out of paper or waiting for
a person extends them without limit: it will answer. One that says it has nothing to do, while we wait, has
answered already: the answer is lost, and waiting longer is no use. Silence is what remains after that.

After silence nothing more is asked on the same connection: the late answer to the first question would be
taken for the answer to the second. Whoever hears of ``Silence`` opens a new one.

A printer may also send without end. Every read leaves the other printers their turn, and a command for which too
many bytes come without its answer among them is given up (``Garbage``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

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
    Family,
    Settings,
    Step,
    Stray,
)
from fiscald.transport import TAKEN, Address, ByteStream, LinkError, LinkLost, PortHeld, TcpHost

T = TypeVar("T")

#: Seconds to wait for an answer without any sign of life, by deadline class.
SECONDS = {Deadline.QUERY: 5.0, Deadline.LINE: 15.0, Deadline.CLOSE: 30.0, Deadline.REPORT: 120.0}
#: Seconds of silence after which the printer is asked, out of turn, what it is doing; and between two such questions.
PROBE_AFTER = 2.0
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


class Line:
    """Carries steps over a stream, one at a time."""

    def __init__(
        self,
        stream: ByteStream,
        family: Family,
        settings: Settings,
        *,
        heard: Callable[[], None],
        noticed: Callable[[Condition], None],
        noise: Noise,
    ) -> None:
        """``heard`` is called at every intact answer, ``noticed`` with what the printer says while it is slow.

        ``noise`` counts what answers nothing.
        """
        self._stream = stream
        self._family = family
        self._settings = settings
        self._session = family.session(settings)
        self._heard = heard
        self._noticed = noticed
        self._noise = noise
        self._answers: list[Answer] = []
        self._damaged = False
        self._unanswered = 0
        self.answered = False
        """Whether the printer has answered anything on this connection."""

    @property
    def family(self) -> Family:
        """What the printer speaks."""
        return self._family

    def use(self, settings: Settings) -> None:
        """From now on speak as ``settings`` say (the profile became known)."""
        if settings != self._settings:
            self._settings = settings
            self._session = self._family.session(settings)

    async def drive(self, dialogue: Dialogue[T], *, give_way: Callable[[], bool] = lambda: False) -> T | None:
        """Drive a dialogue of queries. ``None`` when ``give_way`` said so between two of them.

        Raises ``LinkLost``, ``Silence`` or ``DialogueAborted``.
        """
        try:
            step = next(dialogue)
            while True:
                assert isinstance(step, Step)
                assert step.effect is Effect.QUERY, "only a job may change anything"
                if give_way():
                    return None
                step = dialogue.send(await self.ask(step))
        except StopIteration as stop:
            result: T = stop.value
            return result
        finally:
            dialogue.close()

    async def ask(self, step: Step) -> Any:
        """The reply to ``step``. Raises ``LinkLost`` or ``Silence``.

        Only a query is asked again, and only when its answer came, damaged.
        """
        for _ in range(QUERY_TRIES if step.effect is Effect.QUERY else 1):
            await self._discard()
            await self._send(step.command)
            reply = await self._wait_for_reply(step)
            if reply is not None:
                return reply.reply
            if not self._damaged:
                break
        self._session.forget()
        raise Silence("an answer was damaged on the line" if self._damaged else "no answer in time")

    async def _wait_for_reply(self, step: Step) -> Answer | None:
        """Wait for an answer, looking now and then what the printer is doing."""
        deadline = anyio.current_time() + SECONDS[step.deadline]
        while True:
            left = deadline - anyio.current_time()
            answer = await self._wait_for(step.command, min(left, PROBE_AFTER))
            if answer is not None or self._damaged or left <= PROBE_AFTER:
                # Damaged: an answer came, and there is nothing more to wait for.
                return answer
            condition = await self._probe()
            if condition is not None:
                self._noticed(condition)
                if condition.idle:
                    deadline = min(deadline, anyio.current_time() + PROBE_AFTER)
                elif condition.state is not PrinterState.READY:
                    deadline = anyio.current_time() + SECONDS[step.deadline]

    async def _probe(self) -> Condition | None:
        dialogue = self._family.poll(self._settings)
        try:
            step = next(dialogue)
            while True:
                assert isinstance(step, Step)
                await self._send(step.command)
                answer = await self._wait_for(step.command, PROBE_AFTER)
                if answer is None:
                    return None
                step = dialogue.send(answer.reply)
        except StopIteration as stop:
            condition: Condition = stop.value
            return condition
        except DialogueAborted:
            return None
        finally:
            dialogue.close()

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
                self._take(await self._stream.receive())
        return None

    async def _send(self, command: Any) -> None:
        data = self._session.send(command)
        try:
            with anyio.fail_after(SEND_SECONDS):
                await self._stream.send(data)
        except TimeoutError:
            raise LinkLost(f"{self._settings.name}: the port takes no data") from None

    async def _discard(self) -> None:
        """What has arrived by now answers nothing that will be asked."""
        self._session.forget()
        self._answers.clear()
        self._unanswered = 0
        while data := self._stream.receive_nowait():
            self._take(data)
            await anyio.lowlevel.checkpoint()
        self._answers.clear()
        self._damaged = False
        self._unanswered = 0

    def _take(self, data: bytes) -> None:
        """Raises ``Garbage`` where there is no end of what answers nothing."""
        self._unanswered += len(data)
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
                self._heard()
                self._answers.append(event)
            case Busy():
                self._heard()
            case Damaged(detail):
                self._damaged = True
                self._noise.damage(detail)
            case Stray(detail):
                self._heard()
                self._noise.stray(detail)
