"""A job: the durable record of one document, and the answer an application gets."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from fiscald.model.documents import Document, IfInterrupted
from fiscald.model.money import Money
from fiscald.model.problems import Problem
from fiscald.model.strict import Strict

#: An application's own name for a job, minted when the sale is born and reused by every retry.
Key = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:/-]{1,128}$")]


class JobState(StrEnum):
    """Where a job stands."""

    ACCEPTED = "accepted"
    """Durable; waiting for its turn or for the printer. Nothing was sent."""
    RUNNING = "running"
    """Being carried out, or interrupted and its outcome being found out."""
    DONE = "done"
    """The printer holds it."""
    FAILED = "failed"
    """The printer does not hold it; ``error`` says why."""
    UNDECIDED = "undecided"
    """The printer itself cannot tell; it needs a manual decision."""

    @property
    def final(self) -> bool:
        """Whether the job changes no more without a person."""
        return self in (JobState.DONE, JobState.FAILED, JobState.UNDECIDED)


class Paper(StrEnum):
    """What is known about the sheet of paper, apart from the fiscal memory."""

    NONE = "none"
    """Nothing (complete) was printed."""
    PRINTED = "printed"
    PENDING = "pending"
    """Registered; the printer has still to print the rest (no paper, cover open)."""
    UNKNOWN = "unknown"


class Notice(Strict):
    """Something that was printed otherwise than asked, or is worth knowing, though the document is good."""

    code: str
    detail: str
    detail_pl: str
    pointer: str | None = None


class Result(Strict):
    """What the printer made of a document that it holds."""

    number: int | None = Field(
        default=None,
        description="the printer's number of this document: receipt of the open day, daily report",
    )
    daily_report: int | None = Field(default=None, description="the daily report this document belongs to")
    printer_id: str = Field(description="the printer's unique number")
    fiscal: bool = Field(default=True, description="false: the printer is in training mode; nothing of it is fiscal")
    printed_at: AwareDatetime | None = Field(default=None, description="by the printer's clock")
    total: Money | None = None
    device: dict[str, Any] = Field(default_factory=dict, description="the printer's own counters, vendor's names")


#: What a person can decide.
Verdict = Literal["printed", "not_printed"]


class Resolution(Strict):
    """A person's decision about an undecided job."""

    verdict: Verdict
    number: Annotated[int, Field(strict=True, ge=1, le=2**31)] | None = Field(
        default=None, description="the number on the paper, if it was printed"
    )
    by: Annotated[str, Field(min_length=1, max_length=100)] = Field(description="who decided")
    note: Annotated[str, Field(max_length=1000)] = ""


class JournalConfirmation(Strict):
    """A person has compared the journal with the printer's paper: from now on both count as the same past."""

    by: Annotated[str, Field(min_length=1, max_length=100)] = Field(description="who confirms")
    note: Annotated[str, Field(max_length=1000)] = ""
    waiting: Literal["undecided", "print"] = Field(
        default="undecided",
        description="what becomes of documents that wait, where the journal may be an older copy and they may have "
        "been printed already: each becomes undecided, for a person to look for it on paper; or all are printed now",
    )


class DamagedDocument(Strict):
    """A document that cannot be read any more where it is stored. Never submitted."""

    type: Literal["damaged"] = "damaged"
    text: str = Field(description="what stands in the journal in its place")


class Job(Strict):
    """One document's durable record, as the API answers it."""

    key: Key
    printer: str
    state: JobState
    document: Document | DamagedDocument
    deadline: AwareDatetime | None = None
    expect_last: int | None = None
    if_interrupted: IfInterrupted = IfInterrupted.REPEAT
    result: Result | None = None
    paper: Paper = Paper.NONE
    warnings: tuple[Notice, ...] = ()
    error: Problem | None = None
    waiting: Problem | None = Field(default=None, description="why it is not going on right now")
    evidence: dict[str, Any] | None = Field(
        default=None, description="what the printer said about itself, with its family and version"
    )
    resolution: Resolution | None = None
    attempts: int = 0
    created_at: AwareDatetime
    updated_at: AwareDatetime
