"""``python -m tests.chaos``: carry out random schedules, the exhaustive matrix, or the check of the proof itself."""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections.abc import Iterator

from fiscald.protocols import FAMILIES
from tests.chaos import mutants
from tests.chaos.campaign import (
    BATCH,
    FLEET_BATCH,
    Draw,
    Report,
    campaign,
    catches,
    measure,
    run,
    shrink,
    table,
    whole_matrix,
    whole_meetings,
    whole_pairs,
    whole_restored,
)
from tests.chaos.fleet.plan import FleetSchedule, draw_fleet, read_schedule
from tests.chaos.fleet.world import carry_out as in_fleet
from tests.chaos.gateway.plan import GatewaySchedule, draw_gateway
from tests.chaos.gateway.world import carry_out as at_gateway
from tests.chaos.later import LATER_DOCUMENTS
from tests.chaos.mixed import draw_mixed
from tests.chaos.schedule import DOCUMENTS, Schedule, draw, draw_in_a_row, draw_others, matrix
from tests.chaos.world import carry_out

#: The worlds that a flag chooses instead of those of ``draw``.
WORLDS: dict[str, Draw] = {
    "others": draw_others, "in_a_row": draw_in_a_row, "mixed": draw_mixed, "gateway": draw_gateway, "fleet": draw_fleet,
}  # fmt: skip


