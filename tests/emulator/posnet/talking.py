"""Talking to an emulated POSNET printer in the reference's notation: ``|`` is TAB, cp1250, no checksum."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from fiscald.emulator.memory import RegisterState
from fiscald.emulator.posnet import FACTORY
from fiscald.emulator.posnet.device import PosnetPrinter
from fiscald.emulator.register import Register
from fiscald.protocols.posnet.frames import ETX, MARK, STX, Deframer, Frame, crc16


class Talk:
    """A printer with a frozen clock; ``time`` is what its port is given."""

    def __init__(
        self, at: str = "2026-10-09T11:44:00+02:00", *, state: RegisterState | None = None, **options: Any
    ) -> None:
        self.moment = datetime.fromisoformat(at)
        self.register = Register(state, clock=lambda: self.moment)
        self.printer: PosnetPrinter = FACTORY(self.register, **options)
        self.time = 0.0

    def send(self, text: str) -> None:
        self.printer.receive(frame(text), self.time)

    def receive(self) -> list[str]:
        found = Deframer().feed(self.printer.poll(self.time))
        return [readable(item) for item in found if isinstance(item, Frame)]

    def say(self, text: str) -> str:
        """The one answer to one command."""
        self.send(text)
        (answer,) = self.receive()
        return answer

    def follow(self, conversation: str) -> None:
        """Lines ``> command`` and ``< answer`` in order."""
        answers: list[str] = []
        for line in filter(None, map(str.strip, conversation.split("\n"))):
            if line.startswith("> "):
                assert not answers, f"unexpected {answers}"
                self.send(line[2:])
                answers = self.receive()
            else:
                assert answers, f"no answer, expected {line[2:]}"
                assert answers.pop(0) == line[2:]
        assert not answers, f"unexpected {answers}"

    def sell(self, lines: Iterable[str], end: str) -> str:
        self.say("trinit|bm0|")
        for line in lines:
            assert "?" not in self.say(line), line
        return self.say(end)

    @property
    def paper(self) -> str:
        return self.register.printouts[-1].text


def frame(text: str) -> bytes:
    data = text.replace("|", "\t").replace("<LF>", "\n").encode("cp1250")
    return STX + data + MARK + crc16(data) + ETX


def readable(item: Frame) -> str:
    parts = [item.mnemonic, *(name + value.decode("cp1250") for name, value in item.fields)]
    return "".join(f"{part}|" for part in parts).replace("\n", "<LF>")
