"""Many runs on all processors: what happened, what came of it, and the shortest way to see a failure again."""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

from pydantic import TypeAdapter

from fiscald.model.documents import Document
from fiscald.protocols import FAMILIES
from fiscald.protocols import family as find_family
from fiscald.protocols.base import Settings
from tests.chaos import fast_http, mutants
from tests.chaos.check import violations
from tests.chaos.fleet import world as fleet_world
from tests.chaos.fleet.check import violations as fleet_violations
from tests.chaos.fleet.plan import FleetSchedule
from tests.chaos.gateway import world as gateway_world
from tests.chaos.gateway.check import violations as gateway_violations
from tests.chaos.gateway.plan import GatewaySchedule
from tests.chaos.later import LATER_DOCUMENTS, PROFILE_OF
from tests.chaos.outcome import Outcome
from tests.chaos.schedule import (
    DOCUMENTS,
    Schedule,
    Size,
    What,
    draw,
    draw_restored,
    matrix,
    meetings,
    pairs,
    single,
)
from tests.chaos.world import carry_out

S = TypeVar("S", bound=Schedule)
#: Makes a schedule of a seed, for a family.
Draw = Callable[[int, str], Schedule]
#: Columns of the table: the phase of the running job when the fault came.
PHASES = ("idle", "accepted", "started", "opened", "committing")
VERDICTS = ("done", "failed", "undecided")
#: Runs handed to a worker at once.
BATCH = 50
#: Runs of a fleet: each takes as long as ten others.
FLEET_BATCH = 5


@dataclass
class Report:
    """What came of many runs."""

    runs: int = 0
    hits: Counter[tuple[What, str, str]] = field(default_factory=Counter)
    """(fault, phase, verdict of the job it met; "" where it met none)."""
    verdicts: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    """Error codes of failed jobs."""
    causes: Counter[str] = field(default_factory=Counter)
    helped: int = 0
    alarms: int = 0
    """Runs in which the journal was said to be behind the printer."""
    virtual_seconds: float = 0.0
    orders: Counter[str] = field(default_factory=Counter)
    """Of the fleet, by their state at the central."""
    troubles: Counter[str] = field(default_factory=Counter)
    """What happened between the shops of a fleet."""
    violations: list[tuple[Schedule, str]] = field(default_factory=list)

    def add(self, other: Report) -> None:
        """Put two reports together."""
        self.runs += other.runs
        self.hits += other.hits
        self.verdicts += other.verdicts
        self.failed += other.failed
        self.causes += other.causes
        self.helped += other.helped
        self.alarms += other.alarms
        self.orders += other.orders
        self.troubles += other.troubles
        self.virtual_seconds += other.virtual_seconds
        self.violations += other.violations

    def count(self, kind: str) -> int:
        """Violations of one kind."""
        return sum(text.startswith(kind) or f": {kind}: " in text for _, text in self.violations)


def run(schedule: Schedule) -> Report:
    """One run, checked."""
    outcome: Outcome
    try:
        if isinstance(schedule, FleetSchedule):
            return _fleet(schedule)
        if isinstance(schedule, GatewaySchedule):
            at_gateway = gateway_world.carry_out(schedule)
            outcome, found = at_gateway, gateway_violations(at_gateway)
        else:
            outcome = carry_out(schedule)
            found = violations(outcome)
    except Exception as error:
        return Report(runs=1, violations=[(schedule, f"crash: {error!r}")])
    report = Report(runs=1, helped=outcome.helped, alarms=int(bool(outcome.alarms)), virtual_seconds=outcome.seconds)
    _count(report, outcome)
    report.violations = [(schedule, text) for text in found]
    return report


def _fleet(schedule: FleetSchedule) -> Report:
    """One run of a fleet, checked."""
    outcome = fleet_world.carry_out(schedule)
    report = Report(runs=1, alarms=int(bool(outcome.alarms)), virtual_seconds=outcome.seconds)
    for shop in outcome.shops:
        report.helped += shop.helped
        _count(report, shop)
    report.orders.update(row.state if row.final else "open" for row in outcome.orders.values())
    report.troubles.update(trouble.act.value for trouble in schedule.troubles)
    report.violations = [(schedule, text) for text in fleet_violations(outcome)]
    return report


