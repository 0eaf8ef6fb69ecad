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


class EmulatorFactory(Protocol):
    """Creates emulated printers of one family; a subclass of ``fiscald.emulator.device.Device`` is one."""

    @property
    def profiles(self) -> tuple[str, ...]:
        """Models it can be; the first is the default."""

    @property
    def code_pages(self) -> tuple[str, ...]:
        """Code pages it can be set to, the first is the default; empty where the protocol settles the encoding."""

    @property
    def links(self) -> tuple[str, ...]:
        """What it can be connected to: ``tcp``, ``pty``."""

    def __call__(self, register: Register, **options: Any) -> Device:
        """A printer with this register."""


def emulator_factory(family: str) -> EmulatorFactory:
    """What makes emulated printers that speak ``family``. Raises ``KeyError`` for an unknown one."""
    if family not in FAMILIES:
        raise KeyError(family)
    loaded: EmulatorFactory = importlib.import_module(f"fiscald.emulator.{family.replace('-', '_')}").FACTORY
    return loaded
