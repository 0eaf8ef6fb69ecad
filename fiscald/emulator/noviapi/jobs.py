"""The table of jobs: stored, confirmed, carried out in order, remembered until the second daily report.

Facts: the API's contract (introduction, ``POST``, ``PUT``, ``GET`` and ``DELETE`` of every endpoint). What it leaves
open is decided here: a job belongs to the port that stored it, the queue belongs to the printer, a job that was being
carried out when power went is UNKNOWN.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Any, Literal

from pydantic import Field

from fiscald.emulator.memory import FamilyMemory

#: Jobs that are remembered; the oldest finished ones are forgotten first.
MAX_JOBS = 500
#: Jobs that may be stored without having been carried out, of all ports together.
MAX_WAITING = 100

State = Literal["STORED", "QUEUED", "PENDING", "DONE", "ERROR", "UNKNOWN"]


class JobError(FamilyMemory):
    """Why a job could not be carried out."""

    code: int
    description: str


class Job(FamilyMemory):
    """A job, by the printer's id of it."""

    id: str
    endpoint: str
    port: int
    content: dict[str, Any]
    """The document; empty once it was carried out."""
    state: State = "STORED"
    told: str = "STORED"
    """The state that was answered last: a long poll waits for another one."""
    reports: int = 0
    """Daily reports made when it was stored."""
    jpkid: int | None = None
    """The document's number in the protected memory."""
    error: JobError | None = None
    e_document: dict[str, Any] | None = None
    response: dict[str, Any] | None = None

    @property
    def waits(self) -> bool:
        """Whether it is still to be carried out, or being carried out."""
        return self.state in ("STORED", "QUEUED", "PENDING")

    @property
    def confirmed(self) -> bool:
        """Whether it was confirmed and is not finished."""
        return self.state in ("QUEUED", "PENDING")


class JobMemory(FamilyMemory):
    """The jobs that the printer remembers, over a power cut too."""

    made: int = 0
    """Ids given out."""
    jobs: list[Job] = Field(default_factory=list)
    """In the order in which they were stored."""
    order: list[str] = Field(default_factory=list)
    """The ids of the confirmed ones, in the order in which they were confirmed."""
    reports: int = 0
    """Daily reports that the table knows of."""
    ram_resets: int = 0
    fiscal: bool = True


class JobTable:
    """What happens to jobs; who may ask for it is decided elsewhere."""

    def __init__(self, memory: Callable[[], JobMemory], unique_number: str) -> None:
        """``memory`` gives the memory as it is now."""
        self._of = memory
        self._unique_number = unique_number

    def find(self, port: int, endpoint: str, job_id: str) -> Job | None:
        """That job, if this port stored it at that endpoint."""
        job = self.get(job_id)
        return job if job is not None and (job.port, job.endpoint) == (port, endpoint) else None

    def get(self, job_id: str) -> Job | None:
        """That job, if it is not forgotten."""
        return next((job for job in self._of().jobs if job.id == job_id), None)

    @property
    def waiting(self) -> list[Job]:
        """Everything that is not finished."""
        return [job for job in self._of().jobs if job.waits]

    @property
    def full(self) -> bool:
        """Whether no more jobs can be stored."""
        return len(self.waiting) >= MAX_WAITING

    def report(self) -> Job | None:
        """The daily report that waits."""
        return next((job for job in self.waiting if job.endpoint == "daily_report"), None)

    def confirmed(self, port: int) -> Job | None:
        """The confirmed job of a port that is not finished."""
        return next((job for job in self._of().jobs if job.port == port and job.confirmed), None)

    def store(self, port: int, endpoint: str, content: dict[str, Any]) -> Job:
        """A new job."""
        memory = self._of()
        memory.made += 1
        number = hashlib.md5(f"{self._unique_number} {memory.made}".encode(), usedforsecurity=False).hexdigest()
        job = Job(id=number, endpoint=endpoint, port=port, content=content, reports=memory.reports)
        memory.jobs.append(job)
        for old in [each for each in memory.jobs if not each.waits][: max(0, len(memory.jobs) - MAX_JOBS)]:
            memory.jobs.remove(old)
        return job

    def confirm(self, job: Job) -> None:
        """A stored job may be carried out."""
        job.state = job.told = "QUEUED"
        self._of().order.append(job.id)

    def next(self) -> Job | None:
        """The confirmed job whose turn it is."""
        memory = self._of()
        by_id = {job.id: job for job in memory.jobs}
        while memory.order:
            job = by_id.get(memory.order[0])
            if job is not None and job.confirmed:
                return job
            del memory.order[0]
        return None

    def delete(self, jobs: Iterable[Job]) -> None:
        """Forget jobs."""
        memory, gone = self._of(), {job.id for job in jobs}
        memory.jobs = [job for job in memory.jobs if job.id not in gone]
        memory.order = [job_id for job_id in memory.order if job_id not in gone]

    def delete_unconfirmed(self) -> None:
        """Forget the jobs without a confirmation."""
        self.delete(job for job in self._of().jobs if job.state == "STORED")

    def power_lost(self, *, all_jobs: bool) -> None:
        """Power went: what was being carried out has an unknown end, or (``all_jobs``) everything is forgotten."""
        memory = self._of()
        if all_jobs:
            memory.jobs, memory.order = [], []
        for job in memory.jobs:
            if job.state == "PENDING":
                job.state, job.content = "UNKNOWN", {}

    def keep_up(self, reports: int, ram_resets: int, *, fiscal: bool) -> None:
        """What the printer did meanwhile makes it forget jobs.

        A daily report: unconfirmed ones, and those from before the last but one. A reset of the memory, and becoming
        fiscal: all.
        """
        memory = self._of()
        if ram_resets != memory.ram_resets or (fiscal and not memory.fiscal):
            memory.jobs, memory.order = [], []
        elif reports != memory.reports:
            self.delete(job for job in memory.jobs if job.state == "STORED" or job.reports < reports - 1)
        memory.reports, memory.ram_resets, memory.fiscal = reports, ram_resets, fiscal
