"""Emulated printers of every family, for development and tests without hardware.

They can be used without the rest of fiscald: ``fiscald emulate``, the pytest fixture ``fiscal_printer``, or
``fiscald.emulator.running.EmulatedPrinter``.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable

from fiscald.emulator.device import Device
from fiscald.protocols import FAMILIES


def face(family: str) -> Callable[..., Device]:
    """Makes emulated printers that speak ``family``. Raises ``KeyError`` for an unknown one."""
    if family not in FAMILIES:
        raise KeyError(family)
    loaded: Callable[..., Device] = importlib.import_module(f"fiscald.emulator.{family}").FACE
    return loaded
