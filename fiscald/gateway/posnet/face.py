"""A POSNET printer in front of fiscald: the port of an emulated one, with jobs in place of its register."""

from __future__ import annotations

from collections.abc import Callable

from fiscald.emulator.device import Display
from fiscald.emulator.posnet.device import PosnetPrinter, Waiting
from fiscald.emulator.posnet.machine import Handler, NeedsConfirmation, Values
from fiscald.gateway.clerk import Clerk
from fiscald.gateway.delivery import Patience
from fiscald.gateway.mirror import Mirror
from fiscald.gateway.posnet import status
from fiscald.gateway.posnet.commands import Commands
from fiscald.gateway.posnet.numbers import failed
from fiscald.model.documents import Document
from fiscald.model.jobs import Job, JobState
from fiscald.model.problems import Problem


class NeedsJob(NeedsConfirmation):
    """The command is a document: it waits until the document's job is done or failed. ``go`` makes the answer."""

    def __init__(self, go: Callable[[], Values], document: Document) -> None:
        super().__init__(go, Display("", ""))
        self.document = document


class PosnetFace(PosnetPrinter):
    """See ``fiscald.gateway.clerk.Face``."""

    def __init__(
        self, clerk: Clerk, mirror: Mirror, *, answer_seconds: float, profile: str | None, code_page: str | None
    ) -> None:
        """``answer_seconds``: a program that waited longer may have given up."""
        self.clerk = clerk
        self.mirror = mirror
        self.outcome: Job | Problem | None = None
        """How the document in order ended."""
        self.on_answer: Callable[[Job, str], None] = lambda _job, _peer: None
        """Called with the job and its peer just before ``poll`` returns the answer that must be delivered."""
        self._patience = Patience(answer_seconds)
        self._peer = ""
        self._is_connected = False
        super().__init__(
            mirror.register, profile=profile or self.profiles[0], code_page=code_page or self.code_pages[0]
        )
        self.refresh()

    def handlers(self) -> dict[str, Handler]:
        """See ``PosnetPrinter.handlers``."""
        return status.handlers(self.mirror) | Commands(self).handlers()

    # -- the mirror -----------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show what fiscald knows about the printer now."""
        self.faults.switches = set(self.mirror.refresh())
        self.powered = self.mirror.known

    def run(self, now: float) -> None:
        """See ``Device.run``."""
        self.refresh()
        super().run(now)

    @property
    def awaits_key(self) -> bool:
        """Whether a person has to decide what became of the document."""
        return self.unconfirmed is not None and self.clerk.undecided

    def waits(self, waiting: Waiting) -> bool:
        """See ``PosnetPrinter.waits``: a document that has ended waits for nothing."""
        return waiting.go is None and super().waits(waiting)

    # -- connections ----------------------------------------------------------------------------------

    def connected(self, now: float) -> None:
        """See ``Device.connected``."""
        super().connected(now)
        self._is_connected = True

    def disconnected(self) -> None:
        """Commands that wait are dropped: their program is gone. A document in order goes on, without an answer."""
        super().disconnected()
        self._is_connected = False
        running = self.unconfirmed
        self.queue.clear()
        if running is not None:
            running.silent = True
            self.queue.append(running)

    # -- documents ------------------------------------------------------------------------------------

    def order(self, document: Document, ended: Callable[[], Values]) -> Values:
        """Have the document printed; ``ended`` makes the answer from ``outcome``. Raises ``NeedsJob``, always."""
        raise NeedsJob(ended, document)

    def ask(self, question: NeedsConfirmation) -> None:
        """See ``PosnetPrinter.ask``."""
        assert isinstance(question, NeedsJob), "no command of the gateway asks a person"
        self._patience.begin()
        self._peer = self.clerk.peer
        self.clerk.order(self, question.document)

    def settled(self, outcome: Job | Problem, now: float) -> None:
        """See ``Face.settled``."""
        waiting, self.unconfirmed = self.unconfirmed, None
        assert waiting is not None, "the command of a document waits for its end"
        self.outcome = outcome
        is_printed = isinstance(outcome, Job) and outcome.state is JobState.DONE
        # A program that has sent its next command already did not wait for this answer.
        waited = not waiting.silent and len(self.queue) == 1 and not self._patience.over
        if isinstance(outcome, Job) and is_printed and waited:
            self.on_answer(outcome, self._peer)
        if not self._is_connected:
            self.run(now)

    def check_ended(self) -> None:
        """Raises ``ExecError`` if the document that was in order is not printed."""
        if isinstance(self.outcome, Job) and self.outcome.state is JobState.DONE:
            return
        assert self.outcome is not None
        raise failed(self.outcome, same_family=self.mirror.status.family == self.family)
