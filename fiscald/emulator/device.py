"""A printer seen from its plug: bytes in, bytes out, in time. No I/O and no clock of its own.

A family's face is a ``Device``. Whoever carries the bytes (a pty, a socket, a simulation) calls ``receive``
with what arrived, ``poll`` when time has passed, sends what comes back, and asks ``wakeup`` when to call again.
"""

from __future__ import annotations

import heapq
import itertools
import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from fiscald.emulator.faults import Act, Fault, Faults
from fiscald.emulator.paper import Printout
from fiscald.emulator.register import Register
from fiscald.emulator.wording import shortened

#: Seconds per command, per printed line and per finished document, times ``slowness`` (choice).
COMMAND_SECONDS, LINE_SECONDS, DOCUMENT_SECONDS = 0.010, 0.030, 0.400
#: Different commands that are reported as unknown; a program that sends garbage reports no more than these.
MAX_NOTICES = 100
#: What happens once, just before the command.
BEFORE = (Act.FOREIGN_RECEIPT, Act.KEYPAD_CANCEL, Act.KEYPAD_REPORT)


def readable(values: Mapping[str, Any], codec: str) -> dict[str, Any]:
    """Values of an answer, with a question mark for what the code page lacks.

    A byte without a meaning in it came in with a header, or the code page was another one then.
    """
    return {
        name: value.encode(codec, "replace").decode(codec) if isinstance(value, str) else value
        for name, value in values.items()
    }


class Display(NamedTuple):
    """What the printer asks the person in front of it."""

    pl: str
    """As it is on the display."""
    en: str


