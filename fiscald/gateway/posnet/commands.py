"""What each command that changes something does at a gateway; functions are named like the commands."""

from __future__ import annotations

from collections.abc import Callable, Sized
from datetime import date
from decimal import Decimal
from typing import Any, NoReturn, TypeVar

from pydantic import ValidationError

from fiscald.emulator.memory import Line, Subtotal
from fiscald.emulator.posnet import sale, service
from fiscald.emulator.posnet.machine import ExecError, Handler, Machine, Values
from fiscald.emulator.posnet.memory import Footer
from fiscald.gateway.documents import LETTERS, buyer
from fiscald.gateway.face import Make, Orders
from fiscald.gateway.posnet import documents
from fiscald.gateway.posnet.numbers import BAD_VALUE, LOCKED, failed, line_refused, refused
from fiscald.model.cash import CashIn, CashOut, Drawer, GoodsReturn
from fiscald.model.documents import Document
from fiscald.model.jobs import Job
from fiscald.model.lists import MAX_LINES, MAX_PAYMENTS
from fiscald.model.money import from_grosze
from fiscald.model.packaging import PackagingDocument
from fiscald.model.payment import Currency
from fiscald.model.printout import Printout
from fiscald.model.receipt import Receipt
from fiscald.model.reports import DailyReport, MonthlyReport, PeriodicReport, ShiftReport
from fiscald.protocols.posnet.grammar import BAD_STATE, NO_DISCOUNT, State
from fiscald.protocols.tables import FieldFault

T = TypeVar("T")

#: Commands whose effect a gateway does not pass on to the printer.
REFUSED = (
    "rtcset", "vatset", "hdrset", "fiscalize", "maintenance", "auth", "cashstaterep", "formbarcode", "azteccode",
    "dmcode", "pdf417code", "trfvinit", "eparagonbufferget", "currrateget", "pccfgget", "dbchkstart", "dbchkplu",
    "hdrget",
)  # fmt: skip
#: A piece of packaging, and one without a sale.
_PIECE = {"number": "1", "price": "1.00"}
_PACKAGING = PackagingDocument.model_validate({"items": [_PIECE]})


