"""Faults on demand, addressed by position or command, never by chance: a test run is repeatable.

Two kinds. A *switch* is a lasting condition of the device (no paper, cover open); it stays until it is taken
back. A *fault* happens once, to the n-th next command, or to the n-th next command of a name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from fiscald.emulator.wording import unknown


class Switch(StrEnum):
    """Lasting conditions."""

    PAPER_OUT = "paper_out"
    PAPER_LOW = "paper_low"
    COVER = "cover"
    LEVER = "lever"
    MECHANISM = "mechanism"
    """The mechanism or its controller has failed."""
    MENU = "menu"
    WAIT_KEY = "wait_key"
    """A question is on the display; ``press`` answers it."""
    QUEUE_FULL = "queue_full"
    UNAUTHORISED = "unauthorised"
    NOT_FISCAL = "not_fiscal"
    NO_HEADER = "no_header"
    NO_RATES = "no_rates"
    REPORT_REQUIRED = "report_required"
    GOODS_FULL = "goods_full"
    NO_CLOCK = "no_clock"
    """The clock has lost the time."""
    BATTERY = "battery"
    JUMPER = "jumper"
    """The service jumper is in."""
    MEMORY_FULL = "memory_full"
    """The fiscal memory takes no more records."""
    NO_POWER = "no_power"
    """Mains power is missing."""
    TOTALS_FULL = "totals_full"
    """The totals of the day can hold no more sales."""
    CHANGE_DUE = "change_due"
    """A programmed change of rates or currency is due."""
    COPY_BLOCKED = "copy_blocked"
    """The electronic copy cannot be written."""
    READ_ONLY = "read_only"
    LOCKED = "locked"
    """The settings lock a function, or all sales."""
    WRONG_PROTOCOL = "wrong_protocol"
    NO_SERVER = "no_server"
    """E-receipts do not reach their server."""
    QUEUE_LOST = "queue_lost"
    """A printer that keeps a queue of jobs forgets it when power goes."""
    CANCEL_REFUSED = "cancel_refused"
    """A POSNET printer refuses to cancel where nothing is open, as one client describes its own."""


class FaultKind(StrEnum):
    """What can happen once."""

    DROP_BEFORE = "drop_before"
    """The command is lost: neither executed nor answered."""
    DROP_AFTER = "drop_after"
    """Executed, the answer is lost."""
    LATE = "late"
    """Executed, answered after ``seconds``, possibly after later answers."""
    SPLIT = "split"
    """The answer comes in two pieces, ``seconds`` apart."""
    DUPLICATE = "duplicate"
    BAD_CRC = "bad_crc"
    TRUNCATE = "truncate"
    """The answer is cut before its end."""
    NOISE = "noise"
    """Random bytes before the answer."""
    CORRUPT_IN = "corrupt_in"
    """The command arrives damaged and is refused as such."""
    POWER_CUT_BEFORE = "power_cut_before"
    """The device loses power before it executes the command."""
    POWER_CUT_AFTER = "power_cut_after"
    """The device loses power when the command is executed and not yet answered."""
    FOREIGN_RECEIPT = "foreign_receipt"
    """Another program completes a receipt just before the command."""
    KEYPAD_CANCEL = "keypad_cancel"
    """A person cancels the open document on the printer just before the command."""
    KEYPAD_REPORT = "keypad_report"
    """A person makes the daily report on the printer just before the command."""
    SWITCH = "switch"
    """The condition ``switch`` begins when the command does."""
    HANG_UP_BEFORE = "hang_up_before"
    """The command is lost, and the connection is closed."""
    HANG_UP_AFTER = "hang_up_after"
    """Executed, the connection is closed instead of an answer."""
    STATUS_BEFORE = "status_before"
    """Not executed; the answer is the HTTP status ``status``. With 401, 403 and 429 the token is gone, too."""
    STATUS_AFTER = "status_after"
    """Executed; the answer is the HTTP status ``status``."""
    PAGE_BEFORE = "page_before"
    """Not executed; a proxy answers with a page of HTML and the HTTP status ``status``."""
    PAGE_AFTER = "page_after"
    """Executed; a proxy answers with a page of HTML and the HTTP status ``status``."""


#: What happens only where answers have an HTTP status.
STATUS_KINDS = frozenset({FaultKind.STATUS_BEFORE, FaultKind.STATUS_AFTER, FaultKind.PAGE_BEFORE, FaultKind.PAGE_AFTER})
#: What happens only to printers that speak HTTP.
HTTP_KINDS = STATUS_KINDS | {FaultKind.HANG_UP_BEFORE, FaultKind.HANG_UP_AFTER}
#: What happens to printers of every other protocol.
LINE_KINDS = frozenset(FaultKind) - HTTP_KINDS


class Fault(BaseModel):
    """One planned fault."""

    model_config = ConfigDict(extra="forbid")

    act: FaultKind
    command: str | None = Field(default=None, description="name of the command (default: any)")
    nth: int = Field(default=1, ge=1, description="the n-th next command of that name")
    seconds: float = Field(default=1.0, ge=0, allow_inf_nan=False)
    switch: Switch | None = None
    status: int | None = Field(default=None, ge=200, le=599, description="HTTP status of the answer (default: 503)")
    optional: bool = Field(default=False, description="a test may pass although it did not happen")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.act is FaultKind.SWITCH and self.switch is None:
            raise ValueError('the act "switch" needs a field switch that names the condition, such as "paper_out"')
        if self.act is not FaultKind.SWITCH and self.switch is not None:
            raise ValueError(f'a switch belongs to the act "switch", not to {self.act.value!r}')
        if self.status is not None and self.act not in STATUS_KINDS:
            acts = ", ".join(sorted(STATUS_KINDS))
            raise ValueError(f"a status belongs to one of the acts {acts}, not to {self.act.value!r}")
        return self


class Fired(NamedTuple):
    """A fault that happened, and the command that it happened to."""

    fault: Fault
    command: str


class Faults:
    """The plan of faults and the switches of one device."""

    def __init__(self, kinds: Collection[FaultKind] = LINE_KINDS) -> None:
        """``kinds``: what can happen to this device."""
        self.kinds = kinds
        self.switches: set[Switch] = set()
        self.planned: list[Fault] = []
        self.fired: list[Fired] = []
        """What happened so far, in order."""
        self.missed: list[Fired] = []
        """What was planned for a command of any name and met one that jumps the queue, which it cannot disturb."""
        self.commands: Collection[str] | None = None
        """The names that a command of this device can have; ``None``: any."""

    def on(self, switch: Switch) -> bool:
        """Whether that condition is present."""
        return switch in self.switches

    def any_on(self, switches: Iterable[Switch]) -> bool:
        """Whether one of those conditions is present."""
        return not self.switches.isdisjoint(switches)

    def plan(self, fault: Fault) -> None:
        """Let it happen. Raises ``ValueError`` for what never would: an unknown command, another protocol's kind."""
        if fault.act not in self.kinds:
            raise ValueError(f"the act {fault.act.value!r} happens to printers that speak HTTP; this one does not")
        if fault.command is not None and self.commands is not None and fault.command not in self.commands:
            raise ValueError(f"command {unknown(fault.command, sorted(self.commands))}")
        self.planned.append(fault)

    def clear(self) -> None:
        """No faults, no conditions. What happened stays known."""
        self.switches.clear()
        self.planned.clear()

    def named_faults(self, step: str) -> list[Fault]:
        """The faults that a step of the printer's own work triggers: those that name it. It is no command."""
        return self._triggered(step, any_name=False)

    def next_faults(self, command: str) -> list[Fault]:
        """The faults that this command triggers. Counts down those that wait for a later one.

        ``!`` in front of a name: the command jumps the queue. Only a fault that names it disturbs it.
        """
        return self._triggered(command, any_name=True)

    def _triggered(self, command: str, *, any_name: bool) -> list[Fault]:
        due: list[Fault] = []
        name = command.removeprefix("!")
        for fault in list(self.planned):
            if fault.command != name and not (any_name and fault.command is None):
                continue
            if fault.nth > 1:
                fault.nth -= 1
                continue
            self.planned.remove(fault)
            if fault.act is FaultKind.SWITCH and fault.switch is not None:
                self.switches.add(fault.switch)
            elif fault.command is None and name != command:
                self.missed.append(Fired(fault, command))
                continue
            else:
                due.append(fault)
            self.fired.append(Fired(fault, command))
        return due
