"""Ask a printer who it is, outside the daemon: one question after the other, each once, without reconnecting."""

from __future__ import annotations

import anyio

from fiscald.protocols.base import Answer, Damaged, Identification, Session, Settings, Step
from fiscald.protocols.driving import drive
from fiscald.protocols.families import Family
from fiscald.transport import ByteStream

#: Bytes without the answer among them after which a question is given up: somebody sends without end.
MAX_UNANSWERED = 65_536


class Disturbed(Exception):
    """An answer came damaged, or bytes without end that are none; ``str`` says how."""


async def greet(stream: ByteStream, family: Family, *, first: float, later: float) -> Identification:
    """What the printer says about itself, by ``Family.identify``.

    Seconds: ``first`` for the first answer, ``later`` for each of the others. Raises ``TimeoutError``, ``Disturbed``,
    ``DialogueAborted`` (somebody of that family is there, and does not say who it is) or ``LinkLost``.
    """
    settings = Settings("the printer", family.options())
    session = family.session(settings)
    seconds = first

    async def exchange(step: Step) -> object:
        nonlocal seconds
        with anyio.fail_after(seconds):
            reply = await _ask(stream, session, step)
        seconds = later
        return reply

    if family.greeting is not None:
        await drive(family.greeting(settings), exchange)
    return await drive(family.identify(settings), exchange)


async def _ask(stream: ByteStream, session: Session, step: Step) -> object:
    await stream.send(session.send(step.command))
    unanswered = 0
    while unanswered <= MAX_UNANSWERED:
        data = await stream.receive()
        unanswered += len(data)
        for event in session.receive(data):
            if isinstance(event, Damaged):
                raise Disturbed(event.detail)
            if isinstance(event, Answer) and event.command is step.command:
                return event.reply
    raise Disturbed(f"{unanswered} bytes came, and no answer is among them")
