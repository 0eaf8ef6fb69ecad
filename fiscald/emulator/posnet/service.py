"""Programming, cash and cashier, forms and reports (POSNET reference, 5.1, 5.2, 5.4, 5.9 to 5.11)."""

from __future__ import annotations

import calendar
import datetime
import re
from decimal import Decimal

from fiscald.emulator.device import Display
from fiscald.emulator.faults import Switch
from fiscald.emulator.paper import amount
from fiscald.emulator.posnet.machine import ExecError, Handler, Machine, NeedsConfirmation, Values
from fiscald.emulator.posnet.memory import Footer, Shift
from fiscald.model.times import POLISH_TIME
from fiscald.protocols.posnet.commands import RATE_LETTERS

#: Characters of a line of the header, without its marks (4.3).
HEADER_COLUMNS = 40
#: Marks of style in a text; ``&&`` is the sign itself.
_MARK = re.compile(r"&[bchuwi1-8]|&(?=&)")

# -- programming -----------------------------------------------------------------------------------------------------


def rtcset(machine: Machine, values: Values) -> None:
    try:
        moment = datetime.datetime.strptime(values["da"], "%Y-%m-%d;%H:%M").replace(tzinfo=POLISH_TIME)
    except ValueError:
        raise ExecError(2024) from None
    machine.register.clock.set(moment, hours=2 if machine.online else 1)


def vatset(machine: Machine, values: Values) -> Values:
    rates: list[Decimal | str | None] = [values.get("v" + letter) for letter in RATE_LETTERS]

    def go() -> Values:
        machine.register.ledger.set_rates(rates)
        return {}

    if "da" in values:
        return go()
    raise NeedsConfirmation(go, Display("Zapisać stawki PTU?", "programme these VAT rates?"))


def fiscalize(machine: Machine, _: Values) -> None:
    raise ExecError(2033 if machine.fiscal else 323)


def hdrset(machine: Machine, values: Values) -> None:
    if any(len(_MARK.sub("", line)) > HEADER_COLUMNS for line in values["tx"].split("\n")):
        raise ExecError(717)
    machine.register.state.header = values["tx"]


def hdrget(machine: Machine, _: Values) -> Values:
    return {"tx": machine.register.state.header}


def ftrinfoset(machine: Machine, values: Values) -> None:
    if values["tx"].count("\n") > 2:
        raise ExecError(2058)
    machine.register.state.footer = values["tx"]
    machine.register.state.footer_kept = bool(values.get("lb"))


def ftrinfoget(machine: Machine, _: Values) -> Values:
    return {"tx": machine.register.state.footer}


def ftrcfg(machine: Machine, values: Values) -> None:
    if values.get("bb") and machine.memory.code is None:
        raise ExecError(2059)
    if "ln" in values:
        ftrinfoset(machine, {"tx": values["ln"], "lb": values.get("lb")})
    if values.get("ca"):
        machine.memory.kept = Footer(cc=values.get("cc"), cn=values.get("cn"))
    for name in Footer.model_fields.keys() & values.keys():
        setattr(machine.memory.pending, name, values[name])


def opendrwr(machine: Machine, _: Values) -> None:
    machine.register.ledger.open_drawer()


def maintenance(machine: Machine, values: Values) -> None:
    if values["da"] < machine.register.clock.now().date():
        raise ExecError(2070)


# -- cashier and cash ------------------------------------------------------------------------------------------------


def login(machine: Machine, values: Values) -> None:
    state = machine.register.state
    state.cashier, state.till = values["na"], values["nk"] or "1"
    if values.get("dr"):
        machine.register.ledger.slip()
        sheet = machine.sheet()
        sheet.slip("ROZPOCZĘCIE PRACY KASJERA", [("Kasjer", state.cashier), ("Numer kasy", state.till)])
        machine.emit("login", sheet)


def logout(machine: Machine, _: Values) -> None:
    state = machine.register.state
    machine.register.ledger.slip()
    sheet = machine.sheet()
    sheet.slip("ZAKOŃCZENIE PRACY KASJERA", [("Kasjer", state.cashier), ("Numer kasy", state.till)])
    state.cashier, state.till = "", "1"
    machine.emit("logout", sheet)


def cash(machine: Machine, values: Values) -> None:
    if values["wp"]:
        machine.register.ledger.cash_in(values["kw"])
    else:
        machine.register.ledger.cash_out(values["kw"])
    sheet = machine.sheet()
    title = "WPŁATA DO KASY" if values["wp"] else "WYPŁATA Z KASY"
    sheet.slip(title, [("KWOTA PLN", amount(values["kw"]))])
    machine.emit("cash_in" if values["wp"] else "cash_out", sheet, amount=values["kw"])


def stocash(machine: Machine, values: Values) -> None:
    machine.register.ledger.goods_return(values["kw"])
    sheet = machine.sheet()
    sheet.slip("ZWROT TOWARU", [("KWOTA PLN", amount(values["kw"]))], signature=True)
    machine.emit("goods_return", sheet, amount=values["kw"])


# -- forms -----------------------------------------------------------------------------------------------------------


def formstart(machine: Machine, values: Values) -> None:
    machine.memory.form = [values.get("al", "")]


def _form_line(machine: Machine, text: str) -> None:
    machine.memory.form = [*(machine.memory.form or [""]), *text.split("\n")]


def formline(machine: Machine, values: Values) -> None:
    _form_line(machine, "\n".join(values[name] for name in ("s1", "s2") if name in values))


