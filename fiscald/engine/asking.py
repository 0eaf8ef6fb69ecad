"""What a person asks of a printer: each in its turn, between two jobs, on the same line as the jobs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import anyio

from fiscald.engine.line import Line, Silence
from fiscald.model.problems import Fate, Problem, ProblemError, Retry, problem
from fiscald.protocols.base import Dialogue, DialogueAborted, Settings
from fiscald.transport import LinkError

T = TypeVar("T")

#: Seconds in which a request must get its turn. After that fiscald does not send it.
TURN_SECONDS = 30.0
#: How many requests may wait on a printer. They all come before the next job.
MOST = 8


@dataclass(eq=False, slots=True)
class Asked(Generic[T]):
    """One request: waiting, sent, or finished."""

    turn: anyio.Event = field(default_factory=anyio.Event, init=False)
    """Set when its turn has come, or when fiscald has refused it."""
    ended: anyio.Event = field(default_factory=anyio.Event, init=False)
    given_up: bool = field(default=False, init=False)
    """Whether the caller no longer waits for its turn."""
    answer: T | None = field(default=None, init=False)
    problem: Problem | None = field(default=None, init=False)

    def refuse(self, why: Problem) -> None:
        """End the request with a problem. ``why`` says whether anything was sent."""
        self.problem = why
        self.turn.set()
        self.ended.set()

    async def wait(self) -> T:
        """Wait for the answer. Raises ``ProblemError``: refused, no turn in time, no answer."""
        try:
            with anyio.move_on_after(TURN_SECONDS):
                await self.turn.wait()
        finally:
            self.given_up = not self.turn.is_set()
        if self.given_up:
            raise ProblemError(busy(f"it had no time for this within {TURN_SECONDS:.0f} s"))
        await self.ended.wait()
        if self.answer is None:
            assert self.problem is not None
            raise ProblemError(self.problem)
        return self.answer


@dataclass(eq=False, slots=True)
class Question(Asked[T]):
    """A question that changes nothing on the printer."""

    dialogue: Callable[[Settings], Dialogue[T]]

    async def put(self, line: Line, settings: Settings) -> None:
        """Ask the printer. Every outcome reaches the caller.

        Raises ``LinkLost``, ``Silence`` or ``DialogueAborted``: then the line cannot be used any more.
        """
        self.turn.set()
        try:
            self.answer = await line.drive(self.dialogue(settings))
            self.ended.set()
        except ProblemError as error:
            self.refuse(error.problem)
        except (LinkError, Silence, DialogueAborted) as error:
            self.refuse(unanswered(str(error)))
            raise
        except BaseException:
            self.refuse(unanswered("fiscald could not finish the question"))
            raise


class Waiting:
    """The requests that wait for their turn on one printer, at most ``MOST``."""

    def __init__(self) -> None:
        self._requests: list[Asked[Any]] = []

    def __bool__(self) -> bool:
        return bool(self._requests)

    def add(self, asked: Asked[Any]) -> None:
        """Put a request at the end. Raises ``ProblemError`` if too many wait."""
        if len(self._requests) >= MOST:
            raise ProblemError(busy(f"{MOST} questions and commands wait already"))
        self._requests.append(asked)

    def take(self) -> Asked[Any]:
        """The first request; it no longer waits."""
        return self._requests.pop(0)

    def refuse(self, why: Problem) -> None:
        """Refuse all: they do not wait for the next connection."""
        why = why.model_copy(update={"document": Fate.NOT_PRINTED})
        while self._requests:
            self.take().refuse(why)


def busy(reason: str) -> Problem:
    """The problem of a request that cannot be sent now. Unlike a document, it does not wait."""
    why = problem("printer.busy", reason=f"{reason}; nothing was sent")
    return why.model_copy(update={"retry": Retry.SAFE, "detail_pl": "Drukarka jest zajęta. Nic do niej nie wysłano."})


def unanswered(reason: str) -> Problem:
    """The problem of a question without an answer."""
    why = problem("printer.busy", reason=f"it did not answer the question ({reason}); a question changes nothing")
    pl = "Drukarka nie odpowiedziała na pytanie. Można zapytać ponownie."
    return why.model_copy(update={"retry": Retry.SAFE, "document": Fate.NOT_PRINTED, "detail_pl": pl})