def main() -> int:
    """Run what the arguments say; 1 if a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seeds", default="0-10000", metavar="A-B", help="random schedules, A included, B not")
    parser.add_argument("--family", choices=FAMILIES, help="only of this family; random schedules: of posnet if absent")
    parser.add_argument("--others", action="store_true", help="draw worlds in which other people do more at once")
    parser.add_argument("--in-a-row", action="store_true", help="draw worlds in which receipts follow each other")
    parser.add_argument("--mixed", action="store_true", help="draw worlds with documents of every kind")
    parser.add_argument("--gateway", action="store_true", help="draw worlds with old programs at a gateway")
    parser.add_argument("--fleet", action="store_true", help="draw worlds with a central, its shops and a bad courier")
    parser.add_argument("--minutes", type=float, help="stop after so long (and ignore B)")
    parser.add_argument("--restored", action="store_true", help="with --seeds: an older journal is put back in each")
    parser.add_argument("--matrix", action="store_true", help="one fault at every byte, await, write and command")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="with --matrix: only each Nth schedule of it")
    parser.add_argument(
        "--document",
        choices=(*DOCUMENTS, *LATER_DOCUMENTS),
        metavar="TYPE",
        help="with --matrix: one fault, at documents of this type",
    )
    parser.add_argument("--mutants", action="store_true", help="break each safety rule; the campaign must notice")
    parser.add_argument("--keep", action="store_true", help="with --mutants: keep what caught each, for the tests")
    parser.add_argument("--mutant", metavar="NAME", help="carry out the seeds with this one rule broken")
    parser.add_argument("--seed", type=int, help="carry out one seed and show everything that happened")
    parser.add_argument("--schedule", metavar="JSON", help="carry out this schedule and show everything")
    parser.add_argument("--workers", type=int, help="processes (default: one for each processor)")
    options = parser.parse_args()
    family = options.family or FAMILIES[0]
    drawn = next((world for name, world in WORLDS.items() if getattr(options, name)), draw)
    if options.seed is not None or options.schedule:
        return _show(read_schedule(json.loads(options.schedule)) if options.schedule else drawn(options.seed, family))
    if options.mutants:
        return _mutants(options.workers, keep=options.keep)
    began = time.monotonic()
    if options.matrix:
        families = [options.family] if options.family else FAMILIES
        schedules = [schedule for name in families for schedule in _matrix(name, options.document)]
        report = campaign(schedules[:: options.every], workers=options.workers)
    elif options.restored:
        first, _, last = options.seeds.partition("-")
        schedules = whole_restored(family, range(int(first), int(last)))
        report = campaign(schedules, workers=options.workers, mutant=options.mutant)
    else:
        first, _, last = options.seeds.partition("-")
        seeds = itertools.count(int(first)) if options.minutes else range(int(first), int(last))
        report = campaign(
            seeds,
            minutes=options.minutes,
            workers=options.workers,
            mutant=options.mutant,
            family=family,
            drawn=drawn,
            batch=FLEET_BATCH if options.fleet else BATCH,
        )
    print(table(report))
    print(f"{time.monotonic() - began:.0f} s")
    return _tell(report)


def _matrix(family: str, document: str | None) -> list[Schedule]:
    if document is not None:
        return matrix(family, document, measure(family, document))
    return [*whole_matrix(family), *whole_pairs(family), *whole_meetings(family)]


def _tell(report: Report) -> int:
    for schedule, text in report.violations[:10]:
        print(f"\nBROKEN: {text}\n  seed {schedule.seed}")
    if report.violations:
        schedule, text = report.violations[0]
        small = shrink(schedule, text)
        print(f"\nthe first one, as small as possible:\n  python -m tests.chaos --schedule '{small.model_dump_json()}'")
    return bool(report.violations)


def _show(schedule: Schedule) -> int:
    print(schedule.model_dump_json(indent=1, exclude_defaults=True))
    if isinstance(schedule, FleetSchedule):
        return _show_fleet(schedule)
    outcome = at_gateway(schedule) if isinstance(schedule, GatewaySchedule) else carry_out(schedule)
    print("\n".join(outcome.log))
    for key, job in outcome.jobs.items():
        print(key, job.state, job.result and job.result.number, job.error and job.error.detail)
    print(f"digest {outcome.digest}")
    found = run(schedule).violations
    for _, text in found:
        print(f"BROKEN: {text}")
    return bool(found)


def _show_fleet(schedule: FleetSchedule) -> int:
    outcome = in_fleet(schedule)
    print("\n".join(outcome.log))
    for key, row in outcome.orders.items():
        print(key, row.shop, row.state, row.job or row.problem)
    found = run(schedule).violations
    for _, text in found:
        print(f"BROKEN: {text}")
    return bool(found)


def _in_fleet(family: str) -> Iterator[int | Schedule]:
    return (draw_fleet(seed, family) for seed in itertools.count())


def _at_gateway(family: str) -> Iterator[int | Schedule]:
    return (draw_gateway(seed, family) for seed in itertools.count())


def _mutants(workers: int | None, *, keep: bool) -> int:
    """Break every rule; with ``keep``, only those for which nothing is kept that still catches them."""
    kept = mutants.caught_by()
    escaped = 0
    for name, mutant in mutants.MUTANTS.items():
        if keep and name in kept and catches(kept[name], name):
            continue
        family = mutants.family_of(name)
        schedules: Iterator[int | Schedule] = (
            _at_gateway(family)
            if name in mutants.GATEWAY
            else _in_fleet(family)
            if name in mutants.FLEET
            else itertools.chain(
                range(1500),
                (draw_in_a_row(seed, family) for seed in range(1000)),
                (draw_mixed(seed, family) for seed in range(1000)),
                whole_restored(family, range(300)),
                whole_meetings(family),
                (draw_others(seed, family) for seed in range(500)),
                whole_pairs(family),
                itertools.count(1500),
            )
        )
        report = campaign(
            schedules,
            minutes=10,
            workers=workers,
            mutant=name,
            family=family,
            until_caught=True,
            batch=FLEET_BATCH if name in mutants.FLEET else BATCH,
        )
        # Caught is only what the unbroken product does right in the very same schedule.
        broken = sorted(report.violations, key=lambda found: found[1].startswith("crash"))
        found = next(((each, text) for each, text in broken if not run(each).violations), None)
        print(f"{name:<26} {mutant.__doc__}")
        if found is None:
            escaped += 1
            print(f"{'':<26} ESCAPED {report.runs} schedules", flush=True)
            continue
        schedule, text = found
        print(f"{'':<26} caught within {report.runs} schedules: {text[:110]}", flush=True)
        if keep:
            with mutants.applied(name):
                kept[name] = schedule if text.startswith("crash") else shrink(schedule, text)
            mutants.keep(kept)
    print(f"{len(mutants.MUTANTS) - escaped} of {len(mutants.MUTANTS)} caught")
    return bool(escaped)


if __name__ == "__main__":
    sys.exit(main())
