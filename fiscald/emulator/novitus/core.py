"""The inside of every Novitus printer of the emulator, whatever language its port speaks.

``Core`` has the parts: ``sales`` (receipts and invoices, whole or line by line), ``service`` (cash, cashiers, settings,
printouts that are not fiscal) and ``reports``. Their methods raise ``NovitusError`` with the printer's number where it
refuses; then nothing has changed (32 excepted), and ``last_error`` has the number. ``NeedsConfirmation`` means that the
printer asks at its keyboard: ``confirm`` or ``deny`` the question. Nothing is saved before ``register.commit()``,
which the face calls after each command.

Source: Novitus XML reference, sections 5 to 8 and 11, and where Novitus shares the rules of its older protocol
Thermal reference, sections 5 to 7.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

from fiscald.emulator.faults import Faults, Switch
from fiscald.emulator.layout import Foot, Sheet
from fiscald.emulator.memory import DayTotals, Transaction
from fiscald.emulator.novitus.documents import Issued
from fiscald.emulator.novitus.memory import NO_DOCUMENT, NovitusMemory, document_of
from fiscald.emulator.novitus.refusals import BY_KEY, ERRORS, NeedsConfirmation, NovitusError
from fiscald.emulator.novitus.reports import Reports
from fiscald.emulator.novitus.sales import Sales
from fiscald.emulator.novitus.service import Service
from fiscald.emulator.paper import Printout
from fiscald.emulator.refusal import RegisterError
from fiscald.emulator.register import Register
from fiscald.model.times import POLISH_TIME

__all__ = ["Core", "NeedsConfirmation", "NovitusError"]

RATE_LETTERS = "ABCDEFG"
T = TypeVar("T")


class Core:
    """A Novitus printer without its port."""

    def __init__(
        self,
        register: Register,
        faults: Faults,
        *,
        width: int = 40,
        printed: Callable[[Printout], None] = lambda _: None,
    ) -> None:
        """``width`` in characters; ``printed`` gets every finished sheet. Raises ``ValidationError`` (stored state)."""
        self.register = register
        self.faults = faults
        self.width = width
        self._printed = printed
        #: The number of the last error; 0: none.
        self.last_error = 0
        #: The last command failed.
        self.failed = False
        #: From its opening to the next receipt or invoice (our assumption).
        self.drawer_open = False
        self.sales = Sales(self)
        self.service = Service(self)
        self.reports = Reports(self)
        self.read_stored()
        register.goods.key = _goods_key
        register.memory.training = lambda: faults.on(Switch.NOT_FISCAL)

    # -- commands -------------------------------------------------------------------------------------

    def carry_out(self, go: Callable[[], T]) -> T:
        """One command with its effect on the flags. Raises ``NovitusError``, ``NeedsConfirmation``."""
        try:
            result = go()
        except RegisterError as refused:
            number = ERRORS[refused.refusal]
        except NovitusError as error:
            number = error.number
        else:
            self.last_error, self.failed = 0, False
            return result
        self.fail(number)
        raise NovitusError(number)

    def fail(self, number: int) -> None:
        """What arrived is no command, or one that the printer does not know: the flags of a command that failed."""
        self.last_error, self.failed = number, True

    def unnoticed(self, go: Callable[[], object]) -> bool:
        """What a person or another program does: the flags stay as they are; false if the printer refuses."""
        flags = self.last_error, self.failed
        try:
            go()
        except (NovitusError, NeedsConfirmation):
            return False
        finally:
            self.last_error, self.failed = flags
        return True

    def confirm(self, question: NeedsConfirmation) -> None:
        """The person at the keyboard agrees. Raises ``NovitusError``."""
        self.carry_out(question.go)

    def deny(self) -> None:
        """The person at the keyboard refuses what was asked: the command fails."""
        self.fail(BY_KEY)

    # -- what it is, and its state --------------------------------------------------------------------

    @property
    def memory(self) -> NovitusMemory:
        """The family's part of the memory; it survives a power cut."""
        face = self.register.state.face
        if not isinstance(face, NovitusMemory):
            face = self.register.state.face = NovitusMemory.of(face)
        return face

    def read_stored(self) -> None:
        """Read the family's part of the stored state, and set the options of a Novitus. Raises ``ValidationError``."""
        state = self.register.state
        state.face = NovitusMemory.of(state.face)
        for transaction in filter(None, (state.transaction, state.closing)):
            document_of(transaction)
        state.cancelled_numbered = False
        state.numbers_run_on = True
        state.unique_number = "EMU" + state.unique_number[3:].strip().rjust(10, "0")

    @property
    def fiscal(self) -> bool:
        """Whether documents are fiscal; otherwise it trains."""
        return self.register.fiscal

    @property
    def transaction(self) -> Transaction | None:
        """The open receipt or invoice."""
        return self.register.state.transaction

    @property
    def finished(self) -> bool:
        """Whether the last transaction was completed: false from its beginning to its good end."""
        return self.memory.finished

    @property
    def unique_number(self) -> str:
        """Three letters and ten digits."""
        return self.register.state.unique_number

    @property
    def memory_label(self) -> str:
        """The label of the protected memory."""
        return f"{self.unique_number}.0001"

    @property
    def report_overdue(self) -> bool:
        """Whether the day has sales of an earlier date: its report comes before the next sale."""
        first = self.register.state.day.first_sale
        today = self.register.clock.now().date()
        late = self.fiscal and first is not None and first.astimezone(POLISH_TIME).date() < today
        return late or self.faults.on(Switch.REPORT_REQUIRED)

    def totals(self, *, invoices: bool = False) -> DayTotals:
        """Gross sales by rate since the daily report, of receipts or of invoices."""
        day = self.register.state.day
        return day.invoices if invoices else day.receipts

    @property
    def rates(self) -> list[tuple[str, Decimal | str]]:
        """The programmed letters, each with its percentage or ``exempt``."""
        if self.faults.on(Switch.NO_RATES):
            return []
        pairs = zip(RATE_LETTERS, self.register.state.rates, strict=True)
        return [(letter, rate) for letter, rate in pairs if rate is not None]

    # -- power ----------------------------------------------------------------------------------------

    def power_up(self) -> None:
        """Power is back: an open receipt or invoice is cancelled, as if a person did it (our assumption)."""
        self.last_error, self.failed = 0, False
        if self.transaction is not None:
            self.sales.give_up()
        self.register.commit()

    # -- paper ----------------------------------------------------------------------------------------

    def who(self, till: str = "", cashier: str = "") -> str:
        """Till and cashier at the foot: who is logged in, otherwise what was sent."""
        till, cashier = self.signed(till, cashier)
        return f"#{till:<10} {cashier}"

    def signed(self, till: str, cashier: str) -> tuple[str, str]:
        """Till and cashier of a document."""
        state = self.register.state
        if state.cashier:
            return state.till, state.cashier
        return (till, cashier) if till or cashier else ("0", "K0")

    def sheet(self, foot: Foot) -> Sheet:
        """A new sheet."""
        return Sheet(self.register, self.width, foot, self.memory.nip)

    def emit(self, kind: str, sheet: Sheet, **facts: Any) -> Issued:
        """A finished sheet leaves the printer, and its document goes into the protected memory."""
        if kind not in NO_DOCUMENT:
            self.memory.jpkid += 1
            facts["jpkid"] = self.memory.jpkid
        if not self.faults.on(Switch.NO_SERVER):
            # The repository takes a document as soon as it is there (our assumption).
            self.memory.sent, self.memory.sent_on = self.memory.jpkid, self.register.clock.now().date()
        self.memory.paper += len(sheet.paper.lines)
        self._printed(self.register.emit(kind, sheet.paper, facts))
        return Issued(self.memory.jpkid, facts.get("number"), self.register.state.printout_count)


def _goods_key(name: str) -> str:
    """Goods are compared in upper case, on letters, digits, comma, dot and slashes (Thermal reference, 4.4)."""
    return "".join(char for char in name.upper() if char.isalnum() or char in ",./\\")
