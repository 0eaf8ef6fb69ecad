"""Status, identity and authorisation (POSNET reference, 5.1 and 5.3): frequent queries; they change nothing."""

from __future__ import annotations

import datetime

from fiscald.emulator.faults import Switch
from fiscald.emulator.posnet.machine import ExecError, Handler, Machine, Values
from fiscald.model.times import POLISH_TIME
from fiscald.protocols.posnet.commands import RATE_LETTERS
from fiscald.protocols.posnet.grammar import State

#: ``scomm ts`` and ``strns ts`` by what is or was open.
_TYPES = {"none": 0, "receipt": 16, "receipt_block": 17, "invoice": 33, "packaging": 48}
#: "Never happened" in the answers of ``stot`` and ``sfsk`` (recorded).
NEVER = datetime.datetime(2000, 1, 1, 1, 0, tzinfo=POLISH_TIME)


# -- status ----------------------------------------------------------------------------------------------------------


def _rates(machine: Machine) -> Values:
    if machine.faults.on(Switch.NO_RATES):
        return dict.fromkeys(("v" + letter for letter in RATE_LETTERS), None)
    return {"v" + letter: rate for letter, rate in zip(RATE_LETTERS, machine.register.state.rates, strict=True)}


def scomm(machine: Machine, _: Values) -> Values:
    state = machine.register.state
    open_type = 0
    if state.transaction is not None:
        open_type = _TYPES[state.last_document.kind]
    return {
        "fs": machine.fiscal, "tz": machine.register.state.day.totals_zero, "ts": open_type,
        "hr": bool(state.header) and not machine.faults.on(Switch.NO_HEADER), "nu": state.unique_number, "td": False,
    }  # fmt: skip


def sfsk(machine: Machine, _: Values) -> Values:
    state = machine.register.state
    last = state.last_record or NEVER
    return {
        "fs": machine.fiscal, "cl": state.ram_resets, "rd": state.reports, "vt": state.rate_changes, **_rates(machine),
        "rw": last.astimezone(POLISH_TIME), "tm": last.astimezone(POLISH_TIME), "nu": state.unique_number,
    }  # fmt: skip


def scnt(machine: Machine, _: Values) -> Values:
    state = machine.register.state
    day = state.day
    return {
        "rd": state.reports, "hn": state.printout_count, "bn": day.receipt_count, "fn": day.invoice_count,
        "nu": state.unique_number, "bc": day.cancelled_count, "bt": day.last_receipt, "fc": day.cancelled_invoices,
    }  # fmt: skip


def strns(machine: Machine, _: Values) -> Values:
    last = machine.register.state.last_document
    totals = {"v" + letter: max(value, 0) for letter, value in zip(RATE_LETTERS, last.totals, strict=True)}
    return {
        "to": machine.register.state.transaction is not None, "ts": _TYPES[last.kind], **totals,
        "pp": last.packaging_given, "pm": last.packaging_taken, "re": last.change, "fp": last.paid,
        "fe": machine.state is State.FOOT,
    }  # fmt: skip


def stot(machine: Machine, _: Values) -> Values:
    state = machine.register.state
    day = state.day
    first, last = ((moment or NEVER).astimezone(POLISH_TIME) for moment in (day.first_sale, day.last_sale))
    return {
        "no": state.reports + 1,
        **{"f" + letter: value for letter, value in zip(RATE_LETTERS, day.invoices, strict=True)},
        "fn": day.invoice_count,
        **{"p" + letter: value for letter, value in zip(RATE_LETTERS, day.receipts, strict=True)},
        "pn": day.receipt_count, "ct": day.cancelled_value, "cn": day.cancelled_count, "cc": day.goods_changes,
        **_rates(machine), "ds": first, "is": first, "de": last, "ie": last, "ft": 0, "fl": 0, "nf": day.nonfiscal,
        "bc": 0, "le": 0, "oe": 0, "tf": 0,
    }  # fmt: skip


def eclastdocnoget(machine: Machine, _: Values) -> Values:
    state = machine.register.state
    return {"di": state.printout_count + state.copy_offset if state.printout_count else 0}


def rtcget(machine: Machine, _: Values) -> Values:
    now = machine.register.clock.now()
    return {"da": now, "tm": now}


def vatget(machine: Machine, _: Values) -> Values:
    return _rates(machine)


def sid(machine: Machine, _: Values) -> Values:
    return {"nm": machine.model, "vr": machine.firmware}


def getrealid(machine: Machine, _: Values) -> Values:
    return {"nm": machine.model, "vr": machine.firmware, "nu": machine.register.state.unique_number}


def authstateget(machine: Machine, _: Values) -> Values:
    raise ExecError(484 if machine.faults.on(Switch.UNAUTHORISED) else 480)


def auth(machine: Machine, values: Values) -> None:
    if not machine.faults.on(Switch.UNAUTHORISED):
        raise ExecError(480)
    if len(values["co"]) not in (14, 17):
        raise ExecError(485)
    machine.faults.switches.discard(Switch.UNAUTHORISED)


def currrateget(machine: Machine, _: Values) -> Values:
    return {"na": "EUR", "di": True, "on": False, "ra": "1.000"}


def pccfgget(machine: Machine, _: Values) -> Values:
    return {"cp": 0, "id": 2, "no": 1, "pr": 0}


#: Handlers by command.
HANDLERS: dict[str, Handler] = {
    "scomm": scomm,
    "sfsk": sfsk,
    "scnt": scnt,
    "strns": strns,
    "stot": stot,
    "eclastdocnoget": eclastdocnoget,
    "rtcget": rtcget,
    "vatget": vatget,
    "sid": sid,
    "getrealid": getrealid,
    "authstateget": authstateget,
    "auth": auth,
    "currrateget": currrateget,
    "pccfgget": pccfgget,
}
