"""What fiscald knows about a printer, and how old it is."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime, Field

from fiscald.model.jobs import Notice
from fiscald.model.problems import Problem
from fiscald.model.programs import PrinterGateway
from fiscald.model.strict import Strict


class PrinterState(StrEnum):
    """One word for a printer's situation."""

    STARTING = "starting"
    """fiscald has not read its status yet."""
    READY = "ready"
    PRINTING = "printing"
    """Printing a document of fiscald."""
    BUSY = "busy"
    """Working on something else, or a document of another program is open on it."""
    # Conditions of the printer; ``conditions.CONDITIONS`` says what each means and who ends it.
    PAPER_OUT = "paper_out"
    COVER_OPEN = "cover_open"
    ATTENTION = "attention"
    """Needs operator attention: a question or a menu is on its display."""
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
    """Another printer is connected than the one in the journal."""
    UNDECIDED = "undecided"
    """Printing is stopped: an earlier document needs a manual decision."""
    BEHIND = "behind"
    """The journal may be incomplete; printing is stopped until a person confirms it."""


class Identity(Strict):
    """The identity that the printer reports."""

    printer_id: str = Field(description="unique number")
    model: str | None = None
    firmware: str | None = None
    fiscal: bool = Field(description="false: not fiscalised, it prints training documents")
    nip: str | None = Field(default=None, description="the taxpayer in its fiscal memory, if the family can read it")
    profile: str = Field(description="the family's profile that fiscald uses for it")

    @property
    def emulated(self) -> bool:
        """Whether it is an emulated printer: only the unique numbers of emulated printers begin with EMU."""
        return self.printer_id.startswith("EMU")


class Counters(Strict):
    """The printer's counters, with the same names for every family."""

    daily_report: int = Field(description="number of the next daily report, which closes the open day")
    last_receipt: int = Field(
        description="number of the last receipt of the open day, as printed on it; 0: no receipt in the open day"
    )
    receipts: int = Field(description="completed receipts of the open day, or of all days (Novitus in XML)")
    invoices: int = Field(
        default=0,
        description="completed invoices, if the printer prints any: of the open day, or of all days (Thermal)",
    )
    cancelled: int | None = Field(default=None, description="cancelled receipts of the open day")
    printouts: int = Field(description="running number of printed documents of any kind")


class Condition(Strict):
    """Whether the printer can print right now."""

    state: PrinterState
    problem: Problem | None = None
    paper_low: bool | None = None
    idle: bool = Field(default=False, description="the printer reports that no command is waiting or running")
    document_open: bool | None = Field(default=None, description="whether a document is open on it; null: not known")


class Snapshot(Strict):
    """Everything that fiscald read from a printer in one query of its status."""

    identity: Identity
    condition: Condition
    standing: Problem | None = Field(
        default=None, description="a condition that only this query shows, and that some documents wait for"
    )
    counters: Counters
    rates: dict[str, str | None] = Field(description='letter -> "23%", "exempt", or null where inactive')
    clock: AwareDatetime | None = None
    clock_exact: bool = Field(default=False, description="whether the printer reports its time with seconds")
    transaction_open: bool
    day_open: bool = Field(description="sales since the last daily report")
    records_free: int | None = Field(
        default=None, description="daily reports for which the fiscal memory has room; null: the printer does not say"
    )
    device: dict[str, Any] = Field(default_factory=dict)


class Ages(Strict):
    """The age of each part of a printer's status, in milliseconds; null: never read."""

    state: int | None = Field(default=None, description="state and problem")
    paper_low: int | None = None
    counters: int | None = None
    identity: int | None = None
    vat: int | None = None
    clock: int | None = Field(default=None, description="time since the printer's clock showed `clock`")
    day_open: int | None = None


class PrinterStatus(Strict):
    """A printer's status as the API returns it, from memory."""

    name: str
    family: str
    address: str
    state: PrinterState
    problem: Problem | None = None
    warnings: tuple[Notice, ...] = Field(
        default=(), description="what a person should know although the printer can print"
    )
    age_ms: int | None = Field(default=None, description="time since the printer last answered; null: never")
    ages: Ages = Field(default_factory=Ages, description="time since fiscald last read each part, in milliseconds")
    stale: bool = Field(description="true: the values that follow are the last known ones, not the current ones")
    identity: Identity | None = None
    counters: Counters | None = None
    vat: dict[str, str | None] | None = None
    clock: AwareDatetime | None = None
    paper_low: bool | None = None
    day_open: bool | None = None
    documents: tuple[str, ...] = Field(description="the types of document that it supports")
    job: str | None = Field(default=None, description="key of the running job")
    queue: int = Field(default=0, description="accepted jobs that are waiting")
    strays: int = Field(default=0, description="unexpected replies since the daemon started")
    damaged: int = Field(default=0, description="replies damaged on the line since the daemon started")
    gateway: PrinterGateway | None = Field(
        default=None, description="where programs that speak a printer's protocol print on it; null: nowhere"
    )
