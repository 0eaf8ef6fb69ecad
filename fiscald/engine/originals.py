"""What a copy of the paper of a printed document is drawn from: the job, and what is known about its printer."""

from __future__ import annotations

from typing import Any

from fiscald.engine.actor import Actor
from fiscald.model.copies import Original
from fiscald.model.jobs import Job, JobState
from fiscald.model.problems import ProblemError, problem
from fiscald.protocols import FAMILIES, family
from fiscald.protocols.base import Evidence

_NOT_DONE = {
    JobState.ACCEPTED: "it waits to be printed; POST /v1/printers/{name}/preview shows what will be printed",
    JobState.RUNNING: "it is being printed, or fiscald finds out whether it was",
    JobState.FAILED: "it has failed, so it was not printed",
    JobState.UNDECIDED: "it is undecided whether it was printed",
    JobState.DONE: "the journal's record of the result is damaged",
}


def original(job: Job, actor: Actor | None) -> Original:
    """The original of a copy. ``actor``: of the job's printer; ``None``: it is no longer configured.

    The evidence says what the printer was when the document was printed; where it says nothing, the printer's present
    settings and VAT table stand in. Raises ``ProblemError`` if it is not printed, or if its family is unknown.
    """
    if job.state is not JobState.DONE or job.result is None:
        raise ProblemError(problem("job.no_paper", key=job.key, reason=_NOT_DONE[job.state]))
    stored: dict[str, Any] = job.evidence or {}
    configured = None if actor is None else actor.printer.family.name
    name = stored.get("family") or configured
    if name not in FAMILIES:
        reason = "its printer is no longer configured, and the journal does not say of which family it was"
        raise ProblemError(problem("job.no_paper", key=job.key, reason=reason))
    before, after = _looks(name, stored)
    options: dict[str, Any] = {}
    vat = None
    if actor is not None and name == configured:
        options = actor.settings.options.model_dump()
        vat = actor.snapshot.rates if actor.snapshot else None
    return Original(
        job=job,
        family=name,
        profile=(before and before.planned_profile) or options.get("profile"),
        code_page=options.get("code_page"),
        vat=(before and before.planned_rates) or vat,
        printouts=after and after.printouts,
    )


def _looks(name: str, stored: dict[str, Any]) -> Any:
    """The looks before and after the document; ``None`` where there is none, or none that this version can read."""
    try:
        found: Evidence = family(name).evidence.model_validate(stored)
    except ValueError:
        return None, None
    return found.before, found.after
