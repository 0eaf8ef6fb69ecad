"""Receipts and invoices of a Novitus printer: line by line as they are sent, or whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from fiscald.emulator.change import Change
from fiscald.emulator.faults import Switch
from fiscald.emulator.layout_invoice import PAYMENTS, InvoiceTexts
from fiscald.emulator.memory import Adjustment, Transaction
from fiscald.emulator.novitus import closing
from fiscald.emulator.novitus.documents import (
    FORMS,
    Advance,
    Closing,
    Container,
    Discount,
    Form,
    Invoice,
    Issued,
    Item,
    Line,
    Receipt,
    Tender,
)
from fiscald.emulator.novitus.memory import NovitusDocument, document_of
from fiscald.emulator.novitus.part import Part, command
from fiscald.emulator.novitus.refusals import (
    AFTER_PAYMENT,
    BAD_DISCOUNT,
    BAD_NAME,
    BAD_PACKAGING,
    BAD_PAYMENT,
    BAD_PRICE,
    BAD_QUANTITY,
    BAD_RATE,
    BAD_TEXT,
    BAD_TOTAL,
    NO_ITEMS,
    NO_SUCH_RATE,
    NOT_OPEN,
    OFFLINE_FULL,
    OPEN_ALREADY,
    REPORT_OVERDUE,
    TOO_MANY_LINES,
    WRONG_MODE,
    NovitusError,
    check_conditions,
)
from fiscald.emulator.refusal import Refusal, RegisterError
from fiscald.emulator.spread import over_lines
from fiscald.model.money import MAX_GROSZE, half_up

#: Limits of one document (Novitus XML reference, 4.3; of the newest firmware where it has several).
MAX_LINES, MAX_BUFFERED, MAX_TENDERS, MAX_CONTAINERS = 255, 80, 16, 64
MAX_NAME, MAX_UNIT, MAX_DESCRIPTION, MAX_CODE, MAX_DISCOUNT_NAME, MAX_TENDER_NAME = 60, 4, 177, 191, 20, 24
MAX_QUANTITY, QUANTITY_PLACES, MAX_COURSE, COURSE_PLACES = 10**9, 6, 10**4, 8
_LETTERS = "ABCDEFG"


class Sales(Part):
    """The sale of one printer."""

    # -- whole documents ------------------------------------------------------------------------------

    @command
    def receipt(self, receipt: Receipt) -> Issued:
        """A whole receipt. Raises ``NovitusError``; then nothing is open and nothing was printed."""
        # The printer takes packaging behind the goods only, wherever it stands in the document.
        lines = sorted(receipt.lines, key=lambda line: isinstance(line, Container))
        return self._whole(lambda: self.begin_receipt(), lines, receipt.tenders, receipt.closing)

    @command
    def invoice(self, invoice: Invoice) -> Issued:
        """A whole invoice. Raises ``NovitusError``; then nothing is open and nothing was printed."""
        return self._whole(lambda: self.begin_invoice(invoice.texts), invoice.lines, invoice.tenders, invoice.closing)

    def _whole(
        self, begin: Callable[[], None], lines: Sequence[Line], tenders: Sequence[Tender], end: Closing
    ) -> Issued:
        state, finished = self.core.register.state, self.core.memory.finished
        before = state.last_document
        begin()
        try:
            for line in lines:
                self.line(line)
            for tender in tenders:
                self.pay(tender)
            return self.close(end)
        except NovitusError:
            self.core.register.sale.discard()
            state.last_document, self.core.memory.finished = before, finished
            raise

    # -- beginning and lines --------------------------------------------------------------------------

    @command
    def begin_receipt(self, *, buffered: bool = False) -> None:
        """Open a receipt; ``buffered``: it is printed as a whole and takes fewer lines."""
        self._begin("receipt", NovitusDocument(buffered=buffered))

    @command
    def begin_invoice(self, texts: InvoiceTexts) -> None:
        """Open an invoice with what its head says. Devices take one without a buyer (a client's tests on hardware)."""
        self._begin("invoice", NovitusDocument(invoice=texts.model_copy(deep=True)))

    def _begin(self, kind: closing.Kind, document: NovitusDocument) -> None:
        core = self.core
        if core.transaction is not None:
            raise NovitusError(OPEN_ALREADY)
        check_conditions(core.faults, "open")
        if core.report_overdue:
            raise NovitusError(REPORT_OVERDUE)
        core.register.sale.open(kind, block_mode=document.buffered)
        core.register.sale.transaction.facts = document
        core.memory.finished = False
        core.drawer_open = False

    def line(self, line: Line) -> None:
        """Any line. Raises ``NovitusError``."""
        match line:
            case Item():
                self.item(line)
            case Advance():
                self.advance(line)
            case Container():
                self.container(line)
            case Discount():
                self.discount(line)

    def _open(self, *, lines: bool = True) -> Transaction:
        """The open document. Raises ``NovitusError`` without one, or where a payment forbids more ``lines``."""
        transaction = self.core.transaction
        if transaction is None:
            raise NovitusError(NOT_OPEN)
        if lines and transaction.payments:
            raise NovitusError(AFTER_PAYMENT)
        return transaction

    def _room(self, transaction: Transaction) -> None:
        """Raises ``NovitusError`` where the document takes no more lines."""
        if transaction.kind == "packaging":
            # What begins with packaging takes no goods.
            raise NovitusError(AFTER_PAYMENT)
        if document_of(transaction).buffered and len(transaction.lines) >= MAX_BUFFERED:
            raise NovitusError(OFFLINE_FULL)
        if len(transaction.lines) >= MAX_LINES:
            raise NovitusError(TOO_MANY_LINES)

    @command
    def item(self, item: Item) -> None:
        """Goods, or the storno of an earlier line with the same name, rate and price."""
        core = self.core
        self._room(self._open())
        if not 0 < len(item.name.strip()) <= MAX_NAME:
            raise NovitusError(BAD_NAME)
        _check_quantity(item.quantity, BAD_QUANTITY)
        rate = self._rate(item.rate)
        if not 0 < item.price <= MAX_GROSZE:
            raise NovitusError(BAD_PRICE)
        code = item.code if item.code is not None and item.code.text else None
        if len(item.unit) > MAX_UNIT or len(item.description) > MAX_DESCRIPTION or (code and len(code.text) > MAX_CODE):
            raise NovitusError(BAD_TEXT)
        core.register.sale.check_line(rate, item.price, item.quantity, item.value)
        _check_change(item.change)
        if core.faults.on(Switch.GOODS_FULL):
            raise RegisterError(Refusal.GOODS_FULL)
        try:
            core.register.sale.sell(
                item.name, rate, item.price, item.quantity, adjustment=self._line_change(item.change),
                storno=item.storno, unit=item.unit, description=item.description,
                code=None if code is None else (code.printed_as, code.text),
            )  # fmt: skip
        except RegisterError as refused:
            if refused.refusal is Refusal.GOODS_LOCKED:
                core.register.state.goods[core.register.goods.key(item.name)].blocked = True
            raise

    def _line_change(self, change: Change | None) -> Callable[[int], Adjustment | None]:
        def adjustment(base: int) -> Adjustment | None:
            amount = 0 if change is None else change.of(base, of_remainder=self.core.memory.of_remainder)
            # A percentage that comes to 0.00 is accepted; an amount must not be zero.
            return Adjustment(amount=amount, name=change.name(equals=" =")) if change and amount else None

        return adjustment

    def _rate(self, letter: str) -> int:
        """The place of a rate. Raises ``NovitusError``: no such letter, not in use."""
        if len(letter) != 1 or letter not in _LETTERS:
            raise NovitusError(NO_SUCH_RATE)
        rate = _LETTERS.index(letter)
        if not self.core.register.state.rate_active(rate):
            raise NovitusError(BAD_RATE)
        return rate

    @command
    def advance(self, advance: Advance) -> None:
        """An advance, its settlement, or the storno of one of them."""
        self._room(self._open())
        if not 0 < len(advance.description.strip()) <= MAX_NAME:
            raise NovitusError(BAD_NAME)
        rate = self._rate(advance.rate)
        if not 0 < advance.value <= MAX_GROSZE:
            raise NovitusError(BAD_PRICE)
        label = "Rozliczenie zaliczki" if advance.settlement else "Zaliczka"
        self.core.register.sale.advance(
            advance.description, rate, advance.value, f"STORNO: {label}" if advance.storno else label,
            deducted=advance.settlement is not advance.storno, reverses=label if advance.storno else "",
        )  # fmt: skip

    @command
    def container(self, container: Container) -> None:
        """Returnable packaging; what begins with it is not fiscal and takes no goods."""
        transaction = self._open()
        if transaction.kind == "invoice":
            raise NovitusError(WRONG_MODE)
        quantity, price, value = container.quantity, container.price, container.value
        if not 0 < quantity <= 9999 or quantity != round(quantity, QUANTITY_PLACES):
            raise NovitusError(BAD_PACKAGING)
        if len(container.name) > MAX_NAME or len(container.number) > 4 or len(transaction.packaging) >= MAX_CONTAINERS:
            raise NovitusError(BAD_PACKAGING)
        if not all(part is None or 0 < part <= MAX_GROSZE for part in (price, value)) or (price or value) is None:
            raise NovitusError(BAD_PACKAGING)
        first = not transaction.items and not transaction.packaging
        try:
            self.core.register.sale.pack(
                container.number, price, quantity, value=value, returned=container.returned, storno=container.storno,
                matched=False, name=container.name,
            )  # fmt: skip
        except RegisterError:
            raise NovitusError(BAD_PACKAGING) from None
        if first:
            transaction.kind = "packaging"

    # -- discounts and payments -----------------------------------------------------------------------

    @command
    def discount(self, discount: Discount) -> None:
        """On everything sold so far, or on one rate, at once; lines may follow."""
        transaction = self._open()
        _check_change(discount.change)
        change = discount.change
        if not transaction.lines:
            raise NovitusError(NO_ITEMS)
        if discount.rate is None:
            if discount.base is not None and discount.base != transaction.total:
                raise NovitusError(BAD_TOTAL)
            adjust_all(self, change, change.name(colon=":", equals=" ="))
            return
        rate = self._rate(discount.rate)
        if discount.base not in (None, transaction.totals[rate], transaction.total):
            raise NovitusError(BAD_TOTAL)
        if not transaction.totals[rate]:
            raise NovitusError(BAD_DISCOUNT)
        amount = change.of(transaction.totals[rate], of_remainder=self.core.memory.of_remainder)
        name = change.name(colon=":", equals=" =")
        if amount or not change.percent:
            self.core.register.sale.adjust_rate(rate, lambda _: Adjustment(amount=amount, name=name))

    @command
    def announce(self, change: Change | None) -> None:
        """A discount is shown on the display; ``None`` revokes it, and all payments with it."""
        transaction = self._open(lines=change is not None)
        if change is None:
            transaction.payments.clear()
        else:
            _check_change(change)
        document_of(transaction).announced = change is not None

    @command
    def pay(self, tender: Tender) -> None:
        """A payment, or change in another currency."""
        transaction = self._payable()
        if len(tender.name) > MAX_TENDER_NAME:
            raise NovitusError(BAD_TEXT)
        if tender.change:
            if not 0 < tender.value <= MAX_GROSZE:
                raise NovitusError(BAD_PAYMENT)
            rests = document_of(transaction).rests
            if len(rests) >= MAX_TENDERS:
                raise NovitusError(BAD_PAYMENT)
            rests.append((tender.name, tender.currency.amount if tender.currency else tender.value))
            return
        if len(transaction.payments) >= MAX_TENDERS or not 0 < tender.value <= MAX_GROSZE:
            raise NovitusError(BAD_PAYMENT)
        if tender.currency is not None:
            _check_currency(tender)
        number, label = FORMS[tender.form]
        self.core.register.sale.pay(number, tender.value, f"{label} {tender.name}".strip(), cash=True)

    @command
    def take_back(self, tender: Tender) -> None:
        """A payment was a mistake: form, value and name must be those of one."""
        transaction = self._payable()
        number, label = FORMS[tender.form]
        name = f"{label} {tender.name}".strip()
        for payment in transaction.payments:
            if (payment.form, payment.amount, payment.name) == (number, tender.value, name):
                transaction.payments.remove(payment)
                return
        raise NovitusError(BAD_PAYMENT)

    def _payable(self) -> Transaction:
        transaction = self._open(lines=False)
        texts = document_of(transaction).invoice
        if texts is not None and not texts.options[1] & PAYMENTS:
            raise NovitusError(WRONG_MODE)
        return transaction

    # -- the end --------------------------------------------------------------------------------------

    @command
    def close(self, end: Closing, *, invoice: bool | None = None) -> Issued:
        """Register the open document and print it; ``invoice``: whether the command is an invoice's or a receipt's."""
        transaction = self._open(lines=False)
        if invoice is not None and invoice is not (transaction.kind == "invoice"):
            raise NovitusError(WRONG_MODE)
        return closing.close(self.core, end, lambda change: adjust_all(self, change, change.name(), at_close=True))

    @command
    def cancel(self) -> None:
        """Cancel the open document; without one nothing happens."""
        self.give_up()

    def give_up(self) -> None:
        """As ``cancel``, by a person: the flags stay as they are."""
        if self.core.transaction is not None:
            closing.cancel(self.core)


def adjust_all(sales: Sales, change: Change, name: str, *, at_close: bool = False) -> None:
    """On-line devices divide it over the lines, and always take the direct method (Thermal reference, 6.4 and 6.5)."""
    sale = sales.core.register.sale
    amount = change.of(sale.transaction.total, of_remainder=False)
    # A percentage that comes to 0.00 is accepted, as on a line.
    if amount or not change.percent:
        sale.adjust_subtotal(lambda _: Adjustment(amount=amount, name=name), spread=over_lines, at_close=at_close)


def _check_change(change: Change | None) -> None:
    if change is not None and (not change.is_allowed or len(change.text) > MAX_DISCOUNT_NAME):
        raise NovitusError(BAD_DISCOUNT)


def _check_quantity(quantity: Decimal, error: int) -> None:
    if not 0 < quantity < MAX_QUANTITY or quantity != round(quantity, QUANTITY_PLACES):
        raise NovitusError(error)


def _check_currency(tender: Tender) -> None:
    """What it is worth must be its amount times the course, rounded to grosze."""
    currency = tender.currency
    assert currency is not None
    fits = 0 < currency.course < MAX_COURSE and currency.course == round(currency.course, COURSE_PLACES)
    if tender.form is not Form.CURRENCY or not fits or half_up(currency.amount * currency.course) != tender.value:
        raise NovitusError(BAD_PAYMENT)
