"""Programming, drawer and displays, cash and cashiers, reports (thermal reference, 5.1, 5.7 and 5.8)."""

from __future__ import annotations

import datetime
import functools
import re
from decimal import Decimal

from fiscald.emulator.device import Display
from fiscald.emulator.faults import Switch
from fiscald.emulator.layout import Foot, Sheet, day_text, rate_text
from fiscald.emulator.memory import DailyRecord
from fiscald.emulator.paper import amount
from fiscald.emulator.refusal import Refusal, RegisterError
from fiscald.emulator.thermal.machine import ExecError, Handler, Machine, NeedsConfirmation, Values
from fiscald.emulator.thermal.memory import Appended, Shift
from fiscald.model.money import grosze
from fiscald.model.times import POLISH_TIME
from fiscald.protocols.thermal.layouts import RATE_LETTERS

#: Changes of the rates in the life of a fiscal memory (5.1).
MAX_RATE_CHANGES = 30
#: Different texts on the displays between two daily reports, and the time after a receipt in which they are not shown.
MAX_DISPLAY, DISPLAY_REST = 30, datetime.timedelta(seconds=45)
#: An amount that a text holds (``#w``).
_AMOUNT = re.compile(r"[0-9]{1,8}(\.[0-9]{1,2})?", re.ASCII)
#: Types of periodic reports (5.8).
_FULL, _SUMMARY = (0, 6), (1, 7)


def _slip(machine: Machine, values: Values) -> Sheet:
    """A sheet that is not fiscal, and what ``1;255$w`` appends to it."""
    appended, machine.memory.appended = machine.memory.appended or Appended(), None
    return machine.sheet(Foot(machine.who(values), appended.system_number, lines=appended.lines))


# -- programming -----------------------------------------------------------------------------------------------------


def set_clock(machine: Machine, values: Values) -> None:
    """``$c``: in fiscal mode the time alone, by an hour at most, once between two daily reports."""
    register, now = machine.register, machine.register.clock.now()
    day = now.date() if machine.fiscal else _day(values["Py"], values["Pm"], values["Pd"])
    moment = datetime.datetime.combine(day, datetime.time(values["Ph"], values["Pmn"]), POLISH_TIME)
    if not register.state.day.totals_zero:
        raise ExecError(8)
    if machine.fiscal:
        if machine.memory.clock_set:
            raise ExecError(5)
        # This family counts from report to report, not by days.
        register.state.clock_set = None
    register.clock.set(moment, hours=1)
    machine.memory.clock_set = True
    register.ledger.slip()
    sheet = _slip(machine, values)
    sheet.slip(
        "PROGRAMOWANIE ZEGARA",
        [("Zegar przed zmianą:", f"{now:%Y-%m-%d,%H:%M}"), ("Zegar po zmianie:", f"{moment:%Y-%m-%d,%H:%M}")],
    )
    machine.emit("clock", sheet)


def set_rates(machine: Machine, values: Values) -> Values | None:
    """``$p``: asks on the keyboard, unless today's date comes with it."""
    sent: list[Decimal | str | None] = values["ptu"]
    rates = list(sent)
    if len(sent) < len(RATE_LETTERS):
        # Fewer than seven: G is the exempt one (5.1); what is missing is inactive.
        rates += [None] * (len(RATE_LETTERS) - 1 - len(sent)) + ["exempt"]

    def go() -> None:
        _program_rates(machine, rates, values)

    today = machine.register.clock.now().date()
    if machine.novitus:
        dated = values.get("data") == day_text(today)
    else:
        given = [values.get(name) is not None for name in ("Py", "Pm", "Pd")]
        if any(given) and not all(given):
            raise ExecError(3)
        dated = all(given) and _day(values["Py"], values["Pm"], values["Pd"]) == today
    if not dated:
        raise NeedsConfirmation(go, Display("Zapisać stawki PTU ?", "programme these VAT rates?"))
    go()
    return None


