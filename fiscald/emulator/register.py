"""The device model inside every emulated printer: rates, totalisers, counters, memories, clock, drawer.

It knows the arithmetic and the order of a fiscal register and nothing of any wire protocol. A family's face
translates commands into its methods and its refusals into the family's error numbers. What no published
source settles is marked "choice".

Source: POSNET reference, sections 6, 7 and 11; the same register serves every family.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

from fiscald.emulator.memory import (
    MAX_CLOCK_OFFSET,
    RATES,
    Adjustment,
    DailyRecord,
    Day,
    Goods,
    LastDocument,
    Line,
    Pack,
    Payment,
    RateChange,
    RegisterState,
    Subtotal,
    Transaction,
)
from fiscald.emulator.paper import Paper, Printout
from fiscald.emulator.spread import Spread, proportional
from fiscald.model.money import MAX_GROSZE, half_up, line_value
from fiscald.model.times import POLISH_TIME


class Refusal(StrEnum):
    """Why the register refuses."""

    RATE = "rate number wrong or inactive"
    PRICE = "price is zero or less"
    QUANTITY = "quantity is zero or less"
    LINE_VALUE = "line value differs from price times quantity"
    LINE_ZERO = "line value is zero"
    DISCOUNT = "discount larger than its base"
    DISCOUNT_ALL = "discount leaves nothing"
    DISCOUNT_ZERO = "discount or surcharge is zero"
    DISCOUNT_BASE = "nothing was sold that a discount or surcharge could change"
    NO_LINE = "no line was sold yet"
    STORNO_VALUE = "no such line to storno, or more value than was sold"
    STORNO_QUANTITY = "storno of more than was sold"
    GOODS_LOCKED = "goods blocked by the control of rates"
    GOODS_FULL = "goods base full"
    TOTAL_RANGE = "receipt total out of range"
    DAY_RANGE = "day total out of range"
    PAYMENT_ZERO = "payment of zero"
    PAYMENT_RANGE = "sum of payments out of range"
    PAYMENT_COVERED = "payments already cover the amount due"
    CHANGE_LARGE = "more change than was paid"
    NO_PAYMENT = "no such payment to take back"
    PACKAGING_RANGE = "packaging value out of range"
    PACKAGING_VALUE = "packaging value differs from price times quantity"
    TOTAL_ZERO = "receipt of value zero"
    TOTAL = "declared total differs"
    PACKAGING_GIVEN = "declared packaging given out differs"
    PACKAGING_TAKEN = "declared packaging taken back differs"
    PAID = "declared payments differ"
    CHANGE = "declared change differs"
    NOT_COVERED = "payments do not cover the amount due or the change"
    CASH_NEGATIVE = "cash state would become negative"
    CASH_RANGE = "cash state out of range"
    REPORT_ZERO = "zero daily report"
    REPORT_REQUIRED = "a daily report must be made first"
    NO_RECORD = "no such record"
    NO_HEADER = "no header"
    NO_RATES = "no active rates"
    RATES_SAME = "new rates equal the old ones"
    RATES_INACTIVE = "all rates would be inactive"
    TOTALS_NOT_ZERO = "totals are not zero"
    CLOCK_SET = "clock was already set today"
    CLOCK_RANGE = "a time that the clock cannot show"
    CLOCK_DIFFERENCE = "clock difference too large"
    CLOCK_BEFORE_RECORD = "earlier than the last fiscal record"


class RegisterError(Exception):
    """The register refuses and has changed nothing (but see ``CASH_NEGATIVE``)."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(refusal.value)


def goods_key(name: str) -> str:
    """Names are compared on letters and digits only, ignoring case."""
    return "".join(char for char in unicodedata.normalize("NFC", name).casefold() if char.isalnum())


def tax(gross: int, rate: Decimal | str | None) -> int:
    """VAT contained in a gross amount; exempt contains none."""
    if not isinstance(rate, Decimal):
        return 0
    return half_up(Decimal(gross) * rate / (100 + rate))


