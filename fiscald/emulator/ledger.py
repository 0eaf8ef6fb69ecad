"""The ledger: the day, the fiscal memory, the drawer, and the counters that documents move."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from fiscald.emulator.clock import Clock
from fiscald.emulator.memory import DailyRecord, Day, RateChange, RegisterMemory, RegisterState, Transaction
from fiscald.emulator.refusal import Refusal, RegisterError
from fiscald.model.money import MAX_GROSZE


class Ledger:
    """The counters of a register, which its reports read. Money is in grosze."""

    def __init__(self, memory: RegisterMemory, clock: Clock) -> None:
        self._memory = memory
        self._clock = clock

    @property
    def _state(self) -> RegisterState:
        return self._memory.state

    # -- documents ------------------------------------------------------------------------------------

    def check_day(self, transaction: Transaction) -> None:
        """Raises ``RegisterError`` where the totals of the day cannot hold that document."""
        totals = self._day_totals(transaction)
        if any(have + new > MAX_GROSZE for have, new in zip(totals, transaction.totals, strict=True)):
            raise RegisterError(Refusal.DAY_RANGE)

    def _day_totals(self, transaction: Transaction) -> list[int]:
        return self._state.day.invoices if transaction.kind == "invoice" else self._state.day.receipts

    def book(self, transaction: Transaction) -> None:
        """Count a completed document: totals, numbers, cash."""
        state, now = self._state, self._clock.now()
        day = state.day
        if transaction.kind == "packaging":
            day.nonfiscal += 1
        else:
            totals = self._day_totals(transaction)
            for index, value in enumerate(transaction.totals):
                totals[index] += value
            if transaction.kind == "invoice":
                day.invoice_count += 1
                day.last_invoice += 1
            else:
                day.receipt_count += 1
                day.last_receipt += 1
                day.positions += len(transaction.lines)
                day.stornos += sum(line.storno and not line.advance for line in transaction.lines)
            day.first_sale = day.first_sale or now
            day.last_sale = now
        state.printout_count += 1
        # The unpaid rest is paid in cash; the change is taken from it. A full drawer stops counting.
        paid_otherwise = sum(p.amount for p in transaction.payments if p.form != 0 and not p.change)
        state.cash = min(max(state.cash + transaction.due - paid_otherwise, 0), MAX_GROSZE)

    def book_cancelled(self, transaction: Transaction) -> None:
        """Count a cancelled document."""
        state = self._state
        day = state.day
        if transaction.kind == "receipt":
            day.cancelled_count += 1
            day.cancelled_value = min(day.cancelled_value + max(transaction.total, 0), MAX_GROSZE)
            day.last_receipt += state.cancelled_numbered
        elif transaction.kind == "invoice":
            day.cancelled_invoices += 1
        state.printout_count += 1

    # -- cash and slips -------------------------------------------------------------------------------

    def cash_in(self, value: int) -> None:
        """Cash into the drawer, on a slip."""
        if self._state.cash + value > MAX_GROSZE:
            raise RegisterError(Refusal.CASH_RANGE)
        self._state.cash += value
        self.slip()

    def cash_out(self, value: int) -> None:
        """Cash from the drawer, on a slip.

        More than there is: refused, and the cash state becomes zero (the published text of error 503).
        """
        if value > self._state.cash:
            self._state.cash = 0
            raise RegisterError(Refusal.CASH_NEGATIVE)
        self._state.cash -= value
        self.slip()

    def goods_return(self, value: int) -> None:
        """A slip for returned goods; takes the cash that is there (our assumption)."""
        self._state.cash = max(self._state.cash - value, 0)
        self.slip()

    def slip(self) -> None:
        """Count a slip or another printout that is not fiscal."""
        self.count_printout()
        self._state.day.nonfiscal += 1

    def count_printout(self) -> None:
        """Count a printout without another counter, such as a periodic report."""
        self._state.printout_count += 1

    def open_drawer(self) -> None:
        """Kick the drawer open."""
        self._state.drawer_openings += 1

    # -- reports and rates ----------------------------------------------------------------------------

    def daily_report(self) -> DailyRecord:
        """Write the day into the fiscal memory and clear it. A second one without sale is refused when fiscal."""
        state = self._state
        if self._memory.fiscal and self._state.day.totals_zero and state.reports:
            raise RegisterError(Refusal.REPORT_ZERO)
        record = DailyRecord(number=state.reports + 1, at=self._clock.now(), rates=list(state.rates), day=state.day)
        if self._memory.fiscal:
            state.fiscal_memory.append(record)
            state.last_record = record.at
        else:
            state.report_offset += 1
        last = (state.day.last_receipt, state.day.last_invoice) if state.numbers_run_on else (0, 0)
        state.day = Day(last_receipt=last[0], last_invoice=last[1])
        state.printout_count += 1
        return record

    def records(self, first: date, last: date) -> list[DailyRecord]:
        """Daily reports of a period. Raises ``RegisterError`` if there are none."""
        found = [record for record in self._state.fiscal_memory if first <= record.at.date() <= last]
        if not found:
            raise RegisterError(Refusal.NO_RECORD)
        return found

    def records_by_number(self, first: int, last: int) -> list[DailyRecord]:
        """Daily reports from one number to another. Raises ``RegisterError`` if there are none."""
        found = [record for record in self._state.fiscal_memory if first <= record.number <= last]
        if not found:
            raise RegisterError(Refusal.NO_RECORD)
        return found

    def set_rates(self, rates: list[Decimal | str | None]) -> None:
        """Programme the VAT table; only with zero totals."""
        if not self._state.day.totals_zero:
            raise RegisterError(Refusal.TOTALS_NOT_ZERO)
        if rates == self._state.rates:
            raise RegisterError(Refusal.RATES_SAME)
        if all(rate is None for rate in rates):
            raise RegisterError(Refusal.RATES_INACTIVE)
        self._state.rates = list(rates)
        self._state.rate_changes += 1
        self._state.rate_history.append(RateChange(at=self._clock.now(), rates=list(rates)))
