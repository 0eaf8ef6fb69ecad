"""The base class of emulated printers, as the control interface and the port use it. No I/O and no clock.

A family's face - what it shows to programs - is a subclass of ``Device``. Code that carries the bytes (a
pseudo-terminal, a socket, a simulation) uses it as a ``Port``: ``receive`` with what arrived, ``poll`` when time has
passed, ``wakeup`` for when to call again.
"""

from __future__ import annotations

import heapq
import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from fiscald.emulator.faults import LINE_KINDS, Fault, FaultKind, Faults
from fiscald.emulator.paper import Printout
from fiscald.emulator.port import Port
from fiscald.emulator.register import Register
from fiscald.emulator.wording import shortened

#: Seconds per command, per printed line and per finished document, times ``slowness`` (our assumption).
COMMAND_SECONDS, LINE_SECONDS, DOCUMENT_SECONDS = 0.010, 0.030, 0.400
#: Different commands that are reported as unknown; a program that sends garbage reports no more than these.
MAX_NOTICES = 100
#: What happens once, just before the command.
BEFORE_COMMAND = (FaultKind.FOREIGN_RECEIPT, FaultKind.KEYPAD_CANCEL, FaultKind.KEYPAD_REPORT)


def readable(values: Mapping[str, Any], codec: str) -> dict[str, Any]:
    """Values of an answer, with a question mark for what the code page lacks.

    A byte without a meaning in it came in with a header, or the code page was another one then.
    """
    return {
        name: value.encode(codec, "replace").decode(codec) if isinstance(value, str) else value
        for name, value in values.items()
    }


class Display(NamedTuple):
    """A question on the printer's display."""

    pl: str
    """The text on the display."""
    en: str