class Commands:
    """The handlers of one face."""

    def __init__(self, face: Orders) -> None:
        self._face = face
        self._currencies: dict[int, Currency] = {}
        """Of the payments of the open document, by their place among them."""
        self._customer: str | None = None
        """To whom the next receipt goes as an e-receipt."""

    def handlers(self) -> dict[str, Handler]:
        """By command."""
        return {
            **dict.fromkeys(REFUSED, self._refuse),
            "trinit": self.trinit, "trpackinit": self.trpackinit, "trnipset": self.trnipset, "trline": self.trline,
            "trdiscntsubtot": self.trdiscntsubtot, "trdiscntbill": self.trdiscntsubtot,
            "trdiscntvat": self.trdiscntvat, "trdiscntpromo": self.trdiscntpromo,
            "trpayment": self.trpayment, "trpaymentcurr": self.trpaymentcurr, "trpack": self.trpack,
            "trend": self.trend, "trftrln": sale.trftrln, "trpackprnend": sale.trpackprnend,
            "trftrend": self.trftrend, "prncancel": self.prncancel, "trcancel": self.prncancel,
            "qrcode": sale.qrcode, "ftrcfg": service.ftrcfg, "ftrinfoset": service.ftrinfoset,
            "ftrinfoget": service.ftrinfoget,
            "eparagonidznext": self.eparagonidznext, "eparagonidzcancel": self.eparagonidzcancel,
            "login": self.login, "logout": self.logout, "cash": self.cash, "stocash": self.stocash,
            "opendrwr": self.opendrwr, "formstart": self.formstart, "formline": self.formline,
            "formcmd": self.formcmd, "formformattedline": self.formformattedline,
            "formtinyline": self.formformattedline, "formend": self.formend,
            "dailyrep": self.dailyrep, "monthlyrep": self.monthlyrep,
            "periodicrepbydates": self.periodicrepbydates, "shiftrep": self.shiftrep,
        }  # fmt: skip

    # -- what the engine would refuse -----------------------------------------------------------------

    def _refuse(self, _machine: Machine, _: Values) -> None:
        raise ExecError(LOCKED)

    def _check(self, document: Document) -> None:
        """Raises ``ExecError`` for a document that the engine would refuse."""
        why = self._face.clerk.check(document)
        if why is not None:
            raise refused(why)

    def _sample(self, machine: Machine, price: int = 100, **more: Any) -> Receipt:
        """A short receipt with what a command adds to one. Raises ``ExecError`` if no rate is in use."""
        rate = next((place for place, rate in enumerate(machine.register.state.rates) if rate is not None), None)
        if rate is None:
            raise ExecError(2004)
        line = {"name": "A", "price": from_grosze(price), "vat": LETTERS[rate]}
        return _made(lambda: Receipt.model_validate({"lines": [line], **more}))

    # -- receipts -------------------------------------------------------------------------------------

    def trinit(self, machine: Machine, values: Values) -> None:
        """Open a receipt."""
        self._check(self._sample(machine))
        sale.trinit(machine, values)
        self._begin()

    def trpackinit(self, machine: Machine, values: Values) -> None:
        """Open packaging without a sale."""
        self._check(_PACKAGING)
        sale.trpackinit(machine, values)
        self._begin()

    def _begin(self) -> None:
        self._currencies = {}
        self._face.mirror.freeze()

    def trnipset(self, machine: Machine, values: Values) -> None:
        """The buyer's number."""
        sale.trnipset(machine, values)
        number = machine.register.sale.transaction.buyer_nip
        try:
            self._check(self._sample(machine, buyer=buyer(number)))
        except ExecError:
            machine.register.sale.transaction.buyer_nip = ""
            raise

    def trline(self, machine: Machine, values: Values) -> None:
        """A line. One that the printer behind would refuse is refused before it counts."""
        if machine.state is State.SUBT:
            raise ExecError(BAD_STATE)  # a document has its discount after the last line
        _bound(machine.register.sale.transaction.items, MAX_LINES)
        if not values.get("st"):
            register = machine.register.sale
            quantity = values.get("il", Decimal(1))
            value = register.check_line(values["vt"], values["pr"], quantity, values.get("wa"))
            sold = Line(
                name=values["na"], rate=values["vt"], price=values["pr"], quantity=quantity, value=value,
                unit=values.get("jm", ""), description=values.get("op", ""),
            )  # fmt: skip
            try:
                why = self._face.clerk.check(Receipt.model_validate({"lines": [documents.line(sold)]}))
            except ValidationError:
                raise FieldFault(BAD_VALUE, "na", "is no text for a line") from None
            if why is not None:
                raise line_refused(why)
        sale.trline(machine, values)

    def trdiscntsubtot(self, machine: Machine, values: Values) -> None:
        """A discount or surcharge on the whole receipt; a document has one."""
        self._one_discount(machine)
        sale.trdiscntsubtot(machine, values)

    def trdiscntvat(self, machine: Machine, values: Values) -> None:
        """The same on one rate, if nothing was sold at another."""
        self._one_discount(machine, values["vt"])
        sale.trdiscntvat(machine, values)

    def trdiscntpromo(self, machine: Machine, values: Values) -> None:
        """The same with a name."""
        self._one_discount(machine, values["vt"])
        sale.trdiscntpromo(machine, values)

    def _one_discount(self, machine: Machine, rate: int | None = None) -> None:
        """Raises ``ExecError`` for a second one, and for one on a part of what was sold."""
        sold = machine.register.sale.transaction
        if any(isinstance(item, Subtotal) for item in sold.items):
            raise ExecError(NO_DISCOUNT)
        if rate is not None and any(total for place, total in enumerate(sold.totals) if place != rate):
            raise ExecError(NO_DISCOUNT)

    def trpayment(self, machine: Machine, values: Values) -> None:
        """A payment, or change."""
        _bound(machine.register.sale.transaction.payments, MAX_PAYMENTS)
        sale.trpayment(machine, values)

    def trpaymentcurr(self, machine: Machine, values: Values) -> None:
        """A payment in another currency."""
        _bound(machine.register.sale.transaction.payments, MAX_PAYMENTS)
        if not values.get("re"):
            try:
                currency = documents.currency(values)
            except (ValidationError, ArithmeticError):
                raise ExecError(3055) from None
            payment = {"type": "cash", "amount": from_grosze(values["wa"]), "currency": currency}
            self._check(self._sample(machine, values["wa"], payments=[payment]))
            place = len(machine.register.sale.transaction.payments)
            sale.trpaymentcurr(machine, values)
            self._currencies[place] = currency
        else:
            raise ExecError(LOCKED)  # change is in złoty

    def trpack(self, machine: Machine, values: Values) -> None:
        """Returnable packaging."""
        _bound(machine.register.sale.transaction.packaging, MAX_LINES)
        is_alone = machine.register.sale.transaction.kind == "packaging"
        self._check(_PACKAGING if is_alone else self._sample(machine, packaging=[_PIECE]))
        sale.trpack(machine, values)

    def trend(self, machine: Machine, values: Values) -> NoReturn:
        """The end: the register's sums must be the program's, then the receipt is one document."""
        register = machine.register.sale
        change = register.check_close(
            total=values["to"], packaging_given=values.get("op"), packaging_taken=values.get("om"),
            paid=values.get("fp"), change=values.get("re"),
        )  # fmt: skip
        # Nothing of this changes while the command waits for its job.
        open_document, currencies, customer = register.transaction, self._currencies, self._customer
        foot, code = _foot(machine), machine.memory.code
        below = [text for text in machine.register.state.footer.split("\n") if text]

        def make() -> Document:
            if open_document.kind == "packaging":
                return documents.packaging(open_document, currencies)
            return documents.receipt(open_document, foot, code, below, currencies, customer)

        def ended() -> None:
            if isinstance(self._face.outcome, Job):
                self._forget(machine)
                machine.register.state.last_document.change = change
            self._check_ended()

        self._face.order(make, ended, size=len(open_document.items))

    def _forget(self, machine: Machine) -> None:
        """The open document has ended, and what was configured for its foot is used up."""
        state, memory = machine.register.state, machine.memory
        if state.transaction is not None:
            machine.register.sale.discard()
        memory.state = State.IDLE
        if memory.pending.bb:
            memory.code = None
        memory.pending, memory.footer = Footer(), []
        if not state.footer_kept:
            state.footer = ""
        self._currencies, self._customer = {}, None
        self._face.mirror.thaw()

    def prncancel(self, machine: Machine, values: Values) -> Values:
        """Nothing was printed of what is open; only the footer of a receipt that is out may still come."""
        if machine.state is State.FOOT:
            return self.trftrend(machine, values)
        if machine.state is State.FORM:
            machine.memory.take_form()
        elif machine.register.state.transaction is not None:
            self._forget(machine)
        return {}

    def trftrend(self, machine: Machine, _: Values) -> Values:
        """The end of the footer: its lines come on a separate sheet."""
        lines, machine.memory.footer = machine.memory.footer, []
        if not lines:
            return {}
        # The receipt is registered, whatever becomes of the sheet.
        return self._face.order(lambda: Printout(lines=tuple(lines)), dict, size=len(lines))

    # -- e-receipts -----------------------------------------------------------------------------------

    def eparagonidznext(self, machine: Machine, values: Values) -> Values:
        """The next receipt goes to this customer. Its number at the printer is not known yet."""
        self._check(self._sample(machine, e_receipt={"customer_id": values["id"]}))
        self._customer = values["id"]
        return {}

    def eparagonidzcancel(self, _machine: Machine, _: Values) -> None:
        """It does not."""
        self._customer = None

    # -- cashier, cash, drawer ------------------------------------------------------------------------

    def login(self, machine: Machine, values: Values) -> None:
        """The cashier of later receipts; without a slip."""
        machine.register.state.cashier, machine.register.state.till = values["na"], values["nk"] or "1"

    def logout(self, machine: Machine, _: Values) -> None:
        """No cashier; without a slip."""
        machine.register.state.cashier, machine.register.state.till = "", "1"

    def cash(self, _machine: Machine, values: Values) -> NoReturn:
        """Cash put in or taken out."""
        kind = CashIn if values["wp"] else CashOut
        self._print(lambda: kind(amount=from_grosze(values["kw"])))

    def stocash(self, _machine: Machine, values: Values) -> NoReturn:
        """A slip for returned goods."""
        self._print(lambda: GoodsReturn(amount=from_grosze(values["kw"])))

    def opendrwr(self, _machine: Machine, _: Values) -> NoReturn:
        """The drawer."""
        self._print(Drawer)

    def _print(self, make: Make) -> NoReturn:
        """A document of one command."""
        self._face.order(make, self._check_ended)

    def _check_ended(self) -> None:
        """Raises ``ExecError`` if the document that was in order is not printed."""
        if not self._face.is_printed:
            assert self._face.outcome is not None
            raise failed(self._face.outcome, same_family=self._face.same_family)

    # -- forms and reports ----------------------------------------------------------------------------

    def formstart(self, machine: Machine, values: Values) -> None:
        """Open a non-fiscal form."""
        self._check(Printout(lines=("A",)))
        service.formstart(machine, values)

    def formline(self, machine: Machine, values: Values) -> None:
        """A line of the form."""
        _bound(machine.memory.form or (), MAX_LINES)
        service.formline(machine, values)

    def formcmd(self, machine: Machine, values: Values) -> None:
        """An empty line, or a new page, which a document does not have."""
        _bound(machine.memory.form or (), MAX_LINES)
        service.formcmd(machine, values)

    def formformattedline(self, machine: Machine, values: Values) -> None:
        """A line of the form."""
        _bound(machine.memory.form or (), MAX_LINES)
        service.formformattedline(machine, values)

    def formend(self, machine: Machine, _: Values) -> NoReturn:
        """The form is one document."""
        heading, *lines = machine.memory.form or [""]
        texts = [text for text in lines if text != "\f"] or [""]

        def ended() -> None:
            machine.memory.take_form()
            self._check_ended()

        self._face.order(lambda: Printout(title=heading or None, lines=tuple(texts)), ended, size=len(texts))

    def dailyrep(self, machine: Machine, values: Values) -> NoReturn:
        """The daily report; a date in it must be the printer's."""
        if "da" in values and service.read_date(values["da"], 2024) != self._today(machine):
            raise ExecError(2022)
        self._print(DailyReport)

    def monthlyrep(self, machine: Machine, values: Values) -> NoReturn:
        """The report of a month that has ended."""
        day = service.read_date(values["da"], 2042)
        if day > self._today(machine):
            raise ExecError(2044)
        self._print(lambda: MonthlyReport(month=f"{day:%Y-%m}", summary=bool(values.get("su"))))

    def periodicrepbydates(self, machine: Machine, values: Values) -> NoReturn:
        """The report of a period."""
        first, last = service.read_date(values["fd"], 2042), service.read_date(values["td"], 2043)
        if first > self._today(machine):
            raise ExecError(2045)
        if first > last:
            raise ExecError(2050)
        content = {"from": first.isoformat(), "to": last.isoformat(), "summary": bool(values["su"])}
        self._print(lambda: PeriodicReport.model_validate(content))

    def shiftrep(self, _machine: Machine, values: Values) -> NoReturn:
        """The report of a shift."""
        self._print(lambda: ShiftReport(shift=values["sh"], reset=bool(values["zr"])))

    def _today(self, machine: Machine) -> date:
        return machine.register.clock.now().date()


def _bound(found: Sized, most: int) -> None:
    """Raises ``ExecError`` where a document could hold no more of these."""
    if len(found) >= most:
        raise ExecError(BAD_STATE)


def _foot(machine: Machine) -> Footer:
    """Cashier, till, numbers and code under the next receipt."""
    memory, state = machine.memory, machine.register.state
    kept, pending = memory.kept, memory.pending
    return pending.model_copy(
        update={
            "cc": pending.cc or kept.cc or state.cashier or None,
            # A till of which no program spoke is the printer's own.
            "cn": pending.cn or kept.cn or (state.till if state.cashier else None),
        }
    )


def _made(document: Callable[[], T]) -> T:
    """The document. Raises ``ExecError`` for what no document can hold."""
    try:
        return document()
    except ValidationError:
        raise ExecError(LOCKED) from None
