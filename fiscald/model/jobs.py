"""A job: the durable record of one document, and the answer an application gets."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from fiscald.model.documents import Document, IfInterrupted
from fiscald.model.e_receipt import EReceiptState
from fiscald.model.money import Balance, Money
from fiscald.model.problems import Problem
from fiscald.model.programs import Program
from fiscald.model.strict import Strict

#: The application's own name for a job. The application creates it with the sale and uses it for every retry.
Key = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:/-]{1,128}$")]


class JobState(StrEnum):
    """The state of a job."""

    ACCEPTED = "accepted"
    """Stored; it waits for its turn or for the printer. Nothing was sent."""
    RUNNING = "running"
    """fiscald carries it out, or was interrupted and finds out the outcome."""
    DONE = "done"
    """The printer has registered it."""
    FAILED = "failed"
    """The printer has not registered it; ``error`` says why."""
    UNDECIDED = "undecided"
    """The printer itself cannot tell; it needs a manual decision."""

    @property
    def final(self) -> bool:
        """Whether the state is final unless a person changes it."""
        return self in (JobState.DONE, JobState.FAILED, JobState.UNDECIDED)


class Phase(StrEnum):
    """The phase of a job, finer than its state."""

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
        """The state of the job."""
        return JobState.RUNNING if self in (Phase.STARTED, Phase.COMMITTING) else JobState(self.value)


class Paper(StrEnum):
    """What is known about the sheet of paper, apart from the fiscal memory."""

    NONE = "none"
    """Nothing (complete) was printed."""
    PRINTED = "printed"
    PENDING = "pending"
    """Registered, but the printer still has to print the rest (no paper, cover open)."""
    UNKNOWN = "unknown"
    """It may have been printed: the document is undecided, or its last command is on its way."""


class Notice(Strict):
    """A warning about a valid document: the printer changed something, or a person should know something."""

    code: str
    detail: str
    detail_pl: str
    pointer: str | None = None


class VatTotal(Strict):
    """What a document sold at one rate."""

    vat: str = Field(description="letter of the printer's table")
    rate: str = Field(description="percentage, or exempt", examples=["23%", "exempt"])
    gross: Money
    tax: Money = Field(description="contained in gross: gross times rate / (100 + rate), rounded half up")


class Result(Strict):
    """What the printer registered for a document."""

    number: int | None = Field(
        default=None,
        description="the printer's number of this document: receipt or invoice of the open day, daily report",
    )
    daily_report: int | None = Field(default=None, description="the daily report this document belongs to")
    printer_id: str = Field(description="the printer's unique number")
    fiscal: bool = Field(default=True, description="false: the printer is in training mode; the document is not fiscal")
    printed_at: AwareDatetime | None = Field(default=None, description="by the printer's clock")
    total: Money | None = None
    totals: tuple[VatTotal, ...] | None = Field(
        default=None,
        description="the total of a receipt by VAT rate. Null where fiscald cannot know it: the printer spread a "
        "discount or surcharge on the whole receipt over several rates and does not report how",
    )
    due: Balance | None = Field(
        default=None, description="what was paid: total and packaging together; negative: what the customer got"
    )
    e_receipt: EReceiptState | None = Field(
        default=None, description="the e-receipt, if one was asked for; it may change after the job is done"
    )
    device: dict[str, Any] = Field(default_factory=dict, description="the printer's own counters, vendor's names")


#: What a person can decide.
Verdict = Literal["printed", "not_printed"]


class Resolution(Strict):
    """A person's decision about an undecided job."""

    verdict: Verdict
    number: Annotated[int, Field(strict=True, ge=1, le=2**31)] | None = Field(
        default=None, description="the number on the paper, if the document was printed"
    )
    by: Annotated[str, Field(min_length=1, max_length=100)] = Field(description="who decided")
    note: Annotated[str, Field(max_length=1000)] = ""


class JournalConfirmation(Strict):
    """A person confirms: the journal was compared with the printer's paper, and new documents can be printed."""

    by: Annotated[str, Field(min_length=1, max_length=100)] = Field(description="who confirms")
    note: Annotated[str, Field(max_length=1000)] = ""
    waiting: Literal["undecided", "print"] = Field(
        default="undecided",
        description="what to do with waiting documents if the journal may be an older copy and they may have been "
        "printed already: undecided (a person looks for each on paper), or print (all of them now)",
    )


class DamagedDocument(Strict):
    """A stored document that fiscald can no longer read. An application cannot submit it."""

    type: Literal["damaged"] = "damaged"
    text: str = Field(description="the raw text in the journal")


class Job(Strict):
    """The stored record of one document, as the API returns it."""

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
    waiting: Problem | None = Field(default=None, description="why the job cannot continue right now")
    evidence: dict[str, Any] | None = Field(
        default=None, description="what the printer said about itself, with its family and version"
    )
    resolution: Resolution | None = None
    program: Program | None = Field(
        default=None, description="the program that sent it through a gateway; null: an application of this API"
    )
    attempts: int = 0
    created_at: AwareDatetime
    updated_at: AwareDatetime


class JobEvent(Strict):
    """One thing that happened to a job."""

    id: int = Field(description="the same as in the event stream; events are in the order of their ids")
    at: AwareDatetime
    state: JobState = Field(description="the state that the job had from then on")
    phase: Phase = Field(
        description="finer: `started` and `committing` (the last command may have been sent) are `running`"
    )
    problem: Problem | None = Field(
        default=None, description="why: what interrupted it, what it waits for, why it failed or is undecided"
    )
    resolution: Resolution | None = Field(
        default=None, description="the decision of a person, if that is what happened"
    )
