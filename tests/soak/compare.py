"""Three witnesses compared: the journal, the answers that clients got, and the printers' memory with its paper.

What is proven: a job is ``done`` exactly when one sheet of paper carries its mark, with the number, day, place
and total of its result; a ``failed`` job has no sheet; no sheet is without a job; every client got the answer that the
journal says; and the receipts that are ``done`` add up to what the printers registered, day by day.

Pure: lists in, a list of disagreements out. Money is in grosze.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

FINAL = ("done", "failed", "undecided")
#: How often a document is carried out at most; after that any reason will do.
ATTEMPTS = 3


class Kind(StrEnum):
    """How the witnesses can disagree."""

    LOST = "lost"
    """Done, says the journal; no sheet."""
    DOUBLED = "doubled"
    """More sheets than jobs that are done."""
    WRONG = "wrong number"
    """The sheet is there; its number, day, place or total is not that of the result."""
    DENIED = "printed though failed"
    FOREIGN = "sheet without a job"
    FOOT = "foot of another document"
    ANSWER = "answer differs from the journal"
    FORGOTTEN = "answered, not in the journal"
    TOTALS = "totals differ"
    UNDECIDED = "undecided"
    REFUSED = "failed without a reason"
    """True perhaps, but nothing was ordered that explains it: a printer that takes nothing any more, for example."""
    OPEN = "never final"
    UNFINISHED = "left open on the printer"
    SURPRISE = "surprise"
    """Anything else that should not happen: a daemon that ended, an odd refusal."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One of them."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Job:
    """A row of the journal."""

    key: str
    printer: str
    type: str
    phase: str
    created_at: datetime
    mark: str | None = None
    """What is printed on its sheet and on no other; ``None``: the document has no unique text (a report)."""
    system_number: str | None = None
    cashier: str | None = None
    number: int | None = None
    daily_report: int | None = None
    total: int | None = None
    place: int | None = None
    """Of the sheet, in the printer's protected memory."""
    attempts: int = 0
    error: str = ""
    evidence: str = ""
    decided: bool = False
    """By a person: it was undecided."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A final answer that some client got."""

    key: str
    state: str
    created_at: datetime
    number: int | None = None
    daily_report: int | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A completed document on paper."""

    printer: str
    type: str
    mark: str
    daily_report: int
    place: int
    number: int | None = None
    total: int | None = None
    system_number: str | None = None
    cashier: str | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """What one printer registered: for every day, by the number of its daily report, value and count of receipts."""

    printer: str
    days: dict[int, tuple[int, int]]
    left_open: str = ""
    """A document that was begun and neither completed nor cancelled."""
    cancelled: int = 0


@dataclass(frozen=True, slots=True)
class Person:
    """A job that came back as undecided, before a person said what became of it."""

    key: str
    cause: str
    evidence: str


@dataclass(slots=True)
class Comparison:
    """What was found."""

    found: list[Disagreement] = field(default_factory=list)

    def add(self, kind: Kind, text: str) -> None:
        """One more."""
        self.found.append(Disagreement(kind, text))

    def count(self, kind: Kind) -> int:
        """How many of that kind."""
        return sum(one.kind is kind for one in self.found)

    @property
    def agreed(self) -> bool:
        """Whether nothing was found."""
        return not self.found


def compare(
    jobs: Sequence[Job],
    answers: Iterable[Answer],
    sheets: Iterable[Sheet],
    memories: Iterable[Memory],
    undecided: Iterable[Person] = (),
) -> Comparison:
    """Every disagreement between the witnesses."""
    result = Comparison()
    memories = list(memories)
    _compare_paper(result, jobs, list(sheets))
    _compare_answers(result, jobs, answers)
    _compare_totals(result, jobs, memories)
    for memory in memories:
        if memory.left_open:
            result.add(Kind.UNFINISHED, f"{memory.printer}: {memory.left_open}")
    told = {person.key: person for person in undecided}
    for job in jobs:
        if job.phase not in FINAL:
            result.add(Kind.OPEN, f"{job.key}: still {job.phase} after {job.attempts} attempts; {job.evidence}")
        if job.phase == "undecided" or job.decided or job.key in told:
            person = told.pop(job.key, Person(job.key, job.error, job.evidence))
            result.add(Kind.UNDECIDED, f"{job.key} ({job.type}): {person.cause}; {person.evidence}")
        elif job.phase == "failed" and not _explained(job):
            result.add(Kind.REFUSED, f"{job.key} ({job.type}) on {job.printer}: {job.error}")
    for key, person in told.items():
        result.add(Kind.UNDECIDED, f"{key}, which the journal does not have: {person.cause}")
    return result


def _explained(job: Job) -> bool:
    """Whether the campaign gave a reason for that failure."""
    if job.error.startswith(("job.withdrawn:", "printer.interrupted:")) or job.attempts >= ATTEMPTS:
        return True
    # A report of a day without receipts.
    return job.type == "daily_report" and "ERR_RD_ZERO" in job.error


# -- paper ----------------------------------------------------------------------------------------------


def _compare_paper(result: Comparison, jobs: Sequence[Job], sheets: list[Sheet]) -> None:
    paper: dict[tuple[str, str], list[Sheet]] = defaultdict(list)
    for sheet in sheets:
        paper[sheet.printer, sheet.mark].append(sheet)
    claims: dict[tuple[str, str], list[Job]] = defaultdict(list)
    for job in jobs:
        if job.mark is not None:
            claims[job.printer, job.mark].append(job)
        elif job.phase == "done":
            result.add(Kind.WRONG, f"{job.key} is done, and its result does not say which sheet it is")
    for where, owners in claims.items():
        _compare_mark(result, where[1], owners, paper.pop(where, []))
    for (printer, mark), found in paper.items():
        result.add(Kind.FOREIGN, f"{printer}: {len(found)} sheet(s) with {mark}, which no job explains: {found}")


def _compare_mark(result: Comparison, mark: str, owners: list[Job], sheets: list[Sheet]) -> None:
    done = [job for job in owners if job.phase == "done"]
    keys = ", ".join(job.key for job in owners)
    if len(sheets) < len(done):
        result.add(Kind.LOST, f"{keys}: {len(done)} done, {len(sheets)} sheet(s) with {mark}")
    elif len(sheets) > len(done) and (done or len(sheets) > 1):
        result.add(Kind.DOUBLED, f"{keys}: {len(done)} done, {len(sheets)} sheets with {mark}: {sheets}")
    elif sheets and not done and all(job.phase == "failed" for job in owners):
        result.add(Kind.DENIED, f"{keys}: failed ({owners[0].error}), yet there is {sheets[0]}")
    elif len(sheets) == len(done):  # otherwise it is unknown which sheet belongs to which job
        for job, sheet in zip(done, sheets, strict=True):
            _compare_result(result, job, sheet)


def _compare_result(result: Comparison, job: Job, sheet: Sheet) -> None:
    told: tuple[int | None, ...] = (job.number, job.daily_report, job.total, job.place)
    stands: tuple[int | None, ...] = (sheet.number, sheet.daily_report, sheet.total, sheet.place)
    if job.decided:  # a person knows the number on the paper and no more
        told, stands = told[:1], stands[:1]
    if told != stands:
        result.add(Kind.WRONG, f"{job.key}: (number, daily report, total, place) {told}; on the sheet {stands}")
    # A printer forgets its foot when it is cancelled; that is allowed. Another document's foot is not.
    for what, asked, printed in (
        ("system number", job.system_number, sheet.system_number),
        ("cashier", job.cashier, sheet.cashier),
    ):
        if printed not in (None, asked):
            result.add(Kind.FOOT, f"{job.key} ({job.type}): {what} {asked}, on the sheet {printed}")


# -- answers --------------------------------------------------------------------------------------------


def _compare_answers(result: Comparison, jobs: Sequence[Job], answers: Iterable[Answer]) -> None:
    known = {job.key: job for job in jobs}
    heard: set[str] = set()
    for answer in answers:
        job = known.get(answer.key)
        heard.add(answer.key)
        if job is None:
            result.add(Kind.FORGOTTEN, f"{answer}")
            continue
        if answer.state == "undecided" and job.decided:
            continue
        told = (answer.state, answer.number, answer.daily_report, answer.total, answer.created_at)
        kept = (job.phase, job.number, job.daily_report, job.total, job.created_at)
        if told != kept:
            result.add(Kind.ANSWER, f"{job.key}: a client was told {told}, the journal says {kept}")
    for job in jobs:
        if job.key not in heard and job.phase in FINAL:
            result.add(Kind.ANSWER, f"{job.key}: {job.phase}, and no client was told")


# -- totals ---------------------------------------------------------------------------------------------


def _compare_totals(result: Comparison, jobs: Sequence[Job], memories: Iterable[Memory]) -> None:
    value: Counter[tuple[str, int]] = Counter()
    count: Counter[tuple[str, int]] = Counter()
    for job in jobs:
        if job.type == "receipt" and job.phase == "done" and job.daily_report is not None and job.total is not None:
            value[job.printer, job.daily_report] += job.total
            count[job.printer, job.daily_report] += 1
    for memory in memories:
        for day, registered in memory.days.items():
            where = (memory.printer, day)
            added = (value.pop(where, 0), count.pop(where, 0))
            if registered != added:
                text = f"registered {registered} (grosze, receipts), jobs add up to {added}"
                result.add(Kind.TOTALS, f"{memory.printer}, daily report {day}: {text}")
    for (printer, day), left in value.items():
        result.add(Kind.TOTALS, f"{printer}, daily report {day}: jobs of {left} grosze on a day the printer never had")
