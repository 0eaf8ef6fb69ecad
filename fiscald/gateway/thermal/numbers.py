"""Thermal error numbers for what the engine refuses (Thermal reference, section 8)."""

from __future__ import annotations

from fiscald.emulator.thermal.machine import ExecError, Machine
from fiscald.model.jobs import Job
from fiscald.model.problems import Problem

#: The fiscal mode is blocked, on Novitus the sale: without a licence.
NO_LICENCE, NO_LICENCE_NOVITUS = 40, 1100
#: A person broke it off on the keypad: the document was not registered.
INTERRUPTED = 37
#: Not possible in the present state: what a document of the API cannot hold at this place.
WRONG_STATE = 82

#: The number for a bad part of a sale line.
LINE = {
    "name": 16, "unit": 17, "quantity": 17, "vat": 18, "price": 19, "discount": 20, "surcharge": 20, "description": 16,
}  # fmt: skip
#: The number for a bad part of a receipt, at its closing; and of a slip that takes more cash than there is.
RECEIPT = {
    "lines": 20, "discount": 27, "surcharge": 27, "total": 27, "payments": 26, "change": 26, "packaging": 26,
    "items": 26, "cashier": 25, "register": 25, "system_number": 25, "footer": 25, "barcode": 25, "buyer": 4,
    "amount": 32,
}  # fmt: skip


def unknown(machine: Machine) -> ExecError:
    """The printer behind cannot do it, or the gateway does not pass it on: as a printer without the command."""
    return ExecError(machine.profile.unknown_command)


def refused(machine: Machine, why: Problem, numbers: dict[str, int]) -> ExecError:
    """The error for what the engine refuses. ``numbers``: by the part of the document that is wrong."""
    if why.code.startswith("licence."):
        return ExecError(NO_LICENCE_NOVITUS if machine.novitus else NO_LICENCE)
    return _named(why, numbers) or unknown(machine)


def _named(why: Problem, numbers: dict[str, int]) -> ExecError | None:
    """The error for the part of the document that is wrong; ``None``: no part has a number."""
    for bad in why.errors:
        for name in reversed(bad.pointer.split("/")):
            if name in numbers:
                return ExecError(numbers[name])
    return None


def failed(machine: Machine, outcome: Job | Problem, *, same_family: bool) -> ExecError:
    """The error for a command whose job has failed, or whose document was refused.

    ``same_family``: the printer behind speaks Thermal too, so its number is the program's.
    """
    why = outcome if isinstance(outcome, Problem) else outcome.error
    if why is None:
        return ExecError(INTERRUPTED)
    number = (why.device_code or "").partition(" ")[0]
    if same_family and number.isdigit():
        return ExecError(int(number))
    if isinstance(outcome, Problem):
        return refused(machine, why, RECEIPT)
    return _named(why, RECEIPT) or ExecError(INTERRUPTED)
