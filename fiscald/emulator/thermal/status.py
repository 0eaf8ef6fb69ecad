"""Queries (thermal reference, 5.9) and the choice of the error mode: what changes nothing that is kept."""

from __future__ import annotations

import datetime
from decimal import Decimal

from fiscald.emulator.faults import Switch
from fiscald.emulator.register import tax
from fiscald.emulator.thermal.machine import ExecError, Handler, Machine, Values
from fiscald.protocols.thermal.layouts import RATE_LETTERS

#: "Never" in dates of two digits, and the fiscalisation of a printer that trains (5.9).
NEVER = datetime.date(2000, 1, 1)


def error_mode(machine: Machine, values: Values) -> None:
    """``#e``: four modes, on Novitus five."""
    if values["Ps"] == 4 and not machine.novitus:
        raise ExecError(4)
    machine.mode = values["Ps"]


def cash_information(machine: Machine, values: Values) -> Values:
    """``23#s``: flags, rates, totals of the day."""
    state = machine.register.state
    last = NEVER if state.last_record is None else state.last_record.date()
    return {
        "Pe": machine.error, "Pm": machine.fiscal, "Pt": machine.in_transaction, "Px": machine.finished, "Pf": 1,
        "Pz": state.ram_resets, "Py": last.year % 100, "Pmies": last.month, "Pd": last.day,
        "ptu": [None] * len(RATE_LETTERS) if machine.faults.on(Switch.NO_RATES) else state.rates,
        "par_num": state.day.last_receipt % 10_000, "tot": state.day.receipts, "cash": state.cash,
        "nr_unikatowy": state.unique_number,
    }  # fmt: skip


def short_information(machine: Machine, values: Values) -> Values:
    """``#s`` and numbers below 22: the rates of goods that are in use, and their totals, then the exempt one's."""
    answer = cash_information(machine, values)
    rates, totals = machine.register.state.rates, machine.register.state.day.receipts
    taxed = [place for place, rate in enumerate(rates) if isinstance(rate, Decimal)]
    exempt = [total for rate, total in zip(rates, totals, strict=True) if rate == "exempt"]
    return answer | {
        "ptu": [rates[place] for place in taxed],
        # Where no rate is exempt, its place is still sent (our assumption).
        "tot": [*(totals[place] for place in taxed), sum(exempt)],
    }


def euro_information(machine: Machine, values: Values) -> Values:
    """``99#s``: the same with the cash in euro, which is always zero here. POSNET: our assumption."""
    return cash_information(machine, values) | {"cash": 0}


def receipt_information(machine: Machine, values: Values) -> Values:
    """``22#s``: the same with the totals of the open or last receipt, and its deposits for cash, if it has any."""
    last = machine.register.state.last_document
    if machine.memory.invoice_totals:
        return cash_information(machine, values) | {"tot": machine.register.state.day.invoices}
    answer = cash_information(machine, values) | {"tot": [max(total, 0) for total in last.totals]}
    if last.packaging_given or last.packaging_taken:
        answer["cash"] = max(last.packaging_given - last.packaging_taken, 0)
    return answer


def records(machine: Machine, _: Values) -> Values:
    """``24#s``."""
    state = machine.register.state
    since = machine.memory.fiscalised if machine.fiscal else NEVER
    free = 0 if machine.faults.on(Switch.MEMORY_FULL) else max(machine.memory.records - state.reports, 0)
    return {
        "Py": since.year, "Pm": since.month, "Pd": since.day, "n_dobowych": state.reports, "n_wolnych": free,
        "n_zablokowanych": sum(goods.blocked for goods in state.goods.values()),
        "p": [max(total, 0) for total in state.last_document.totals],
    }  # fmt: skip


def open_day(machine: Machine, _: Values) -> Values:
    """``28#s``: the record that a daily report would make now."""
    now, day = machine.register.clock.now(), machine.register.state.day
    return {
        "Py": now.year % 100, "Pm": now.month, "Pd": now.day, "Ph": now.hour, "Pmin": now.minute, "Ps": 0,
        "parag": day.receipt_count, "anul": day.cancelled_count, "zmiany": day.goods_changes,
        "anul_kwota": day.cancelled_value, "tot": day.receipts,
    }  # fmt: skip


def last_document(machine: Machine, _: Values) -> Values:
    """``50#s``: number of the last printed document; whether the totals are zero; four zeros.

    A Novitus has the number of the last invoice in place of the first zero. Set to NOVITUS ZGODNY it has the documents
    without the invoices, that number, and three zeros. Whether copies of invoices count is not known (our assumption:
    they do not).
    """
    state = machine.register.state
    invoices = state.day.last_invoice if machine.novitus else 0
    if machine.novitus and machine.memory.compatible:
        return {"numer": max(state.printout_count - invoices, 0), "dalsze": [invoices, 0, 0, 0]}
    return {"numer": state.printout_count, "dalsze": [state.day.totals_zero, invoices, 0, 0, 0]}


def receipt(machine: Machine, values: Values) -> Values:
    """``100#s``: gross, net or tax of the open or last receipt."""
    state = machine.register.state
    gross = [max(total, 0) for total in state.last_document.totals]
    taxes = [tax(value, rate) for value, rate in zip(gross, state.rates, strict=True)]
    which = values.get("Pn") or 0
    net = [value - part for value, part in zip(gross, taxes, strict=True)]
    shown = (gross, net, taxes)[which]
    kind = 0
    if machine.in_transaction:
        kind = {"receipt_block": 17, "invoice": 19}.get(state.last_document.kind, 1)
    return {"Pn": which, "Pt": kind, "total": sum(shown), "v": shown, "f": [0, 0, 0]}


def last_error(machine: Machine, _: Values) -> Values:
    """``#n``."""
    return {"Pe": machine.error}


def model(machine: Machine, _: Values) -> Values:
    """``#v``."""
    return {"typ": machine.model, "wersja": machine.firmware}


def clock(machine: Machine, _: Values) -> Values:
    """``#c``: without seconds; Novitus has them."""
    now = machine.register.clock.now()
    return {
        "Py": now.year % 100, "Pm": now.month, "Pd": now.day, "Ph": now.hour, "Pmin": now.minute,
        "Ps": now.second if machine.novitus else 0,
    }  # fmt: skip


def header(machine: Machine, _: Values) -> Values:
    """``#u``: every line ends with CR."""
    return {"naglowek": "".join(f"{line}\r" for line in machine.register.state.header.split("\n"))}


def goods(machine: Machine, values: Values) -> Values:
    """``$g``: whether it is blocked, and its last rate: a value, on Novitus a letter."""
    state = machine.register.state
    known = machine.register.goods.find(values["nazwa"])
    if known is None:
        return {"Pe": 0, "ptu": "101"}
    if machine.novitus:
        return {"Pe": known.blocked, "ptu": RATE_LETTERS[known.rate]}
    rate = state.rates[known.rate]
    return {"Pe": known.blocked, "ptu": f"{rate:.2f}" if isinstance(rate, Decimal) else "100" if rate else "101"}


#: Handlers by command.
HANDLERS: dict[str, Handler] = {
    "#e": error_mode,
    "#s": short_information,
    "#s 22": receipt_information,
    "#s 23": cash_information,
    "#s 24": records,
    "#s 28": open_day,
    "#s 50": last_document,
    "#s 99": euro_information,
    "#s 100": receipt,
    "#n": last_error,
    "#v": model,
    "#v 30": model,
    "#c": clock,
    "#u": header,
    "^u": header,
    "$g": goods,
}
