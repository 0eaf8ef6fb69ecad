"""What must hold of the technician's documents: the printer has what a done one set, and not what a failed one set."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from fiscald.model.jobs import Job, JobState
from fiscald.model.programming import HOST, SetClock, SetVatRates
from fiscald.protocols.proof.states import UNCHANGED
from tests.chaos.outcome import Outcome
from tests.chaos.schedule import What


def _agrees(key: str, job: Job, outcome: Outcome, *, has: bool) -> list[str]:
    swapped = any(what is What.SWAP for what, _, _ in outcome.hits)
    if job.resolution is not None or outcome.schedule.restored is not None or swapped:
        return []
    if job.state is JobState.DONE and not has:
        return [f"setting: {key} is done, and the printer never had it"]
    if job.state is JobState.FAILED and has:
        return [f"setting: {key} is said to have failed, and the printer has it"]
    return []


def rates(key: str, job: Job, outcome: Outcome) -> list[str]:
    """The letter that no receipt uses has the rate of the job."""
    assert isinstance(job.document, SetVatRates)
    wanted = Decimal((job.document.rates.E or "").rstrip("%"))
    state = outcome.truth.register.state
    tables = [state.rates, *(change.rates for change in state.rate_history)]
    return _agrees(key, job, outcome, has=any(table[4] == wanted for table in tables))


def clock(key: str, job: Job, outcome: Outcome) -> list[str]:
    """It was set, or it showed that time already; mostly it shows the host's."""
    assert isinstance(job.document, SetClock)
    if UNCHANGED in job.warnings or job.document.time == HOST:
        return []
    if job.state is JobState.DONE and not outcome.truth.clock_sets:
        return [f"setting: {key} is done, and the clock was never set"]
    return []


def clock_went_back(job: Job, outcome: Outcome) -> bool:
    """Whether a printer refused to set its clock back behind what it recorded after an earlier setting."""
    its_code = job.error is not None and job.error.device_code in ("7", "1085")
    return isinstance(job.document, SetClock) and its_code and bool(outcome.truth.clock_sets)


def header(key: str, job: Job, outcome: Outcome) -> list[str]:
    """The only header of a schedule stands on the printer in the end."""
    only = sum(order.document["type"] == "set_header" for order in outcome.schedule.orders) == 1
    name = f"SKLEP {key.partition('/')[2]}"
    has = name in outcome.truth.register.state.header.split("\n")
    return _agrees(key, job, outcome, has=has) if only else []


def display(_key: str, _job: Job, _outcome: Outcome) -> list[str]:
    """Nothing: no question shows what is on a display."""
    return []


CHECKS: dict[str, Callable[[str, Job, Outcome], list[str]]] = {
    "set_vat_rates": rates,
    "set_clock": clock,
    "set_header": header,
    "set_display": display,
}
