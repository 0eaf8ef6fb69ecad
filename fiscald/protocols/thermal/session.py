"""The two-way codec of one connection: commands to bytes, bytes to answers.

In error mode 3 a printer answers every command with ``#Z`` and the command's identifier; a query
gets a sequence of the same kind. POSNET devices send ``0#Z`` after it, which the session ignores. The answers
to ENQ and DLE are single bytes with different ranges. DLE may be sent while a command waits.

Source: Thermal reference, sections 3.3, 3.4 and 9.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from fiscald.model.text import CODE_PAGES
from fiscald.protocols.base import Answer, Damaged, Event, Session, Stray
from fiscald.protocols.tables import FieldFault
from fiscald.protocols.thermal.commands import ANSWERS, COMMANDS, RESULT, Poll, Reply, Request, Status, read_reply
from fiscald.protocols.thermal.fields import Brand, Dialect
from fiscald.protocols.thermal.frames import REMEMBERED, AnswerDeframer, BadFrame, Control, Enq, Frame, encode
from fiscald.protocols.thermal.layouts import Check, Layout


class ThermalSession(Session):
    """See ``fiscald.protocols.base.Session``."""

    def __init__(self, code_page: str) -> None:
        self._codec = CODE_PAGES[code_page]
        self._deframer = AnswerDeframer()
        self._waiting: list[Request | Poll] = []
        self._fresh = True

    def send(self, command: Request | Poll) -> bytes:
        """The bytes of ``command``. From now on the command waits for its answer."""
        data = self._bytes(command)
        self._waiting.append(command)
        if self._fresh:
            # A half-sent sequence from an earlier connection would swallow ENQ and everything except DLE (3.1, 9.2).
            self._fresh = False
            data = bytes([Control.CAN]) + data
        return data

    def _bytes(self, command: Request | Poll) -> bytes:
        if isinstance(command, Poll):
            return bytes([command.control])
        if not command.values and type(command) is Request:  # a technician's command has its own bytes
            return _question(command.row.name, command.brand, self._codec)
        return encode(command.frame(Dialect(self._codec, command.brand)))

    def receive(self, data: bytes) -> list[Event]:
        """Events in ``data``; never raises."""
        return list(self._events(data))

    def forget(self) -> None:
        """No command waits for an answer any more. Every later answer is a stray."""
        self._waiting.clear()

    def _events(self, data: bytes) -> Iterator[Event]:
        unasked = 0
        for item in self._deframer.feed(data):
            if isinstance(item, Frame | BadFrame):
                event = self._sequence(item)
            else:
                event = self._status(item)
                unasked += event is None
            if event is not None:
                yield event
        if unasked:
            # A sequence without its beginning looks like many status bytes. Report them once.
            yield Stray(f"{unasked} status bytes that no command waits for")

    def _status(self, item: Status) -> Event | None:
        control = Control.ENQ if isinstance(item, Enq) else Control.DLE
        for command in self._waiting:
            if isinstance(command, Poll) and command.control is control:
                self._waiting.remove(command)
                return Answer(command, item)
        return None

    def _sequence(self, item: Frame | BadFrame) -> Event | None:
        if isinstance(item, BadFrame):
            return Damaged(f"an answer was damaged on the line ({item.fault.name.lower()})")
        if item.name == RESULT.id:
            return self._result(item)
        layout = ANSWERS.get((item.name, item.params[0] if item.params else None))
        if layout is None:
            return Stray(f"an answer of an unknown kind, {item.name}")
        if layout.check is Check.REQUIRED and not item.digits:
            return Damaged("an answer was damaged on the line (its check byte does not fit)")
        command = self._claim(layout)
        if command is None:
            return Stray(f"answer {layout.name}, but no command waits for it")
        return Answer(command, read_reply(layout, item, Dialect(self._codec, command.brand)))

    def _result(self, item: Frame) -> Event | None:
        """``#Z``: the answer to a command without its own answer, the refusal of another one, or an extra."""
        found = _read_result(item, self._codec)
        if isinstance(found, Damaged):
            return found
        number, name = found
        for command in self._waiting:
            if not isinstance(command, Request) or command.row.id != name:
                continue
            if command.row.answers and not number:
                continue
            self._waiting.remove(command)
            return Answer(command, Reply(name, {}, error=number or None, brand=command.brand))
        if not number and name in _QUESTIONS:
            return None
        return Stray(f"answer {number} to {name}, but no command waits for it")

    def _claim(self, layout: Layout) -> Request | None:
        """The oldest waiting command that such a sequence answers."""
        for command in self._waiting:
            if isinstance(command, Request) and layout in command.row.answers:
                self._waiting.remove(command)
                return command
        return None


@lru_cache(REMEMBERED)
def _question(name: str, brand: Brand, codec: str) -> bytes:
    """The bytes of a command without values; most are questions, and each is asked for every document."""
    return encode(COMMANDS[brand][name].write({}, Dialect(codec, brand)))


@lru_cache(REMEMBERED)
def _read_result(frame: Frame, codec: str) -> tuple[int, str] | Damaged:
    """Error number and command of a ``#Z``; most answers of a day are the same few."""
    try:
        values = RESULT.read(frame, Dialect(codec, Brand.NOVITUS))
    except FieldFault as fault:
        return Damaged(f"an answer was damaged on the line ({fault})")
    return values["Pe"], values["rozkaz"]


#: Identifiers of commands with their own answer.
_QUESTIONS = frozenset(("#s", "#n", "#v", "#c", "#u", "^u", "$g"))
