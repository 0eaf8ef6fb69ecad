"""What the faces of all families have in common: documents become jobs, and the mirror shows the printer."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, NoReturn, Protocol

from fiscald.emulator.device import Device
from fiscald.gateway.clerk import Clerk
from fiscald.gateway.delivery import Patience
from fiscald.gateway.mirror import Mirror
from fiscald.model.documents import Document
from fiscald.model.jobs import Job, JobState
from fiscald.model.problems import Problem

Values = dict[str, Any]
Make = Callable[[], Document]
"""Makes a document; raises ``pydantic.ValidationError`` for what no document can hold. A long one in a thread."""


class Orders(Protocol):
    """What the commands of a family need of their face."""

    clerk: Clerk
    mirror: Mirror
    outcome: Job | Problem | None
    """How the document in order ended."""

    def order(self, make: Make, ended: Callable[[], Values | None], *, size: int = 0) -> NoReturn:
        """Have the document printed; ``ended`` makes the answer from ``outcome``. ``size``: its lines.

        Raises what makes the command wait, always.
        """

    @property
    def is_printed(self) -> bool:
        """Whether the document that was in order is printed."""

    @property
    def same_family(self) -> bool:
        """Whether the printer behind speaks the program's protocol, so that its error numbers are the program's."""


class Face(Device):
    """The port of an emulated printer with jobs in place of its register. A family's printer is its second base."""

    shows_totals: ClassVar[bool] = False
    """Whether answers of the protocol must have totals of the day."""

    def __init__(
        self, clerk: Clerk, mirror: Mirror, *, answer_seconds: float, profile: str | None, code_page: str | None
    ) -> None:
        """``answer_seconds``: a program that waited longer may have given up."""
        self.clerk = clerk
        self.mirror = mirror
        self.outcome: Job | Problem | None = None
        self.on_answer: Callable[[Job, str, float], None] = lambda _job, _peer, _until: None
        """Called with the job, its peer and the time until which the program waits, just before ``poll`` returns the
        answer that must be delivered."""
        self.patience = Patience(answer_seconds)
        self.peer = ""
        """Who ordered the document."""
        self.is_connected = False
        options: Values = {"profile": profile or self.profiles[0], "code_page": code_page or self.code_pages[0]}
        super().__init__(mirror.register, **options)
        self.refresh()

    # -- the mirror -----------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show what fiscald knows about the printer now."""
        self.faults.switches = set(self.mirror.refresh())
        self.powered = self.mirror.known and (self.mirror.shown is not None or not self.shows_totals)

    def run(self, now: float) -> None:
        """See ``Device.run``."""
        self.refresh()
        super().run(now)  # type: ignore[safe-super]  # the family's

    # -- connections ----------------------------------------------------------------------------------

    def connected(self, now: float) -> None:
        """See ``Device.connected``."""
        super().connected(now)
        self.is_connected = True

    def disconnected(self) -> None:
        """See ``Device.disconnected``."""
        super().disconnected()
        self.is_connected = False

    @property
    @abstractmethod
    def is_idle(self) -> bool:
        """Whether nothing is open, in order, or waits: what the program said until now belongs to no document."""

    # -- documents ------------------------------------------------------------------------------------

    def begin(self, make: Make, size: int) -> None:
        """The document goes into order, and its command waits for ``settled``."""
        self.patience.begin()
        self.peer = self.clerk.peer
        self.clerk.order(self, make, size)

    def settled(self, outcome: Job | Problem, now: float) -> None:
        """The job of the ordered document is done or failed; or the document was refused."""
        self.outcome = outcome
        self.wake()
        if not self.is_connected:
            self.run(now)

    @abstractmethod
    def wake(self) -> None:
        """The command of the document need wait no longer; whether its answer counts as delivered is decided here."""

    @property
    def is_printed(self) -> bool:
        """See ``Orders``."""
        return isinstance(self.outcome, Job) and self.outcome.state is JobState.DONE

    @property
    def same_family(self) -> bool:
        """See ``Orders``."""
        return self.mirror.status.family == self.family

    def deliver(self) -> None:
        """The program does not want to know more about the printed document."""
        assert isinstance(self.outcome, Job), "a refused document has no answer to deliver"
        self.clerk.delivered(self.outcome, self.peer)

    def answer_comes(self) -> None:
        """The next bytes that ``poll`` returns are the answer to the printed document."""
        assert isinstance(self.outcome, Job), "a refused document has no answer to deliver"
        self.on_answer(self.outcome, self.peer, self.patience.ends)
