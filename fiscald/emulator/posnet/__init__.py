"""The POSNET face of the emulated printer."""

from __future__ import annotations

from fiscald.emulator.posnet.device import PosnetPrinter

FACTORY = PosnetPrinter
