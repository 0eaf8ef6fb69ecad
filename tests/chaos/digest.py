"""``python -m tests.chaos.digest``: fingerprints of what the product does, to compare before and after a refactoring.

Each schedule gets three fingerprints: the verdicts (state and number of every document, and every broken promise), the
journal (every job as it is stored in the end, and when it was written), and the wire (every byte, with its time). Names
of modules and of journal transactions are not part of any.

    python -m tests.chaos.digest --out before.json
    python -m tests.chaos.digest --compare before.json
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

from fiscald.model.jobs import Result
from fiscald.model.money import grosze
from fiscald.protocols import FAMILIES
from tests.chaos.campaign import BATCH, speed_up_worker, whole_matrix
from tests.chaos.check import violations
from tests.chaos.outcome import Outcome
from tests.chaos.schedule import Schedule, draw
from tests.chaos.world import carry_out

#: Differences that are listed one by one.
MAX_LISTED = 20


class Fingerprints(NamedTuple):
    """What one schedule came to, as three short hashes."""

    verdicts: str
    journal: str
    wire: str


def fingerprints(outcome: Outcome) -> Fingerprints:
    """The fingerprints of one run."""
    lines = [line.partition(" ") for line in outcome.log]
    verdicts = [
        f"{key} {job.state} {job.paper} {job.result and _answered(job.result)} {job.error and job.error.code}"
        f" {outcome.undecided.get(key, [None])[0]}"
        for key, job in sorted(outcome.jobs.items())
    ]
    journal = [json.dumps(job.model_dump(mode="json"), sort_keys=True) for _, job in sorted(outcome.jobs.items())]
    # Which transaction wrote is a name; when, and for which job, is not.
    journal += [f"{at} {line.split()[-1]}" for at, _, line in lines if line.startswith("journal ")]
    wire = [f"{at} {line}" for at, _, line in lines if line.startswith(("out ", "in "))]
    return Fingerprints(_hash(verdicts + violations(outcome)), _hash(journal), _hash(wire))


def _answered(result: Result) -> tuple[int | None, int | None, int | None]:
    return result.number, result.daily_report, None if result.total is None else grosze(result.total)


def _hash(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


class Collected(NamedTuple):
    """By the schedule's name: ``posnet seed 17``, ``thermal matrix 204``."""

    prints: dict[str, Fingerprints]
    broken: dict[str, list[str]]
    """The broken promises, of the schedules that have any."""


def _batch(schedules: list[tuple[str, Schedule | tuple[int, str]]]) -> Collected:
    found = Collected({}, {})
    for name, schedule in schedules:
        what = schedule if isinstance(schedule, Schedule) else draw(*schedule)
        try:
            outcome = carry_out(what)
            found.prints[name] = fingerprints(outcome)
            broken = violations(outcome)
        except Exception as error:
            crash, broken = _hash([repr(error)]), [repr(error)]
            found.prints[name] = Fingerprints(crash, crash, crash)
        if broken:
            found.broken[name] = broken
    return found


def collect(seeds: range, *, matrix: bool, families: Iterable[str] = FAMILIES) -> Collected:
    """Carry out the schedules."""
    work: list[tuple[str, Schedule | tuple[int, str]]] = []
    for family in families:
        work += [(f"{family} seed {seed}", (seed, family)) for seed in seeds]
        if matrix:
            work += [(f"{family} matrix {number}", each) for number, each in enumerate(whole_matrix(family))]
    found = Collected({}, {})
    batches = [work[start : start + BATCH] for start in range(0, len(work), BATCH)]
    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=fork, initializer=speed_up_worker) as pool:
        for part in pool.map(_batch, batches):
            found.prints.update(part.prints)
            found.broken.update(part.broken)
    return found


def compare(before: dict[str, Fingerprints], now: dict[str, Fingerprints]) -> list[str]:
    """What differs, a line for each schedule that both know."""
    found = []
    for name, then in before.items():
        if name in now and now[name] != then:
            parts = [part for part, one, two in zip(Fingerprints._fields, then, now[name], strict=True) if one != two]
            found.append(f"{name}: {', '.join(parts)}")
    return found


def summary(found: dict[str, Fingerprints]) -> str:
    """One line for each family and kind of schedule: how many, and the hash of all their fingerprints."""
    groups: dict[str, list[str]] = {}
    for name, prints in found.items():
        groups.setdefault(name.rpartition(" ")[0], []).append(f"{name} {prints}")
    return "\n".join(f"{group:<20} {len(lines):>6}  {_hash(sorted(lines))}" for group, lines in sorted(groups.items()))


def main() -> int:
    """Write or compare; 1 if anything differs or a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.digest", description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", default="0-10000", metavar="A-B", help="random schedules, A included, B not")
    parser.add_argument("--no-matrix", action="store_true", help="leave the exhaustive matrix out")
    parser.add_argument("--family", choices=FAMILIES, help="only this family")
    parser.add_argument("--out", type=Path, help="write the fingerprints to this file")
    parser.add_argument("--compare", type=Path, metavar="FILE", help="compare with the fingerprints in this file")
    options = parser.parse_args()
    first, _, last = options.seeds.partition("-")
    families = [options.family] if options.family else FAMILIES
    found, broken = collect(range(int(first), int(last)), matrix=not options.no_matrix, families=families)
    print(summary(found))
    print(f"{len(broken)} of {len(found)} schedules broke a promise")
    print("\n".join(f"{name}: {'; '.join(what)}" for name, what in [*broken.items()][:MAX_LISTED]))
    if options.out:
        options.out.write_text(json.dumps(found), "utf-8")
    if options.compare is None:
        return bool(broken)
    before = {name: Fingerprints(*prints) for name, prints in json.loads(options.compare.read_text("utf-8")).items()}
    differences = compare(before, found)
    print(f"{len(differences)} of {len(before.keys() & found.keys())} schedules differ")
    print("\n".join(differences[:MAX_LISTED]))
    return bool(differences or broken)


if __name__ == "__main__":
    sys.exit(main())