def formcmd(machine: Machine, values: Values) -> None:
    if values["cm"] not in (0, 1):
        raise ExecError(2507)
    _form_line(machine, "\f" if values["cm"] else "")


def formbarcode(machine: Machine, values: Values) -> None:
    _form_line(machine, f"[BARCODE {values['bc']}]")


def formformattedline(machine: Machine, values: Values) -> None:
    _form_line(machine, values["s1"])


def formend(machine: Machine, _: Values) -> None:
    heading, *lines = machine.memory.take_form()
    machine.register.ledger.slip()
    sheet = machine.sheet()
    sheet.form(heading, lines)
    machine.emit("form", sheet)


# -- reports ---------------------------------------------------------------------------------------------------------


def dailyrep(machine: Machine, values: Values) -> Values:
    if "da" in values:
        if read_date(values["da"], 2024) != machine.register.clock.now().date():
            raise ExecError(2022)
        return _daily_report(machine)
    today = machine.register.clock.now().date()
    display = Display(f"Drukować raport dobowy? Data: {today}", f"print the daily report of {today}?")
    raise NeedsConfirmation(lambda: _daily_report(machine), display)


def _daily_report(machine: Machine) -> Values:
    record = machine.register.ledger.daily_report()
    machine.faults.switches.difference_update((Switch.REPORT_REQUIRED, Switch.TOTALS_FULL, Switch.CHANGE_DUE))
    machine.memory.shift = Shift()
    sheet = machine.sheet()
    sheet.daily_report(record)
    machine.emit("daily_report", sheet, number=record.number, totals=list(record.day.receipts))
    return {}


def monthlyrep(machine: Machine, values: Values) -> None:
    day = read_date(values["da"], 2042)
    first, last = day.replace(day=1), day.replace(day=calendar.monthrange(day.year, day.month)[1])
    today, state = machine.register.clock.now().date(), machine.register.state
    reported = state.last_record is not None and state.last_record.date() == today and state.day.totals_zero
    if last > today or (last == today and not reported):
        raise ExecError(2044)
    _periodic(machine, first, last, summary=bool(values.get("su")))


def periodicrepbydates(machine: Machine, values: Values) -> None:
    first, last = read_date(values["fd"], 2042), read_date(values["td"], 2043)
    if first > machine.register.clock.now().date():
        raise ExecError(2045)
    if first > last:
        raise ExecError(2050)
    _periodic(machine, first, last, summary=values["su"])


def _periodic(machine: Machine, first: datetime.date, last: datetime.date, *, summary: bool) -> None:
    records = machine.register.ledger.records(first, last)
    machine.register.ledger.count_printout()
    sheet = machine.sheet()
    sheet.periodic_report(first, last, records, summary=summary)
    machine.emit("periodic_report", sheet, first=records[0].number, last=records[-1].number)


def shiftrep(machine: Machine, values: Values) -> None:
    """What the shift did since the last report with ``zr``; a daily report begins a new one (our assumption)."""
    machine.register.ledger.count_printout()
    sheet = machine.sheet()
    day, shift = machine.register.state.day, machine.memory.shift
    if day.receipt_count < shift.receipts:
        shift = Shift()
    receipts, sales = day.receipt_count - shift.receipts, sum(day.receipts) - shift.sales
    rows = [
        ("Zmiana", values["sh"]),
        ("Paragony", str(receipts)),
        ("Sprzedaż PLN", amount(sales)),
        ("Gotówka PLN", amount(machine.register.state.cash)),
    ]
    sheet.slip("RAPORT ZMIANOWY", rows)
    if values["zr"]:
        machine.memory.shift = Shift(receipts=day.receipt_count, sales=sum(day.receipts))
    machine.emit("shift_report", sheet, receipts=receipts, sales=sales)


def cashstaterep(machine: Machine, _: Values) -> None:
    machine.register.ledger.count_printout()
    sheet = machine.sheet()
    sheet.slip("STAN KASY", [("Gotówka PLN", amount(machine.register.state.cash))])
    machine.emit("cash_report", sheet)


def dbchkplu(machine: Machine, values: Values) -> None:
    if machine.register.goods.check(values["na"], values["vt"]) is None:
        raise ExecError(2107)


def read_date(text: str, error: int) -> datetime.date:
    """A date; unpadded ones are taken (one client sends them)."""
    try:
        year, month, day = map(int, text.split("-"))
        return datetime.date(year, month, day)
    except ValueError:
        raise ExecError(error) from None


#: Handlers by command.
HANDLERS: dict[str, Handler] = {
    "rtcset": rtcset,
    "vatset": vatset,
    "fiscalize": fiscalize,
    "hdrset": hdrset,
    "hdrget": hdrget,
    "ftrinfoset": ftrinfoset,
    "ftrinfoget": ftrinfoget,
    "ftrcfg": ftrcfg,
    "opendrwr": opendrwr,
    "maintenance": maintenance,
    "login": login,
    "logout": logout,
    "cash": cash,
    "stocash": stocash,
    "formstart": formstart,
    "formline": formline,
    "formcmd": formcmd,
    "formbarcode": formbarcode,
    "formformattedline": formformattedline,
    "formtinyline": formformattedline,
    "formend": formend,
    "dailyrep": dailyrep,
    "monthlyrep": monthlyrep,
    "periodicrepbydates": periodicrepbydates,
    "shiftrep": shiftrep,
    "cashstaterep": cashstaterep,
    "dbchkplu": dbchkplu,
}
