"""A shop with a console: a daemon in a thread, emulated printers, and if wanted the vendor's licence server."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from anyio.from_thread import start_blocking_portal

from fiscald import daemon
from fiscald.api.client import Client
from fiscald.config import Config, LicenceConfig, PrinterConfig
from fiscald.config_gateway import GatewayConfig
from fiscald.config_listen import ListenConfig
from fiscald.emulator.running import EmulatedPrinter
from fiscald.licence.testing import make_certificate
from tests.licence.server.https import RunningVendor, vendor_server
from tests.networked import free_port
from tests.waiting import until

MACHINE = "5c94726b-8665-49b5-8d3a-f9c26f0c4042"
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
#: A text that must never become a part of a page.
HOSTILE = "<img src=x onerror=alert(1)>\"'&"


class Shop:
    """The daemon, and what stands around it."""

    def __init__(
        self, config: Config, printers: dict[str, EmulatedPrinter], client: Client, call: Callable[..., Any]
    ) -> None:
        assert config.listen is not None
        self.printers = printers
        self.client = client
        self.call = call
        """Calls an asynchronous function where the daemon runs."""
        self.socket = config.socket
        self.address = config.listen.url
        self.licence_server: RunningVendor | None = None
        self.stop: Callable[[], object]
        """Ends the daemon as if it were killed; ``start`` starts it again, on the same address."""
        self.start: Callable[[], object]

    @property
    def vendor(self) -> RunningVendor:
        """The vendor's licence server, of a shop that was made with one."""
        assert self.licence_server is not None
        return self.licence_server

    @property
    def printer(self) -> EmulatedPrinter:
        """The first printer."""
        return self.printers["till1"]

    def code(self, mails: int) -> str:
        """The code in the vendor's newest mail, once so many have come."""
        return str(self.call(self.vendor.mailbox.code, mails))

    def link(self) -> str:
        """A new link that signs in."""
        return self.client.console_link().url

    def until(self, state: str, name: str = "till1") -> None:
        """Wait until the daemon says so."""
        until(self.client, state, printer=name)

    def undecided(self, key: str) -> None:
        """An undecided document: no evidence says whether it was printed."""
        self.printer.fault("bad_crc", "trend")
        self.printer.fault("keypad_report", "scomm", nth=2)
        assert self.client.submit(key, "till1", RECEIPT, wait=30).state == "undecided"


@contextlib.contextmanager
def shop(
    *,
    licensed: bool = True,
    families: tuple[str, ...] = ("posnet",),
    vendor: bool = False,
    gateways: Mapping[str, GatewayConfig] | None = None,
    **more: Any,
) -> Iterator[Shop]:
    """A running shop; its printers are called till1, till2 and so on. ``gateways``: of printers by name.

    ``more``: of the configuration.
    """
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fiscald-")))
        printers = {
            f"till{number}": stack.enter_context(EmulatedPrinter(family))
            for number, family in enumerate(families, start=1)
        }
        portal = stack.enter_context(start_blocking_portal())
        server, licence = None, LicenceConfig(test_keys=True)
        if vendor:
            (folder / "vendor").mkdir()
            server = stack.enter_context(portal.wrap_async_context_manager(vendor_server(folder / "vendor")))
            licence = LicenceConfig(test_keys=True, server=server.url, ca_file=server.ca_file)
        config = Config(
            socket=folder / "fiscald.sock",
            state_dir=folder / "state",
            listen=ListenConfig(address=f"127.0.0.1:{free_port()}"),
            licence=licence,
            printers={
                name: PrinterConfig(family=each.family, address=each.address, gateway=(gateways or {}).get(name))
                for name, each in printers.items()
            },
            **more,
        )
        run = partial(daemon.run, config, machine=lambda: MACHINE)
        running = [portal.start_task(run)[0]]
        stack.callback(lambda: running[-1].cancel())
        client = stack.enter_context(Client(config.socket))
        if licensed:
            client.install_licence(make_certificate())
        it = Shop(config, printers, client, portal.call)
        it.stop = lambda: running[-1].cancel()
        it.start = lambda: running.append(portal.start_task(run)[0])
        it.licence_server = server
        for name in printers:
            it.until("ready", name)
        yield it
