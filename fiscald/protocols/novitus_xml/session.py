"""The two-way codec of one connection: packets to bytes, bytes to answers.

An answer names its question by element and action, so the session matches answers by those. Packets have no number: an
answer to an earlier packet with the same question looks the same. The printer executes packets in order, so the answer
to another question comes behind all earlier ones; ``queries.confirmed`` relies on that.

The printer always adds a checksum (3.3), so a packet without one was damaged.

Source: Novitus reference, sections 3.2 to 3.4.
"""

from __future__ import annotations

from fiscald.protocols.base import Answer, Damaged, Event, Session, Stray
from fiscald.protocols.novitus_elements import Element, NotElements, read_elements
from fiscald.protocols.novitus_packets import BadPacket, Deframer, Packet, encode_packet
from fiscald.protocols.novitus_xml.commands import Reply, Request, error_number, name_of


class NovitusXmlSession(Session):
    """See ``fiscald.protocols.base.Session``."""

    def __init__(self, *, crc: bool = True) -> None:
        """``crc``: whether our packets have a checksum."""
        self._crc = crc
        self._deframer = Deframer()
        self._waiting: list[Request] = []

    def send(self, command: Request) -> bytes:
        """The bytes of ``command``. From now on the command waits for its answer."""
        data = encode_packet(command.body(), crc=self._crc)
        self._waiting.append(command)
        return data

    def receive(self, data: bytes) -> list[Event]:
        """Events in ``data``; never raises."""
        return [event for item in self._deframer.feed(data) for event in self._events(item)]

    def forget(self) -> None:
        """No command waits for an answer any more. Every later answer is a stray."""
        self._waiting.clear()

    def _events(self, item: Packet | BadPacket) -> list[Event]:
        if isinstance(item, BadPacket):
            return [Damaged(f"an answer was damaged on the line: {item.fault}")]
        if item.crc is None:
            return [Damaged("an answer has no checksum")]
        try:
            elements = read_elements(item.body)
        except NotElements as error:
            return [Damaged(f"an answer cannot be read: {error}")]
        return [self._event(one) for one in elements] or [Stray("an empty answer")]

    def _event(self, one: Element) -> Event:
        command = self._claim(one)
        if command is None:
            return Stray(f"answer to {name_of(one)[:40]}, but no command waits for it")
        if one.name == "error" and error_number(one) is None:
            return Damaged("an answer has no error number")
        return Answer(command, Reply(one))

    def _claim(self, one: Element) -> Request | None:
        """The waiting command that ``one`` answers."""
        for command in self._waiting:
            if _answers(one, command.question):
                self._waiting.remove(command)
                return command
        return None


#: Elements whose reply has another action than the question, or none.
_OTHER_ACTION = frozenset({"fiscalmemory", "graphic", "animation", "updatelog", "processlog", "log"})


def _answers(one: Element, question: Element) -> bool:
    """Whether ``one`` has the name of the question and its action; of counters also the type."""
    if one.name != question.name:
        return False
    if one.name in _OTHER_ACTION:
        return True
    kind, asked = one.get("type"), question.get("type")
    if one.name == "info" and None not in (kind, asked) and kind != asked:
        return False
    return one.get("action") == question.get("action")
