"""The inside of an emulated POSNET printer: requests in, values or error numbers out.

Legality comes from the grammar, arithmetic and counters from the register, paper from the layout. What each
command does stands in ``status``, ``sale`` and ``service``, in functions named like the commands.
Source: POSNET reference, sections 5, 6 and 11.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fiscald.emulator.device import Display
from fiscald.emulator.faults import Faults, Switch
from fiscald.emulator.paper import Printout
from fiscald.emulator.posnet.layout import Foot, Sheet
from fiscald.emulator.posnet.memory import Footer, PosnetMemory, document_of
from fiscald.emulator.posnet.refusals import refusal
from fiscald.emulator.refusal import Refusal, RegisterError
from fiscald.emulator.register import Register
from fiscald.protocols.posnet import grammar
from fiscald.protocols.posnet.fields import Generation
from fiscald.protocols.posnet.grammar import State
from fiscald.protocols.posnet.profiles import Profile

#: The printer's number for each of the register's refusals (POSNET reference, sections 6 and 8).
ERRORS: dict[Refusal, int] = {
    Refusal.RATE: 2000, Refusal.PRICE: 2006, Refusal.QUANTITY: 2007, Refusal.LINE_VALUE: 2802,
    Refusal.LINE_ZERO: 2009, Refusal.DISCOUNT: 2801, Refusal.DISCOUNT_ALL: 1985, Refusal.DISCOUNT_ZERO: 1984,
    Refusal.DISCOUNT_BASE: 1983, Refusal.PAYMENT_RANGE: 1952, Refusal.PACKAGING_RANGE: 1958, Refusal.NO_LINE: 2060,
    Refusal.STORNO_VALUE: 2852, Refusal.STORNO_QUANTITY: 2851, Refusal.GOODS_LOCKED: 2106,
    Refusal.GOODS_FULL: 2101, Refusal.TOTAL_RANGE: 1957, Refusal.DAY_RANGE: 2010, Refusal.PAYMENT_ZERO: 1962,
    Refusal.PAYMENT_COVERED: 1953, Refusal.CHANGE_LARGE: 1961, Refusal.PACKAGING_VALUE: 2803,
    Refusal.TOTAL_ZERO: 2041, Refusal.TOTAL: 2805, Refusal.PACKAGING_GIVEN: 2806, Refusal.PACKAGING_TAKEN: 2807,
    Refusal.PAID: 2808, Refusal.CHANGE: 2809, Refusal.NOT_COVERED: 2054, Refusal.CASH_NEGATIVE: 503,
    Refusal.CASH_RANGE: 502, Refusal.REPORT_ZERO: 382, Refusal.REPORT_REQUIRED: 383, Refusal.NO_RECORD: 384,
    Refusal.NO_HEADER: 2002, Refusal.NO_RATES: 2004, Refusal.RATES_SAME: 2028,
    Refusal.RATES_INACTIVE: 2030, Refusal.TOTALS_NOT_ZERO: 2035, Refusal.CLOCK_SET: 2021,
    Refusal.CLOCK_RANGE: 2024, Refusal.CLOCK_DIFFERENCE: 2023, Refusal.CLOCK_BEFORE_RECORD: 2025,
}  # fmt: skip


class ExecError(Exception):
    """An execution error, ``mnemonic|?N``."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(str(number))


class NeedsConfirmation(Exception):
    """The command asks the person at the keyboard; ``go`` carries it out once confirmed."""

    def __init__(self, go: Callable[[], dict[str, Any]], display: Display) -> None:
        self.go = go
        self.display = display
        super().__init__("waits for the keyboard")


Values = dict[str, Any]


#: Carries out one command of a machine; may raise ``ExecError``, ``NeedsConfirmation``, ``FieldFault``,
#: ``RegisterError``.
Handler = Callable[["Machine", Values], Values | None]


class Machine:
    """A POSNET printer without its port."""

    def __init__(
        self,
        register: Register,
        faults: Faults,
        profile: Profile,
        width: int,
        handlers: Mapping[str, Handler],
        printed: Callable[[Printout], None],
    ) -> None:
        self.register = register
        self.faults = faults
        self.width = width
        self.online = profile.generation is Generation.ONLINE
        register.state.cancelled_numbered = self.online
        register.memory.training = lambda: faults.on(Switch.NOT_FISCAL)
        self.model = "POSNET THERMAL XL2 ONLINE EMU" if self.online else "POSNET THERMAL HS FV EMU"
        self.firmware = "1.01" if self.online else "1.02"
        self._handlers = handlers
        self._printed = printed
        self.read_stored()

    @property
    def memory(self) -> PosnetMemory:
        """The family's part of the memory; it survives a power cut."""
        face = self.register.state.face
        if not isinstance(face, PosnetMemory):
            face = self.register.state.face = PosnetMemory.of(face)
        return face

    def read_stored(self) -> None:
        """Read the family's part of the stored state. Raises ``ValidationError``."""
        state = self.register.state
        state.face = PosnetMemory.of(state.face)
        for transaction in filter(None, (state.transaction, state.closing)):
            document_of(transaction)

    @property
    def state(self) -> State:
        """The open document, by the grammar."""
        return self.memory.state

    @property
    def fiscal(self) -> bool:
        """Whether the device is fiscalised; otherwise it prints training documents."""
        return self.register.fiscal

    def check_state(self, mnemonic: str, values: Values) -> None:
        """Raises ``ExecError`` where the command is not legal now."""
        error = grammar.refusal(mnemonic, self.state, storno=bool(values.get("st")))
        if error is not None:
            raise ExecError(error)

    def execute(self, mnemonic: str, values: Values) -> Values:
        """Carry out a command. Raises ``ExecError``, ``NeedsConfirmation``, or ``FieldFault`` for a missing choice."""
        self.check_state(mnemonic, values)
        refused = refusal(mnemonic, self.faults.switches)
        if refused is not None:
            raise ExecError(refused)
        handler = self._handlers.get(mnemonic)
        return self.finish(mnemonic, values, lambda: handler(self, values) if handler else None)

    def finish(self, mnemonic: str, values: Values, go: Callable[[], Values | None]) -> Values:
        """Carry out what ``go`` does for a legal command, and move on. Raises ``ExecError``."""
        try:
            reply = go()
        except RegisterError as refused:
            raise ExecError(ERRORS[refused.refusal]) from None
        after = grammar.after(mnemonic, self.state, footer_kept=values.get("fe") is False)
        if after is not self.state:
            self.memory.state = after
        return reply or {}

    def sheet(self) -> Sheet:
        """A new sheet, with what was configured for the next printout; that is used up."""
        memory, state = self.memory, self.register.state
        kept, pending = memory.kept, memory.pending
        foot = Foot(
            cashier=pending.cc or kept.cc or state.cashier,
            till=pending.cn or kept.cn or state.till,
            system_number=pending.sn or "",
            barcode=pending.bc or "",
            code=memory.code if pending.bb else None,
            lines=memory.footer,
            cut=pending.fe == 0,
        )
        if pending.bb:
            memory.code = None
        memory.pending, memory.footer = Footer(), []
        return Sheet(self.register, self.width, foot)

    def emit(self, kind: str, sheet: Sheet, **facts: Any) -> None:
        """A finished sheet leaves the printer."""
        bound = self.memory.take_binding(kind)
        if bound is not None:
            bound.sent = not self.faults.on(Switch.NO_SERVER)
            facts |= {"e_document": bound.number, "customer": bound.customer}
        printout = self.register.emit(kind, sheet.paper, facts)
        if not self.register.state.footer_kept:
            self.register.state.footer = ""
        self._printed(printout)
