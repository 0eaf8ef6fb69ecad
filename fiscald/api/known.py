"""Adds what is known about the document of a key to the refusal of a request with that key.

A refused request changes nothing, but an earlier one with the same key may have been printed. So the answer contains
what the journal knows about the key, and never says ``not_printed`` about a printed sale.
"""

from __future__ import annotations

from fiscald.api.wire import KnownJob
from fiscald.engine import Engine
from fiscald.model.jobs import Job, JobState
from fiscald.model.problems import Fate, Problem, ProblemError, Retry

_FATES = {JobState.DONE: Fate.PRINTED, JobState.FAILED: Fate.NOT_PRINTED}
_POLISH = {
    Fate.PRINTED: "Dokument o tym numerze zlecenia jest już wydrukowany.",
    Fate.NOT_PRINTED: "Nic nie wydrukowano.",
    Fate.UNKNOWN: "Nie wiadomo, czy dokument o tym numerze zlecenia jest wydrukowany; sprawdź jego stan.",
}


async def tell_of_key(engine: Engine, key: str, why: Problem) -> Problem:
    """``why``, with what is known about the document of ``key``."""
    job = None
    try:
        job = await engine.job(key)
        fate = _FATES.get(job.state, Fate.UNKNOWN)
    except ProblemError as error:
        # Not in a readable journal: not printed. Otherwise: not known.
        fate = error.problem.document
    changes = {} if job is None else _of_job(job, why)
    if why.code != "job.conflict":  # there the key belongs to another document than the submitted one
        changes["document"] = fate
        if fate is not Fate.NOT_PRINTED and why.retry is Retry.SAFE:
            changes["retry"] = Retry.SAME_KEY
    if why.code.startswith("request."):
        changes["detail_pl"] = f"{why.detail_pl} {_POLISH[fate]}"
    return Problem.model_validate(why.model_dump() | changes)


def _of_job(job: Job, why: Problem) -> dict[str, object]:
    known = KnownJob(
        key=job.key,
        printer=job.printer,
        type=job.document.type,
        state=job.state,
        result=job.result,
        paper=job.paper,
    )
    number = "" if job.result is None or job.result.number is None else f", number {job.result.number}"
    return {
        "job": known.model_dump(mode="json"),
        "detail": f"{why.detail}; the job of this key is {job.state}{number}",
    }
