"""Cash, cashiers, settings, and printouts that are not fiscal."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal

from fiscald.emulator.device import Display
from fiscald.emulator.faults import Switch
from fiscald.emulator.layout import Foot, rate_text
from fiscald.emulator.novitus.documents import Issued, NonFiscal
from fiscald.emulator.novitus.memory import MAX_RATE_CHANGES
from fiscald.emulator.novitus.part import Part, command
from fiscald.emulator.novitus.printed import drawn
from fiscald.emulator.novitus.refusals import (
    BAD_AMOUNT,
    BAD_CASHIER,
    BAD_HEADER,
    BAD_PARAMETER,
    BAD_TEXT,
    CLOCK_SET,
    RATES_LIMIT,
    TOO_MANY_TEXTS,
    TOTALS_NOT_ZERO,
    WRONG_MODE,
    Action,
    NeedsConfirmation,
    NovitusError,
    check_conditions,
)
from fiscald.emulator.paper import amount
from fiscald.model.money import MAX_GROSZE
from fiscald.model.times import POLISH_TIME

RATE_LETTERS = "ABCDEFG"
MAX_PRINTED_LINES, MAX_HEADER_LINES, MAX_HEADER = 1000, 8, 500
MAX_CASHIER, MAX_TILL, MAX_SYSTEM_NUMBER = 32, 8, 512
#: Settings: their numbers go up to this one, and a value has at most so many characters (our assumption).
MAX_OPTION, MAX_OPTION_VALUE = 200, 40
#: A picture: places for it, and its longest hexadecimal text (our assumption).
MAX_GRAPHICS, MAX_GRAPHIC = 1024, 20_000


class Service(Part):
    """What is not a sale and not a report."""

    def _idle(self, action: Action) -> None:
        """Raises ``NovitusError`` while a receipt or an invoice is open, or where a condition forbids it."""
        if self.core.transaction is not None:
            raise NovitusError(WRONG_MODE)
        check_conditions(self.core.faults, action)

    # -- printouts that are not fiscal ----------------------------------------------------------------

    @command
    def print_nonfiscal(self, document: NonFiscal) -> Issued:
        """A whole printout."""
        self._idle("slip")
        if len(document.lines) > MAX_PRINTED_LINES:
            raise NovitusError(TOO_MANY_TEXTS)
        self._check_who(document.till, document.cashier)
        if len(document.system_number) > MAX_SYSTEM_NUMBER:
            raise NovitusError(BAD_TEXT)
        register = self.core.register
        register.ledger.slip()
        sheet = self.core.sheet(
            Foot(self.core.who(document.till, document.cashier), system_number=document.system_number)
        )
        lines = drawn(document.lines, self.core.width, receipt=register.state.day.last_receipt)
        sheet.form("", lines, "", marked=document.headed)
        return self.core.emit("nonfiscal", sheet, **({"e_document": True} if document.copy_only else {}))

    def _check_who(self, till: str, cashier: str) -> None:
        if len(cashier) > MAX_CASHIER or len(till) > MAX_TILL:
            raise NovitusError(BAD_CASHIER)

    # -- cash and cashiers ----------------------------------------------------------------------------

    @command
    def pay_in(self, value: int, *, till: str = "", cashier: str = "") -> Issued:
        """Cash into the drawer."""
        self._idle("slip")
        self._check_cash(value, till, cashier)
        self.core.register.ledger.cash_in(value)
        return self._slip("cash_in", "", [("Wpłata do kasy", amount(value))], till, cashier, amount=value)

    @command
    def pay_out(self, value: int, *, till: str = "", cashier: str = "") -> Issued:
        """Cash from the drawer; more than it holds makes the state zero, and is an error (32)."""
        self._idle("slip")
        self._check_cash(value, till, cashier)
        self.core.register.ledger.cash_out(value)
        return self._slip("cash_out", "", [("Wypłata z kasy", amount(value))], till, cashier, amount=value)

    def _check_cash(self, value: int, till: str, cashier: str) -> None:
        if not 0 < value <= MAX_GROSZE:
            raise NovitusError(BAD_AMOUNT)
        self._check_who(till, cashier)

    @command
    def log_in(self, till: str, cashier: str) -> Issued:
        """A cashier begins to work."""
        self._idle("slip")
        self._check_cashier(till, cashier)
        state = self.core.register.state
        state.cashier, state.till = cashier, till
        return self._cashier("Rozpoczęcie pracy kasjera", "login")

    @command
    def log_out(self, till: str = "", cashier: str = "") -> Issued:
        """A cashier's work ends: of the one that is sent, otherwise of the one who is logged in."""
        self._idle("slip")
        state = self.core.register.state
        till, cashier = (till, cashier) if cashier else (state.till, state.cashier)
        self._check_cashier(till, cashier)
        state.cashier, state.till = cashier, till
        issued = self._cashier("Zakończenie pracy kasjera", "logout")
        state.cashier, state.till = "", "1"
        return issued

    def _check_cashier(self, till: str, cashier: str) -> None:
        if not cashier:
            raise NovitusError(BAD_CASHIER)
        self._check_who(till, cashier)

    def _cashier(self, title: str, kind: str) -> Issued:
        state = self.core.register.state
        self.core.register.ledger.slip()
        return self._slip(kind, title, [("Kasjer:", state.cashier), ("Numer kasy", state.till)])

    def _slip(
        self,
        kind: str,
        title: str,
        rows: Sequence[tuple[str, str]],
        till: str = "",
        cashier: str = "",
        *,
        spaced: bool = False,
        **facts: int,
    ) -> Issued:
        """A sheet of labels and values; it is counted already."""
        sheet = self.core.sheet(Foot(self.core.who(till, cashier)))
        sheet.slip(title, rows, spaced=spaced)
        return self.core.emit(kind, sheet, **facts)

    @command
    def shift_report(self, rows: Sequence[tuple[str, str]], *, till: str = "", cashier: str = "") -> Issued:
        """A report on a shift, all of whose figures the program sends; nothing is compared."""
        self._idle("slip")
        self._check_who(till, cashier)
        self.core.register.ledger.slip()
        return self._slip("shift_report", "RAPORT ZMIANOWY", rows, till, cashier)

    # -- programming ----------------------------------------------------------------------------------

    @command
    def set_clock(self, moment: datetime.datetime) -> Issued:
        """Local time, without a zone: in fiscal mode the time alone, by an hour at most, once between daily reports."""
        self._idle("program")
        core = self.core
        register, now = core.register, core.register.clock.now()
        day = now.date() if core.fiscal else moment.date()
        wanted = datetime.datetime.combine(day, moment.time(), POLISH_TIME)
        if not register.state.day.totals_zero:
            raise NovitusError(TOTALS_NOT_ZERO)
        if core.fiscal:
            if core.memory.clock_set:
                raise NovitusError(CLOCK_SET)
            # This family counts from report to report, not by days.
            register.state.clock_set = None
        register.clock.set(wanted, hours=1)
        core.memory.clock_set = True
        register.ledger.slip()
        rows = [("Zegar przed zmianą:", f"{now:%Y-%m-%d,%H:%M}"), ("Zegar po zmianie:", f"{wanted:%Y-%m-%d,%H:%M}")]
        return self._slip("clock", "PROGRAMOWANIE ZEGARA", rows)

    @command
    def set_rates(
        self, rates: Mapping[str, Decimal | str], *, day: datetime.date | None, till: str = "", cashier: str = ""
    ) -> Issued:
        """A new table by letters, percentages or ``exempt``; letters that are missing go out of use.

        Raises ``NeedsConfirmation`` unless it comes with today's date (Thermal reference, 5.1).
        """
        self._idle("program")
        self._check_who(till, cashier)
        if not rates or not set(rates) <= set(RATE_LETTERS):
            raise NovitusError(11)
        if any(isinstance(rate, Decimal) and not 0 <= rate < 100 for rate in rates.values()):
            raise NovitusError(BAD_PARAMETER)
        table = [rates.get(letter) for letter in RATE_LETTERS]
        if day != self.core.register.clock.now().date():
            raise NeedsConfirmation(
                lambda: self._program_rates(table, till, cashier),
                Display("Zapisać stawki PTU ?", "programme these VAT rates?"),
            )
        return self._program_rates(table, till, cashier)

    def _program_rates(self, rates: list[Decimal | str | None], till: str, cashier: str) -> Issued:
        register = self.core.register
        old = list(register.state.rates)
        if self.core.faults.on(Switch.NO_HEADER) or not register.state.header:
            raise NovitusError(40)
        if self.core.faults.on(Switch.MEMORY_FULL) or register.state.rate_changes >= MAX_RATE_CHANGES:
            raise NovitusError(RATES_LIMIT)
        register.ledger.set_rates(rates)
        register.ledger.slip()
        rows = [("Stare PTU:", "")]
        rows += [(f"PTU {letter}", rate_text(rate)) for letter, rate in zip(RATE_LETTERS, old, strict=True)]
        rows.append(("Nowe PTU:", ""))
        rows += [(f"PTU {letter}", rate_text(rate)) for letter, rate in zip(RATE_LETTERS, rates, strict=True)]
        return self._slip("rates", "Zmiana stawek PTU", rows, till, cashier, spaced=True)

    @command
    def set_header(self, lines: Sequence[str]) -> Issued:
        """A new header; a sheet with the old one on top shows it."""
        self._idle("program")
        core = self.core
        text = "\n".join(line.rstrip() for line in lines).rstrip("\n")
        fits = len(lines) <= MAX_HEADER_LINES and len(text) <= MAX_HEADER
        if not text.strip() or not fits or any(len(line.rstrip()) > core.width for line in lines):
            raise NovitusError(BAD_HEADER)
        if not core.register.state.day.totals_zero:
            raise NovitusError(TOTALS_NOT_ZERO)
        core.register.ledger.slip()
        sheet = core.sheet(Foot(core.who()))
        sheet.slip("PROGRAMOWANIE NAGŁÓWKA", [("", line.strip()) for line in text.split("\n")])
        core.register.state.header = text
        return core.emit("header", sheet)

    @command
    def set_options(self, options: Mapping[int, str]) -> None:
        """Settings by their number; what they do is not emulated."""
        self._idle("program")
        for number, value in options.items():
            if not 0 <= number <= MAX_OPTION or len(value) > MAX_OPTION_VALUE:
                raise NovitusError(BAD_PARAMETER)
        self.core.memory.options |= {str(number): value for number, value in options.items()}

    def option(self, number: int) -> str:
        """The value of a setting; ``0`` if it was never set (our assumption)."""
        return self.core.memory.options.get(str(number), "0")

    @command
    def choose_percentages(self, *, of_remainder: bool) -> None:
        """The method of percentages on a line and on a rate: whether what is left is rounded, or what is taken off."""
        self._idle("program")
        self.core.memory.of_remainder = of_remainder

    @command
    def store_graphic(self, number: int, digits: str) -> None:
        """A picture as hexadecimal text: width and height in dots, four digits each, and its rows."""
        self._idle("program")
        graphics = self.core.memory.graphics
        if not 0 <= number < MAX_GRAPHICS:
            raise NovitusError(BAD_PARAMETER)
        if number in graphics:
            raise NovitusError(1076)
        if not fits_graphic(digits):
            raise NovitusError(1075)
        if sum(map(len, graphics.values())) + len(digits) > 16 * MAX_GRAPHIC:
            raise NovitusError(1079)
        graphics[number] = digits

    @command
    def delete_graphic(self, number: int | None) -> None:
        """Delete one picture, or all of them; one that is not there is no error (our assumption)."""
        self._idle("program")
        if number is None:
            self.core.memory.graphics.clear()
        else:
            self.core.memory.graphics.pop(number, None)

    # -- drawer, displays -----------------------------------------------------------------------------

    @command
    def open_drawer(self) -> None:
        """The drawer opens."""
        self.core.register.ledger.open_drawer()
        self.core.drawer_open = True

    @command
    def nothing(self) -> None:
        """Sounds, displays, feeding of paper: nothing of it is kept."""


def fits_graphic(digits: str) -> bool:
    """Whether the text is a picture: as long as its first eight digits say."""
    if len(digits) > MAX_GRAPHIC or len(digits) < 8 or not all(char in "0123456789abcdefABCDEF" for char in digits):
        return False
    width, height = int(digits[:4], 16), int(digits[4:8], 16)
    return width > 0 and height > 0 and len(digits) == 8 + 2 * height * -(-width // 8)
