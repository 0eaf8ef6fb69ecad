"""A job with the problem that keeps it waiting, which only the memory holds."""

from __future__ import annotations

from fiscald.engine.actor import Actor
from fiscald.journal import Entry, Phase
from fiscald.model.jobs import Job
from fiscald.model.problems import of_document


def with_waiting_problem(entry: Entry, actor: Actor | None) -> Job:
    """The job, and why it cannot continue right now. ``actor``: of its printer, if that is configured."""
    job = entry.job
    why = None if actor is None or job.state.final else actor.waiting_problem(job.key, job.document.type)
    if why is None:
        return job
    started, doubtful = entry.phase is not Phase.ACCEPTED, actor is not None and actor.past.doubtful
    return job.model_copy(update={"waiting": of_document(why, started=started, doubtful=doubtful)})
