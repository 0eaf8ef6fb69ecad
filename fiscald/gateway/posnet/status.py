"""Questions about the printer, answered from the mirror. What fiscald does not know is not in the answer."""

from __future__ import annotations

from fiscald.emulator.faults import Switch
from fiscald.emulator.posnet import status
from fiscald.emulator.posnet.machine import Handler, Machine, Values
from fiscald.gateway.mirror import Mirror


def handlers(mirror: Mirror) -> dict[str, Handler]:
    """The handlers of the status questions."""

    def rates(machine: Machine) -> Values:
        return status.vatget(machine, {})

    def scomm(machine: Machine, values: Values) -> Values:
        answer = status.scomm(machine, values)
        zero = {} if mirror.status.day_open is None else {"tz": not mirror.status.day_open}
        answer.pop("tz")
        header = not machine.faults.on(Switch.NO_HEADER)
        return answer | zero | {"nu": mirror.identity.printer_id, "hr": header}

    def sfsk(machine: Machine, _: Values) -> Values:
        reports = mirror.counters.daily_report - 1
        return {"fs": machine.fiscal, "rd": reports, **rates(machine), "nu": mirror.identity.printer_id}

    def scnt(_machine: Machine, _: Values) -> Values:
        counters = mirror.counters
        answer = {
            "rd": counters.daily_report - 1, "hn": counters.printouts, "bn": counters.receipts,
            "fn": counters.invoices, "nu": mirror.identity.printer_id, "bt": counters.last_receipt,
        }  # fmt: skip
        return answer if counters.cancelled is None else answer | {"bc": counters.cancelled}

    def stot(machine: Machine, _: Values) -> Values:
        counters = mirror.counters
        return {
            "no": counters.daily_report, "fn": counters.invoices, "pn": counters.receipts,
            **rates(machine), **({} if counters.cancelled is None else {"cn": counters.cancelled}),
        }  # fmt: skip

    def sid(machine: Machine, _: Values) -> Values:
        identity = mirror.identity
        return {"nm": identity.model or machine.model.removesuffix(" EMU"), "vr": identity.firmware or machine.firmware}

    def getrealid(machine: Machine, values: Values) -> Values:
        return sid(machine, values) | {"nu": mirror.identity.printer_id}

    def unknown(_machine: Machine, _: Values) -> Values:
        return {}

    return {
        "scomm": scomm, "sfsk": sfsk, "scnt": scnt, "stot": stot, "sid": sid, "getrealid": getrealid,
        "strns": status.strns, "rtcget": status.rtcget, "vatget": status.vatget,
        "authstateget": status.authstateget, "eclastdocnoget": unknown,
    }  # fmt: skip
