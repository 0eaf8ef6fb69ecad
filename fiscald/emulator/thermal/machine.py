"""The inside of an emulated Thermal printer: sequences in, answers and error numbers out.

Legality comes from the grammar, arithmetic and counters from the register, paper from the layout. What each
command does stands in ``status``, ``sale``, ``closing``, ``service`` and ``forms``.
Source: thermal reference, sections 3.4, 5 to 8 and 11.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fiscald.emulator.device import Display, readable
from fiscald.emulator.faults import Faults, Switch
from fiscald.emulator.layout import Foot, Sheet
from fiscald.emulator.paper import Printout
from fiscald.emulator.refusal import Refusal, RegisterError
from fiscald.emulator.register import Register
from fiscald.emulator.thermal import not_emulated
from fiscald.emulator.thermal.memory import ThermalMemory, document_of
from fiscald.emulator.thermal.refusals import refusal
from fiscald.protocols.base import Effect
from fiscald.protocols.tables import FieldFault
from fiscald.protocols.thermal import grammar
from fiscald.protocols.thermal.commands import COMMANDS, EXTENDED, RESULT, find
from fiscald.protocols.thermal.fields import Brand, Dialect
from fiscald.protocols.thermal.frames import HEADER_END, Frame, encode
from fiscald.protocols.thermal.grammar import State
from fiscald.protocols.thermal.layouts import RATE_LETTERS, Check, Layout
from fiscald.protocols.thermal.profiles import Profile
from fiscald.protocols.thermal.rows import Row

BAD_CHECK, SYNTAX, TIMED_OUT, BY_KEY = 2, 3, 96, 37
#: Replaces the identifier of a command that cannot be read (our assumption).
UNREADABLE = "??"
#: The printer's number for each of the register's refusals (sections 5 and 8; where a command has its own number
#: for one of them, its handler names it).
ERRORS: dict[Refusal, int] = {
    Refusal.RATE: 18, Refusal.PRICE: 19, Refusal.QUANTITY: 17, Refusal.LINE_VALUE: 20, Refusal.LINE_ZERO: 20,
    Refusal.DISCOUNT: 20, Refusal.DISCOUNT_ALL: 20, Refusal.DISCOUNT_ZERO: 20, Refusal.DISCOUNT_BASE: 26,
    Refusal.PAYMENT_RANGE: 26, Refusal.PACKAGING_RANGE: 19, Refusal.NO_LINE: 23,
    Refusal.STORNO_VALUE: 22, Refusal.STORNO_QUANTITY: 22, Refusal.GOODS_LOCKED: 18, Refusal.GOODS_FULL: 92,
    Refusal.TOTAL_RANGE: 94, Refusal.DAY_RANGE: 28, Refusal.PAYMENT_ZERO: 26, Refusal.PAYMENT_COVERED: 26,
    Refusal.CHANGE_LARGE: 26, Refusal.NO_PAYMENT: 93, Refusal.PACKAGING_VALUE: 19, Refusal.TOTAL_ZERO: 23,
    Refusal.TOTAL: 27, Refusal.PACKAGING_GIVEN: 26, Refusal.PACKAGING_TAKEN: 26, Refusal.PAID: 26,
    Refusal.CHANGE: 26, Refusal.NOT_COVERED: 26, Refusal.CASH_NEGATIVE: 32, Refusal.CASH_RANGE: 31,
    Refusal.REPORT_ZERO: 36, Refusal.REPORT_REQUIRED: 1116, Refusal.NO_RECORD: 4, Refusal.NO_HEADER: 40,
    Refusal.NO_RATES: 18, Refusal.RATES_SAME: 11, Refusal.RATES_INACTIVE: 11,
    Refusal.TOTALS_NOT_ZERO: 8, Refusal.CLOCK_SET: 5, Refusal.CLOCK_RANGE: 7,
    Refusal.CLOCK_DIFFERENCE: 10, Refusal.CLOCK_BEFORE_RECORD: 7,
}  # fmt: skip
#: What an Innova does not know: its clients close with ``$x`` and send nothing else (appendix A, our assumption).
NOT_ON_INNOVA = frozenset(("$y", "$N 1", "$w 0", "$w", "$w 1", "$z 4", "$z 8", "$z 12", "$z 20", "$z 24", "$z 28"))
MODELS = {
    "posnet": ("POSNET Thermal EMU", "2.02"),
    "novitus": ("NOVITUS HD ONLINE EMU", "1.60"),
    "innova": ("INNOVA Profit EMU", "4.51"),
}


class ExecError(Exception):
    """The command fails with this number."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(str(number))


