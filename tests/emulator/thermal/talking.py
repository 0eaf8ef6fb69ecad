"""Talking to an emulated Thermal printer: a command without ``ESC P``, check byte and ``ESC \\``; ``|`` is CR."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from fiscald.emulator.memory import RegisterState
from fiscald.emulator.register import Register
from fiscald.emulator.thermal import FACTORY
from fiscald.emulator.thermal.device import ThermalPrinter
from fiscald.protocols.thermal.frames import AnswerDeframer, BadFrame, Control, Dle, Enq, Frame, check

ENQ, DLE, DLE2, CAN, BEL = (bytes((control,)) for control in (5, 16, 26, 24, 7))
assert ENQ[0] == Control.ENQ
OK = b"\x1bP0#Z%b\x1b\\"
WATER = "1$lWoda|1.|A/2/2/"
SALE = ("0$h", WATER, "1;0$e000|0/2/")


class Talk:
    """A printer with a frozen clock in error mode 3; ``time`` is what its port is given."""

    def __init__(
        self,
        at: str = "2026-07-15T10:42:00+02:00",
        *,
        state: RegisterState | None = None,
        mode: int | None = 3,
        **options: Any,
    ) -> None:
        self.moment = datetime.fromisoformat(at)
        self.register = Register(state, clock=lambda: self.moment)
        self.printer: ThermalPrinter = FACTORY(self.register, **options)
        self.time = 0.0
        if mode is not None:
            self.raw(sequence(f"{mode}#e"))

    def raw(self, data: bytes) -> bytes:
        self.printer.receive(data, self.time)
        return self.printer.poll(self.time)

    def send(self, text: str) -> None:
        self.printer.receive(sequence(text), self.time)

    def receive(self) -> list[str]:
        found = AnswerDeframer().feed(self.printer.poll(self.time))
        return [readable(item) for item in found]

    def say(self, text: str) -> str:
        """The reply to a command; the automatic ``0#Z`` after an answer is left out."""
        self.send(text)
        answers = self.receive()
        assert answers, f"no answer to {text}"
        return answers[0]

    def error(self, text: str) -> int:
        """The number in ``#Z``."""
        answer = self.say(text)
        number, mark, _ = answer.partition("#Z")
        assert mark, answer
        return int(number)

    def follow(self, *commands: str) -> None:
        """All of them succeed."""
        for command in commands:
            assert self.error(command) == 0, command

    def sell(self, lines: Iterable[str], end: str) -> None:
        self.follow("0$h", *lines, end)

    @property
    def enq(self) -> int:
        (byte,) = self.raw(ENQ)
        return byte

    @property
    def paper(self) -> str:
        return self.register.printouts[-1].text

    @property
    def kinds(self) -> list[str]:
        return [sheet.kind for sheet in self.register.printouts]


def sequence(text: str) -> bytes:
    return framed(text.replace("|", "\r").encode("mazovia"))


def framed(payload: bytes) -> bytes:
    return b"\x1bP" + payload + check(payload) + b"\x1b\\"


def readable(item: Frame | BadFrame | Enq | Dle) -> str:
    if isinstance(item, Enq | Dle):
        return f"{item.byte:02X}"
    assert isinstance(item, Frame)
    return item.payload.decode("mazovia").replace("\r", "|")


def opened(*commands: str, **options: Any) -> Talk:
    """A printer with an open receipt, after these commands."""
    talk = Talk(**options)
    talk.follow("0$h", *commands)
    return talk


def totals(talk: Talk, query: str = "22#s") -> list[str]:
    """The totals by rate, as they are answered."""
    return talk.say(query).split("/")[9:16]


def sold(talk: Talk) -> int:
    """Receipts of the open day."""
    return talk.register.state.day.receipt_count
