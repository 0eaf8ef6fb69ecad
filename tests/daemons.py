"""A whole daemon inside a test: real socket, real journal, a printer on real TCP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import httpx

from fiscald import daemon
from fiscald.api.client import AsyncClient
from fiscald.config import Config, LicenceConfig, PrinterConfig, RightsConfig
from fiscald.config_fleet import FleetConfig
from fiscald.config_listen import ListenConfig
from fiscald.config_webhooks import WebhookConfig
from fiscald.emulator.running import EmulatedPrinter
from fiscald.licence.testing import make_certificate
from tests.described import hold

RECEIPT: dict[str, Any] = {
    "type": "receipt",
    "lines": [{"name": "Kawa", "price": "10.00", "vat": "A"}, {"name": "Bułka", "price": "1.50", "vat": "5%"}],
}


@dataclass
class Running:
    """A daemon, and ways to talk to it."""

    socket: Path
    printer: EmulatedPrinter
    http: httpx.AsyncClient
    client: AsyncClient

    async def put(
        self, key: str, document: Any = RECEIPT, *, wait: float = 10, printer: str = "till1"
    ) -> httpx.Response:
        body = {"printer": printer, "document": document}
        return await self.http.put(f"/v1/jobs/{key}", params={"wait": wait}, json=body)

    async def until(self, state: str, *, printer: str = "till1") -> None:
        """Wait until the daemon says that the printer is in this state."""
        with anyio.fail_after(10):
            while (await self.client.printer(printer)).state != state:
                await anyio.sleep(0.01)


@asynccontextmanager
async def running(
    directory: Path,
    *,
    licensed: bool = True,
    test_keys: bool = True,
    ready: bool = True,
    rights: RightsConfig | None = None,
    address: str | None = None,
    page: str | None = None,
    seeded: dict[str, Any] | None = None,
    listen: ListenConfig | None = None,
    webhooks: dict[str, dict[str, Any]] | None = None,
    fleet: dict[str, Any] | None = None,
    gateway: dict[str, Any] | None = None,
    **options: Any,
) -> AsyncIterator[Running]:
    """Start a daemon with one emulated printer (or the one at ``address``); stop it as a signal would.

    ``page``: the code page that the daemon is configured for. ``seeded``: what the register holds before.
    """
    socket = directory / "fiscald.sock"
    with EmulatedPrinter(**options) as printer:
        printer.seed(**seeded or {})
        posnet = {
            "family": "posnet", "address": address or printer.address, "code_page": page, "gateway": gateway
        }  # fmt: skip
        config = Config(
            socket=socket,
            state_dir=directory / "state",
            licence=LicenceConfig(test_keys=test_keys),
            rights=rights or RightsConfig(),
            printers={"till1": PrinterConfig.model_validate(posnet)},
            listen=listen,
            fleet=None if fleet is None else FleetConfig.model_validate(fleet),
            webhooks={name: WebhookConfig.model_validate(each) for name, each in (webhooks or {}).items()},
        )
        async with anyio.create_task_group() as tasks:
            await tasks.start(daemon.run, config)
            transport = httpx.AsyncHTTPTransport(uds=str(socket))
            async with (
                httpx.AsyncClient(
                    transport=transport, base_url="http://fiscald", timeout=20, event_hooks={"response": [hold]}
                ) as http,
                AsyncClient(socket) as client,
            ):
                if licensed:
                    await client.install_licence(make_certificate())
                it = Running(socket, printer, http, client)
                if ready:
                    await it.until("ready")
                yield it
            tasks.cancel_scope.cancel()