def _program_rates(machine: Machine, rates: list[Decimal | str | None], values: Values) -> None:
    register, old = machine.register, list(machine.register.state.rates)
    if machine.faults.on(Switch.NO_HEADER) or not register.state.header:
        raise ExecError(12)
    if machine.faults.on(Switch.MEMORY_FULL) or register.state.rate_changes >= MAX_RATE_CHANGES:
        raise ExecError(6)
    if not register.state.day.totals_zero:
        raise ExecError(8)
    if rates == old and not machine.novitus:
        # POSNET accepts them and stores nothing.
        return
    register.ledger.set_rates(rates)
    register.ledger.slip()
    rows = [("Stare PTU:", "")]
    rows += [(f"PTU {letter}", rate_text(rate)) for letter, rate in zip(RATE_LETTERS, old, strict=True)]
    rows.append(("Nowe PTU:", ""))
    rows += [(f"PTU {letter}", rate_text(rate)) for letter, rate in zip(RATE_LETTERS, rates, strict=True)]
    sheet = _slip(machine, values)
    sheet.slip("Zmiana stawek PTU", rows, spaced=True)
    machine.emit("rates", sheet)


def set_header(machine: Machine, values: Values) -> None:
    """``0$f``: CR or LF ends a line; a sheet with the old header on top shows the new one."""
    text: str = values["naglowek"].replace("\n", "\r").removesuffix("\r")
    if not text.strip("\r\x0e "):
        raise ExecError(12)
    if any(len(line.lstrip("\x0e")) > 40 for line in text.split("\r")):
        raise ExecError(12)
    if not machine.register.state.day.totals_zero:
        raise ExecError(8)
    machine.register.ledger.slip()
    sheet = _slip(machine, values)
    lines = text.split("\r")
    sheet.slip("PROGRAMOWANIE NAGŁÓWKA", [("", line.strip("\x0e ")) for line in lines])
    machine.register.state.header = "\n".join(lines)
    machine.emit("header", sheet)


def options(machine: Machine, values: Values) -> None:
    """``$r``: 1 and 0 choose the method of percentages, on a Novitus 243 what ``22#s`` has.

    Displays, paper saving and cutter change nothing here.
    """
    if values["Pr"] in (0, 1):
        machine.memory.of_remainder = values["Pr"] == 1
    elif machine.novitus and values["Pr"] == 243 and values.get("P2") in (0, 1):
        machine.memory.invoice_totals = values["P2"] == 1
    elif values["Pr"] not in (3, 4, 5, 6) or values.get("P2") is None:
        raise ExecError(4)


def nothing(_machine: Machine, _values: Values) -> None:
    """Feed, and what the displays show without a text: nothing of it is kept."""


def open_drawer(machine: Machine, _: Values) -> None:
    """``1$d``."""
    machine.register.ledger.open_drawer()


def display(machine: Machine, values: Values) -> None:
    """``2$d``, ``101$d``, ``102$d``: not in the 45 seconds after a receipt; 30 different texts a day (5.1)."""
    last = machine.register.state.day.last_sale
    if last is not None and machine.register.clock.now() - last < DISPLAY_REST:
        return
    known = machine.memory.display
    if values["tekst"] in known:
        return
    if len(known) >= MAX_DISPLAY:
        raise ExecError(84)
    known.append(values["tekst"])


# -- cashier and cash ------------------------------------------------------------------------------------------------


def login(machine: Machine, values: Values) -> None:
    """``#p``."""
    if not values["kasjer"]:
        raise ExecError(33)
    state = machine.register.state
    state.cashier, state.till = values["kasjer"], values["nr_kasy"]
    _cashier_slip(machine, "Rozpoczęcie pracy kasjera", "login")


def logout(machine: Machine, values: Values) -> None:
    """``#q``: whose work ends is what is sent (our assumption)."""
    if not values["kasjer"]:
        raise ExecError(33)
    state = machine.register.state
    state.cashier, state.till = values["kasjer"], values["nr_kasy"]
    _cashier_slip(machine, "Zakończenie pracy kasjera", "logout")
    state.cashier, state.till = "", "1"


def _cashier_slip(machine: Machine, title: str, kind: str) -> None:
    state = machine.register.state
    machine.register.ledger.slip()
    sheet = _slip(machine, {})
    sheet.slip(title, [("Kasjer:", state.cashier), ("Numer kasy", state.till)])
    machine.emit(kind, sheet)


def cash_in(machine: Machine, values: Values) -> None:
    """``#i``: where the cash state would overflow it becomes the amount that was sent, and that is an error."""
    _positive(values)
    try:
        machine.register.ledger.cash_in(values["kwota"])
    except RegisterError:
        machine.register.state.cash = values["kwota"]
        raise
    _cash_slip(machine, values, "Wpłata do kasy", "cash_in")


