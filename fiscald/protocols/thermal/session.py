"""The two-way codec of one connection: commands to bytes, bytes to answers.

In error mode 3 a printer answers every command with ``#Z`` and the command's identifier; a question is answered by
a sequence of its own kind, and POSNET devices send ``0#Z`` behind it, which is passed over wherever it comes. ENQ
and DLE are answered by single bytes that are told apart by their range; DLE may be asked while a command waits.

Source: Thermal reference, sections 3.3, 3.4 and 9.2.
"""

from __future__ import annotations

from collections.abc import Iterator

from fiscald.model.text import CODE_PAGES
from fiscald.protocols.base import Answer, Damaged, Event, Session, Stray
from fiscald.protocols.tables import FieldFault
from fiscald.protocols.thermal.commands import ANSWERS, RESULT, Poll, Reply, Request, Status, read_reply
from fiscald.protocols.thermal.fields import Brand, Dialect
from fiscald.protocols.thermal.frames import AnswerDeframer, BadFrame, Control, Enq, Frame, encode
from fiscald.protocols.thermal.layouts import Check, Layout


class ThermalSession(Session):
    """See ``fiscald.protocols.base.Session``."""

    def __init__(self, code_page: str) -> None:
        self._codec = CODE_PAGES[code_page]
        self._deframer = AnswerDeframer()
        self._waiting: list[Request | Poll] = []
        self._fresh = True

    def send(self, command: Request | Poll) -> bytes:
        """The bytes of ``command``, which from now on waits for its answer."""
        data = self._bytes(command)
        self._waiting.append(command)
        if self._fresh:
            # What an earlier connection left half sent would swallow ENQ and everything else but DLE (3.1, 9.2).
            self._fresh = False
            data = bytes([Control.CAN]) + data
        return data

    def _bytes(self, command: Request | Poll) -> bytes:
        if isinstance(command, Poll):
            return bytes([command.control])
        return encode(command.frame(Dialect(self._codec, command.brand)))

    def receive(self, data: bytes) -> list[Event]:
        """Events in ``data``; never raises."""
        return list(self._events(data))

    def forget(self) -> None:
        """Nothing waits any more; what still comes is stray."""
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
            # A sequence that lost its beginning looks like many of them; they are told once.
            yield Stray(f"{unasked} status bytes that nothing waits for")

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
            return Stray(f"answer {layout.name}, which nothing waits for")
        return Answer(command, read_reply(layout, item, Dialect(self._codec, command.brand)))

    def _result(self, item: Frame) -> Event | None:
        """``#Z``: the answer to a command without one of its own, the refusal of one that has, or what follows it."""
        try:
            values = RESULT.read(item, Dialect(self._codec, Brand.NOVITUS))
        except FieldFault as fault:
            return Damaged(f"an answer was damaged on the line ({fault})")
        number, name = values["Pe"], values["rozkaz"]
        for command in self._waiting:
            if not isinstance(command, Request) or command.row.id != name:
                continue
            if command.row.answers and not number:
                continue
            self._waiting.remove(command)
            return Answer(command, Reply(name, {}, error=number or None, brand=command.brand))
        if not number and name in _QUESTIONS:
            return None
        return Stray(f"answer {number} to {name}, which nothing waits for")

    def _claim(self, layout: Layout) -> Request | None:
        """The oldest waiting command that is answered by such a sequence."""
        for command in self._waiting:
            if isinstance(command, Request) and layout in command.row.answers:
                self._waiting.remove(command)
                return command
        return None


#: Identifiers of commands with an answer of their own.
_QUESTIONS = frozenset(("#s", "#n", "#v", "#c", "#u", "^u", "$g"))
