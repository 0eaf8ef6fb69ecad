"""What the register must hold after a document that is neither receipt, report, cash slip nor printout."""

from __future__ import annotations

from fiscald.model.jobs import Job, JobState
from fiscald.model.money import from_grosze, grosze
from fiscald.model.packaging import PackagingDocument
from tests.chaos.schedule import Restored, What
from tests.chaos.world import Outcome


def packaging(key: str, job: Job, outcome: Outcome) -> list[str]:
    """One sheet with the value of its items if it is done, none if it failed."""
    document = job.document
    assert isinstance(document, PackagingDocument)
    value = sum(grosze(item.price * item.quantity) * (-1 if item.returned else 1) for item in document.items)
    mine = [
        sheet for sheet in outcome.truth.sheets if sheet.kind == "packaging" and sheet.facts.get("amount") == abs(value)
    ]
    if len(mine) > 1:
        # A cable that doubles a whole command makes two slips, and no client can help it; it must be told.
        told = any(notice.code == "slip.doubled" for notice in job.warnings) or key in outcome.undecided
        by_cable = told and any(what is What.DUPLICATE for what, _, _ in outcome.hits)
        if by_cable or outcome.schedule.restored is Restored.DISK:
            return []
        return [f"doubled: {key} was printed {len(mine)} times"]
    if job.resolution is None and len(mine) != (job.state is JobState.DONE):
        return [f"packaging: {key} is {job.state}, and was printed {len(mine)} times"]
    if job.result is None or job.resolution is not None or job.result.due == from_grosze(value):
        return []
    return [f"due: {key} was said to be {job.result.due}, and is {value}"]
