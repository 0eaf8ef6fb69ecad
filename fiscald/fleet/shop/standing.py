"""What the central should know of the shop's printers, from memory."""

from __future__ import annotations

from typing import Any, NamedTuple

from fiscald.engine import Engine
from fiscald.fleet.messages import StatusPrinter
from fiscald.model.printers import PrinterState

#: Printers that a status names.
_MOST = 100
_WORKING = (PrinterState.READY, PrinterState.PRINTING, PrinterState.BUSY)


class Facts(NamedTuple):
    """What the engine does not know."""

    version: str
    licence: str
    """The state of the licence, as one word."""


def standing(engine: Engine, facts: Facts) -> dict[str, Any]:
    """The members of a status that tell of printers and licence."""
    printers, overdue, undecided = [], [], 0
    for name in engine.names()[:_MOST]:
        status = engine.printer(name)
        printers.append(
            StatusPrinter(
                name=name,
                family=status.family,
                printer_id=None if status.identity is None else status.identity.printer_id,
                ready=status.state in _WORKING and status.problem is None,
                problem=None if status.problem is None else status.problem.code,
            )
        )
        undecided += status.state is PrinterState.UNDECIDED
        if status.state is PrinterState.REPORT_DUE:
            overdue.append(name)
    return {
        "printers": tuple(printers), "licence": facts.licence, "undecided": undecided,
        "report_overdue": tuple(overdue),
    }  # fmt: skip
