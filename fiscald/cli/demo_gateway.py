"""``fiscald demo --gateway``: an old program that speaks Thermal prints on a POSNET printer.

The program is killed in the middle of a receipt; then the printer's cable is pulled at the closing command, the program
gives up, is started again and sends the whole receipt again. There is one receipt on paper.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator

import click

from fiscald.cli import demo_old_program
from fiscald.cli.demo_shop import WAIT, Cable
from fiscald.config_gateway import GatewayConfig
from fiscald.emulator.running import EmulatedPrinter
from fiscald.testing import LocalDaemon

PRINTER = "till1"
#: What the printer receives when the receipt is closed.
CLOSING = b"\x02trend"


def run_gateway() -> None:
    """Start everything, and disturb it. Raises ``click.ClickException`` if anything is not as promised."""
    with contextlib.ExitStack() as stack:
        printer = stack.enter_context(EmulatedPrinter("posnet"))
        cable = Cable(printer.host, printer.port)
        stack.callback(cable.close)
        printer.address = f"tcp://{printer.host}:{cable.port}"
        port = _free_port()
        gateway = GatewayConfig(listen=f"tcp://127.0.0.1:{port}", family="thermal")
        daemon = stack.enter_context(LocalDaemon({PRINTER: printer}, gateways={PRINTER: gateway}))
        click.echo(f"A POSNET printer at {printer.address}, and fiscald in front of it: for the old")
        click.echo(f"program it is a Thermal printer at tcp://127.0.0.1:{port}.")
        with _program(port) as program:
            click.echo("\nThe program begins a receipt, and is killed in the middle:")
            _until_cashier(program)
            program.kill()
        _sheets(printer, "nothing was printed", 0)
        with _program(port) as program:
            click.echo("\nIt is started again. At the closing command the printer's cable is pulled:")
            _until_cashier(program)
            cable.cut_behind = CLOSING
            _goes_on(program, sold=False)
        if not cable.pulled.wait(WAIT):
            raise click.ClickException("the receipt did not reach the printer")
        click.echo(f"  the printer is {daemon.client.printer(PRINTER).state}; the cable is plugged in again")
        cable.plug()
        (begun,) = daemon.client.jobs().jobs
        job = daemon.client.job(begun.key, wait=WAIT)
        click.echo(
            f"  fiscald asks the printer what it printed: {job.state}, number {job.result and job.result.number}"
        )
        with _program(port) as program:
            click.echo("\nThe program does not know of that. It sends the whole receipt again:")
            _until_cashier(program)
            _goes_on(program, sold=True)
        click.echo("\nThe journal:")
        for job in daemon.client.jobs().jobs:
            number = job.result and job.result.number
            click.echo(f"  {job.key}\n  {job.document.type} {job.state}, number {number}")
        click.echo("\nThe paper:\n")
        click.echo("\n\n".join(printer.paper))
        _sheets(printer, "one receipt was printed", 1)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextlib.contextmanager
def _program(port: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-u", demo_old_program.__file__, "127.0.0.1", str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        try:
            yield program
        finally:
            program.kill()


def _until_cashier(program: subprocess.Popen[str]) -> None:
    """Show what the program says until it waits for the cashier."""
    assert program.stdout is not None
    for line in program.stdout:
        click.echo(line.rstrip("\n"))
        if line.endswith("waits for the cashier\n"):
            return
    raise click.ClickException("the program did not come to its closing command")


def _goes_on(program: subprocess.Popen[str], *, sold: bool) -> None:
    """The cashier presses Enter."""
    said, _ = program.communicate("\n", WAIT)
    click.echo(said.rstrip("\n"))
    if (program.returncode == 0) is not sold:
        raise click.ClickException("the program was not answered as it should be")


def _sheets(printer: EmulatedPrinter, said: str, count: int) -> None:
    """Compare the printer's memory with what must be there."""
    receipts = printer.register.day.receipt_count
    click.echo(f"  {said}: {receipts} in the printer's memory, sheets of paper: {len(printer.paper)}")
    if (receipts, len(printer.paper)) != (count, count):
        raise click.ClickException(f"{count} expected")
