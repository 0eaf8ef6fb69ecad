"""What must hold after every run with old programs: no sale twice, none lost that was answered."""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import replace
from itertools import groupby, pairwise

from fiscald.model.jobs import Job, JobState
from tests.chaos import check
from tests.chaos.check_http import faked
from tests.chaos.gateway.plan import FIRST_SALE
from tests.chaos.gateway.programs import Told
from tests.chaos.gateway.world import GatewayOutcome, goods
from tests.chaos.outcome import Outcome
from tests.chaos.truth import Sale
from tests.chaos.what import What

#: Seconds in which it is on disk that an answer was delivered, unless the disk is full.
NOTED = 0.1


def violations(outcome: GatewayOutcome) -> list[str]:
    """Everything that is not as promised; empty when all is well."""
    return [*check.violations(_named(outcome)), *_programs(outcome)]


def _programs(outcome: GatewayOutcome) -> list[str]:
    found = []
    printed = Counter(sale.job for sale in outcome.truth.sales)
    for number in sorted({told.number for told in outcome.told}):
        sales = sorted((told for told in outcome.told if told.number == number), key=lambda told: told.peer)
        count, good = printed[f"job/{number}"], sum(told.good for told in sales)
        open_ends = sum(told.given_up for told in sales)
        if count > good + open_ends:
            found.append(f"doubled: sale {number} was printed {count} times, and answered {good} times")
        needed = sum(_needed(list(each), outcome) for _, each in groupby(sales, lambda told: told.peer))
        if count < needed and not faked(outcome):
            found.append(f"lost: sale {number} was printed {count} times, and answered {good} times")
        if not any(told.closed for told in sales) and any(goods(job) == number for job in _ours(outcome)):
            found.append(f"without an order: sale {number} is a job, and was never closed")
        found += _denied(sales, outcome)
        # A person's decision is an answer, and the counters are read some time after it.
        decided = any(goods(outcome.jobs[key]) == number for key in outcome.undecided if key.startswith("gateway/"))
        if outcome.truth.reports or decided:
            continue
        numbers = [sale.number for sale in outcome.truth.sales if sale.job == f"job/{number}"]
        found += [
            f"old counters: after sale {number} the last receipt was {told.seen}"
            for told in sales
            if told.good and told.seen is not None and numbers and told.seen < min(numbers)
        ]
    return found


def _denied(sales: list[Told], outcome: GatewayOutcome) -> list[str]:
    """Answers to a closing command that say that nothing was printed, and are wrong.

    One to a garbled command says nothing of the receipt; and of two programs that sell the same it cannot be told whose it
    is.
    """
    garbled = any(fault.what in (What.DROP, What.FLIP) for fault in outcome.front_faults)
    if garbled or len({told.peer for told in sales}) > 1:
        return []
    number, open_ends = sales[0].number, sum(told.given_up for told in sales)
    return [
        f"denied: sale {number} was printed before the answer at {at} said that it was not"
        for at in (at for told in sales for at in told.refused)
        if sum(sale.job == f"job/{number}" and sale.at < at for sale in outcome.truth.sales)
        > sum(told.good and told.at < at for told in sales) + open_ends
    ]


def _needed(sales: list[Told], outcome: GatewayOutcome) -> int:
    """How often it must be printed at least, for one program.

    Equal sales are one where the gateway cannot know that the program has the first one's answer.
    """
    known = sum(_known(one, outcome) for one, later in pairwise(sales) if later.good)
    return any(told.good for told in sales) + known


def _known(told: Told, outcome: GatewayOutcome) -> bool:
    """Whether the gateway knew that the program has the answer: the daemon lived long enough to note it."""
    at = told.sure_at
    return at is not None and not any(at <= death <= at + NOTED for death in outcome.deaths)


def _numbered(sales: list[Sale]) -> tuple[list[Sale], dict[int, list[Sale]]]:
    """Equal sales of the programs under different names; and those by the number of the goods."""
    found: list[Sale] = []
    by_goods: dict[int, list[Sale]] = {}
    for sale in sorted(sales, key=lambda sale: (sale.daily_report, sale.number)):
        number = 0 if sale.job is None else int(sale.job.removeprefix("job/"))
        if number < FIRST_SALE:
            found.append(sale)
            continue
        same = by_goods.setdefault(number, [])
        same.append(replace(sale, job=f"job/{number}" + (f"#{len(same) + 1}" if same else "")))
        found.append(same[-1])
    return found, by_goods


def _is_of(job: Job, sale: Sale) -> bool:
    """Whether the answer names this sale."""
    result = job.result
    return result is not None and result.number == sale.number and result.daily_report in (None, sale.daily_report)


def _ours(outcome: Outcome) -> list[Job]:
    return [job for key, job in outcome.jobs.items() if key.startswith("gateway/")]


def _named(outcome: GatewayOutcome) -> Outcome:
    """The same with the jobs of the gateway under the names that the register's sales have.

    Of equal sales, the second one and its job are called ``job/50#2``. A job that failed and was followed by another one
    for the same sale is left out: the program tried again.
    """
    sales, free = _numbered(outcome.truth.sales)
    names: dict[str, str] = {}
    ours = _ours(outcome)
    for job in ours:
        own = [sale for sale in free.get(goods(job), ()) if _is_of(job, sale)]
        if own:
            names[job.key] = str(own[0].job)
            free[goods(job)].remove(own[0])
    for job in ours:
        number = goods(job)
        tried_again = any(goods(each) == number and each.state is not JobState.FAILED for each in ours)
        if job.key in names or (job.state is JobState.FAILED and tried_again):
            continue
        left = free.get(number)
        names[job.key] = str(left.pop(0).job) if left else f"job/{number}" + "#0" * (f"job/{number}" in names.values())
    jobs = {key: job for key, job in outcome.jobs.items() if not key.startswith("gateway/")}
    for job in ours:
        if job.key in names:
            jobs[names[job.key]] = job.model_copy(update={"key": names[job.key]})
    plain = copy.copy(outcome)
    plain.truth = copy.copy(outcome.truth)
    plain.truth.sales = sales
    plain.jobs = jobs
    plain.undecided = {
        names.get(key, key): value for key, value in outcome.undecided.items() if names.get(key, key) in jobs
    }
    plain.begun = {names.get(key, key): value for key, value in outcome.begun.items()}
    return plain
