"""``fiscald demo``: an emulated printer on a real pseudo-terminal, a daemon, a receipt through the socket.

In a container without pseudo-terminals the printer uses a TCP port.
"""

from __future__ import annotations

import json
import os
import socket
import tempfile
from pathlib import Path
from typing import Literal

import anyio
import click
from anyio.from_thread import start_blocking_portal

from fiscald import daemon
from fiscald.api.client import Client, Refused
from fiscald.config import Config, LicenceConfig, PrinterConfig
from fiscald.config_listen import ListenConfig
from fiscald.emulator.running import EmulatedPrinter
from fiscald.licence.testing import make_certificate

RECEIPT = {
    "type": "receipt",
    "lines": [
        {"name": "Chleb razowy na zakwasie", "quantity": "2", "unit": "szt", "price": "3.50", "vat": "5%",
         "discount": {"percent": "10"}},
        {"name": "Gwoździe żółte, łeb płaski", "quantity": "0.755", "unit": "kg", "price": "31.90", "vat": "23%"},
    ],
    "discount": {"amount": "0.38", "name": "Karta stałego klienta"},
    "total": "30.00",
    "payments": [{"type": "card", "amount": "20.00"}, {"type": "cash", "amount": "15.00"}],
    "change": "5.00",
    "buyer": {"nip": "526-025-02-74"},
    "cashier": "Anna",
    "register": "01",
    "footer": ["Dziękujemy i zapraszamy!"],
}  # fmt: skip


def run_demo(*, keep: bool, png: Path) -> None:
    """Print one receipt and show each step; with ``keep``, leave everything running."""
    link = _link()
    with tempfile.TemporaryDirectory(prefix="fiscald-demo-") as folder, EmulatedPrinter(link=link) as printer:
        config = Config(
            socket=Path(folder) / "fiscald.sock",
            state_dir=Path(folder) / "state",
            licence=LicenceConfig(test_keys=True),
            listen=_listen() if keep else None,
            printers={"till1": PrinterConfig(family="posnet", address=printer.address)},
        )
        with start_blocking_portal() as portal:
            future, _ = portal.start_task(daemon.run, config)
            try:
                _show(config.socket, printer, png)
                if keep:
                    _stay(config.socket, printer)
            finally:
                future.cancel()


def _listen() -> ListenConfig:
    """A free port of this computer, for the web console."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return ListenConfig(address=f"127.0.0.1:{probe.getsockname()[1]}")


def _link() -> Literal["tcp", "pty"]:
    """The link of the emulated printer: a serial port if this computer has pseudo-terminals."""
    try:
        for descriptor in os.openpty():
            os.close(descriptor)
    except OSError as error:
        click.echo(
            f"This computer has no pseudo-terminal ({error.strerror or error}): the printer uses a TCP port.", err=True
        )
        return "tcp"
    return "pty"


def _show(socket: Path, printer: EmulatedPrinter, png: Path) -> None:
    with Client(socket) as client:
        client.install_licence(make_certificate())
        click.echo(f"The daemon listens on {socket}; an emulated POSNET printer is at {printer.address}.\n")
        click.echo("PUT /v1/jobs/demo%2F1?wait=30")
        click.echo(json.dumps({"printer": "till1", "document": RECEIPT}, ensure_ascii=False, indent=1))
        job = client.submit("demo/1", "till1", RECEIPT)
        again = client.submit("demo/1", "till1", RECEIPT)
    answer = job.model_dump(mode="json", by_alias=True, exclude={"document", "evidence"})
    click.echo(f"\nThe answer:\n{json.dumps(answer, ensure_ascii=False, indent=1)}\n")
    click.echo(printer.paper[-1])
    receipts = printer.register.day.receipt_count
    click.echo(f"Submitted twice with the same key: same number {again.result and again.result.number}; ", nl=False)
    click.echo(f"receipts in the printer's memory: {receipts}.")
    try:
        from fiscald.emulator.png import draw
    except ImportError:
        click.echo("The picture needs: pip install 'fiscald[png]'")
    else:
        draw(printer.printouts[-1:], png)
        click.echo(f"The paper as a picture: {png.absolute()}")
    if job.state != "done":
        raise click.ClickException("the receipt was not printed")


def _stay(path: Path, printer: EmulatedPrinter) -> None:
    try:
        with Client(path) as client:
            link = client.console_link().url
    except Refused:
        click.echo("\nThe web console needs: pip install 'fiscald[console]'")
    else:
        click.echo(
            f"\nThe web console; this link signs in once (fiscalctl --socket {path} console makes another):\n{link}"
        )
    click.echo(
        f"\nStill running; press Ctrl-C to stop. Try:\n"
        f"  fiscalctl --socket {path} status\n"
        f"  curl --unix-socket {path} http://fiscald/v1/printers/till1"
    )
    seen = len(printer.printouts)
    try:
        while True:
            anyio.run(anyio.sleep, 0.2)
            for sheet in printer.printouts[seen:]:
                seen += 1
                click.echo(f"\n{sheet.text}")
    except KeyboardInterrupt:
        click.echo("")
