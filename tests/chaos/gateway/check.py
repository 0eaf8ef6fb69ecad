"""What must hold after every run with old programs: no sale twice, none lost that was answered."""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import replace
from itertools import pairwise

from fiscald.model.jobs import Job, JobState
from tests.chaos import check
from tests.chaos.check_http import faked
from tests.chaos.gateway.world import GatewayOutcome, goods
from tests.chaos.outcome import Outcome


def violations(outcome: GatewayOutcome) -> list[str]:
    """Everything that is not as promised; empty when all is well."""
    return [*check.violations(_named(outcome)), *_programs(outcome)]


def _programs(outcome: GatewayOutcome) -> list[str]:
    found = []
    printed = Counter(sale.job for sale in outcome.truth.sales)
    for number in sorted({told.number for told in outcome.told}):
        sales = [told for told in outcome.told if told.number == number]
        count, good = printed[f"job/{number}"], sum(told.good for told in sales)
        open_ends = sum(told.given_up for told in sales)
        if count > good + open_ends:
            found.append(f"doubled: sale {number} was printed {count} times, and answered {good} times")
        # Equal sales are one where the gateway cannot know that the program has the first one's answer.
        needed = (good > 0) + sum(one.sure for one, later in pairwise(sales) if later.good)
        if count < needed and not faked(outcome):
            found.append(f"lost: sale {number} was printed {count} times, and answered {good} times")
        if not any(told.closed for told in sales) and any(goods(job) == number for job in _ours(outcome)):
            found.append(f"without an order: sale {number} is a job, and was never closed")
        numbers = [sale.number for sale in outcome.truth.sales if sale.job == f"job/{number}"]
        found += [
            f"old counters: after sale {number} the last receipt was {told.seen}"
            for told in sales
            if told.good
            and told.seen is not None
            and numbers
            and not outcome.truth.reports
            and told.seen < min(numbers)
        ]
    return found


def _ours(outcome: Outcome) -> list[Job]:
    return [job for key, job in outcome.jobs.items() if key.startswith("gateway/")]


def _place(job: Job) -> tuple[bool, int, int]:
    """Where its receipt is in the fiscal memory; last, if there is none."""
    result = job.result
    return (result is None, 0, 0) if result is None else (False, result.daily_report or 0, result.number or 0)


def _named(outcome: GatewayOutcome) -> Outcome:
    """The same with the jobs of the gateway under the names that the register's sales have.

    A job that failed and was followed by another one for the same sale is left out: the program tried again.
    """
    names: dict[str, str] = {}
    jobs = {key: job for key, job in outcome.jobs.items() if not key.startswith("gateway/")}
    taken: Counter[int] = Counter()
    ours = sorted(_ours(outcome), key=_place)
    for job in ours:
        number = goods(job)
        later = [each for each in ours if goods(each) == number and each.state is not JobState.FAILED]
        if job.state is JobState.FAILED and later:
            continue
        taken[number] += 1
        names[job.key] = f"job/{number}" if taken[number] == 1 else f"job/{number}#{taken[number]}"
        jobs[names[job.key]] = job.model_copy(update={"key": names[job.key]})
    seen: Counter[str] = Counter()
    sales = []
    for sale in sorted(outcome.truth.sales, key=lambda sale: (sale.daily_report, sale.number)):
        if sale.job is not None:
            seen[sale.job] += 1
            if seen[sale.job] > 1:
                sale = replace(sale, job=f"{sale.job}#{seen[sale.job]}")
        sales.append(sale)
    plain = copy.copy(outcome)
    plain.truth = copy.copy(outcome.truth)
    plain.truth.sales = sales
    plain.jobs = jobs
    plain.undecided = {
        names.get(key, key): value for key, value in outcome.undecided.items() if names.get(key, key) in jobs
    }
    plain.begun = {names.get(key, key): value for key, value in outcome.begun.items()}
    return plain
