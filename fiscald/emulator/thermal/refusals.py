"""Conditions in which an emulated Thermal printer refuses commands, beside those that the handlers look after.

Numbers are published (Thermal reference, section 8), which commands each concerns is our assumption.
"""

from __future__ import annotations

from collections.abc import Collection

from fiscald.emulator.faults import Switch
from fiscald.protocols.thermal.fields import Brand

_OPENING = frozenset(("$h", "$h invoice"))
_CLOSINGS = frozenset(("$e 1", "$e 1 invoice", "$x", "$y"))
_SLIPS = frozenset(("#i", "#d", "#z", "#w", "#t", "#k", "#p", "#q"))
_PRINTING = _OPENING | _SLIPS | {"#r", "#o", "$w 0"}

#: The number on POSNET printers and on those of Novitus, where they have one, and the commands.
_TABLE: dict[Switch, tuple[int | None, int | None, frozenset[str]]] = {
    Switch.QUEUE_FULL: (112, 1034, _PRINTING),
    Switch.LOCKED: (None, 1100, _OPENING),
    Switch.CHANGE_DUE: (113, 113, _OPENING),
    Switch.TOTALS_FULL: (28, 28, _CLOSINGS),
    Switch.COPY_BLOCKED: (110, 1042, _PRINTING),
    Switch.NO_POWER: (None, 1108, _PRINTING),
    Switch.READ_ONLY: (None, 1021, _PRINTING),
}


def refusal(command: str, switches: Collection[Switch], brand: Brand) -> int | None:
    """The error of a legal command in these conditions; ``None``: they do not concern it."""
    for switch, (posnet, novitus, commands) in _TABLE.items():
        number = novitus if brand is Brand.NOVITUS else posnet
        if switch in switches and command in commands and number is not None:
            return number
    return None
