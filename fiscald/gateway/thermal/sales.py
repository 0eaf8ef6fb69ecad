"""What each command of a receipt does at a gateway."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from fiscald.emulator.layout import FOOTER_LABELS
from fiscald.emulator.memory import Line, Subtotal, Transaction
from fiscald.emulator.refusal import RegisterError
from fiscald.emulator.thermal import closing, sale
from fiscald.emulator.thermal.machine import ERRORS, ExecError, Handler, Machine, Values
from fiscald.emulator.thermal.memory import document_of
from fiscald.gateway.documents import LETTERS, buyer
from fiscald.gateway.face import Orders
from fiscald.gateway.thermal import documents
from fiscald.gateway.thermal.commands import Desk
from fiscald.gateway.thermal.documents import Foot
from fiscald.gateway.thermal.numbers import LINE, WRONG_STATE, unknown
from fiscald.model.documents import Document
from fiscald.model.jobs import Job
from fiscald.model.lists import MAX_LINES
from fiscald.model.money import from_grosze
from fiscald.model.packaging import PackagingDocument
from fiscald.model.printout import Printout
from fiscald.model.receipt import Receipt
from fiscald.protocols.thermal.commands import SHORT_FORM
from fiscald.protocols.thermal.grammar import State

#: The error of a storno that fits no line.
_STORNO = 22
#: A discount that the closing cannot have.
_DISCOUNT = 27


class Sales(Desk):
    """The handlers of the receipts of one face."""

    def __init__(self, face: Orders) -> None:
        super().__init__(face)
        self._below: list[str] = []
        """Lines that come after a short closing."""

    def handlers(self) -> dict[str, Handler]:
        """By command."""
        return {
            "$h": self.begin, "$N 1": self.buyer, "$z 100": self.buyer, "$l": self.line,
            **{f"$d {number}": self._deposit(number) for number in (6, 7, 10, 11)},
            "$L": self.adjust_rate, "$Y": self.adjust_subtotal, "$b 1": self.pay,
            **{name: self._close(name) for name in closing.CLOSINGS},
            "$e 0": self.cancel, "$z 4": self.listed, "$z 8": self.listed, "$z 20": self.keyword,
            "$z 24": self.information, "$z 28": self.finish,
        }  # fmt: skip

    # -- what the engine would refuse -----------------------------------------------------------------

    def _sample(self, machine: Machine, price: int = 100, **more: Any) -> Receipt:
        """A short receipt with what a command adds to one. Raises ``ExecError`` where it is none."""
        rate = next((place for place, rate in enumerate(machine.register.state.rates) if rate is not None), 0)
        line = {"name": "A", "price": from_grosze(price), "vat": LETTERS[rate]}
        try:
            return Receipt.model_validate({"lines": [line], **more})
        except ValidationError:
            raise ExecError(4) from None

    # -- opening and lines ----------------------------------------------------------------------------

    def begin(self, machine: Machine, values: Values) -> None:
        """``$h``."""
        self.check(machine, self._sample(machine))
        sale.begin(machine, values)
        try:
            self._check_buyer(machine)
        except ExecError:
            machine.register.sale.discard()
            raise
        self.face.mirror.freeze()

    def buyer(self, machine: Machine, values: Values) -> None:
        """``1$N``, ``100;1$z``."""
        sale.buyer(machine, values)
        try:
            self._check_buyer(machine)
        except ExecError:
            machine.register.sale.transaction.buyer_nip = ""
            raise

    def _check_buyer(self, machine: Machine) -> None:
        number = machine.register.sale.transaction.buyer_nip.replace("-", "").replace(" ", "")
        if number:
            self.check(machine, self._sample(machine, buyer=buyer(number)), {})

    def line(self, machine: Machine, values: Values) -> None:
        """``$l``: one that the printer behind would refuse is refused, and does not count."""
        transaction = machine.register.sale.transaction
        if values["ptu"] == "P":
            self._take_pack(machine, values["Pi"], lambda: sale.line(machine, values))
            return
        if any(isinstance(item, Subtotal) for item in transaction.items):
            raise ExecError(WRONG_STATE)  # a document has its discount after the last line
        if len(transaction.items) >= MAX_LINES:
            raise ExecError(4)
        before = len(transaction.items), list(transaction.totals), document_of(transaction).next
        sale.line(machine, values)
        sold = transaction.items[-1]
        assert isinstance(sold, Line), "a line was sold"
        try:
            self._check_line(machine, transaction, sold)
        except ExecError:
            del transaction.items[before[0] :]
            transaction.totals, document_of(transaction).next = before[1:]
            raise

    def _check_line(self, machine: Machine, transaction: Transaction, sold: Line) -> None:
        lines = [documents.line(sold)]
        if sold.storno:
            # What it may reverse, and what was reversed before; and something that is left.
            same = [each for each in transaction.lines if (each.name, each.price) == (sold.name, sold.price)]
            lines = [documents.line(each) for each in same]
            lines.append({"name": "A", "price": from_grosze(100), "vat": LETTERS[sold.rate]})
        try:
            receipt = Receipt.model_validate({"lines": lines})
        except ValidationError:
            raise ExecError(16) from None
        self.check(machine, receipt, dict.fromkeys(("lines",), _STORNO) if sold.storno else LINE)

    def _deposit(self, number: int) -> Handler:
        known = sale.HANDLERS[f"$d {number}"]
        return lambda machine, values: self._take_pack(machine, number, lambda: known(machine, values))

    def _take_pack(self, machine: Machine, number: int, take: Callable[[], object]) -> None:
        """Packaging; a storno of it must have an equal entry."""
        transaction = machine.register.sale.transaction
        before, kind = list(transaction.packaging), transaction.kind
        if len(before) >= MAX_LINES:
            raise ExecError(17)
        take()
        try:
            items = documents.packs(transaction.packaging)
            if number in (6, 10):
                alone = transaction.kind == "packaging"
                document = PackagingDocument.model_validate({"items": items[-1:]}) if alone else None
                sample = document or self._sample(
                    machine, max(transaction.packaging[-1].value, 100), packaging=items[-1:]
                )
                self.check(machine, sample, {"number": 17, "quantity": 17})
        except (ExecError, ValueError) as error:
            transaction.packaging, transaction.kind = before, kind
            raise error if isinstance(error, ExecError) else ExecError(_STORNO) from None

    # -- discounts and payments -----------------------------------------------------------------------

    def adjust_rate(self, machine: Machine, values: Values) -> None:
        """``$L``: if nothing was sold at another rate, and there is no other one."""
        totals = machine.register.sale.transaction.totals
        if any(total for place, total in enumerate(totals) if place != values["Ps"]):
            raise ExecError(WRONG_STATE)
        self._one_discount(machine)
        sale.adjust_rate(machine, values)

    def adjust_subtotal(self, machine: Machine, values: Values) -> None:
        """``$Y``: a document has one."""
        self._one_discount(machine)
        sale.adjust_subtotal(machine, values)

    def _one_discount(self, machine: Machine) -> None:
        if any(isinstance(item, Subtotal) for item in machine.register.sale.transaction.items):
            raise ExecError(WRONG_STATE)

    def pay(self, machine: Machine, values: Values) -> None:
        """``1;x$b``."""
        self._check_form(machine, values["Pfx"], values["kwota"])
        sale.pay(machine, values)

    def _check_form(self, machine: Machine, form: int, amount: int) -> None:
        if form not in documents.TYPES:
            raise unknown(machine)
        if amount > 0:
            payment = {"type": documents.TYPES[form], "amount": from_grosze(amount)}
            self.check(machine, self._sample(machine, amount, payments=[payment]), {})

    # -- the end --------------------------------------------------------------------------------------

    def _close(self, name: str) -> Handler:
        def close(machine: Machine, values: Values) -> None:
            """``1$e``, ``$x``, ``$y``: the register's sums must be the program's, then it is one document."""
            said = closing.CLOSINGS[name](machine, values)
            transaction = machine.register.sale.transaction
            if said.change is not None and any(isinstance(item, Subtotal) for item in transaction.items):
                raise ExecError(_DISCOUNT)  # a document has one discount
            for payment in said.payments or ():
                if payment.amount:
                    self._check_form(machine, payment.form, payment.amount)
            before = transaction.model_copy(deep=True)
            try:
                change = closing.settle(machine, said)
            except RegisterError as error:
                raise ExecError(ERRORS[error.refusal]) from None
            transaction = machine.register.sale.transaction
            till, cashier = _who(machine, name, values)
            foot = Foot(till, cashier, said.system_number or document_of(transaction).system_number, said.lines[:3])

            def ended() -> None:
                if isinstance(self.face.outcome, Job):
                    self._forget(machine)
                    machine.register.state.last_document.change = change
                else:
                    machine.register.state.transaction = before
                machine.finished = self.face.is_printed
                self.check_ended(machine)
                self._below = [] if values.get("Pc") == SHORT_FORM else self._below

            def make() -> Document:
                if transaction.kind == "packaging":
                    return documents.packaging(transaction)
                return documents.receipt(transaction, foot)

            self.face.order(make, ended, size=len(transaction.items))

        return close

    def _forget(self, machine: Machine) -> None:
        """The open document has ended."""
        machine.register.sale.discard()
        machine.memory.state = State.IDLE
        self.face.mirror.thaw()

    def cancel(self, machine: Machine, _: Values) -> None:
        """``0$e``: nothing was printed of what is open."""
        machine.timed_out = False
        if machine.register.state.transaction is not None:
            machine.finished = False
            self._forget(machine)

    # -- after a short closing ------------------------------------------------------------------------

    def listed(self, machine: Machine, _: Values) -> None:
        """``4$z``, ``8$z``: packages whose sum is on the receipt that is out already."""

    def keyword(self, machine: Machine, values: Values) -> None:
        """``20;x$z``: a label and its text."""
        if values["Psx"] > 34 and not machine.novitus:
            raise ExecError(4)
        if len(self._below) >= closing.MAX_KEYWORDS:
            raise ExecError(84)
        label = FOOTER_LABELS.get(values["Psx"], "")
        self._below.append(f"{label} {values.get('tekst') or ''}".strip())

    def information(self, machine: Machine, values: Values) -> None:
        """``24;n$z``."""
        if len(self._below) + len(values["linie"]) > closing.MAX_TEXTS:
            raise ExecError(84)
        self._below += values["linie"]

    def finish(self, machine: Machine, _: Values) -> None:
        """``28$z``: the lines come on a separate sheet. The receipt is registered, whatever becomes of that."""
        lines, self._below = [text for text in self._below if text], []
        if lines:
            self.face.order(lambda: Printout(lines=tuple(lines)), lambda: None)


def _who(machine: Machine, name: str, values: Values) -> tuple[str, str]:
    """Till and cashier for the foot (5.7): POSNET prefers what ``$y`` has, Novitus who is logged in."""
    state = machine.register.state
    logged_in = (state.till, state.cashier) if state.cashier else None
    if name == "$y":
        sent = values["nr_kasy"], values["kasjer"]
        first, second = (logged_in, sent) if machine.novitus else (sent if any(sent) else None, logged_in)
    else:
        code = values["kod"]
        first, second = logged_in, ("", code) if machine.novitus else (code[0], code[1:])
    return first or second or ("", "")
