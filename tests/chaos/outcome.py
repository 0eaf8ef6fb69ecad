"""What came of a run of the campaign."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from fiscald.model.jobs import Job
from tests.chaos.schedule import Schedule, Size, What
from tests.chaos.truth import Truth


@dataclass
class Outcome:
    """What came of a run."""

    schedule: Schedule
    jobs: dict[str, Job]
    truth: Truth
    answers: list[tuple[str, Job]]
    """Every final answer that a client was given, in order."""
    accepted: list[str]
    """Keys whose acceptance was reported to a client."""
    undecided: dict[str, tuple[str, float, float]]
    """Key -> cause, from when to when it ran; of jobs that a person had to decide."""
    begun: dict[str, float]
    """When each job was begun the last time."""
    hits: list[tuple[What, str, str | None]]
    """(fault, phase of the running job, its key), as they happened."""
    size: Size
    helped: int
    """How often a person had to cancel an unfinished receipt."""
    alarms: int
    """How often the journal was found to be behind the printer."""
    seconds: float
    violations: list[str]
    log: list[str] = field(repr=False)
    left_stored: set[str] = field(default_factory=set)
    """Ids of documents of ours that the printer still stores, though the journal knew them."""
    second_confirmations: int = 0
    """How often the printer took the token away, because something was confirmed beside something else."""

    @property
    def digest(self) -> str:
        """Of every byte and every change of state, with its time."""
        return hashlib.sha256("\n".join(self.log).encode()).hexdigest()
