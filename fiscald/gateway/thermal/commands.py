"""What each command that changes something does at a gateway, but for receipts."""

from __future__ import annotations

import datetime
from typing import NoReturn

from fiscald.emulator.thermal import forms, service
from fiscald.emulator.thermal.machine import ExecError, Handler, Machine, Values
from fiscald.gateway.documents import PACKAGING
from fiscald.gateway.face import Make, Orders
from fiscald.gateway.thermal import documents
from fiscald.gateway.thermal.numbers import RECEIPT, failed, refused, unknown
from fiscald.model.cash import CashIn, CashOut, Drawer, GoodsReturn
from fiscald.model.documents import Document
from fiscald.model.lists import MAX_LINES
from fiscald.model.money import from_grosze
from fiscald.model.packaging import PackagingDocument
from fiscald.model.printout import Printout
from fiscald.model.reports import DailyReport, MonthlyReport, PeriodicReport, ShiftReport
from fiscald.protocols.thermal.grammar import State

#: Commands whose effect a gateway does not pass on to the printer.
REFUSED = ("$c", "$p", "$f 0", "#t", "$h invoice", "@c", "$e 0 invoice", "$e 1 invoice")
#: The value of ``Ps`` of ``#k`` that only reads.
_READING = 23
_SUMMARY, _MONTHLY = (1, 7), (6, 7)


class Desk:
    """What the commands have in common."""

    def __init__(self, face: Orders) -> None:
        self.face = face

    def check(self, machine: Machine, document: Document, numbers: dict[str, int] = RECEIPT) -> None:
        """Raises ``ExecError`` for a document that the engine would refuse."""
        why = self.face.clerk.check(document)
        if why is not None:
            raise refused(machine, why, numbers)

    def check_ended(self, machine: Machine) -> None:
        """Raises ``ExecError`` if the document that was in order is not printed."""
        if not self.face.is_printed:
            assert self.face.outcome is not None
            raise failed(machine, self.face.outcome, same_family=self.face.same_family)

    def print(self, machine: Machine, make: Make, *, size: int = 0) -> NoReturn:
        """A document of one command."""
        self.face.order(make, lambda: self.check_ended(machine), size=size)


class Commands(Desk):
    """The handlers of one face."""

    def handlers(self) -> dict[str, Handler]:
        """By command."""
        return {
            **dict.fromkeys(REFUSED, self.refuse),
            **dict.fromkeys(("$d 2", "$d 101", "$d 102"), service.nothing),
            "$d 1": self.drawer, "#p": self.login, "#q": self.logout, "#i": self.cash_in, "#d": self.cash_out,
            "#z": self.goods_return, "#w": self.packaging_return, "#k": self.shift_report,
            "#r": self.daily_report, "#o": self.periodic_report, "#o 16": self.numbered_report,
            "#o 17": self.numbered_summary, "$w 0": self.open_form, "$w": self.form_line, "$w 1": self.end_form,
        }  # fmt: skip

    def refuse(self, machine: Machine, _: Values) -> None:
        """The gateway does not pass it on."""
        raise unknown(machine)

    # -- cashier, cash, drawer ------------------------------------------------------------------------

    def drawer(self, machine: Machine, _: Values) -> None:
        """``1$d``."""
        self.print(machine, Drawer)

    def login(self, machine: Machine, values: Values) -> None:
        """``#p``: the cashier of later receipts; without a slip."""
        if not values["kasjer"]:
            raise ExecError(33)
        machine.register.state.cashier, machine.register.state.till = values["kasjer"], values["nr_kasy"]

    def logout(self, machine: Machine, values: Values) -> None:
        """``#q``: no cashier; without a slip."""
        if not values["kasjer"]:
            raise ExecError(33)
        machine.register.state.cashier, machine.register.state.till = "", "1"

    def cash_in(self, machine: Machine, values: Values) -> None:
        """``#i``."""
        self._slip(machine, values, CashIn)

    def cash_out(self, machine: Machine, values: Values) -> None:
        """``#d``."""
        self._slip(machine, values, CashOut)

    def goods_return(self, machine: Machine, values: Values) -> None:
        """``#z``."""
        self._slip(machine, values, GoodsReturn)

    def _slip(self, machine: Machine, values: Values, kind: type[CashIn | CashOut | GoodsReturn]) -> None:
        if not values["kwota"]:
            raise ExecError(30)
        self.print(machine, lambda: kind(amount=from_grosze(values["kwota"])))

    def packaging_return(self, machine: Machine, values: Values) -> None:
        """``#w``: packaging taken back without a receipt."""
        amount = from_grosze(service.packaging_value(values))
        item = {"name": PACKAGING, "price": amount, "returned": True}
        document = PackagingDocument.model_validate({"items": [item]})
        self.check(machine, document)
        self.print(machine, lambda: document)

    # -- reports --------------------------------------------------------------------------------------

    def shift_report(self, machine: Machine, values: Values) -> None:
        """``#k``."""
        if values.get("Ps") not in (None, 0, _READING):
            raise ExecError(4)
        content = {
            "shift": values["zmiana"],
            "cashier": values["kasjer"] or None,
            "reset": values.get("Ps") != _READING,
        }
        self.print(machine, lambda: ShiftReport.model_validate(content))

    def daily_report(self, machine: Machine, values: Values) -> None:
        """``#r``: without a date it asks no question, because there is no keyboard; a date must be the printer's."""
        if values.get("Ps"):
            service.check_report_date(machine, values)
        self.print(machine, DailyReport)

    def periodic_report(self, machine: Machine, values: Values) -> None:
        """``#o`` by dates."""
        first, last, kind = service.period(values)
        summary = kind in _SUMMARY
        month = MonthlyReport(month=f"{first:%Y-%m}", summary=summary)
        if kind in _MONTHLY and month.days == (first, last):
            self.print(machine, lambda: month)
        self._period(machine, first, last, summary=summary)

    def numbered_report(self, machine: Machine, values: Values) -> None:
        """``16#o``."""
        self._period(machine, values["Od"], values["Do"], summary=False)

    def numbered_summary(self, machine: Machine, values: Values) -> None:
        """``17#o``."""
        self._period(machine, values["Od"], values["Do"], summary=True)

    def _period(
        self, machine: Machine, first: datetime.date | int, last: datetime.date | int, *, summary: bool
    ) -> NoReturn:
        if isinstance(first, int) and isinstance(last, int) and not 1 <= first <= last:
            raise ExecError(4)
        content = {"from": first, "to": last, "summary": summary}
        self.print(machine, lambda: PeriodicReport.model_validate(content))

    # -- forms ----------------------------------------------------------------------------------------

    def open_form(self, machine: Machine, values: Values) -> None:
        """``0;form$w``."""
        self.check(machine, Printout(lines=("A",)))
        forms.open_form(machine, values)

    def form_line(self, machine: Machine, values: Values) -> None:
        """``form;line$w``."""
        form = machine.memory.form
        if form is not None and len(form.lines) >= MAX_LINES:
            raise ExecError(4)
        forms.line(machine, values)

    def end_form(self, machine: Machine, values: Values) -> None:
        """``1;form$w``: the form is one document. Lines for the next document, form 255, are not passed on."""
        form = machine.memory.form
        if form is None:
            raise unknown(machine)
        if values["formularz"] != form.number:
            raise ExecError(4)
        below = [values.get("numer_systemowy") or "", *values["linie"]]

        def ended() -> None:
            machine.memory.form = None
            machine.memory.state = State.IDLE
            self.check_ended(machine)

        self.face.order(lambda: documents.printout(form.heading, form.lines, below), ended, size=len(form.lines))