class Device(ABC):
    """What every emulated printer has, whatever it speaks."""

    family: ClassVar[str]
    profiles: ClassVar[tuple[str, ...]]
    """Models it can be; the first is the default."""
    code_pages: ClassVar[tuple[str, ...]]
    """Code pages it can be set to; the first is the default."""
    framing: ClassVar[bytes]
    """Bytes that noise does not contain: with them it would be a frame, not noise."""
    model: str

    def __init__(
        self, register: Register, *, seed: int = 0, printed: Callable[[Printout], None] = lambda _: None
    ) -> None:
        """``printed`` is told of every finished sheet; ``seed`` decides what the noise of faults looks like."""
        self.register = register
        self.faults = Faults()
        self._random = random.Random(seed)
        self.powered = True
        #: Factor on the time that commands and paper take; 0 answers at once.
        self.slowness = 0.0
        #: Called for every command that is refused as unknown, once for each name.
        self.notice: Callable[[str], None] = lambda _: None
        #: Called with every question on the display, when it appears.
        self.asked: Callable[[Display], None] = lambda _: None
        #: Every question is confirmed at once, as if a person pressed the key.
        self.auto_confirm = False
        self._display: Display | None = None
        self._unknown: set[str] = set()
        self._printed = printed
        self._outbox: list[tuple[float, int, bytes]] = []
        self._order = itertools.count()

    @abstractmethod
    def receive(self, data: bytes, now: float) -> None:
        """Bytes arrived at ``now`` (seconds of any steady clock)."""

    def poll(self, now: float) -> bytes:
        """Do what is due by ``now``; the bytes to send."""
        if self.powered:
            self.run(now)
            while self.auto_confirm and self.asking:
                self.press(confirm=True)
                self.run(now)
        return self.due(now)

    @abstractmethod
    def run(self, now: float) -> None:
        """Carry out what can be carried out by ``now``, strictly in order."""

    @abstractmethod
    def wakeup(self) -> float | None:
        """When something will be due, if nothing arrives before."""

    @property
    @abstractmethod
    def asking(self) -> bool:
        """Whether a question is on the display."""

    @property
    def display(self) -> Display | None:
        """The question on the display."""
        return self._display if self.asking else None

    def ask(self, display: Display) -> None:
        """A question appears on the display."""
        self._display = display
        self.asked(display)

    def seeded(self) -> None:  # noqa: B027 - most printers have nothing to do
        """The register's state was replaced."""

    def unknown(self, name: str, meaning: str | None) -> None:
        """A command is refused as unknown; ``meaning``: what it does on real printers that know it."""
        if name in self._unknown or len(self._unknown) == MAX_NOTICES:
            return
        self._unknown.add(name)
        if meaning is None:
            self.notice(f"{shortened(name)} is no command of {self.model}; it is refused as unknown")
        else:
            self.notice(f"{name} ({meaning}) is not built into {self.model}; it is refused as unknown")

    @abstractmethod
    def press(self, *, confirm: bool) -> None:
        """A person answers the question on the display."""

    @abstractmethod
    def spoiled(self, data: bytes) -> bytes:
        """An answer that arrives with a wrong checksum."""

    @abstractmethod
    def foreign_begin(self) -> bool:
        """Another program opens a receipt, if nothing is open; whether it could."""

    @abstractmethod
    def foreign_sell(self, name: str, price: int) -> bool:
        """Another program sells something on the open receipt; whether it could."""

    @abstractmethod
    def foreign_end(self, total: int) -> bool:
        """Another program closes the open receipt; whether it could."""

    def foreign_receipt(self) -> None:
        """Another program completes a receipt on this printer, if nothing is open."""
        if self.foreign_begin():
            self.foreign_sell("Obcy towar", 777)
            self.foreign_end(777)

    @abstractmethod
    def keypad_cancel(self) -> None:
        """A person cancels the open document on the printer's keypad, if there is one."""

    @abstractmethod
    def keypad_report(self) -> None:
        """A person makes the daily report on the printer's keypad, if nothing is open."""

    def happen_before(self, faults: Iterable[Fault]) -> None:
        """What people and other programs do just before a command."""
        acts = {fault.act for fault in faults}
        # Looked up here: whoever watches the device may have put his own in their place.
        for act, happens in zip(BEFORE, (self.foreign_receipt, self.keypad_cancel, self.keypad_report), strict=True):
            if act in acts:
                happens()

    def prevented(self, faults: Sequence[Fault]) -> bool:
        """Let happen what comes before a command; whether it is then not carried out: swallowed, or without power."""
        acts = {fault.act for fault in faults}
        if Act.DROP_BEFORE in acts:
            return True
        if Act.POWER_CUT_BEFORE in acts:
            self.power(on=False)
            return True
        self.happen_before(faults)
        return False

    def seconds(self, sheets: Sequence[Printout]) -> float:
        """How long a command takes that puts these sheets out."""
        lines = sum(len(sheet.lines) for sheet in sheets)
        return (COMMAND_SECONDS + LINE_SECONDS * lines + DOCUMENT_SECONDS * len(sheets)) * self.slowness

    def disturb(self, data: bytes, at: float, faults: Iterable[Fault]) -> tuple[bytes, float] | None:
        """An answer with what its faults do to it, and when it is sent; ``None``: it is swallowed."""
        for fault in faults:
            match fault.act:
                case Act.DROP_AFTER:
                    return None
                case Act.LATE:
                    at += fault.seconds
                case Act.SPLIT:
                    half = len(data) // 2
                    self.answer(data[:half], at)
                    data, at = data[half:], at + fault.seconds
                case Act.DUPLICATE:
                    data += data
                case Act.BAD_CRC:
                    data = self.spoiled(data)
                case Act.TRUNCATE:
                    data = data[:-1][: max(1, len(data) // 2)]
                case Act.NOISE:
                    noise = self._random.randbytes(16)
                    data = bytes(byte for byte in noise if byte not in self.framing) + data
        return data, at

    def disconnected(self) -> None:
        """The link is gone; what was to be sent is lost, what was received is not."""
        self._outbox.clear()

    def power(self, *, on: bool) -> None:
        """Switch the device on or off. What the register holds stays; what waits is lost."""
        self.powered = on
        self._outbox.clear()

    def answer(self, data: bytes, at: float) -> None:
        """Send ``data`` at ``at``."""
        heapq.heappush(self._outbox, (at, next(self._order), data))

    def due(self, now: float) -> bytes:
        """Answers whose time has come."""
        out = bytearray()
        while self._outbox and self._outbox[0][0] <= now:
            out += heapq.heappop(self._outbox)[2]
        return bytes(out)

    @property
    def next_answer(self) -> float | None:
        """When the next answer is to be sent."""
        return self._outbox[0][0] if self._outbox else None

    def put_out(self, printout: Printout) -> None:
        """A sheet leaves the printer."""
        self._printed(printout)
