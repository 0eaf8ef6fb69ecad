"""Emulated printers of every family, for development and tests without hardware.

They can be used without the rest of fiscald: ``fiscald emulate``, the pytest fixture ``fiscal_printer``, or
``fiscald.emulator.running.EmulatedPrinter``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fiscald.emulator.device import Device

#: Families that can be emulated. Each is a package here with a ``FACE``.
FACES = ("posnet", "thermal")


def face(family: str) -> type[Device]:
    """Makes emulated printers that speak ``family``. Raises ``KeyError`` for an unknown one."""
    if family not in FACES:
        raise KeyError(family)
    loaded: type[Device] = importlib.import_module(f"fiscald.emulator.{family}").FACE
    return loaded