class NeedsConfirmation(Exception):
    """The command asks the person at the keyboard; ``go`` carries it out once confirmed."""

    row: Row
    """What asks."""
    values: Values
    """What was sent with it."""

    def __init__(self, go: Callable[[], Values | None], display: Display) -> None:
        self.go = go
        self.display = display
        super().__init__("waits for the keyboard")


Values = dict[str, Any]

#: Carries out one command of a machine; may raise ``ExecError``, ``NeedsConfirmation`` or ``RegisterError``.
Handler = Callable[["Machine", Values], Values | None]


@dataclass
class Outcome:
    """The result of a command."""

    answer: bytes = b""
    changes: bool = False
    """Whether the register may have changed."""
    display: Display | None = None
    """An error is on the display, and everything waits for a key."""


class Machine:
    """A Thermal printer without its port."""

    def __init__(
        self,
        register: Register,
        faults: Faults,
        profile: Profile,
        codec: str,
        width: int,
        handlers: Mapping[str, Handler],
        printed: Callable[[Printout], None],
    ) -> None:
        self.register = register
        self.faults = faults
        self.profile = profile
        self.brand = profile.brand
        self.dialect = Dialect(codec, profile.brand)
        self.width = width
        self.model, self.firmware = MODELS[profile.name]
        self._handlers = handlers
        self._printed = printed
        self.read_stored()
        self.apply_profile()
        register.goods.key = self._goods_key
        register.memory.training = lambda: faults.on(Switch.NOT_FISCAL)
        #: Called for every command that is refused as unknown, with what it does on printers that know it.
        self.unknown_command: Callable[[str, str | None], None] = lambda _name, _meaning: None
        self.mode = 0
        #: ``Pe``: the number of the last error.
        self.error = 0
        #: ``CMD``: the last command was executed correctly. After power-on it is set (our assumption).
        self.done = True
        self.timed_out = False
        #: Whether an error can wait for a person's key, in the modes in which it does.
        self.keyboard = True
        #: Of the readout of the fiscal memory: whether daily reports alone, and the place of the next record.
        self.readout = False, 0

    def apply_profile(self) -> None:
        """Set the register's options to those of this profile."""
        state = self.register.state
        state.cancelled_numbered = False
        state.numbers_run_on = not self.profile.report_clears_number
        # POSNET: three letters and eight digits; Novitus: ten digits (5.9).
        digits, width = state.unique_number[3:].strip(), 10 if self.novitus else 8
        state.unique_number = "EMU" + digits[-width:].rjust(width, "0")

    @property
    def identifiers(self) -> frozenset[str]:
        """The identifiers of the commands that it knows."""
        return frozenset(row.id for row in COMMANDS[self.brand].values() if self._known(row))

    def _known(self, row: Row) -> bool:
        return self.profile.name != "innova" or row.name not in NOT_ON_INNOVA

    def reset(self) -> None:
        """Power was lost: set what is not kept to its value after power-on (3.4, 11.2)."""
        self.mode, self.error, self.done, self.timed_out = 0, 0, True, False

    # -- what it is, and its state ---------------------------------------------------------------

    @property
    def novitus(self) -> bool:
        """Whether it follows Novitus's manual."""
        return self.brand is Brand.NOVITUS

    @property
    def memory(self) -> ThermalMemory:
        """The family's part of the memory; it survives a power cut."""
        face = self.register.state.face
        if not isinstance(face, ThermalMemory):
            face = self.register.state.face = ThermalMemory.of(face)
        return face

    def read_stored(self) -> None:
        """Read the family's part of the stored state. Raises ``ValidationError``."""
        state = self.register.state
        state.face = ThermalMemory.of(state.face)
        for transaction in filter(None, (state.transaction, state.closing)):
            document_of(transaction)

    @property
    def state(self) -> State:
        """The open document, by the grammar."""
        if self.memory.state is not State.IDLE:
            return self.memory.state
        if self.faults.on(Switch.NO_CLOCK):
            return State.NO_RTC
        if self.faults.on(Switch.NO_RATES) or all(rate is None for rate in self.register.state.rates):
            return State.NO_RATES
        return State.IDLE

    @property
    def fiscal(self) -> bool:
        """Whether the device is fiscalised; otherwise it prints training documents."""
        return self.register.fiscal

    @property
    def in_transaction(self) -> bool:
        """``PAR``."""
        return self.register.state.transaction is not None

    @property
    def _invoice_open(self) -> bool:
        transaction = self.register.state.transaction
        return transaction is not None and transaction.kind == "invoice"

    @property
    def finished(self) -> bool:
        """``TRF``: the last receipt was completed."""
        return self.memory.finished

    @finished.setter
    def finished(self, completed: bool) -> None:
        self.memory.finished = completed

    @property
    def of_remainder(self) -> bool:
        """The method of percentages: whether what is left is rounded, or what is taken off (``$r``, 6.4)."""
        chosen = self.memory.of_remainder
        return self.profile.percent_first if chosen is None else chosen

    def _goods_key(self, name: str) -> str:
        """Upper case; Novitus drops all but letters, digits, comma, dot and slashes (4.4)."""
        name = name.upper()
        return "".join(char for char in name if char.isalnum() or char in ",./\\") if self.novitus else name

    def rate(self, letter: str) -> int:
        """The place of a rate in the table; ``Z`` and a blank are the exempt one, if there is just one (4.1)."""
        if letter in "Z ":
            exempt = [place for place, rate in enumerate(self.register.state.rates) if rate == "exempt"]
            if len(exempt) != 1:
                raise ExecError(18)
            return exempt[0]
        return RATE_LETTERS.index(letter)

    # -- commands -------------------------------------------------------------------------------------

    def carry_out(self, frame: Frame) -> Outcome:
        """One sequence. Raises ``NeedsConfirmation``."""
        row = find(frame, self.brand)
        if row is None or not self._known(row):
            self.unknown_command(*not_emulated.name_of(frame, self.brand))
            return self.unknown(frame.name)
        if row.check is Check.REQUIRED and not frame.digits:
            return self.refused(frame.name, BAD_CHECK)
        try:
            self.check_state(row.name)
            values = row.read(frame, self.dialect)
        except (FieldFault, ExecError) as error:
            form = not_emulated.form_of(frame, self.brand)
            if form is None and self._invoice_open:
                form = not_emulated.of_invoice(row.name)
            if form is not None:
                self.unknown_command(*form)
            return self.refused(frame.name, error.number)
        handler = self._handlers[row.name]
        return self.finish(row, values, lambda: handler(self, values))

    def finish(self, row: Row, values: Values, go: Callable[[], Values | None]) -> Outcome:
        """The result of a legal command that ``go`` carries out. Raises ``NeedsConfirmation``."""
        query = row.effect is Effect.QUERY
        try:
            reply = self.do(row.name, values, go)
        except ExecError as error:
            return self.refused(row.id, error.number, changes=not query)
        except NeedsConfirmation as question:
            question.row, question.values = row, values
            raise
        return self.succeeded(row, reply, changes=not query)

    def check_state(self, command: str) -> None:
        """Raises ``ExecError`` where the command is not legal now."""
        error = grammar.refusal(command, self.state, self.brand)
        if self._invoice_open:
            error = not_emulated.in_invoice(command, error)
        if error in (grammar.NOT_OPEN, grammar.NOTHING_TO_CLOSE) and self.timed_out:
            error = TIMED_OUT
        if error is None:
            error = refusal(command, self.faults.switches, self.brand)
        if error is not None:
            raise ExecError(error)

    def execute(self, command: str, values: Values) -> None:
        """Carry out a command of another program or of a person. Raises ``ExecError``, ``NeedsConfirmation``."""
        self.check_state(command)
        self.do(command, values, lambda: self._handlers[command](self, values))

    def do(self, command: str, values: Values, go: Callable[[], Values | None]) -> Values | None:
        """Carry out what ``go`` does for a legal command, and move on. Raises ``ExecError``, ``NeedsConfirmation``."""
        state = self.state
        try:
            reply = go()
        except RegisterError as refused:
            raise ExecError(ERRORS[refused.refusal]) from None
        transaction = self.register.state.transaction
        unpaid = transaction is None or not transaction.payments
        short = values.get("Pc") == 3
        after = grammar.after(command, state, self.brand, short=short, unpaid=unpaid)
        if after is not state:
            self.memory.state = after
        return reply

    # -- answers and error modes (3.4) ----------------------------------------------------------------

    def succeeded(self, row: Row, reply: Values | None, *, changes: bool) -> Outcome:
        """A command was executed."""
        if row.id != "#s":
            self.done = True
        if row.id != "#n":
            self.error = 0
        answer = b""
        if reply is not None:
            kind = reply.pop(KIND, None)
            answer = self._answer(next(each for each in row.answers if kind in (None, each.first)), reply)
        once = self.mode == 4 or (self.mode in (2, 3) and not self.profile.answers_twice)
        if self.mode >= 2 and not (once and answer):
            answer += self._result(row.id, 0)
        return Outcome(answer, changes)

    def _answer(self, layout: Layout, reply: Values) -> bytes:
        """An answer; with a check byte only where every printer sends one (3.2)."""
        values = {
            # The one byte that is no character of any text; only a seeded header can hold it.
            name: self._without_end(value) if isinstance(value, str) else value
            for name, value in readable(reply, self.dialect.codec).items()
        }
        frame = layout.write(values, self.dialect)
        return encode(frame if layout.check is Check.REQUIRED else frame._replace(digits=b""))

    def _without_end(self, text: str) -> str:
        return text.encode(self.dialect.codec).replace(HEADER_END, b"?").decode(self.dialect.codec)

    def refused(self, identifier: str, number: int, *, shown: int | None = None, changes: bool = False) -> Outcome:
        """A command failed with ``number``; ``shown``: the number in ``#Z`` and on the display, if another."""
        if identifier != "#s":
            self.done = False
        if identifier != "#n":
            self.error = number
        shown = number if shown is None else shown
        answer = self._result(identifier, shown) if self.mode >= 2 else b""
        halts = self.keyboard and self.mode in (0, 2)
        if halts and self.state in (State.NO_RTC, State.NO_RATES, State.IDLE) and not self.novitus:
            self._print_error(identifier, shown)
            changes = True
        display = Display(
            f'Błąd rozkazu: "{identifier}" Kod błędu: {shown}', f'error {shown} of the command "{identifier}"; any key'
        )
        return Outcome(answer, changes, display if halts else None)

    def unknown(self, identifier: str) -> Outcome:
        """A command that it does not know: ``Pe`` stays 0, on Novitus it is the error (3.4, 8.2)."""
        number = self.profile.unknown_command
        return self.refused(identifier, number if self.novitus else 0, shown=number)

    def unreadable(self) -> Outcome:
        """Something between ``ESC P`` and ``ESC \\`` that is no command; the number is our assumption."""
        return self.refused(UNREADABLE, SYNTAX)

    def denied(self, row: Row) -> Outcome:
        """The person at the keyboard refused: a report fails, new rates are silently left (5.1, 5.8)."""
        if row.id == "$p":
            return self.succeeded(row, None, changes=False)
        return self.refused(row.id, BY_KEY)

    def _result(self, identifier: str, number: int) -> bytes:
        return encode(RESULT.write({"Pe": number, "rozkaz": identifier}, self.dialect))

    def _print_error(self, identifier: str, number: int) -> None:
        self.register.ledger.slip()
        sheet = self.sheet(Foot(self.who({})))
        sheet.slip("BŁĄD INTERFEJSU", [("Błąd", f"{identifier}{number}")], spaced=True)
        self.emit("interface_error", sheet)

    def extended_status(self, *, awaits_key: bool, printing: bool) -> bytes:
        """The answer to DLE2 (7.4)."""
        on, state = self.faults.on, self.register.state
        first = (
            0x20 * (awaits_key or on(Switch.WAIT_KEY)) | 0x10 * on(Switch.MENU) | 0x08 * on(Switch.PAPER_OUT)
            | 0x04 * on(Switch.MECHANISM) | 0x02 * on(Switch.COVER) | 0x01 * (not self.done)
        )  # fmt: skip
        third = 0x80 * (state.closing is not None) | 0x40 * (self.memory.form is not None) | 0x08 * printing
        values = {
            "Pe": self.error, "nr_wydruku": state.printout_count, "nr_paragonu": state.day.last_receipt,
            "stan": f"{first:02X}{0x80 * self.in_transaction:02X}{third:02X}{0x80 * on(Switch.PAPER_LOW):02X}",
        }  # fmt: skip
        return encode(EXTENDED.write(values, self.dialect))

    # -- paper ----------------------------------------------------------------------------------------

    def who(self, values: Values) -> str:
        """Register and cashier at the foot (5.7): POSNET prefers what is sent, Novitus who is logged in."""
        state = self.register.state
        logged_in = (state.till, state.cashier) if state.cashier else None
        sent = (values.get("nr_kasy") or "", values.get("kasjer") or "")
        given = sent if any(sent) else None
        first, second = (logged_in, given) if self.novitus else (given, logged_in)
        till, cashier = first or second or (("0", "K0") if self.novitus else ("001", "KIEROWNIK"))
        return f"#{till:<10} {cashier}"

    def sheet(self, foot: Foot) -> Sheet:
        """A new sheet."""
        return Sheet(self.register, self.width, foot, self.memory.nip)

    def emit(self, kind: str, sheet: Sheet, **facts: Any) -> None:
        """A finished sheet leaves the printer."""
        self.memory.store(kind)
        self._printed(self.register.emit(kind, sheet.paper, facts))


#: In a reply: the first parameter of its layout, where a command has several.
KIND = "kind"
