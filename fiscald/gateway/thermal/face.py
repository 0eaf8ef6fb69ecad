"""A Thermal printer in front of fiscald: the port of an emulated one, with jobs in place of its register.

Most commands of this protocol have no answer in the error modes 0 and 1. There the program learns from its next
question (ENQ, ``#n``, ``#s``) what became of its document, so that answer is the one that has to be delivered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NoReturn

from fiscald.emulator.device import Display
from fiscald.emulator.faults import Switch
from fiscald.emulator.thermal import device
from fiscald.emulator.thermal import status as emulated
from fiscald.emulator.thermal.device import OFFLINE, ThermalPrinter, Waiting
from fiscald.emulator.thermal.machine import Handler, NeedsConfirmation, Values
from fiscald.gateway.face import Face, Make
from fiscald.gateway.thermal import status
from fiscald.gateway.thermal.commands import Commands
from fiscald.gateway.thermal.sales import Sales
from fiscald.protocols.base import Effect
from fiscald.protocols.thermal.commands import find
from fiscald.protocols.thermal.frames import BadFrame, CommandDeframer, Control, Frame

#: From this error mode on, every command without an answer is answered by ``#Z``.
_ANSWERS = 2


class NeedsJob(NeedsConfirmation):
    """The command is a document: it waits until the document's job is done or failed. ``go`` makes the answer."""

    def __init__(self, go: Callable[[], Values | None], make: Make, size: int) -> None:
        super().__init__(go, Display("", ""))
        self.make = make
        self.size = size


class ThermalFace(Face, ThermalPrinter):
    """See ``fiscald.gateway.face.Face``."""

    shows_totals = True
    _unasked = False
    """A document is printed, and the program has not asked yet what became of it."""

    def handlers(self) -> Mapping[str, Handler]:
        """See ``ThermalPrinter.handlers``."""
        return {
            **device.HANDLERS, **emulated.HANDLERS, **status.handlers(self.mirror), **Commands(self).handlers(),
            **Sales(self).handlers(),
        }  # fmt: skip

    def refresh(self) -> None:
        """See ``Face.refresh``."""
        super().refresh()
        # The face has no keyboard: no error waits for a key, and none is printed.
        self._machine.keyboard = False

    # -- the port -------------------------------------------------------------------------------------

    def extended_status(self, now: float) -> bytes:
        """See ``ThermalPrinter.extended_status``: a document in order is one that is printed now."""
        status.show(self._machine, self.mirror)
        return self._machine.extended_status(awaits_key=self.awaits_key, printing=self.question is not None)

    @property
    def awaits_key(self) -> bool:
        """Whether a person has to decide what became of the document."""
        return self.question is not None and self.clerk.undecided

    @property
    def stopped(self) -> bool:
        """See ``ThermalPrinter.stopped``: a document in order stops all; one that has ended waits for nothing."""
        if self.question is not None:
            return True
        ended = self.waiting is not None and self.waiting.question is not None
        return not ended and self.faults.any_on((*OFFLINE, Switch.WAIT_KEY))

    @property
    def cancels_at(self) -> float | None:
        """See ``ThermalPrinter.cancels_at``: never while the receipt is closing."""
        closing = self.waiting is not None and self.waiting.question is not None
        return None if closing else super().cancels_at

    def disconnected(self) -> None:
        """Commands that wait are dropped: their program is gone. A document in order goes on, without an answer."""
        super().disconnected()
        self.forget_input()
        self._unasked = False
        if self.waiting is not None and self.waiting.question is not None:
            self.waiting.silent = True
        else:
            self.waiting = None

    @property
    def is_idle(self) -> bool:
        """See ``Face.is_idle``."""
        nothing = self.waiting is None and not self.buffer
        return nothing and not self._machine.in_transaction and self.memory.form is None

    # -- documents ------------------------------------------------------------------------------------

    def order(self, make: Make, ended: Callable[[], Values | None], *, size: int = 0) -> NoReturn:
        """See ``Orders.order``. Raises ``NeedsJob``."""
        raise NeedsJob(ended, make, size)

    def ask(self, question: NeedsConfirmation) -> None:
        """See ``ThermalPrinter.ask``."""
        assert isinstance(question, NeedsJob), "no command of the gateway asks a person"
        self.begin(question.make, question.size)

    def wake(self) -> None:
        """See ``Face.wake``."""
        waiting, self.question = self.question, None
        assert waiting is not None, "the command of a document waits for its end"
        if not self.is_printed or waiting.silent or self.patience.over:
            return
        answered = self._machine.mode >= _ANSWERS
        asks = [self._asks(item) for item in self._ahead()]
        # A program that has sent another command already did not wait for the answer that it gets, or asked for.
        gave_up = not all(asks) if answered else bool(asks) and asks[0] and not all(asks)
        if not gave_up and answered:
            self.answer_comes()
        self._unasked = not gave_up and not answered

    def _ahead(self) -> list[Frame | BadFrame | Control]:
        """What the program has sent behind the document."""
        deframer = CommandDeframer()
        found = list(deframer.feed(bytes(self.buffer)))
        return [*found, Control.CAN] if deframer.inside else found

    def _asks(self, item: Frame | BadFrame | Control) -> bool:
        """Whether it only asks: that is what a program does that waits."""
        if isinstance(item, Frame):
            row = find(item, self._machine.brand)
            return row is not None and row.effect is Effect.QUERY
        return item in (Control.ENQ, Control.BEL)

    def _execute(self, waiting: Waiting, now: float) -> bool:
        """The first thing after a document without an answer: a question about it, or a program that does not ask."""
        if self._unasked and waiting.question is None:
            self._unasked = False
            if self._asks(waiting.item) and not self.patience.over:
                self.answer_comes()
            elif not self._asks(waiting.item):
                self.deliver()
        return super()._execute(waiting, now)
