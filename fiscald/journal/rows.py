"""Rows of the journal as jobs, and back. What is stored and cannot be read any more damages its own job alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from pydantic import TypeAdapter, ValidationError

from fiscald.model.documents import Document, IfInterrupted
from fiscald.model.jobs import DamagedDocument, Job, JobState, Notice, Paper, Resolution, Result
from fiscald.model.problems import Problem, problem

T = TypeVar("T")

#: Documents kept as they were last read: each is read at every change of its job.
READ_DOCUMENTS = 128
#: Characters of a document that is kept so; it takes about ten times as much memory.
MAX_REMEMBERED = 16 * 1024
#: Characters of a damaged value that are shown.
SHOWN = 4000
#: What reading a stored value may raise, whatever stands there.
UNREADABLE = (ValidationError, ValueError, TypeError, KeyError, RecursionError)
_DOCUMENT: TypeAdapter[Document] = TypeAdapter(Document)
NOTICES = TypeAdapter(tuple[Notice, ...])
_NEVER = datetime.fromtimestamp(0, UTC)


class Phase(StrEnum):
    """Where a job stands, finer than the public state."""

    ACCEPTED = "accepted"
    STARTED = "started"
    """Evidence is stored; something reversible may have been sent."""
    COMMITTING = "committing"
    """The irreversible step may have been sent."""
    DONE = "done"
    FAILED = "failed"
    UNDECIDED = "undecided"

    @property
    def state(self) -> JobState:
        """The public state."""
        return JobState.RUNNING if self in (Phase.STARTED, Phase.COMMITTING) else JobState(self.value)


#: Phases of a job that still changes by itself.
OPEN = (Phase.ACCEPTED, Phase.STARTED, Phase.COMMITTING)


class Entry(NamedTuple):
    """A job as the journal keeps it."""

    id: int
    phase: Phase
    job: Job
    damage: Mapping[str, str] = {}
    """What of it cannot be read any more, by column, as it stands in the file. The job then says so itself."""


class Accepted(NamedTuple):
    """Answer to ``accept``: the entry, and whether it is new or has other content than asked."""

    entry: Entry
    new: bool
    conflict: bool


NAMES = (
    "id", "key", "printer", "document", "deadline", "expect_last", "if_interrupted", "phase", "attempts", "evidence",
    "result", "paper", "warnings", "error", "resolution", "created_at", "updated_at",
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
    """A stored time; ``None`` where it cannot be read any more."""
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
    """The job in that row, whatever stands in it."""
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
        "attempts": stored["attempts"],
        "created_at": read("created_at", _moment, _NEVER),
        "updated_at": read("updated_at", _moment, _NEVER),
    }
    if damage:
        fields |= _told(phase, fields, damage)
    return Entry(stored["id"], phase, _job(fields), damage)


def _job(fields: dict[str, Any]) -> Job:
    try:
        return Job(**fields)
    except ValidationError:
        # A key or a number that nothing but this file could have held: shown as it is.
        return Job.model_construct(None, **fields)


def _told(phase: Phase, fields: dict[str, Any], damage: Mapping[str, str]) -> dict[str, Any]:
    """What a damaged job says: an ended one keeps its state, any other one needs a manual decision."""
    if phase in (Phase.DONE, Phase.FAILED):
        notice = Notice(
            code="journal.damaged",
            detail=f"what the journal stored of this job is partly unreadable: {_shown(damage)}",
            detail_pl="Część zapisu tego dokumentu w dzienniku programu jest uszkodzona.",
        )
        return {"warnings": (*fields["warnings"], notice)}
    return {"state": JobState.UNDECIDED, "error": damaged(phase, damage)}


def damaged(phase: Phase, damage: Mapping[str, str]) -> Problem:
    """Why a job that was still open when it could not be read any more is undecided."""
    sent = "nothing of it was sent" if phase is Phase.ACCEPTED else "it may have been printed"
    return problem(
        "journal.damaged",
        reason=f"{', '.join(damage)} cannot be read any more; by its phase ({phase}) {sent}",
        extra={"cause": "damaged", "stored": dict(damage)},
    )


def _shown(damage: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {text[:200]}" for name, text in damage.items())


class Unread(NamedTuple):
    """A job as it stands in the file: to read it takes longer than to fetch it, and can be done in any thread."""

    id: int
    row: tuple[Any, ...]

    def entry(self) -> Entry:
        """The job."""
        return entry(self.row)


class Change(NamedTuple):
    """A change of a job, which is read when it is asked for; see ``Unread``."""

    id: int
    """The cursor of the event stream."""
    at: datetime
    state: JobState
    """What it changed to at that time."""
    row: tuple[Any, ...]

    @property
    def job(self) -> Job:
        """The job as it is now."""
        return entry(self.row).job


def change(number: int, at: str, phase: str, *row: Any) -> Change:
    """A change as it stands in the file."""
    return Change(number, moment(at) or moment(row[-1]) or _NEVER, Phase(phase).state, row)


def plain(value: Any) -> Any:
    """A value of a job as it is stored."""
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, tuple):
        return NOTICES.dump_json(value).decode()
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value.model_dump_json()
