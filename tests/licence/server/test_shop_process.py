"""The server as a process, a web shop beside it: orders come in, events go out, reminders are looked at."""

from __future__ import annotations

import signal
import socket
import sqlite3
import ssl
import sys
from contextlib import closing
from pathlib import Path

import anyio
import httpx
import pytest

from tests.licence.server.https import throwaway_tls
from tests.licence.server.receiver import Receiver, receiving
from tests.licence.server.running import Computer
from tests.licence.server.test_cli import CONFIG, Office, WallClock, office

__all__ = ["office"]


def configure(office: Office, receiver: Receiver) -> tuple[str, Path]:
    """Write a configuration with TLS and a webhook; the server's address, and whom to trust."""
    tls, ca_file = throwaway_tls(office.directory)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (office.directory / "secret").write_text("0123456789" * 4)
    files = f'[tls]\ncertificate = "{tls.certificate.name}"\nkey = "{tls.key.name}"'
    hook = f'[webhook]\nurl = "http://127.0.0.1:{receiver.port}/"\nsecret_file = "secret"\n'
    office.config.write_text(CONFIG.format(port=port, tls=files) + hook)
    return f"https://localhost:{port}", ca_file


@pytest.mark.slow
async def test_a_shop_orders_and_learns_that_a_number_is_used(office: Office) -> None:
    async with receiving() as receiver:
        url, ca_file = configure(office, receiver)
        token = office.json("token", "create", "shop", "--rights", "issue")["token"]
        first = office.done("issue", "X", "--support", "--order", "1")
        office.activate(Computer(WallClock()), first)
        command = [sys.executable, "-m", "fiscald.licence.server.cli", "serve", "--config", str(office.config)]
        process = await anyio.open_process(command)
        try:
            assert process.stderr is not None
            assert b"listening" in await process.stderr.receive()
            context = ssl.create_default_context(cafile=ca_file)
            head = {"Authorization": f"Bearer {token}"}
            async with httpx.AsyncClient(base_url=url, verify=context, headers=head, timeout=30) as http:
                placed = await http.put("/v1/orders/2", json={"items": [{"field": "X"}], "invoice": "FV/2"})
                assert placed.status_code == 201
                assert (await http.get("/v1/orders/1")).json()["numbers"][0]["state"] == "used"
            with anyio.fail_after(60):
                while not (receiver.events and noted(office)):
                    await anyio.sleep(0.02)
            process.send_signal(signal.SIGTERM)
            errors = b"".join([part async for part in process.stderr])
            assert await process.wait() == 0
        finally:
            if process.returncode is None:
                process.kill()
            await process.aclose()
    assert errors == b""
    assert [(each["event"], each["order"]) for each in receiver.events] == [("number.used", "1")]
    assert office.done("orders", "2", "--numbers") == placed.json()["numbers"][0]["number"]


def noted(office: Office) -> bool:
    """Whether the reminders of today were looked for."""
    with closing(sqlite3.connect(office.directory / "vendor.db")) as db, db:
        return db.execute("SELECT 1 FROM meta WHERE key = 'reminded'").fetchone() is not None