def _count(report: Report, outcome: Outcome) -> None:
    for what, phase, key in outcome.hits:
        job = outcome.jobs.get(key) if key else None
        verdict = "" if job is None else "undecided" if key in outcome.undecided else job.state.value
        report.hits[what, phase, verdict] += 1
    for key, job in outcome.jobs.items():
        report.verdicts["undecided" if key in outcome.undecided else job.state.value] += 1
        if job.error is not None and key not in outcome.undecided:
            report.failed[job.error.code] += 1
    report.causes.update(cause for cause, _, _ in outcome.undecided.values())


def catches(schedule: Schedule, mutant: str) -> bool:
    """Whether the product does right in that schedule, and with that rule broken does not."""
    if run(schedule).violations:
        return False
    with mutants.applied(mutant):
        return bool(run(schedule).violations)


def _batch(schedules: list[int | Schedule], mutant: str | None, family: str, drawn: Draw) -> Report:
    total = Report()
    with mutants.applied(mutant) if mutant else contextlib.nullcontext():
        for schedule in schedules:
            total.add(run(drawn(schedule, family) if isinstance(schedule, int) else schedule))
    return total


def speed_up_worker() -> None:
    """What a worker can spare itself: frames are read thousands of times, and always in the same way."""
    for name in ("posnet", "thermal"):
        frames = importlib.import_module(f"fiscald.protocols.{name}.frames")
        frames.__dict__["decode"] = functools.lru_cache(4096)(frames.decode)
    elements = importlib.import_module("fiscald.protocols.novitus_elements")
    read = functools.lru_cache(4096)(elements.read_elements)
    for name in ("emulator.novitus_xml.machine", "protocols.novitus_xml.session", "protocols.noviapi.xml"):
        importlib.import_module(f"fiscald.{name}").__dict__["read_elements"] = read
    printer = importlib.import_module("fiscald.emulator.novitus_xml.machine")
    for name in ("_in_page", "write_reply", "encode_packet"):
        printer.__dict__[name] = functools.lru_cache(4096)(printer.__dict__[name])
    fast_http.install()
    gc.freeze()
    gc.set_threshold(50_000)


def _batches(schedules: Iterable[int | Schedule], size: int) -> Iterator[list[int | Schedule]]:
    source = iter(schedules)
    while batch := list(islice(source, size)):
        yield batch


def campaign(
    schedules: Iterable[int | Schedule],
    *,
    minutes: float | None = None,
    workers: int | None = None,
    mutant: str | None = None,
    family: str = FAMILIES[0],
    until_caught: bool = False,
    drawn: Draw = draw,
    batch: int = BATCH,
) -> Report:
    """Carry all of them out, for at most so long; or until one fails.

    Seeds are made schedules in the workers: by ``drawn``, for ``family``.
    """
    total = Report()
    ends = None if minutes is None else time.monotonic() + minutes * 60
    batches = _batches(schedules, batch)
    count = workers or os.cpu_count() or 1
    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(count, mp_context=fork, initializer=speed_up_worker) as pool:
        running = {pool.submit(_batch, each, mutant, family, drawn) for each in islice(batches, count * 2)}
        while running:
            finished, running = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                total.add(future.result())
            over = (ends is not None and time.monotonic() > ends) or (until_caught and bool(total.violations))
            for each in [] if over else islice(batches, len(finished)):
                running.add(pool.submit(_batch, each, mutant, family, drawn))
    return total


def whole_restored(family: str, seeds: range) -> list[Schedule]:
    """The schedules of those numbers, in each of which the journal is replaced by an older copy."""
    return [draw_restored(seed, family) for seed in seeds]


def measure(family: str, document: str) -> Size:
    """How much there is of an undisturbed run."""
    return carry_out(single(document, family)).size


#: The row of the matrix that is a family's printout: a form of POSNET's Thermal printers has no QR code.
PRINTOUT = {"thermal": "form"}


def _takes(name: str, row: str) -> bool:
    """Whether printers of the family take the document of that row."""
    family, content, profile = find_family(name), LATER_DOCUMENTS[row], PROFILE_OF.get((name, row))
    known = content["type"] in family.documents
    document: Document = TypeAdapter(Document).validate_python(content)
    options = family.options.model_validate({"profile": profile} if profile else {})
    return known and not family.check(document, Settings("till1", options), None).errors


