"""Emulated printers of every family, for development and tests without hardware.

They can be used without the rest of fiscald: ``fiscald emulate``, the pytest fixture ``fiscal_printer``, or
``fiscald.emulator.running.EmulatedPrinter``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Protocol

from fiscald.protocols import FAMILIES

if TYPE_CHECKING:
    from fiscald.emulator.device import Device
    from fiscald.emulator.register import Register


class Face(Protocol):
    """Makes emulated printers of one family; see ``fiscald.emulator.device.Device``."""

    profiles: tuple[str, ...]
    code_pages: tuple[str, ...]

    def __call__(self, register: Register, **options: Any) -> Device:
        """A printer with this register."""


def face(family: str) -> Face:
    """What makes emulated printers that speak ``family``. Raises ``KeyError`` for an unknown one."""
    if family not in FAMILIES:
        raise KeyError(family)
    loaded: Face = importlib.import_module(f"fiscald.emulator.{family}").FACE
    return loaded
