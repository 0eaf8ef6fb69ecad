"""Everything real: a daemon with an emulated printer, mosquitto with our access list, and ``fiscald-fleet serve``."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiomqtt
import anyio
import anyio.to_thread
import httpx
import pytest

from fiscald.fleet.central.acl import mosquitto as access_list
from fiscald.model.fleet import CentralCard
from tests.daemons import RECEIPT, running
from tests.fleet.brokers import Authority, Mosquitto, needs_mosquitto
from tests.networked import free_port

pytestmark = [pytest.mark.slow, needs_mosquitto]


class Central:
    """A central as separate processes."""

    def __init__(self, folder: Path, broker: int, authority: Authority) -> None:
        folder.mkdir()
        self.port = free_port()
        self.config = folder / "fleet.toml"
        certificate, key = authority.issue("central")
        self.config.write_text(
            f'central = "erp"\nstate_dir = "state"\nlisten = "127.0.0.1:{self.port}"\n[broker]\n'
            f'url = "mqtts://127.0.0.1:{broker}"\nca_file = "{authority.certificate}"\n'
            f'certificate = "{certificate}"\nkey = "{key}"\n', "utf-8",
        )  # fmt: skip
        self.process: subprocess.Popen[bytes] | None = None

    def run(self, *arguments: str, stdin: str = "") -> str:
        command = [sys.executable, "-m", "fiscald.cli.central", "--config", str(self.config), *arguments]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self) -> None:
        command = [sys.executable, "-m", "fiscald.cli.central", "--config", str(self.config), "serve"]
        with (self.config.parent / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ)

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(10)
            self.process = None


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def broker(tmp_path: Path, authority: Authority) -> Iterator[Mosquitto]:
    """Each client is who its certificate says, and may use what our access list allows."""
    acl = tmp_path / "acl"
    acl.write_text(access_list("central"), "utf-8")
    acl.chmod(0o644)
    certificate, key = authority.issue("broker")
    started = Mosquitto(
        tmp_path, f"cafile {authority.certificate}", f"certfile {certificate}", f"keyfile {key}",
        "require_certificate true", "use_identity_as_username true", f"acl_file {acl}",
        *(["user root"] if os.geteuid() == 0 else []),
    )  # fmt: skip
    started.start()
    yield started
    started.kill()


@pytest.fixture
def central(tmp_path: Path, broker: Mosquitto, authority: Authority) -> Iterator[Central]:
    made = Central(tmp_path / "central", broker.port, authority)
    yield made
    made.kill()


async def asked(client: httpx.AsyncClient, method: str, path: str, **more: Any) -> httpx.Response:
    """The answer of a server that may just start."""
    with anyio.fail_after(30):
        while True:
            try:
                return await client.request(method, path, **more)
            except httpx.TransportError:
                await anyio.sleep(0.05)


async def test_an_order_is_printed_once_though_dispatcher_and_broker_are_killed(
    tmp_path: Path, broker: Mosquitto, authority: Authority, central: Central
) -> None:
    card = CentralCard.model_validate(json.loads(await anyio.to_thread.run_sync(lambda: central.run("keys", "make"))))
    certificate, key = authority.issue("s1")
    section = {
        "broker": f"mqtts://127.0.0.1:{broker.port}", "shop": "s1", "central": "erp", "orders_key": card.orders_key,
        "encryption_key": card.encryption_key, "ca_file": authority.certificate, "certificate": certificate, "key": key,
    }  # fmt: skip
    async with running(tmp_path, fleet=section) as it:
        line = (await it.client.enrolment("s1")).model_dump_json()
        await anyio.to_thread.run_sync(lambda: central.run("enrol", "-", stdin=line))
        token = await anyio.to_thread.run_sync(lambda: central.run("token", "create", "erp", "--order"))
        header = {"Authorization": f"Bearer {token.strip()}"}
        base = f"http://127.0.0.1:{central.port}"
        central.start()
        async with httpx.AsyncClient(base_url=base, headers=header, timeout=70) as client:
            order = {"shop": "s1", "printer": "till1", "document": RECEIPT}
            told = await asked(client, "PUT", "/v1/jobs/sale/1?wait=40", json=order)
            assert (told.status_code, told.json()["state"]) == (200, "done"), told.text
            central.kill()
            await anyio.to_thread.run_sync(broker.kill)
            central.start()
            made = await asked(client, "PUT", "/v1/jobs/sale/2", json=order)
            assert made.status_code == 201, made.text
            central.kill()
            await anyio.to_thread.run_sync(broker.start)
            central.start()
            again = await asked(client, "PUT", "/v1/jobs/sale/2?wait=60", json=order)
            assert (again.status_code, again.json()["state"]) == (200, "done"), again.text
            (shop,) = (await asked(client, "GET", "/v1/shops")).json()["shops"]
            assert (shop["name"], shop["orders_open"]) == ("s1", 0)
        assert it.printer.register.day.receipt_count == 2


async def test_a_shop_can_neither_read_nor_write_for_another(broker: Mosquitto, authority: Authority) -> None:
    import ssl

    def line(name: str) -> aiomqtt.Client:
        certificate, key = authority.issue(name)
        context = ssl.create_default_context(cafile=authority.certificate)
        context.load_cert_chain(certificate, key)
        return aiomqtt.Client("127.0.0.1", broker.port, tls_context=context, protocol=aiomqtt.ProtocolVersion.V5)

    async with line("s1") as shop, line("s2") as other, line("central") as central:
        await central.subscribe("$share/erp/fiscald/v1/+/outcomes", qos=1)
        await other.subscribe("fiscald/v1/#", qos=1)
        await other.publish("fiscald/v1/s1/outcomes", b"forged", qos=1)
        await other.publish("fiscald/v1/s1/orders", b"forged", qos=1)
        await shop.subscribe("fiscald/v1/s1/orders", qos=1)
        await central.publish("fiscald/v1/s1/orders", b"order", qos=1)
        with anyio.fail_after(20):
            assert (await anext(shop.messages)).payload == b"order"
        await shop.publish("fiscald/v1/s1/outcomes", b"genuine", qos=1)
        with anyio.fail_after(20):
            assert (await anext(central.messages)).payload == b"genuine"
        assert len(other.messages) == 0
