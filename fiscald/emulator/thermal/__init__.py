"""The face of a Thermal printer (POSNET Thermal, Novitus, Innova): the ``ESC P`` language and its control bytes."""

from fiscald.emulator.thermal.device import ThermalPrinter

FACTORY = ThermalPrinter