def whole_matrix(family: str) -> list[Schedule]:
    """The exhaustive matrix of a family."""
    other = {"printout", "form"} - {PRINTOUT.get(family, "printout")}
    documents = (*DOCUMENTS, *(name for name in LATER_DOCUMENTS if name not in other and _takes(family, name)))
    return [schedule for document in documents for schedule in matrix(family, document, measure(family, document))]


def whole_pairs(family: str) -> list[Schedule]:
    """Two faults that meet, for the documents that prove themselves in different ways."""
    return [
        schedule
        for document in ("receipt", "cash_in")
        for schedule in pairs(family, document, measure(family, document))
    ]


def whole_meetings(family: str) -> list[Schedule]:
    """What other people do together at a receipt, at every command of it."""
    return meetings(family, "receipt", measure(family, "receipt"))


def shrink(schedule: Schedule, text: str) -> Schedule:
    """The same violation with as few documents and faults as possible."""
    kind = text.split(":")[0]

    def fails(candidate: Schedule) -> bool:
        return any(found.startswith(kind) for _, found in run(candidate).violations)

    while True:
        parts = [name for name in ("faults", "orders", "front_faults", "programs") if hasattr(schedule, name)]
        smaller = [
            schedule.model_copy(update={name: _without(getattr(schedule, name), index)})
            for name in parts
            for index in range(len(getattr(schedule, name)))
        ]
        for candidate in smaller:
            if fails(candidate):
                schedule = candidate
                break
        else:
            return schedule


def _fewer(schedule: S, names: tuple[str, ...]) -> Iterator[S]:
    for name in names:
        items = getattr(schedule, name)
        for index in range(len(items)):
            yield schedule.model_copy(update={name: _without(items, index)})


def _smaller_fleets(schedule: FleetSchedule) -> Iterator[FleetSchedule]:
    plain = {"wild": 0.0, "seals": False, "closed_days": 0.0, "without_rights": ()}
    for name, value in plain.items():
        if getattr(schedule, name) != value:
            yield schedule.model_copy(update={name: value})
    yield from _fewer(schedule, ("troubles", "ordered"))
    for index, shop in enumerate(schedule.shops):
        for smaller in _fewer(shop, ("faults", "orders")):
            shops = (*schedule.shops[:index], smaller, *schedule.shops[index + 1 :])
            yield schedule.model_copy(update={"shops": shops})


def _without(items: tuple[object, ...], index: int) -> tuple[object, ...]:
    return items[:index] + items[index + 1 :]


def table(report: Report) -> str:
    """Faults by kind, by the phase they met, and by the verdict of that job: done/failed/undecided."""
    lines = [f"{'fault':<20} {'times':>7}  " + "".join(f"{phase:>16}" for phase in PHASES)]
    for what in What:
        times = sum(count for (kind, _, _), count in report.hits.items() if kind is what)
        if not times:
            continue
        cells = []
        for phase in PHASES:
            counts = [report.hits[what, phase, verdict] for verdict in VERDICTS]
            if phase == "idle":
                counts = [report.hits[what, phase, ""]]
            cells.append("/".join(map(str, counts)) if any(counts) else "-")
        lines.append(f"{what.value:<20} {times:>7}  " + "".join(f"{cell:>16}" for cell in cells))
    faults = sum(report.hits.values())
    causes = ", ".join(f"{cause} {count}" for cause, count in report.causes.most_common()) or "none"
    errors = ", ".join(f"{code} {count}" for code, count in report.failed.most_common()) or "none"
    verdicts = ", ".join(f"{verdict} {report.verdicts[verdict]}" for verdict in VERDICTS)
    lines += [
        "(columns: how far the running job was; done/failed/undecided is its outcome)",
        "",
        f"schedules {report.runs}, faults {faults}, documents {sum(report.verdicts.values())}: {verdicts}",
        ", ".join(f"{kind} {report.count(kind)}" for kind in ("lost", "doubled", "wrong number"))
        + f", all violations {len(report.violations)}",
        f"failed by reason: {errors}",
        f"undecided by cause: {causes}",
        f"open receipts that a person had to cancel: {report.helped}",
        f"runs in which the journal was said to be behind: {report.alarms}",
        f"virtual time: {report.virtual_seconds / 3600:.0f} hours",
    ]
    if report.orders:
        lines += [f"orders of the fleet {report.orders.total()}: " + _listed(report.orders)]
        lines += [f"troubles of the fleet {report.troubles.total()}: " + _listed(report.troubles)]
    return "\n".join(lines)


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common())
