"""``fiscalctl clock show`` and ``rates show``, which tell what the status says, and ``header show``."""

from __future__ import annotations

from collections.abc import Callable

import click

from fiscald.cli.context import Context, everything, pass_context
from fiscald.cli.documents import only_printer, printer_option
from fiscald.model.header import Header
from fiscald.model.printers import PrinterStatus
from fiscald.terminal import shown


def clock_text(printer: PrinterStatus) -> str:
    """The clock, and what is known about its error."""
    printer = shown(printer)
    if printer.clock is None:
        return f"{printer.name}: the printer has not reported its clock"
    age = printer.ages.clock or 0
    lines = [f"{printer.name}: {printer.clock:%Y-%m-%d %H:%M:%S}, read {age / 1000:.0f} s ago"]
    lines += [f"  {warning.detail}" for warning in printer.warnings if warning.code == "printer.clock_off"]
    return "\n".join(lines)


def rates_text(printer: PrinterStatus) -> str:
    """The VAT table, as ``rates set`` takes it."""
    printer = shown(printer)
    if printer.vat is None:
        return f"{printer.name}: the printer has not reported its VAT table"
    return f"{printer.name}: " + " ".join(f"{letter}={rate or ''}" for letter, rate in printer.vat.items())


def header_text(name: str, header: Header) -> str:
    """The lines of the header."""
    if header.lines is None:
        return f"{name}: this printer does not show its header; it is on every sheet, for example fiscalctl test-page"
    return "\n".join(shown(header).lines or ())


@click.command("show")
@printer_option
@pass_context
def show_clock(context: Context, *, printer: str | None) -> None:
    """Show the printer's clock, as fiscald last read it."""
    _show(context, printer, "clock", clock_text)


@click.command("show")
@printer_option
@pass_context
def show_rates(context: Context, *, printer: str | None) -> None:
    """Show the printer's VAT table, in the form of "rates set"."""
    _show(context, printer, "vat", rates_text)


@click.command("show")
@printer_option
@pass_context
def show_header(context: Context, *, printer: str | None) -> None:
    """Ask the printer for its header, and show it. It must not be printing."""
    with context.client() as client:
        name = printer or only_printer(context, client)
        header = client.header(name)
    context.show(everything(header), lambda: header_text(name, header))


def _show(context: Context, name: str | None, field: str, text: Callable[[PrinterStatus], str]) -> None:
    with context.client() as client:
        status = client.printer(name or only_printer(context, client))
    context.show({field: everything(status)[field]}, lambda: text(status))
