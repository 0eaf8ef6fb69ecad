"""A printer seen from its plug: bytes in, bytes out, in time. No I/O and no clock of its own.

A family's face is a ``Device``. Whoever carries the bytes (a pty, a socket, a simulation) calls ``receive``
with what arrived, ``poll`` when time has passed, sends what comes back, and asks ``wakeup`` when to call again.
"""

from __future__ import annotations

import heapq
import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable

from fiscald.emulator.faults import Faults
from fiscald.emulator.paper import Printout
from fiscald.emulator.register import Register


class PowerCut(Exception):
    """The device lost power in the middle of a command."""


class Device(ABC):
    """What every emulated printer has, whatever it speaks."""

    family: str
    model: str

    def __init__(self, register: Register, *, printed: Callable[[Printout], None] = lambda _: None) -> None:
        """``printed`` is told of every finished sheet."""
        self.register = register
        self.faults = Faults()
        self.powered = True
        #: Factor on the time that commands and paper take; 0 answers at once.
        self.slowness = 0.0
        self._printed = printed
        self._outbox: list[tuple[float, int, bytes]] = []
        self._order = itertools.count()

    @abstractmethod
    def receive(self, data: bytes, now: float) -> None:
        """Bytes arrived at ``now`` (seconds of any steady clock)."""

    @abstractmethod
    def poll(self, now: float) -> bytes:
        """Do what is due by ``now``; the bytes to send."""

    @abstractmethod
    def wakeup(self) -> float | None:
        """When something will be due, if nothing arrives before."""

    @property
    @abstractmethod
    def asking(self) -> bool:
        """Whether a question is on the display."""

    @abstractmethod
    def press(self, *, confirm: bool) -> None:
        """A person answers the question on the display."""

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
