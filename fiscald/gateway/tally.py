"""What a gateway has done since the start of the daemon."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from fiscald.model.jobs import Job, JobState
from fiscald.model.problems import Problem
from fiscald.model.programs import Refusal


class Tally:
    """The documents of one gateway. It outlives the face, which starts again after an internal error."""

    def __init__(self, host_time: Callable[[], datetime]) -> None:
        """``host_time`` is this computer's, aware."""
        self._host_time = host_time
        self.document: str | None = None
        """Key of the job whose end a program waits for."""
        self.printed = self.refused = self.repeated = 0
        self.last_printed: str | None = None
        self.last_refused: Refusal | None = None

    def refuse(self, why: Problem) -> None:
        """A document of a program was refused, or a command of one."""
        self.refused += 1
        self.last_refused = Refusal(at=self._host_time(), code=why.code)

    def settle(self, outcome: Job | Problem) -> None:
        """How a document ended."""
        self.document = None
        if isinstance(outcome, Problem):
            self.refuse(outcome)
        elif outcome.state is JobState.DONE:
            self.printed += 1
            self.last_printed = outcome.key
        elif outcome.error is not None:
            self.refuse(outcome.error)
