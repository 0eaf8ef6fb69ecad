"""``fiscald demo``: an emulated printer on a real pseudo-terminal, a daemon, a receipt through the socket.

In a container without pseudo-terminals the printer uses a TCP port.
"""

from __future__ import annotations

import json
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import click
from anyio.from_thread import BlockingPortal, start_blocking_portal

from fiscald import daemon
from fiscald.api.client import Client
from fiscald.cli.demo_stay import show_mail, stay
from fiscald.config import CompanyConfig, Config, LicenceConfig, PrinterConfig
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


#: The shop of ``--keep``, whose company a person need not invent.
COMPANY = CompanyConfig(name="Sklep Pokazowy", postcode="00-950", nip="1234563218")


def run_demo(*, keep: bool, png: Path) -> None:
    """Print one receipt and show each step; with ``keep``, a shop that is not registered yet, until Ctrl-C."""
    with tempfile.TemporaryDirectory(prefix="fiscald-demo-") as name, start_blocking_portal() as portal:
        folder = Path(name)
        with EmulatedPrinter(link=_link(), pty_path=folder / "printer") as printer:
            if keep:
                _keep(portal, folder, printer)
            else:
                with _daemon(portal, _config(folder, printer)) as socket:
                    _show(socket, printer, png)


def _config(folder: Path, printer: EmulatedPrinter, **more: Any) -> Config:
    return Config(
        socket=folder / "fiscald.sock",
        state_dir=folder / "state",
        printers={"till1": PrinterConfig(family="posnet", address=printer.address)},
        **{"licence": LicenceConfig(test_keys=True), **more},
    )


@contextmanager
def _daemon(portal: BlockingPortal, config: Config) -> Iterator[Path]:
    """A daemon; its socket."""
    future, _ = portal.start_task(daemon.run, config)
    try:
        yield config.socket
    finally:
        future.cancel()


def _keep(portal: BlockingPortal, folder: Path, printer: EmulatedPrinter) -> None:
    try:
        from fiscald.cli.demo_vendor import demo_vendor
    except ImportError:  # without the console's libraries there is no window to register in
        with _daemon(portal, _config(folder, printer, listen=_listen())) as socket:
            with Client(socket) as client:
                client.install_licence(make_certificate())
            stay(socket, printer, None)
        return
    with portal.wrap_async_context_manager(demo_vendor(folder, show_mail)) as vendor:
        licence = LicenceConfig(test_keys=True, server=vendor.url, ca_file=vendor.ca_file)
        config = _config(folder, printer, licence=licence, company=COMPANY, listen=_listen())
        with _daemon(portal, config) as socket:
            stay(socket, printer, vendor.number)


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
