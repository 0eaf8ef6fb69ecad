"""Conditions in which an emulated POSNET printer refuses commands, beside those that the handlers check.

Which commands each concerns is not published; the numbers are (POSNET reference, section 8); the rest is assumed.
"""

from __future__ import annotations

from collections.abc import Collection

from fiscald.emulator.faults import Switch

_OPENINGS = frozenset(("trinit", "trfvinit", "trpackinit"))
_CASH = frozenset(("cash", "stocash"))
_PRINTING = (
    _OPENINGS | _CASH | {"dailyrep", "monthlyrep", "periodicrepbydates", "shiftrep", "cashstaterep", "formstart"}
)

_TABLE: dict[Switch, tuple[int, frozenset[str]]] = {
    Switch.JUMPER: (360, _OPENINGS | {"dailyrep"}),
    Switch.NO_CLOCK: (460, _OPENINGS | {"dailyrep"}),
    Switch.MEMORY_FULL: (1018, _OPENINGS | {"dailyrep"}),
    Switch.BATTERY: (2704, _OPENINGS),
    Switch.CHANGE_DUE: (3084, _OPENINGS),
    Switch.TOTALS_FULL: (2010, frozenset(("trend",))),
    Switch.LOCKED: (323, _CASH),
    Switch.NO_POWER: (2706, _PRINTING),
    Switch.READ_ONLY: (2036, _PRINTING),
    Switch.COPY_BLOCKED: (2907, _PRINTING),
    Switch.WRONG_PROTOCOL: (499, _PRINTING),
}


def refusal(mnemonic: str, switches: Collection[Switch]) -> int | None:
    """The execution error of a legal command in these conditions; ``None``: they do not concern it."""
    for switch, (number, mnemonics) in _TABLE.items():
        if switch in switches and mnemonic in mnemonics:
            return number
    return None
