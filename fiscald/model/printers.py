"""What is known about a printer, and how fresh it is."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime, Field

from fiscald.model.jobs import Notice
from fiscald.model.problems import Problem
from fiscald.model.strict import Strict


class PrinterState(StrEnum):
    """One word for a printer's situation."""

    STARTING = "starting"
    """Not asked yet."""
    READY = "ready"
    PRINTING = "printing"
    """Carrying out one of our documents."""
    BUSY = "busy"
    """Working on something that is not ours, or holding another program's open document."""
    # Conditions of the printer; what each means, and who ends it, stands in ``conditions.CONDITIONS``.
    PAPER_OUT = "paper_out"
    COVER_OPEN = "cover_open"
    ATTENTION = "attention"
    """Waiting for a person: a question or a menu on its display."""
    BATTERY = "battery"
    NO_POWER = "no_power"
    UNAUTHORISED = "unauthorised"
    GOODS_FULL = "goods_full"
    LOCKED = "locked"
    WRONG_PROTOCOL = "wrong_protocol"
    COPY_BLOCKED = "copy_blocked"
    REPORT_DUE = "report_due"
    TOTALS_FULL = "totals_full"
    TEXTS_FULL = "texts_full"
    CHANGE_DUE = "change_due"
    NO_HEADER = "no_header"
    NO_RATES = "no_rates"
    NO_CLOCK = "no_clock"
    MEMORY_FULL = "memory_full"
    JUMPER = "jumper"
    READ_ONLY = "read_only"
    OUT_OF_ORDER = "out_of_order"
    OFFLINE = "offline"
    """Cannot be reached; ``problem`` says why."""
    SWAPPED = "swapped"
    """Another printer than the journal knows is connected."""
    UNDECIDED = "undecided"
    """Printing stopped until an earlier document is decided by hand."""
    BEHIND = "behind"
    """The journal may not know everything that was printed; printing stopped until a person confirms."""


class Identity(Strict):
    """Who the printer says it is."""

    printer_id: str = Field(description="unique number")
    model: str | None = None
    firmware: str | None = None
    fiscal: bool = Field(description="false: not fiscalised, prints training documents")
    nip: str | None = Field(default=None, description="the taxpayer in its fiscal memory, where the family can say it")
    profile: str = Field(description="the family's profile that is used for it")

    @property
    def emulated(self) -> bool:
        """Whether it is an emulated printer: the unique number of every one begins with EMU, and of no real one."""
        return self.printer_id.startswith("EMU")


class Counters(Strict):
    """The printer's counters in neutral words."""

    daily_report: int = Field(description="number of the daily report the open day will get")
    last_receipt: int = Field(
        description="number of the last receipt of the open day, as printed on it; 0: no receipt in the open day"
    )
    receipts: int = Field(description="completed receipts of the open day")
    cancelled: int | None = Field(default=None, description="cancelled receipts of the open day")
    printouts: int = Field(description="running number of printed documents of any kind")


class Condition(Strict):
    """Whether the printer can print right now."""

    state: PrinterState
    problem: Problem | None = None
    paper_low: bool | None = None
    idle: bool = Field(default=False, description="the printer says itself that no command waits or is being executed")
    document_open: bool | None = Field(default=None, description="whether a document is open on it; null: not asked")


class Snapshot(Strict):
    """Everything a printer told about itself in one look."""

    identity: Identity
    condition: Condition
    standing: Problem | None = Field(
        default=None, description="a condition that nothing but this look shows, and that some documents wait for"
    )
    counters: Counters
    rates: dict[str, str | None] = Field(description='letter -> "23%", "exempt", or null where inactive')
    clock: AwareDatetime | None = None
    transaction_open: bool
    day_open: bool = Field(description="sales since the last daily report")
    records_free: int | None = Field(
        default=None, description="daily reports that the fiscal memory still takes; null: it does not tell"
    )
    device: dict[str, Any] = Field(default_factory=dict)


class Ages(Strict):
    """How old each part of a printer's status is, in milliseconds; null: it was never told."""

    state: int | None = Field(default=None, description="state and problem")
    paper_low: int | None = None
    counters: int | None = None
    identity: int | None = None
    vat: int | None = None
    clock: int | None = Field(default=None, description="the printer's clock had the time in `clock` so long ago")
    day_open: int | None = None


class PrinterStatus(Strict):
    """A printer as the API answers it, from memory."""

    name: str
    family: str
    address: str
    state: PrinterState
    problem: Problem | None = None
    warnings: tuple[Notice, ...] = Field(default=(), description="what a person should know, though it can print")
    age_ms: int | None = Field(default=None, description="since the printer last answered; null: never")
    ages: Ages = Field(default_factory=Ages, description="since each part was last told, in milliseconds")
    stale: bool = Field(description="true: what follows is the last known, not the present")
    identity: Identity | None = None
    counters: Counters | None = None
    vat: dict[str, str | None] | None = None
    clock: AwareDatetime | None = None
    paper_low: bool | None = None
    day_open: bool | None = None
    documents: tuple[str, ...] = Field(description="the kinds of document it can do")
    job: str | None = Field(default=None, description="key of the job being carried out")
    queue: int = Field(default=0, description="accepted jobs that wait")
    strays: int = Field(default=0, description="answers that nothing waited for, since the daemon started")
    damaged: int = Field(default=0, description="answers that the line damaged, since the daemon started")