class Register:
    """A fiscal register. Not thread-safe."""

    def __init__(
        self,
        state: RegisterState | None = None,
        *,
        printouts: Sequence[Printout] = (),
        clock: Callable[[], datetime] | None = None,
        saved: Callable[[RegisterState, Sequence[Printout]], None] = lambda _state, _new: None,
    ) -> None:
        """``clock`` gives the host's aware time; ``saved`` makes state and new printouts survive."""
        self.state = state or RegisterState()
        self._clock = clock or (lambda: datetime.now(POLISH_TIME))
        self._saved = saved
        #: How the goods base compares names; a family's face may have its own rule.
        self.goods_key = goods_key
        #: Whether the device trains for another reason than that its register was never fiscalised.
        self.training: Callable[[], bool] = lambda: False
        self.printouts: list[Printout] = list(printouts)
        self._committed = len(self.printouts)

    @property
    def fiscal(self) -> bool:
        """Whether documents are fiscal; otherwise the device trains: it prints NIEFISKALNY and keeps no record."""
        return self.state.fiscal and not self.training()

    def now(self) -> datetime:
        """The register's own clock, in Polish time."""
        moment = self._clock() + timedelta(seconds=self.state.clock_offset)
        return moment.astimezone(POLISH_TIME).replace(microsecond=0)

    def commit(self) -> None:
        """Make the present state survive. Called once per command, so a killed emulator never stands half way."""
        new = self.printouts[self._committed :]
        self._saved(self.state, new)
        self._committed += len(new)

    # -- transaction ----------------------------------------------------------------------------------

    def open(self, kind: Literal["receipt", "invoice", "packaging"], *, block_mode: bool = False) -> None:
        """Begin a document. Raises ``RegisterError``: no header, no rates."""
        state = self.state
        if not state.header:
            raise RegisterError(Refusal.NO_HEADER)
        if all(rate is None for rate in state.rates):
            raise RegisterError(Refusal.NO_RATES)
        state.transaction = Transaction(kind=kind, block_mode=block_mode)
        self._show_transaction()

    @property
    def transaction(self) -> Transaction:
        """The open document; there must be one."""
        transaction = self.state.transaction
        assert transaction is not None, "the face checks its grammar first"
        return transaction

    def sell(
        self,
        name: str,
        rate: int,
        price: int,
        quantity: Decimal,
        *,
        value: int | None = None,
        adjustment: Callable[[int], Adjustment | None] = lambda _value: None,
        storno: bool = False,
        matched: bool = True,
        unit: str = "",
        description: str = "",
    ) -> None:
        """A sale line or a storno. ``adjustment`` makes the line's discount or surcharge from its value.

        A storno takes no more than the total of its rate; ``matched``: it must reverse a line of this document, too.
        """
        computed = self.check_line(rate, price, quantity, value)
        line = Line(
            name=name, rate=rate, price=price, quantity=quantity, value=computed, storno=storno, unit=unit,
            description=description, adjustment=adjustment(computed),
        )  # fmt: skip
        self._check_adjustment(line.adjustment, computed)
        self._check_goods(name, rate)
        transaction = self.transaction
        if storno:
            sold = self._storno_of(line) if matched else None
            if line.net > transaction.totals[rate]:
                raise RegisterError(Refusal.STORNO_VALUE)
            if sold is not None:
                sold.quantity_left -= quantity
                sold.net_left -= line.net
            transaction.totals[rate] -= line.net
        else:
            if transaction.total + line.net > MAX_GROSZE:
                raise RegisterError(Refusal.TOTAL_RANGE)
            line.quantity_left, line.net_left = quantity, line.net
            transaction.totals[rate] += line.net
        transaction.items.append(line)
        self._show_transaction()

    def check_line(self, rate: int, price: int, quantity: Decimal, value: int | None) -> int:
        """The value of a line in grosze. Raises ``RegisterError`` if its figures do not fit."""
        self._check_rate(rate)
        if price <= 0:
            raise RegisterError(Refusal.PRICE)
        if quantity <= 0:
            raise RegisterError(Refusal.QUANTITY)
        computed = line_value(price, quantity)
        if value is not None and value != computed:
            raise RegisterError(Refusal.LINE_VALUE)
        if computed == 0:
            raise RegisterError(Refusal.LINE_ZERO)
        return computed

    def _check_rate(self, rate: int) -> None:
        if not 0 <= rate < RATES or self.state.rates[rate] is None:
            raise RegisterError(Refusal.RATE)

    def _storno_of(self, storno: Line) -> Line:
        """The first earlier line with the same name, rate and price and a remainder (choice).

        More money than that line brought cannot be reversed: whether a printer lets a storno without the
        discount of the line it reverses pass is not published, so it is refused here (choice).
        """
        for line in self.transaction.lines:
            same = (line.name, line.rate, line.price) == (storno.name, storno.rate, storno.price)
            if same and not line.storno and line.quantity_left > 0:
                if storno.quantity > line.quantity_left:
                    raise RegisterError(Refusal.STORNO_QUANTITY)
                if storno.net > line.net_left:
                    raise RegisterError(Refusal.STORNO_VALUE)
                return line
        raise RegisterError(Refusal.STORNO_VALUE)

    def _check_adjustment(self, adjustment: Adjustment | None, base: int) -> None:
        if adjustment is None:
            return
        if adjustment.amount == 0:
            raise RegisterError(Refusal.DISCOUNT_ZERO)
        if -adjustment.amount > base:
            raise RegisterError(Refusal.DISCOUNT)
        if -adjustment.amount == base:
            raise RegisterError(Refusal.DISCOUNT_ALL)
        if base + adjustment.amount > MAX_GROSZE:
            raise RegisterError(Refusal.TOTAL_RANGE)

    def check_goods(self, name: str, rate: int) -> Goods | None:
        """What the base knows of a name. Raises ``RegisterError`` if it may not be sold at that rate."""
        self._check_rate(rate)
        self._check_goods(name, rate)
        return self.state.goods.get(self.goods_key(name))

    def _check_goods(self, name: str, rate: int) -> None:
        known = self.state.goods.get(self.goods_key(name))
        if known is None:
            if len(self.state.goods) >= self.state.goods_capacity:
                raise RegisterError(Refusal.GOODS_FULL)
        elif known.lowered and self._height(rate) > self._height(known.rate):
            raise RegisterError(Refusal.GOODS_LOCKED)

    def _height(self, rate: int) -> Decimal:
        value = self.state.rates[rate]
        return value if isinstance(value, Decimal) else Decimal(0)

    def _learn_goods(self, lines: list[Line]) -> None:
        """Remember every name's rate; lowering it is remembered for ever, raising it again is then refused."""
        for line in lines:
            key = self.goods_key(line.name)
            known = self.state.goods.get(key)
            if known is None:
                self.state.goods[key] = Goods(rate=line.rate)
            elif known.rate != line.rate:
                known.lowered = known.lowered or self._height(line.rate) < self._height(known.rate)
                known.rate = line.rate
            else:
                continue
            self.state.day.goods_changes += 1

    def _adjustment_of(self, base: int, adjustment: Callable[[int], Adjustment | None]) -> Adjustment:
        """What ``adjustment`` makes of what was sold for ``base``, which there must be."""
        if base <= 0:
            raise RegisterError(Refusal.DISCOUNT_BASE)
        made = adjustment(base)
        if made is None:
            raise RegisterError(Refusal.DISCOUNT_ZERO)
        self._check_adjustment(made, base)
        return made

    def adjust_subtotal(
        self, adjustment: Callable[[int], Adjustment | None], *, spread: Spread = proportional, at_close: bool = False
    ) -> None:
        """Discount or surcharge on everything sold so far, which ``spread`` lays on the rates."""
        transaction = self.transaction
        if not transaction.lines:
            raise RegisterError(Refusal.NO_LINE)
        base = transaction.total
        made = self._adjustment_of(base, adjustment)
        transaction.totals = spread(transaction, made.amount)
        transaction.items.append(Subtotal(subtotal=base, adjustment=made, at_close=at_close))
        self._show_transaction()

    def adjust_rate(self, rate: int, adjustment: Callable[[int], Adjustment | None]) -> None:
        """Discount or surcharge on everything sold at one rate."""
        transaction = self.transaction
        if not transaction.lines:
            raise RegisterError(Refusal.NO_LINE)
        self._check_rate(rate)
        base = transaction.totals[rate]
        made = self._adjustment_of(base, adjustment)
        transaction.totals[rate] += made.amount
        transaction.items.append(Subtotal(subtotal=base, adjustment=made, rate=rate))
        self._show_transaction()

    def pack(
        self,
        number: str,
        price: int | None,
        quantity: Decimal,
        *,
        value: int | None,
        returned: bool,
        storno: bool = False,
        matched: bool = True,
    ) -> None:
        """Returnable packaging, outside the fiscal total; its price may follow from its value.

        ``storno`` takes an equal entry away; if not ``matched``, it is an entry of its own, and only the sum must
        bear it.
        """
        if quantity <= 0:
            raise RegisterError(Refusal.QUANTITY)
        if price is None:
            computed = value or 0
            price = half_up(computed / quantity)
        else:
            computed = line_value(price, quantity)
        if price <= 0:
            raise RegisterError(Refusal.PRICE)
        if value is not None and value != computed:
            raise RegisterError(Refusal.PACKAGING_VALUE)
        transaction = self.transaction
        sum_so_far = transaction.packaging_taken if returned else transaction.packaging_given
        if not storno and sum_so_far + computed > MAX_GROSZE:
            raise RegisterError(Refusal.PACKAGING_RANGE)
        pack = Pack(number=number, price=price, quantity=quantity, value=computed, returned=returned)
        if storno and matched:
            if pack not in transaction.packaging:
                raise RegisterError(Refusal.STORNO_VALUE)
            transaction.packaging.remove(pack)
        elif storno:
            if computed > sum_so_far:
                raise RegisterError(Refusal.STORNO_VALUE)
            pack.value = -computed
            transaction.packaging.append(pack)
        else:
            transaction.packaging.append(pack)
        self._show_transaction()

    def pay(self, form: int, value: int, name: str, *, change: bool = False, cash: bool = False) -> None:
        """A payment or change. ``cash``: may exceed what is due."""
        transaction = self.transaction
        if value == 0:
            raise RegisterError(Refusal.PAYMENT_ZERO)
        if change and transaction.change_given + value > transaction.paid:
            raise RegisterError(Refusal.CHANGE_LARGE)
        if not change and not cash and transaction.payments and transaction.paid >= transaction.due:
            raise RegisterError(Refusal.PAYMENT_COVERED)
        if not change and transaction.paid + value > MAX_GROSZE:
            raise RegisterError(Refusal.PAYMENT_RANGE)
        transaction.payments.append(Payment(form=form, amount=value, name=name, change=change))
        self._show_transaction()

    def take_back_payment(self, form: int, value: int) -> None:
        """A payment was a mistake. Raises ``RegisterError`` if there is none of that form and amount."""
        transaction = self.transaction
        for payment in transaction.payments:
            if (payment.form, payment.amount, payment.change) == (form, value, False):
                transaction.payments.remove(payment)
                self._show_transaction()
                return
        raise RegisterError(Refusal.NO_PAYMENT)

    def check_close(
        self,
        *,
        total: int,
        packaging_given: int | None = None,
        packaging_taken: int | None = None,
        paid: int | None = None,
        change: int | None = None,
    ) -> int:
        """Compare what is declared at the end with the register's own sums; returns the change.

        Raises ``RegisterError`` and leaves the document open.
        """
        transaction = self.transaction
        if transaction.kind != "packaging":
            if total == 0:
                raise RegisterError(Refusal.LINE_ZERO)
            if not transaction.lines or transaction.total <= 0:
                raise RegisterError(Refusal.TOTAL_ZERO)
            self.check_day()
        if total != transaction.total:
            raise RegisterError(Refusal.TOTAL)
        if (packaging_given or 0) != transaction.packaging_given:
            raise RegisterError(Refusal.PACKAGING_GIVEN)
        if (packaging_taken or 0) != transaction.packaging_taken:
            raise RegisterError(Refusal.PACKAGING_TAKEN)
        if not transaction.payments and not paid:
            # Without any payment the register takes it as cash, exactly paid.
            if change:
                raise RegisterError(Refusal.CHANGE)
            return 0
        if (paid or 0) != transaction.paid:
            raise RegisterError(Refusal.PAID)
        return self._check_change(transaction, change)

    def check_day(self) -> None:
        """Raises ``RegisterError`` where the totals of the day cannot hold the open document."""
        transaction = self.transaction
        totals = self._day_totals(transaction)
        if any(have + new > MAX_GROSZE for have, new in zip(totals, transaction.totals, strict=True)):
            raise RegisterError(Refusal.DAY_RANGE)

    def _day_totals(self, transaction: Transaction) -> list[int]:
        return self.state.day.invoices if transaction.kind == "invoice" else self.state.day.receipts

    def _check_change(self, transaction: Transaction, change: int | None) -> int:
        left = transaction.paid - transaction.due
        if transaction.change_given:
            if change is not None and change != transaction.change_given:
                raise RegisterError(Refusal.CHANGE)
            if left != transaction.change_given:
                raise RegisterError(Refusal.NOT_COVERED)
            return left
        if left < 0:
            raise RegisterError(Refusal.NOT_COVERED)
        if change not in (None, 0, left):
            raise RegisterError(Refusal.CHANGE)
        return left

    def close(self, change: int) -> Transaction:
        """Register the document: totals, counters, goods base, cash. Cannot be refused any more."""
        state, transaction, now = self.state, self.transaction, self.now()
        day = state.day
        if transaction.kind != "packaging":
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
                day.stornos += sum(line.storno for line in transaction.lines)
            self._learn_goods(transaction.lines)
            day.first_sale = day.first_sale or now
            day.last_sale = now
        else:
            day.nonfiscal += 1
        state.headers += 1
        # What is not paid otherwise is paid in cash; the change comes out of it. A full drawer counts no further.
        paid_otherwise = sum(p.amount for p in transaction.payments if p.form != 0 and not p.change)
        state.cash = min(max(state.cash + transaction.due - paid_otherwise, 0), MAX_GROSZE)
        self._show_transaction()
        state.last_document.change = change
        state.last_document.paid = transaction.paid
        state.transaction, state.closing = None, transaction
        return transaction

    def cancel(self) -> Transaction:
        """Give the open document up; a receipt is counted as cancelled."""
        state, transaction = self.state, self.transaction
        day = state.day
        if transaction.kind == "receipt":
            day.cancelled_count += 1
            day.cancelled_value = min(day.cancelled_value + max(transaction.total, 0), MAX_GROSZE)
            day.last_receipt += state.cancelled_numbered
        elif transaction.kind == "invoice":
            day.cancelled_invoices += 1
        state.headers += 1
        self._show_transaction()
        state.transaction, state.closing = None, None
        return transaction

    def give_up(self) -> None:
        """Forget the open document as if it had never been begun: nothing was printed, nothing is counted."""
        self.state.transaction = None

    def _show_transaction(self) -> None:
        transaction = self.transaction
        kind = "receipt_block" if transaction.kind == "receipt" and transaction.block_mode else transaction.kind
        self.state.last_document = LastDocument(
            kind=kind,
            totals=list(transaction.totals),
            packaging_given=transaction.packaging_given,
            packaging_taken=transaction.packaging_taken,
            paid=transaction.paid,
            change=transaction.change_given,
        )

    # -- other documents ------------------------------------------------------------------------------

    def cash_in(self, value: int) -> None:
        """Cash into the drawer, on a slip."""
        if self.state.cash + value > MAX_GROSZE:
            raise RegisterError(Refusal.CASH_RANGE)
        self.state.cash += value
        self._count_slip()

    def cash_out(self, value: int) -> None:
        """Cash from the drawer, on a slip.

        More than there is: refused, and the cash state becomes zero (the published text of error 503).
        """
        if value > self.state.cash:
            self.state.cash = 0
            raise RegisterError(Refusal.CASH_NEGATIVE)
        self.state.cash -= value
        self._count_slip()

    def goods_return(self, value: int) -> None:
        """A slip for returned goods; takes cash as far as there is any (choice)."""
        self.state.cash = max(self.state.cash - value, 0)
        self._count_slip()

    def slip(self) -> None:
        """Any other non-fiscal printout."""
        self._count_slip()

    def _count_slip(self) -> None:
        self.state.headers += 1
        self.state.day.nonfiscal += 1

    @property
    def totals_zero(self) -> bool:
        """Whether the day has nothing a daily report would clear."""
        day = self.state.day
        return not (any(day.receipts) or any(day.invoices) or day.cancelled_count or day.receipt_count)

    def daily_report(self) -> DailyRecord:
        """Write the day into the fiscal memory and clear it. A second one without sale is refused when fiscal."""
        state = self.state
        if self.fiscal and self.totals_zero and state.reports:
            raise RegisterError(Refusal.REPORT_ZERO)
        record = DailyRecord(number=state.reports + 1, at=self.now(), rates=list(state.rates), day=state.day)
        if self.fiscal:
            state.fiscal_memory.append(record)
            state.last_record = record.at
        else:
            state.report_offset += 1
        state.day = Day(last_receipt=state.day.last_receipt if state.numbers_run_on else 0)
        state.headers += 1
        return record

    def records(self, first: date, last: date) -> list[DailyRecord]:
        """Daily reports of a period. Raises ``RegisterError`` if there are none."""
        found = [record for record in self.state.fiscal_memory if first <= record.at.date() <= last]
        if not found:
            raise RegisterError(Refusal.NO_RECORD)
        return found

    def set_rates(self, rates: list[Decimal | str | None]) -> None:
        """Programme the VAT table; only with zero totals."""
        if not self.totals_zero:
            raise RegisterError(Refusal.TOTALS_NOT_ZERO)
        if rates == self.state.rates:
            raise RegisterError(Refusal.RATES_SAME)
        if all(rate is None for rate in rates):
            raise RegisterError(Refusal.RATES_INACTIVE)
        self.state.rates = list(rates)
        self.state.rate_changes += 1
        self.state.rate_history.append(RateChange(at=self.now(), rates=list(rates)))

    def set_clock(self, moment: datetime, *, hours: int) -> None:
        """Set the clock; in fiscal mode once a day, by at most ``hours``, only with zero totals."""
        state, now = self.state, self.now()
        # Two times of one zone are subtracted as the clock shows them; summer time would be forgotten.
        difference = moment.timestamp() - now.timestamp()
        if not self.totals_zero:
            raise RegisterError(Refusal.TOTALS_NOT_ZERO)
        if self.fiscal:
            if state.clock_set == now.date():
                raise RegisterError(Refusal.CLOCK_SET)
            if abs(difference) > 3600 * hours:
                raise RegisterError(Refusal.CLOCK_DIFFERENCE)
            if state.last_record is not None and moment < state.last_record:
                raise RegisterError(Refusal.CLOCK_BEFORE_RECORD)
        if abs(state.clock_offset + difference) > MAX_CLOCK_OFFSET:
            raise RegisterError(Refusal.CLOCK_RANGE)
        state.clock_offset += difference
        state.clock_set = moment.date()

    def open_drawer(self) -> None:
        """Kick the drawer open."""
        self.state.drawer_openings += 1

    # -- paper ----------------------------------------------------------------------------------------

    def put_out(self, kind: str, paper: Paper, facts: dict[str, Any]) -> Printout:
        """A finished sheet goes into the protected memory and out of the printer."""
        printout = Printout(
            number=self.state.headers + self.state.copy_offset,
            kind=kind,
            at=self.now(),
            width=paper.width,
            lines=tuple(paper.lines),
            facts=facts,
        )
        self.state.closing = None
        self.printouts.append(printout)
        return printout
