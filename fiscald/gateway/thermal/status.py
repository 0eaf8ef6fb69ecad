"""Questions about the printer, answered from the mirror.

Answers of this protocol have a fixed form, so nothing can be left out. A value that is not known is zero, a date the
first day of 2000: resets of the memory, the last fiscal record, the fiscalisation, blocked goods, the value of
cancelled receipts. Totals and cash are those of the journal (``fiscald.gateway.day``).
"""

from __future__ import annotations

from fiscald.emulator.thermal import status
from fiscald.emulator.thermal.machine import Handler, Machine, Values
from fiscald.emulator.thermal.memory import RECORDS
from fiscald.gateway.mirror import Mirror
from fiscald.gateway.thermal.numbers import unknown

#: Questions about counters, totals and flags.
_COUNTERS = ("#s", "#s 22", "#s 23", "#s 24", "#s 28", "#s 50", "#s 100")
#: Questions about what no status has: the fiscal memory's records, cash in euro, the protected memory, the header, and
#: the goods base.
_UNKNOWN = ("#s 25", "#s 26", "#s 27", "#s 99", "#s 210", "@PMI", "#u", "^u", "$g")


def show(machine: Machine, mirror: Mirror) -> None:
    """The register has what the mirror knows."""
    shown = mirror.shown
    assert shown is not None, "without it the face has no power"
    state, counters = machine.register.state, shown.counters
    state.unique_number = mirror.identity.printer_id
    state.cash = shown.cash
    state.printout_count = counters.printouts
    state.report_offset = counters.daily_report - 1
    machine.memory.records = max(RECORDS, counters.daily_report)
    machine.memory.fiscalised = status.NEVER
    day = state.day
    day.receipts = list(shown.totals)
    day.receipt_count, day.last_receipt = counters.receipts, counters.last_receipt
    day.last_invoice = counters.invoices
    # A day that has sales, although no number shows it.
    day.cancelled_count = counters.cancelled or 0


def handlers(mirror: Mirror) -> dict[str, Handler]:
    """The handlers of the questions."""

    def counted(name: str) -> Handler:
        def answer(machine: Machine, values: Values) -> Values | None:
            show(machine, mirror)
            return status.HANDLERS[name](machine, values)

        return answer

    def refuse(machine: Machine, _: Values) -> None:
        raise unknown(machine)

    def model(machine: Machine, _: Values) -> Values:
        """The face, not the printer behind: programs choose their dialect by it."""
        return {"typ": machine.model.removesuffix(" EMU"), "wersja": machine.firmware}

    return {
        **{name: counted(name) for name in _COUNTERS},
        **dict.fromkeys(_UNKNOWN, refuse),
        "#v": model, "#v 30": model,
    }  # fmt: skip
