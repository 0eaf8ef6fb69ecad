"""The face of a Novitus printer that speaks NoviAPI: JSON over HTTP, jobs that are stored, confirmed and asked for."""

from fiscald.emulator.noviapi.device import NoviApiPrinter

FACTORY = NoviApiPrinter
