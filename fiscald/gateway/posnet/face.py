"""A POSNET printer in front of fiscald: the port of an emulated one, with jobs in place of its register."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from fiscald.emulator.device import Display
from fiscald.emulator.posnet.device import PosnetPrinter, Waiting
from fiscald.emulator.posnet.machine import Handler, NeedsConfirmation, Values
from fiscald.gateway.face import Face, Make
from fiscald.gateway.posnet import status
from fiscald.gateway.posnet.commands import Commands
from fiscald.protocols.posnet.grammar import State


class NeedsJob(NeedsConfirmation):
    """The command is a document: it waits until the document's job is done or failed. ``go`` makes the answer."""

    def __init__(self, go: Callable[[], Values], make: Make, size: int) -> None:
        super().__init__(go, Display("", ""))
        self.make = make
        self.size = size


class PosnetFace(Face, PosnetPrinter):
    """See ``fiscald.gateway.face.Face``."""

    def handlers(self) -> dict[str, Handler]:
        """See ``PosnetPrinter.handlers``."""
        return status.handlers(self.mirror) | Commands(self).handlers()

    @property
    def awaits_key(self) -> bool:
        """Whether a person has to decide what became of the document."""
        return self.unconfirmed is not None and self.clerk.undecided

    def waits(self, waiting: Waiting) -> bool:
        """See ``PosnetPrinter.waits``: a document that has ended waits for nothing."""
        return waiting.go is None and super().waits(waiting)

    def disconnected(self) -> None:
        """Commands that wait are dropped: their program is gone. A document in order goes on, without an answer."""
        super().disconnected()
        running = self.unconfirmed
        self.queue.clear()
        if running is not None:
            running.silent = True
            self.queue.append(running)

    @property
    def is_idle(self) -> bool:
        """See ``Face.is_idle``."""
        return not self.queue and self._machine.state is State.IDLE

    def order(self, make: Make, ended: Callable[[], Values | None], *, size: int = 0) -> NoReturn:
        """See ``Orders.order``. Raises ``NeedsJob``."""
        raise NeedsJob(lambda: ended() or {}, make, size)

    def ask(self, question: NeedsConfirmation) -> None:
        """See ``PosnetPrinter.ask``."""
        assert isinstance(question, NeedsJob), "no command of the gateway asks a person"
        self.begin(question.make, question.size)

    def wake(self) -> None:
        """See ``Face.wake``."""
        waiting, self.unconfirmed = self.unconfirmed, None
        assert waiting is not None, "the command of a document waits for its end"
        # A program that has sent its next command already did not wait for this answer.
        waited = not waiting.silent and len(self.queue) == 1 and not self.patience.over
        if self.is_printed and waited:
            self.answer_comes()
