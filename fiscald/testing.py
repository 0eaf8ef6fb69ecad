"""A daemon with emulated printers inside a test: licensed, on a private socket, ready when it is entered.

The pytest fixture ``fiscald`` is one; other test runners use it as a context manager::

    with EmulatedPrinter("thermal") as printer, LocalDaemon({"till1": printer}) as daemon:
        job = daemon.client.submit("A/1", "till1", receipt, wait=20)
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from anyio.from_thread import start_blocking_portal

from fiscald import daemon
from fiscald.api.client import Client
from fiscald.config import Config, LicenceConfig, PrinterConfig
from fiscald.config_gateway import GatewayConfig
from fiscald.emulator.running import CannotStart, EmulatedPrinter
from fiscald.licence.testing import make_certificate

#: Seconds until every printer must be ready. It takes a tenth of one; more only on a machine that is very busy.
READY_SECONDS = 30.0
_POLL_SECONDS = 0.005


class LocalDaemon:
    """A daemon in its own thread, with the published test licence; its printers must be running already."""

    def __init__(
        self, printers: Mapping[str, EmulatedPrinter], *, gateways: Mapping[str, GatewayConfig] | None = None
    ) -> None:
        """``printers``: by the names that the daemon gives them; at least one.

        ``gateways``: of the printers with these names, for programs that speak a printer's protocol.
        """
        if not printers:
            raise ValueError("a daemon in a test needs at least one printer")
        self.printers = dict(printers)
        self._gateways = dict(gateways or {})
        self.name = next(iter(self.printers))
        """The name of the first printer."""
        self._client: Client | None = None
        self._folder = contextlib.ExitStack()
        self._running = contextlib.ExitStack()
        self._directory = Path()

    @property
    def printer(self) -> EmulatedPrinter:
        """The first printer."""
        return self.printers[self.name]

    @property
    def socket(self) -> Path:
        """The daemon's address: a Unix socket."""
        return self._directory / "fiscald.sock"

    @property
    def client(self) -> Client:
        """A client of the running daemon. Raises ``RuntimeError`` while it is stopped."""
        if self._client is None:
            raise RuntimeError("the daemon is stopped; start() it first")
        return self._client

    def __enter__(self) -> Self:
        """Start it. Raises ``CannotStart``; nothing is left running then."""
        # Not in pytest's folder of the test: the path of a socket has at most 107 bytes.
        with contextlib.ExitStack() as stack:
            self._directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fiscald-")))
            self.start()
            self._folder = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        with self._folder:
            self.stop()

    def start(self) -> None:
        """Start it again after ``stop``, with the journal that it had. Raises ``CannotStart``."""
        if self._client is not None:
            return
        config = Config(
            socket=self.socket,
            state_dir=self._directory / "state",
            licence=LicenceConfig(test_keys=True),
            printers={
                name: PrinterConfig(family=printer.family, address=printer.address, gateway=self._gateways.get(name))
                for name, printer in self.printers.items()
            },
        )
        with contextlib.ExitStack() as stack:
            portal = stack.enter_context(start_blocking_portal())
            future, _ = portal.start_task(daemon.run, config)
            stack.callback(future.cancel)
            client = stack.enter_context(Client(self.socket))
            client.install_licence(make_certificate())
            self._wait(client)
            self._running = stack.pop_all()
        self._client = client

    def stop(self) -> None:
        """End it at once, as if it were killed; its journal stays for ``start``."""
        self._client = None
        self._running.close()

    def _wait(self, client: Client) -> None:
        """Until every printer is ready. Raises ``CannotStart`` after ``READY_SECONDS``."""
        until = time.monotonic() + READY_SECONDS
        for name in self.printers:
            while (state := client.printer(name).state) != "ready":
                if time.monotonic() > until:
                    raise CannotStart(f"the daemon's printer {name} is {state} and not ready")
                time.sleep(_POLL_SECONDS)
