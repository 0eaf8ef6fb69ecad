"""POSNET error numbers for what the engine refuses (POSNET reference, section 8)."""

from __future__ import annotations

from fiscald.emulator.posnet.machine import ExecError
from fiscald.model.jobs import Job
from fiscald.model.problems import Problem
from fiscald.protocols.tables import FieldFault

#: The authorised time has run out, no sale until a code is entered: without a licence.
NO_LICENCE = 484
#: The printer's settings lock this function: what the printer behind cannot do, or the gateway does not pass on.
LOCKED = 323
#: Interrupted at the printer: the document was not registered.
INTERRUPTED = 30
#: Malformed value, a frame error.
BAD_VALUE = 3

#: The parameter of ``trline`` and the execution error for a bad field of a sale line; 0: a frame error.
LINE = {
    "name": ("na", 0), "unit": ("jm", 0), "description": ("op", 0), "vat": ("vt", 2000), "price": ("pr", 2006),
    "quantity": ("il", 2007),
}  # fmt: skip
#: Numbers for reasons why nothing can be done, by the code of the problem.
_CODES = {"document.unsupported": LOCKED}


def refused(why: Problem) -> ExecError:
    """The error for a command that needs what the engine refuses."""
    if why.code.startswith("licence."):
        return ExecError(NO_LICENCE)
    return ExecError(_CODES.get(why.code, LOCKED))


def line_refused(why: Problem) -> ExecError | FieldFault:
    """The error for a sale line that the printer behind would refuse."""
    for bad in why.errors:
        name = bad.pointer.rpartition("/")[2]
        if name in LINE:
            param, number = LINE[name]
            return ExecError(number) if number else FieldFault(BAD_VALUE, param, bad.detail)
    return refused(why)


def failed(outcome: Job | Problem, *, same_family: bool) -> ExecError:
    """The error for a closing command whose job has failed, or whose document was refused.

    ``same_family``: the printer behind speaks POSNET too, so its number is the program's.
    """
    why = outcome if isinstance(outcome, Problem) else outcome.error
    if why is None:
        return ExecError(INTERRUPTED)
    number = (why.device_code or "").partition(" ")[0]
    if same_family and number.isdigit():
        return ExecError(int(number))
    return refused(why) if isinstance(outcome, Problem) else ExecError(INTERRUPTED)
