"""Turns rows of the journal into jobs and back. An unreadable value damages only its own job."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from fiscald.model.documents import Document, IfInterrupted
from fiscald.model.jobs import DamagedDocument, Job, JobEvent, JobState, Notice, Paper, Phase, Resolution, Result
from fiscald.model.problems import Problem, problem
from fiscald.model.programs import Program

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

#: How many parsed documents to cache: the journal parses a document at every change of its job.
READ_DOCUMENTS = 128
#: Longer documents are not cached, in characters. A parsed document takes about ten times as much memory.
MAX_REMEMBERED = 16 * 1024
#: How many characters of a damaged value to show.
SHOWN = 4000
#: The exceptions that reading any stored value may raise.
UNREADABLE = (ValidationError, ValueError, TypeError, KeyError, RecursionError)
_DOCUMENT: TypeAdapter[Document] = TypeAdapter(Document)
NOTICES = TypeAdapter(tuple[Notice, ...])
_NEVER = datetime.fromtimestamp(0, UTC)


#: The phases of a job that still changes by itself.
OPEN = (Phase.ACCEPTED, Phase.STARTED, Phase.COMMITTING)
#: What is known about the paper in each phase. What is done says it itself.
PAPER = {
    Phase.ACCEPTED: Paper.NONE,
    Phase.STARTED: Paper.NONE,
    Phase.COMMITTING: Paper.UNKNOWN,
    Phase.FAILED: Paper.NONE,
    Phase.UNDECIDED: Paper.UNKNOWN,
}


class Entry(NamedTuple):
    """A job as the journal keeps it."""

    id: int
    phase: Phase
    job: Job
    damage: Mapping[str, str] = {}
    """The unreadable values by column, as they are in the file. The job itself then reports that too."""


class Accepted(NamedTuple):
    """The answer of ``accept``: the entry, whether it is new, and whether its content differs from the request."""

    entry: Entry
    new: bool
    conflict: bool


NAMES = (
    "id", "key", "printer", "document", "deadline", "expect_last", "if_interrupted", "phase", "attempts", "evidence",
    "result", "paper", "warnings", "error", "resolution", "program", "created_at", "updated_at",
)  # fmt: skip
COLUMNS = ", ".join(NAMES)
JOB_COLUMNS = ", ".join(f"job.{name}" for name in NAMES)


def _document(text: str) -> Document:
    return _read_document(text) if len(text) <= MAX_REMEMBERED else _read_long_document(text)


@lru_cache(READ_DOCUMENTS)
def _read_document(text: str) -> Document:
    return _DOCUMENT.validate_json(text)


@lru_cache(2)
def _read_long_document(text: str) -> Document:
    return _DOCUMENT.validate_json(text)


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("a time without its zone")
    return found


def moment(text: str) -> datetime | None:
    """A stored time; ``None`` if it is unreadable."""
    try:
        return _moment(text)
    except UNREADABLE:
        return None


def _notices(text: str) -> tuple[Notice, ...]:
    return NOTICES.validate_json(text)


def _evidence(text: str) -> dict[str, Any]:
    found = json.loads(text)
    if not isinstance(found, dict):
        raise TypeError("evidence is an object")
    return found


def entry(row: tuple[Any, ...]) -> Entry:
    """The job in that row, also if the row is damaged."""
    stored = dict(zip(NAMES, row, strict=True))
    damage: dict[str, str] = {}

    def read(name: str, reader: Callable[[Any], T], otherwise: T) -> T:
        value = stored[name]
        if value is None:
            return otherwise
        try:
            return reader(value)
        except UNREADABLE:
            damage[name] = str(value)[:SHOWN]
            return otherwise

    phase = Phase(stored["phase"])
    document = read("document", _document, None)
    none: tuple[Notice, ...] = ()
    fields: dict[str, Any] = {
        "key": stored["key"],
        "printer": stored["printer"],
        "state": phase.state,
        "document": document or DamagedDocument(text=str(stored["document"])[:SHOWN]),
        "deadline": read("deadline", _moment, None),
        "expect_last": stored["expect_last"],
        "if_interrupted": read("if_interrupted", IfInterrupted, IfInterrupted.REPEAT),
        "result": read("result", Result.model_validate_json, None),
        "paper": read("paper", Paper, Paper.UNKNOWN),
        "warnings": read("warnings", _notices, none),
        "error": read("error", Problem.model_validate_json, None),
        "evidence": read("evidence", _evidence, None),
        "resolution": read("resolution", Resolution.model_validate_json, None),
        "program": read("program", Program.model_validate_json, None),
        "attempts": stored["attempts"],
        "created_at": read("created_at", _moment, _NEVER),
        "updated_at": read("updated_at", _moment, _NEVER),
    }
    if damage:
        fields |= _damage_fields(phase, fields, damage)
    return Entry(stored["id"], phase, _job(fields), damage)


def _job(fields: dict[str, Any]) -> Job:
    try:
        return Job(**fields)
    except ValidationError:
        # An invalid key or number, which only a damaged file can hold: shown as it is.
        return Job.model_construct(None, **fields)


def _damage_fields(phase: Phase, fields: dict[str, Any], damage: Mapping[str, str]) -> dict[str, Any]:
    """The fields of a damaged job. An ended one keeps its state; any other one needs a manual decision."""
    if phase in (Phase.DONE, Phase.FAILED):
        notice = Notice(
            code="journal.damaged",
            detail=f"the journal's record of this job is partly unreadable: {_shown(damage)}",
            detail_pl="Część zapisu tego dokumentu w dzienniku programu jest uszkodzona.",
        )
        return {"warnings": (*fields["warnings"], notice)}
    return {"state": JobState.UNDECIDED, "paper": Paper.UNKNOWN, "error": damaged(phase, damage)}


def damaged(phase: Phase, damage: Mapping[str, str]) -> Problem:
    """Why an unreadable job that had not ended is undecided."""
    sent = "nothing of it was sent" if phase is Phase.ACCEPTED else "it may have been printed"
    return problem(
        "journal.damaged",
        reason=f"unreadable: {', '.join(damage)}; by its phase ({phase}) {sent}",
        extra={"cause": "damaged", "stored": dict(damage)},
    )


def _shown(damage: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {text[:200]}" for name, text in damage.items())


class Unread(NamedTuple):
    """A job as it is in the file. Parsing takes longer than fetching, and any thread may do it."""

    id: int
    row: tuple[Any, ...]

    def entry(self) -> Entry:
        """The job."""
        return entry(self.row)


class Change(NamedTuple):
    """A change of a job. The job is parsed on demand, see ``Unread``."""

    id: int
    """The cursor of the event stream."""
    at: datetime
    state: JobState
    """The new state at that time."""
    row: tuple[Any, ...]

    @property
    def job(self) -> Job:
        """The job as it is now."""
        return entry(self.row).job


def change(number: int, at: str, phase: str, *row: Any) -> Change:
    """A change as it is in the file."""
    return Change(number, moment(at) or moment(row[-1]) or _NEVER, Phase(phase).state, row)


class UnreadEvent(NamedTuple):
    """What happened to a job as it is in the file, see ``Unread``."""

    id: int
    at: str
    phase: str
    problem: str | None
    resolution: str | None

    def event(self) -> JobEvent:
        """The event. What is unreadable in it is left out."""
        phase = Phase(self.phase)
        return JobEvent(
            id=self.id, at=moment(self.at) or _NEVER, state=phase.state, phase=phase,
            problem=_part(Problem, self.problem), resolution=_part(Resolution, self.resolution),
        )  # fmt: skip


def _part(model: type[M], text: str | None) -> M | None:
    try:
        return None if text is None else model.model_validate_json(text)
    except UNREADABLE:
        return None


def plain(value: Any) -> Any:
    """A value of a job in the form in which the journal stores it."""
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, tuple):
        return NOTICES.dump_json(value).decode()
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value.model_dump_json()
