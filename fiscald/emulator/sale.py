"""The sale: the arithmetic of an open receipt, invoice or packaging document."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Literal

from fiscald.emulator.goods import GoodsBase
from fiscald.emulator.ledger import Ledger
from fiscald.emulator.memory import (
    Adjustment,
    LastDocument,
    Line,
    Pack,
    Payment,
    RegisterMemory,
    RegisterState,
    Subtotal,
    Transaction,
)
from fiscald.emulator.refusal import Refusal, RegisterError
from fiscald.emulator.spread import Spread, proportional
from fiscald.model.money import MAX_GROSZE, half_up, line_value


class Sale:
    """The document that is open. Every method raises ``RegisterError`` where the register refuses."""

    def __init__(self, memory: RegisterMemory, goods: GoodsBase, ledger: Ledger) -> None:
        """``goods`` says what may be sold; ``ledger`` takes the finished document."""
        self._memory = memory
        self._goods = goods
        self._ledger = ledger

    @property
    def _state(self) -> RegisterState:
        return self._memory.state

    def open(self, kind: Literal["receipt", "invoice", "packaging"], *, block_mode: bool = False) -> None:
        """Begin a document. Raises ``RegisterError``: no header, no rates."""
        state = self._state
        if not state.header:
            raise RegisterError(Refusal.NO_HEADER)
        if all(rate is None for rate in state.rates):
            raise RegisterError(Refusal.NO_RATES)
        state.transaction = Transaction(kind=kind, block_mode=block_mode)
        self._update_last_document()

    @property
    def transaction(self) -> Transaction:
        """The open document; there must be one."""
        transaction = self._state.transaction
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
        code: tuple[Literal["text", "qr", "barcode"], str] | None = None,
    ) -> None:
        """A sale line or a storno. ``adjustment`` makes the line's discount or surcharge from its value.

        A storno takes no more than the total of its rate; ``matched``: it must reverse a line of this document, too.
        """
        computed = self.check_line(rate, price, quantity, value)
        line = Line(
            name=name, rate=rate, price=price, quantity=quantity, value=computed, storno=storno, unit=unit,
            description=description, code=code, adjustment=adjustment(computed),
        )  # fmt: skip
        self._check_adjustment(line.adjustment, computed)
        self._goods.check(name, rate)
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
        self._update_last_document()

    def check_line(self, rate: int, price: int, quantity: Decimal, value: int | None) -> int:
        """The value of a line in grosze. Raises ``RegisterError`` if its figures do not fit."""
        if not self._state.rate_active(rate):
            raise RegisterError(Refusal.RATE)
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

    def advance(
        self, description: str, rate: int, value: int, label: str, *, deducted: bool, reverses: str = ""
    ) -> None:
        """An advance, or (``deducted``) its settlement; ``label`` is its name on paper.

        ``reverses``: the label of an earlier line of the same description, rate and value, which this one takes back.
        """
        self.check_line(rate, value, Decimal(1), value)
        transaction = self.transaction
        if reverses:
            wanted = (description, rate, value)
            same = [line.advance for line in transaction.lines if (line.name, line.rate, line.value) == wanted]
            if same.count(reverses) <= same.count(label):
                raise RegisterError(Refusal.STORNO_VALUE)
        signed = -value if deducted else value
        if transaction.totals[rate] + signed < 0:
            raise RegisterError(Refusal.STORNO_VALUE)
        if transaction.total + signed > MAX_GROSZE:
            raise RegisterError(Refusal.TOTAL_RANGE)
        transaction.totals[rate] += signed
        line = Line(
            name=description, rate=rate, price=value, quantity=Decimal(1), value=value, storno=deducted, advance=label
        )
        transaction.items.append(line)
        self._update_last_document()

    def _storno_of(self, storno: Line) -> Line:
        """The first earlier line with the same name, rate and price and a remainder (our assumption).

        More money than that line brought cannot be reversed: whether a printer lets a storno without the
        discount of the line it reverses pass is not published, so it is refused here (our assumption).
        """
        for line in self.transaction.lines:
            same = (line.name, line.rate, line.price) == (storno.name, storno.rate, storno.price)
            if same and not line.advance and not line.storno and line.quantity_left > 0:
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
        """Discount or surcharge on everything sold so far, which ``spread`` divides among the rates."""
        transaction = self.transaction
        if not transaction.lines:
            raise RegisterError(Refusal.NO_LINE)
        base = transaction.total
        made = self._adjustment_of(base, adjustment)
        transaction.totals = spread(transaction, made.amount)
        transaction.items.append(Subtotal(subtotal=base, adjustment=made, at_close=at_close))
        self._update_last_document()

    def adjust_rate(self, rate: int, adjustment: Callable[[int], Adjustment | None]) -> None:
        """Discount or surcharge on everything sold at one rate."""
        transaction = self.transaction
        if not transaction.lines:
            raise RegisterError(Refusal.NO_LINE)
        if not self._state.rate_active(rate):
            raise RegisterError(Refusal.RATE)
        base = transaction.totals[rate]
        made = self._adjustment_of(base, adjustment)
        transaction.totals[rate] += made.amount
        transaction.items.append(Subtotal(subtotal=base, adjustment=made, rate=rate))
        self._update_last_document()

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
        name: str = "",
    ) -> None:
        """Returnable packaging, outside the fiscal total; its price may follow from its value.

        ``storno`` takes an equal entry away; if not ``matched``, it is a separate entry, and only the sum must not
        become negative.
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
        pack = Pack(number=number, name=name, price=price, quantity=quantity, value=computed, returned=returned)
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
        self._update_last_document()

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
        self._update_last_document()

    def take_back_payment(self, form: int, value: int) -> None:
        """A payment was a mistake. Raises ``RegisterError`` if there is none of that form and amount."""
        transaction = self.transaction
        for payment in transaction.payments:
            if (payment.form, payment.amount, payment.change) == (form, value, False):
                transaction.payments.remove(payment)
                self._update_last_document()
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
            self._ledger.check_day(self.transaction)
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
        """Register the document: totals, counters, goods base, cash. It can no longer be refused."""
        state, transaction = self._state, self.transaction
        if transaction.kind != "packaging":
            self._goods.learn(transaction.lines)
        self._ledger.book(transaction)
        self._update_last_document()
        state.last_document.change = change
        state.last_document.paid = transaction.paid
        state.transaction, state.closing = None, transaction
        return transaction

    def cancel(self) -> Transaction:
        """Cancel the open document."""
        state, transaction = self._state, self.transaction
        self._ledger.book_cancelled(transaction)
        self._update_last_document()
        state.transaction, state.closing = None, None
        return transaction

    def discard(self) -> None:
        """Forget the open document as if it had not been opened: nothing is printed, nothing is counted."""
        self._state.transaction = None

    def _update_last_document(self) -> None:
        transaction = self.transaction
        kind = "receipt_block" if transaction.kind == "receipt" and transaction.block_mode else transaction.kind
        self._state.last_document = LastDocument(
            kind=kind,
            totals=list(transaction.totals),
            packaging_given=transaction.packaging_given,
            packaging_taken=transaction.packaging_taken,
            paid=transaction.paid,
            change=transaction.change_given,
        )
