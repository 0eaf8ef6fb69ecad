"""The readout of the fiscal memory, record by record (thermal reference, 5.9): ``25#s``, ``26#s``, ``27#s``."""

from __future__ import annotations

import datetime
from typing import Any

from fiscald.emulator.memory import DailyRecord, RateChange
from fiscald.emulator.thermal.machine import KIND, ExecError, Handler, Machine, Values
from fiscald.model.times import POLISH_TIME
from fiscald.protocols.thermal.commands import DAY, NO_RECORD, RATE_CHANGE
from fiscald.protocols.thermal.layouts import RATE_LETTERS

_ZEROS = [0] * len(RATE_LETTERS)


def _records(machine: Machine, *, daily: bool = False) -> list[DailyRecord | RateChange]:
    """The records in the order of their times; changes of the rates too, unless ``daily``."""
    state = machine.register.state
    changes: list[DailyRecord | RateChange] = [] if daily else list(state.rate_history)
    return sorted([*state.fiscal_memory, *changes], key=lambda record: record.at)


def from_date(machine: Machine, values: Values) -> None:
    """``25#s``: the next record is the first one from that time on."""
    hour, minute, second = (values.get(name) or 0 for name in ("Ph", "Pmin", "Ps"))
    try:
        day = datetime.date(2000 + values["Py"], values["Pm"], values["Pd"])
        begin = datetime.datetime.combine(day, datetime.time(hour, minute, second), POLISH_TIME)
    except ValueError:
        raise ExecError(4) from None
    records = _records(machine)
    machine.readout = False, sum(record.at < begin for record in records)


def from_number(machine: Machine, values: Values) -> None:
    """``26#s``: the next record is that one, counted from 0; with ``Pn`` 1 among the daily reports alone."""
    machine.readout = values.get("Pn") == 1, values["Nr"]


def next_record(machine: Machine, _: Values) -> Values:
    """``27#s``: the record, and on to the next one."""
    daily, place = machine.readout
    records = _records(machine, daily=daily)
    if place >= len(records):
        return {KIND: NO_RECORD.first, **_moment(None), **_counts(0, 0, 0, 0), "tot": _ZEROS}
    machine.readout = daily, place + 1
    record = records[place]
    if isinstance(record, RateChange):
        zeros = dict.fromkeys(("z1", "z2", "z3", "z4"), 0)
        return {KIND: RATE_CHANGE.first, **_moment(record.at), **zeros, "ptu": record.rates}
    day = record.day
    counts = _counts(day.receipt_count, day.cancelled_count, day.goods_changes, day.cancelled_value)
    return {KIND: DAY.first, **_moment(record.at), **counts, "tot": day.receipts}


def _moment(at: datetime.datetime | None) -> dict[str, Any]:
    if at is None:  # "25#X 2000;1;1;0;0;0"
        return {"Py": 2000, "Pm": 1, "Pd": 1, "Ph": 0, "Pmin": 0, "Ps": 0}
    return {"Py": at.year % 100, "Pm": at.month, "Pd": at.day, "Ph": at.hour, "Pmin": at.minute, "Ps": at.second}


def _counts(receipts: int, cancelled: int, changes: int, value: int) -> dict[str, Any]:
    return {"parag": receipts, "anul": cancelled, "zmiany": changes, "anul_kwota": value}


#: Handlers by command.
HANDLERS: dict[str, Handler] = {"#s 25": from_date, "#s 26": from_number, "#s 27": next_record}
