"""The mirror of a real printer in an emulated one: what fiscald last read of it, and nothing invented."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from fiscald.emulator.faults import Switch
from fiscald.emulator.memory import RATES
from fiscald.emulator.paper import Paper, Printout
from fiscald.emulator.register import Register
from fiscald.gateway.day import Day, Shown
from fiscald.model.printers import Counters, Identity, PrinterState, PrinterStatus

#: What the face shows in each state of the printer. In the others it shows a ready printer.
SWITCHES: dict[PrinterState, Switch] = {
    PrinterState.STARTING: Switch.PAPER_OUT,
    PrinterState.PAPER_OUT: Switch.PAPER_OUT,
    PrinterState.COVER_OPEN: Switch.COVER,
    PrinterState.ATTENTION: Switch.WAIT_KEY,
    PrinterState.BATTERY: Switch.BATTERY,
    PrinterState.NO_POWER: Switch.NO_POWER,
    PrinterState.UNAUTHORISED: Switch.UNAUTHORISED,
    PrinterState.GOODS_FULL: Switch.GOODS_FULL,
    PrinterState.LOCKED: Switch.LOCKED,
    PrinterState.WRONG_PROTOCOL: Switch.WRONG_PROTOCOL,
    PrinterState.COPY_BLOCKED: Switch.COPY_BLOCKED,
    PrinterState.REPORT_DUE: Switch.REPORT_REQUIRED,
    PrinterState.TOTALS_FULL: Switch.TOTALS_FULL,
    PrinterState.TEXTS_FULL: Switch.REPORT_REQUIRED,
    PrinterState.CHANGE_DUE: Switch.CHANGE_DUE,
    PrinterState.NO_HEADER: Switch.NO_HEADER,
    PrinterState.NO_RATES: Switch.NO_RATES,
    PrinterState.NO_CLOCK: Switch.NO_CLOCK,
    PrinterState.MEMORY_FULL: Switch.MEMORY_FULL,
    PrinterState.JUMPER: Switch.JUMPER,
    PrinterState.READ_ONLY: Switch.READ_ONLY,
    PrinterState.OUT_OF_ORDER: Switch.MECHANISM,
    PrinterState.OFFLINE: Switch.PAPER_OUT,
    PrinterState.SWAPPED: Switch.PAPER_OUT,
    PrinterState.BEHIND: Switch.PAPER_OUT,
    PrinterState.UNDECIDED: Switch.WAIT_KEY,
}


class MirrorRegister(Register):
    """A register that holds an open document and the rates. It prints nothing and keeps no sheets."""

    def emit(self, kind: str, paper: Paper, facts: dict[str, object]) -> Printout:
        """Raises ``AssertionError``: only the printer behind prints."""
        raise AssertionError(f"the mirror of a printer printed a {kind}")


class Mirror:
    """What the face of a gateway shows of the printer behind it."""

    def __init__(
        self, status: Callable[[], PrinterStatus], host_time: Callable[[], datetime], day: Day | None = None
    ) -> None:
        """``status`` reads it from the engine's memory; ``host_time`` is this computer's, aware.

        ``day``: what the journal has of the open day, for a face that must show totals.
        """
        self._read = status
        self._host_time = host_time
        self.day = day
        self.register = MirrorRegister(clock=self.printer_time)
        self.status = status()
        self._frozen: Counters | None = None
        self._frozen_day: Shown | None = None
        self._table: dict[str, str | None] | None = None

    def refresh(self) -> frozenset[Switch]:
        """Read the status again; returns the conditions that the face shows."""
        self.status = self._read()
        vat = self.status.vat
        if vat is not None and vat != self._table:
            self._table = vat
            self.register.state.rates = [_rate(vat.get(letter)) for letter in "ABCDEFG"[:RATES]]
        if self.status.identity is not None:
            self.register.state.fiscal = self.status.identity.fiscal
        shown = {SWITCHES[self.status.state]} if self.status.state in SWITCHES else set()
        return frozenset(shown | ({Switch.PAPER_LOW} if self.status.paper_low else set()))

    @property
    def known(self) -> bool:
        """Whether fiscald has reached the printer since its start. Until then the face is switched off."""
        return self.status.identity is not None and self.status.counters is not None and self.status.vat is not None

    @property
    def identity(self) -> Identity:
        """The printer's identity; it must be known."""
        assert self.status.identity is not None
        return self.status.identity

    @property
    def counters(self) -> Counters:
        """The printer's counters, or those from the opening of the document that is open; they must be known."""
        assert self.status.counters is not None
        return self._frozen or self.status.counters

    @property
    def shown(self) -> Shown | None:
        """The totals of the open day, with the counters of the same moment; ``None``: not read yet."""
        return self._frozen_day or (None if self.day is None else self.day.shown)

    def freeze(self) -> None:
        """A document opens: other programs' documents are shown after it ends, as if they came then."""
        self._frozen, self._frozen_day = self.status.counters, self.shown

    def thaw(self) -> None:
        """The document has ended."""
        self._frozen = self._frozen_day = None

    def printer_time(self) -> datetime:
        """The time that the printer's clock shows now; this computer's where the printer does not report one."""
        age = self.status.ages.clock
        if self.status.clock is None or age is None:
            return self._host_time()
        return self.status.clock + timedelta(milliseconds=age)


def _rate(said: str | None) -> Decimal | str | None:
    return said if said is None or said == "exempt" else Decimal(said.removesuffix("%"))