def cash_out(machine: Machine, values: Values) -> None:
    """``#d``: more than the drawer holds makes the cash state zero and is an error."""
    _positive(values)
    machine.register.ledger.cash_out(values["kwota"])
    _cash_slip(machine, values, "Wypłata z kasy", "cash_out")


def goods_return(machine: Machine, values: Values) -> None:
    """``#z``: as cash out."""
    _positive(values)
    if values["kwota"] > machine.register.state.cash:
        machine.register.state.cash = 0
        raise RegisterError(Refusal.CASH_NEGATIVE)
    machine.register.ledger.goods_return(values["kwota"])
    _cash_slip(machine, values, "Zwrot towaru:", "goods_return")


def packaging_return(machine: Machine, values: Values) -> None:
    """``#w``: one slip with the sum. That it takes the money out of the drawer is our assumption."""
    value = packaging_value(values)
    machine.register.ledger.goods_return(value)
    sheet = _slip(machine, values)
    rows = [("Zwroty opakowań", ""), ("Opakowanie zwr.1", f"1x{amount(value)} -{amount(value)}")]
    sheet.slip("Rozliczenie opakowań zwrotnych", rows)
    machine.emit("packaging", sheet, amount=value)


def packaging_value(values: Values) -> int:
    """The amount that ``#w`` has in a text, in grosze."""
    text = values["kwota"]
    if _AMOUNT.fullmatch(text) is None or not (value := grosze(Decimal(text))):
        raise ExecError(30)
    return value


def _positive(values: Values) -> None:
    if not values["kwota"]:
        raise ExecError(30)


def _cash_slip(machine: Machine, values: Values, label: str, kind: str) -> None:
    sheet = _slip(machine, values)
    sheet.slip("", [(label, amount(values["kwota"]))])
    machine.emit(kind, sheet, amount=values["kwota"])


def cash_state(machine: Machine, values: Values) -> None:
    """``#t``."""
    if machine.novitus and values.get("Ps") == 1:
        machine.register.state.cash = 0
    machine.register.ledger.slip()
    sheet = _slip(machine, values)
    sheet.slip("", [("STAN KASY:", amount(machine.register.state.cash))])
    machine.emit("cash_report", sheet)


def shift_report(machine: Machine, values: Values) -> None:
    """``#k``: what the shift did since the last one; 23 only reads, everything else begins a new shift."""
    if values.get("Ps") not in (None, 0, 23):
        raise ExecError(4)
    state, day = machine.register.state, machine.register.state.day
    now = machine.register.clock.now()
    counts = {
        "sales": sum(day.receipts), "receipts": day.receipt_count, "cancelled": day.cancelled_count,
        "stornos": day.stornos,
    }  # fmt: skip
    before = machine.memory.shift
    counted = before.model_dump(exclude={"at"})
    # Where a daily report has cleared the counters since, the shift counts from it (our assumption).
    since = {name: 0 if value < counted[name] else counted[name] for name, value in counts.items()}
    machine.register.ledger.slip()
    sheet = _slip(machine, values)
    sheet.slip(
        "RAPORT ZMIANOWY",
        [
            ("Zmiana:", values["zmiana"]),
            ("Kasjer:", values["kasjer"]),
            ("Sprzedaż:", amount(counts["sales"] - since["sales"])),
            ("ILOŚĆ PARAGONÓW", str(counts["receipts"] - since["receipts"])),
            ("ILOŚĆ ANULOWANYCH PARAGONÓW", str(counts["cancelled"] - since["cancelled"])),
            ("Liczba stornowanych pozycji:", str(counts["stornos"] - since["stornos"])),
            ("STAN KASY:", amount(state.cash)),
            ("Początek zmiany:", before.at or f"{day.first_sale or now:%Y-%m-%d,%H:%M}"),
            ("Koniec zmiany:", f"{now:%Y-%m-%d,%H:%M}"),
        ],
    )
    if values.get("Ps") != 23:
        machine.memory.shift = Shift(**counts, at=f"{now:%Y-%m-%d,%H:%M}")
    machine.emit("shift_report", sheet)