class Device(ABC):
    """What every emulated printer has, in every protocol; a ``fiscald.emulator.port.Port``.

    A family implements the abstract methods, and the others where its printers differ: a greeting in ``connected``,
    the end of a connection in ``hangs_up``, its own bounds in the class attributes. It uses ``answer`` to send,
    ``show_question`` to wait for a key, ``report_unknown`` for a command that it does not know, and hands every
    command's name to ``faults.next_faults``.
    """

    family: ClassVar[str]
    profiles: ClassVar[tuple[str, ...]]
    """Models it can be; the first is the default."""
    code_pages: ClassVar[tuple[str, ...]] = ()
    """Code pages it can be set to, the first is the default; empty where the protocol settles the encoding."""
    links: ClassVar[tuple[str, ...]] = ("tcp", "pty")
    """What it can be connected to; a printer that speaks HTTP has no serial line."""
    scheme: ClassVar[str] = "tcp"
    """How the address of one of its network ports begins in a configuration."""
    fault_kinds: ClassVar[frozenset[FaultKind]] = LINE_KINDS
    """What can happen to it once."""
    framing: ClassVar[bytes]
    """Bytes that noise does not contain: with them it would be a frame, not noise."""
    second_caller_seconds: ClassVar[float] = 1.0
    """How long a second program waits before its connection is closed (our assumption)."""
    model: str

    def __init__(
        self, register: Register, *, seed: int = 0, printed: Callable[[Printout], None] = lambda _: None
    ) -> None:
        """``printed`` gets every finished sheet; ``seed`` decides what the noise of faults looks like."""
        self.register = register
        self.faults = Faults(self.fault_kinds)
        self._random = random.Random(seed)
        self.powered = True
        #: Factor on the time that commands and paper take; 0 answers at once.
        self.slowness = 0.0
        #: Seconds that every command takes in addition, whatever ``slowness`` is.
        self.command_seconds = 0.0
        #: Called for every command that is refused as unknown, once for each name.
        self.on_notice: Callable[[str], None] = lambda _: None
        #: Called with every question on the display, when it appears.
        self.on_question: Callable[[Display], None] = lambda _: None
        #: Called when power comes or goes: programs at other ports of the printer notice it.
        self.on_power: Callable[[], None] = lambda: None
        #: Every question is confirmed at once, as if a person pressed the key.
        self.auto_confirm = False
        self._display: Display | None = None
        self._unknown: set[str] = set()
        self._printed = printed
        self._outbox: list[tuple[float, int, bytes]] = []
        self._order = 0

    # -- the port (fiscald.emulator.port.Port) --------------------------------------------------------

    @property
    def ports(self) -> Sequence[Port]:
        """Its ports; most printers are one themselves. Each has one program connected at a time."""
        return (self,)

    def connected(self, now: float) -> None:  # noqa: B027 - most printers have nothing to do
        """A program opened the connection."""

    @abstractmethod
    def receive(self, data: bytes, now: float) -> None:
        """Bytes arrived."""

    def poll(self, now: float) -> bytes:
        """Do what is due by ``now``; the bytes to send."""
        if self.powered:
            self.run(now)
            while self.auto_confirm and self.awaits_key:
                self.press(confirm=True)
                self.run(now)
        return self._due(now)

    @property
    def hangs_up(self) -> bool:
        """Whether the printer closes the connection now; on a serial line it never does."""
        return False

    def wakeup(self) -> float | None:
        """When something will be due, if nothing arrives before."""
        return self.next_answer

    def disconnected(self) -> None:
        """The connection is closed; what was to be sent is lost, what was received is not."""
        self._outbox.clear()

    # -- what a family does ---------------------------------------------------------------------------

    @abstractmethod
    def run(self, now: float) -> None:
        """Carry out what can be carried out by ``now``, strictly in order."""

    @property
    def awaits_key(self) -> bool:
        """Whether a question is on the display; a printer without questions has none."""
        return False

    def press(self, *, confirm: bool) -> None:  # noqa: B027 - a printer without questions
        """A person answers the question on the display."""

    @abstractmethod
    def corrupted(self, data: bytes) -> bytes:
        """An answer that arrives with a wrong checksum."""

    def state_replaced(self) -> None:  # noqa: B027 - most printers have nothing to do
        """The register's state was replaced (``seed``)."""

    def foreign_command(self, command: str, values: dict[str, Any]) -> bool:
        """Another program or a person has the printer carry out a command of this family; false if it refuses."""
        return False

    def foreign_begin(self) -> bool:
        """Another program opens a receipt, if nothing is open; whether it could. Without receipts: it cannot."""
        return False

    def foreign_sell(self, name: str, price: int) -> bool:
        """Another program sells something on the open receipt; whether it could."""
        return False

    def foreign_end(self, total: int) -> bool:
        """Another program closes the open receipt; whether it could."""
        return False

    def foreign_receipt(self) -> None:
        """Another program completes a receipt on this printer, if nothing is open."""
        if self.foreign_begin():
            self.foreign_sell("Obcy towar", 777)
            self.foreign_end(777)

    def keypad_cancel(self) -> None:  # noqa: B027 - a printer on which nothing is ever open
        """A person cancels the open document on the printer's keypad, if there is one."""

    @abstractmethod
    def keypad_report(self) -> None:
        """A person makes the daily report on the printer's keypad, if nothing is open."""

    # -- the display ----------------------------------------------------------------------------------

    @property
    def display(self) -> Display | None:
        """The question on the display."""
        return self._display if self.awaits_key else None

    def show_question(self, display: Display) -> None:
        """A question appears on the display."""
        self._display = display
        self.on_question(display)

    def report_unknown(self, name: str, meaning: str | None) -> None:
        """A command is refused as unknown; ``meaning``: what it does on real printers that know it."""
        if name in self._unknown or len(self._unknown) == MAX_NOTICES:
            return
        self._unknown.add(name)
        if meaning is None:
            self.on_notice(f"{shortened(name)} is no command of {self.model}; it is refused as unknown")
        else:
            self.on_notice(f"{name} ({meaning}) is not built into {self.model}; it is refused as unknown")

    # -- faults and power -----------------------------------------------------------------------------

    def act_before(self, faults: Iterable[Fault]) -> None:
        """Let people and other programs do what they do just before a command."""
        kinds = {fault.act for fault in faults}
        # Read here, not at import: code that watches the device may have replaced these methods.
        methods = (self.foreign_receipt, self.keypad_cancel, self.keypad_report)
        for kind, method in zip(BEFORE_COMMAND, methods, strict=True):
            if kind in kinds:
                method()

    def is_prevented(self, faults: Sequence[Fault]) -> bool:
        """Let happen what comes before a command; true if it is then not carried out: swallowed, or without power."""
        kinds = {fault.act for fault in faults}
        if FaultKind.DROP_BEFORE in kinds:
            return True
        if FaultKind.POWER_CUT_BEFORE in kinds:
            self.power(on=False)
            return True
        self.act_before(faults)
        return False

    def apply_faults(self, data: bytes, at: float, faults: Iterable[Fault]) -> tuple[bytes, float] | None:
        """An answer with what its faults do to it, and when it is sent; ``None``: it is swallowed."""
        for fault in faults:
            match fault.act:
                case FaultKind.DROP_AFTER:
                    return None
                case FaultKind.LATE:
                    at += fault.seconds
                case FaultKind.SPLIT:
                    half = len(data) // 2
                    self.answer(data[:half], at)
                    data, at = data[half:], at + fault.seconds
                case FaultKind.DUPLICATE:
                    data += data
                case FaultKind.BAD_CRC:
                    data = self.corrupted(data)
                case FaultKind.TRUNCATE:
                    data = data[:-1][: max(1, len(data) // 2)]
                case FaultKind.NOISE:
                    noise = self._random.randbytes(16)
                    data = bytes(byte for byte in noise if byte not in self.framing) + data
        return data, at

    def power(self, *, on: bool) -> None:
        """Switch the device on or off. What the register holds stays; what waits is lost."""
        self.powered = on
        self._outbox.clear()
        self.on_power()

    # -- what leaves the printer ----------------------------------------------------------------------

    def duration(self, sheets: Sequence[Printout]) -> float:
        """Seconds that a command takes which prints these sheets."""
        lines = sum(len(sheet.lines) for sheet in sheets)
        printing = COMMAND_SECONDS + LINE_SECONDS * lines + DOCUMENT_SECONDS * len(sheets)
        return self.command_seconds + printing * self.slowness

    def answer(self, data: bytes, at: float) -> None:
        """Send ``data`` at ``at``."""
        self._order += 1
        heapq.heappush(self._outbox, (at, self._order, data))

    def _due(self, now: float) -> bytes:
        """Answers whose time has come."""
        out = bytearray()
        while self._outbox and self._outbox[0][0] <= now:
            out += heapq.heappop(self._outbox)[2]
        return bytes(out)

    @property
    def next_answer(self) -> float | None:
        """When the next answer is to be sent."""
        return self._outbox[0][0] if self._outbox else None

    def emit(self, printout: Printout) -> None:
        """A sheet leaves the printer."""
        self._printed(printout)
