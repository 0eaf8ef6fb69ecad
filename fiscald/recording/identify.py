"""Ask a printer who it is, outside the daemon: one question after the other, each once, without reconnecting."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio

from fiscald.protocols.base import Answer, Damaged, Expects, Identification, Session, Settings, Step
from fiscald.protocols.driving import drive
from fiscald.protocols.families import Family
from fiscald.transport import ByteStream, LinkLost, StreamEnded

Reopen = Callable[[], Awaitable[ByteStream]]

#: Bytes without the answer among them after which a question is given up: somebody sends without end.
MAX_UNANSWERED = 65_536


class Disturbed(Exception):
    """An answer came damaged, or bytes without end that are none; ``str`` says how."""


async def identify(
    stream: ByteStream, family: Family, *, first: float, later: float, reopen: Reopen | None = None
) -> Identification:
    """What the printer says about itself, by ``Family.identify``, after the family's greeting if it has one.

    Seconds: ``first`` for the first answer, ``later`` for each of the others. ``reopen`` opens the next stream, for a
    family that needs one; that one is closed here.

    Raises ``TimeoutError``, ``Disturbed``, ``DialogueAborted`` (somebody of that family is there, and does not say who
    it is) or ``LinkError``.
    """
    settings = Settings("the printer", family.options())
    talk = _Talk(stream, family.session(settings), reopen)
    seconds = first

    async def exchange(step: Step) -> object:
        nonlocal seconds
        with anyio.fail_after(seconds):
            reply = await talk.ask(step)
        seconds = later
        return reply

    try:
        if family.greeting is not None:
            await drive(family.greeting(settings), exchange)
        return await drive(family.identify(settings), exchange)
    finally:
        if talk.stream is not stream:
            await talk.stream.aclose()


class _Talk:
    """Questions and answers, each sent once."""

    def __init__(self, stream: ByteStream, session: Session, reopen: Reopen | None) -> None:
        self.stream = stream
        self._session = session
        self._reopen = reopen

    async def ask(self, step: Step) -> object:
        """The reply, or ``None`` where none is expected."""
        if self._session.needs_new_connection:
            if self._reopen is None:
                raise LinkLost("the printer closed the connection")
            await self.stream.aclose()
            self.stream = await self._reopen()
        await self.stream.send(self._session.send(step.command))
        unanswered = 0
        while step.expects is not Expects.NONE and unanswered <= MAX_UNANSWERED:
            try:
                data = await self.stream.receive()
                unanswered += len(data)
                events = self._session.receive(data)
            except StreamEnded:
                events = self._session.end()
                if not events:
                    raise
            for event in events:
                if isinstance(event, Damaged):
                    raise Disturbed(event.detail)
                if isinstance(event, Answer) and event.command is step.command:
                    return event.reply
        if step.expects is Expects.NONE:
            return None
        raise Disturbed(f"{unanswered} bytes came, and no answer is among them")