# -- reports ---------------------------------------------------------------------------------------------------------


def daily_report(machine: Machine, values: Values) -> None:
    """``#r``: asks on the keyboard, unless it is sent with today's date."""
    if not values.get("Ps"):
        today = day_text(machine.register.clock.now().date())
        display = Display(f"Drukować raport dobowy ? {today}", f"print the daily report of {today}?")
        raise NeedsConfirmation(lambda: make_daily_report(machine, values), display)
    check_report_date(machine, values)
    make_daily_report(machine, values)


def check_report_date(machine: Machine, values: Values) -> None:
    """Raises ``ExecError`` if the date of a daily report is missing, or not the printer's."""
    if any(values.get(name) is None for name in ("Py", "Pm", "Pd")):
        raise ExecError(3)
    if _day(values["Py"], values["Pm"], values["Pd"]) != machine.register.clock.now().date():
        raise ExecError(7)


def make_daily_report(machine: Machine, values: Values) -> None:
    """Make the daily report."""
    register, state = machine.register, machine.register.state
    if machine.faults.on(Switch.MEMORY_FULL):
        raise ExecError(6)
    today = register.clock.now().date()
    reported_today = state.last_record is not None and state.last_record.date() == today
    try:
        record = register.ledger.daily_report()
    except RegisterError:
        raise ExecError(36 if reported_today else 35) from None
    machine.faults.switches.difference_update((Switch.REPORT_REQUIRED, Switch.TOTALS_FULL, Switch.CHANGE_DUE))
    texts = machine.memory.reset_day()
    sheet = machine.sheet(Foot(machine.who(values), lines=texts))
    sheet.daily_report(record)
    machine.emit("daily_report", sheet, number=record.number, totals=list(record.day.receipts))


def period(values: Values) -> tuple[datetime.date, datetime.date, int]:
    """First and last day of ``#o``, and its type."""
    kind = values.get("Pt") or 0
    if kind not in _FULL + _SUMMARY:
        raise ExecError(4)
    first, last = (_day(values[f"Py{n}"], values[f"Pm{n}"], values[f"Pd{n}"]) for n in (1, 2))
    if first > last:
        raise ExecError(4)
    return first, last, kind


def periodic_report(machine: Machine, values: Values) -> None:
    """``#o`` by dates."""
    first, last, kind = period(values)
    _print_period(machine, values, machine.register.ledger.records(first, last), first, last, summary=kind in _SUMMARY)


def numbered_report(machine: Machine, values: Values, *, summary: bool) -> None:
    """``16#o``, ``17#o``: by numbers of daily reports."""
    records = machine.register.ledger.records_by_number(values["Od"], values["Do"])
    first, last = records[0].at.date(), records[-1].at.date()
    _print_period(machine, values, records, first, last, summary=summary)


def _print_period(
    machine: Machine,
    values: Values,
    records: list[DailyRecord],
    first: datetime.date,
    last: datetime.date,
    *,
    summary: bool,
) -> None:
    register = machine.register
    changes = [change for change in register.state.rate_history if first <= change.at.date() <= last]
    register.ledger.count_printout()
    sheet = _slip(machine, values)
    sheet.periodic_report(day_text(first), day_text(last), records, changes, summary=summary)
    machine.emit("periodic_report", sheet, first=records[0].number, last=records[-1].number)


def _day(year: int, month: int, day: int) -> datetime.date:
    try:
        return datetime.date(2000 + year, month, day)
    except ValueError:
        raise ExecError(4) from None


#: Handlers by command.
HANDLERS: dict[str, Handler] = {
    "$c": set_clock,
    "$p": set_rates,
    "$f 0": set_header,
    "$r": options,
    "#l": nothing,
    "$d 1": open_drawer,
    "$d 2": display,
    "$d 3": nothing,
    "$d 4": nothing,
    "$d 5": nothing,
    "$d 101": display,
    "$d 102": display,
    "#p": login,
    "#q": logout,
    "#i": cash_in,
    "#d": cash_out,
    "#z": goods_return,
    "#w": packaging_return,
    "#t": cash_state,
    "#k": shift_report,
    "#r": daily_report,
    "#o": periodic_report,
    "#o 16": functools.partial(numbered_report, summary=False),
    "#o 17": functools.partial(numbered_report, summary=True),
}
