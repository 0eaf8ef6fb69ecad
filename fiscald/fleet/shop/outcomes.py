"""Outcomes, from jobs of the journal and from refusals."""

from __future__ import annotations

from datetime import datetime

from fiscald.fleet.envelope import payload_of
from fiscald.fleet.messages import FINAL, MAX_MESSAGE, Outcome, OutcomeState
from fiscald.fleet.shop.settings import ShopSettings
from fiscald.fleet.shop.store import OrderId
from fiscald.model.jobs import Job
from fiscald.model.problems import Problem

#: Bytes of the JSON that fit into a signed and sealed message.
_LARGEST = MAX_MESSAGE // 2
#: Codes of problems that pass: the same order may be taken later.
_PASSING = ("licence.", "daemon.", "journal.", "fleet.session", "fleet.clock", "fleet.stale")


def of_job(order: OrderId, job: Job, settings: ShopSettings, session: str, now: datetime) -> Outcome:
    """What became of an order that the journal has."""
    state = OutcomeState.of(job)
    outcome = Outcome(
        shop=settings.shop, central=order.central, session=session, key=order.key, digest=order.digest, issued=now,
        state=state, final=state in FINAL, job=job.model_dump(mode="json", by_alias=True, exclude={"document"}),
    )  # fmt: skip
    if len(payload_of(outcome)) > _LARGEST and outcome.job is not None:
        # The evidence stays in the shop's journal: an outcome that no broker carries would never arrive.
        outcome = outcome.model_copy(update={"job": outcome.job | {"evidence": None}})
    return outcome


def of_refusal(
    order: OrderId, why: Problem, settings: ShopSettings, session: str, now: datetime, *, final: bool
) -> Outcome:
    """An order that the shop does not take."""
    return Outcome(
        shop=settings.shop, central=order.central, session=session, key=order.key, digest=order.digest, issued=now,
        state=OutcomeState.REFUSED, final=final, problem=why,
    )  # fmt: skip


def is_passing(why: Problem) -> bool:
    """Whether the reason may be gone when the central sends the order again, so that the refusal is not final."""
    return why.code.startswith(_PASSING)
