"""E-receipts of an ONLINE printer: the binding of the next document, and the buffer of records (POSNET reference, 5.7).

A bound document comes out as an e-document, without paper (``pr`` N, as in the reference's example). The numbers of the
state of delivery are our assumption: 1 sent, 2 waiting for a retry.
"""

from __future__ import annotations

from fiscald.emulator.faults import Switch
from fiscald.emulator.posnet.machine import ExecError, Handler, Machine, Values
from fiscald.emulator.posnet.memory import FIRST_EDOCUMENT, EDocument

SENT, WAITING = 1, 2


def eparagonidznext(machine: Machine, values: Values) -> Values:
    """Bind the next document of any program; a second binding takes the place of the first (our assumption)."""
    if not machine.fiscal:
        raise ExecError(2034)
    number = (machine.memory.edocument or FIRST_EDOCUMENT) + 1
    machine.memory.edocument = number
    machine.memory.binding = EDocument(number=number, customer=values["id"])
    return {"ha": str(number)}


def eparagonidzcancel(machine: Machine, _: Values) -> None:
    """Also a plain answer where nothing is bound (our assumption)."""
    machine.memory.binding = None


def eparagonbufferget(machine: Machine, values: Values) -> Values:
    """The record of an e-document; error 384 for one that was never made (our assumption)."""
    found = next((each for each in machine.memory.edocuments if str(each.number) == values["hd"]), None)
    if found is None:
        raise ExecError(384)
    sent = found.sent or not machine.faults.on(Switch.NO_SERVER)
    return {"hd": values["hd"], "pr": False, "st": SENT if sent else WAITING}


#: Handlers by command.
HANDLERS: dict[str, Handler] = {
    "eparagonidznext": eparagonidznext,
    "eparagonidzcancel": eparagonidzcancel,
    "eparagonbufferget": eparagonbufferget,
}
