"""A shop with a console: a daemon in a thread, emulated printers, and documents of every kind."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from anyio.from_thread import start_blocking_portal

from fiscald import daemon
from fiscald.api.client import Client
from fiscald.config import Config, LicenceConfig, PrinterConfig
from fiscald.config_listen import ListenConfig
from fiscald.emulator.running import EmulatedPrinter
from fiscald.licence.testing import make_certificate
from tests.networked import free_port

RECEIPT: dict[str, Any] = {
    "type": "receipt",
    "lines": [
        {"name": "Chleb razowy na zakwasie", "quantity": "2", "unit": "szt", "price": "3.50", "vat": "5%"},
        {"name": "Gwoździe żółte, łeb płaski", "quantity": "0.755", "unit": "kg", "price": "31.90", "vat": "23%"},
    ],
    "payments": [{"type": "card", "amount": "31.08"}],
    "buyer": {"nip": "5260250274"},
    "cashier": "Anna",
}
#: Texts that must never become a part of a page.
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&"


class Shop:
    """The daemon, and what stands around it."""

    def __init__(self, printers: dict[str, EmulatedPrinter], client: Client, address: str) -> None:
        self.printers = printers
        self.client = client
        self.address = address

    @property
    def printer(self) -> EmulatedPrinter:
        """The first printer."""
        return self.printers["till1"]

    def link(self) -> str:
        """A new link that signs in."""
        return self.client.console_link().url

    def until(self, state: str, name: str = "till1") -> None:
        """Wait until the daemon says so."""
        end = time.monotonic() + 20
        while (found := self.client.printer(name).state) != state:
            if time.monotonic() > end:
                raise TimeoutError(f"{name} is {found}, not {state}")
            time.sleep(0.01)

    def undecided(self, key: str) -> None:
        """A document of which nobody knows whether it was printed."""
        self.printer.fault("bad_crc", "trend")
        self.printer.fault("keypad_report", "scomm", nth=2)
        assert self.client.submit(key, "till1", RECEIPT, wait=30).state == "undecided"


@contextlib.contextmanager
def shop(*, licensed: bool = True, families: tuple[str, ...] = ("posnet",), **licence: Any) -> Iterator[Shop]:
    """A running shop; its printers are called till1, till2 and so on."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fiscald-")))
        listen = ListenConfig(address=f"127.0.0.1:{free_port()}")
        printers = {
            f"till{number}": stack.enter_context(EmulatedPrinter(family))
            for number, family in enumerate(families, start=1)
        }
        config = Config(
            socket=folder / "fiscald.sock",
            state_dir=folder / "state",
            listen=listen,
            licence=LicenceConfig(test_keys=True, **licence),
            printers={name: PrinterConfig(family=each.family, address=each.address) for name, each in printers.items()},
        )
        portal = stack.enter_context(start_blocking_portal())
        future, _ = portal.start_task(daemon.run, config)
        stack.callback(future.cancel)
        client = stack.enter_context(Client(config.socket))
        if licensed:
            client.install_licence(make_certificate())
        it = Shop(printers, client, listen.url)
        for name in printers:
            it.until("ready", name)
        yield it
