"""``fiscald-vendor serve`` as a process: signals, and the modes of its files."""

from __future__ import annotations

import os
import re
import signal
import ssl
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.licence.server.https import throwaway_tls
from tests.licence.server.test_app import free_port
from tests.licence.server.test_cli import CONFIG, Office


class Process:
    """A running server and its log, read line by line."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.port = port
        self.log = ""

    def wait_for(self, words: str) -> None:
        """Read the log until a line has these words. A test without them runs into its time limit."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log += line
            if words in line:
                return
        pytest.fail(f"the server ended: {self.log}")

    def get(self, path: str, ca_file: Path) -> int:
        context = ssl.create_default_context(cafile=ca_file)
        return httpx.get(f"https://localhost:{self.port}{path}", verify=context).status_code


@contextmanager
def server(office: Office, told: str = "", change: Callable[[str], str] = str) -> Iterator[Process]:
    port = free_port()
    office.config.write_text(change(CONFIG.format(port=port, tls=told)))
    command = [sys.executable, "-m", "fiscald.licence.server.cli", "serve", "--config", str(office.config)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        it = Process(process, port)
        it.wait_for("listening on")
        yield it
    finally:
        process.terminate()
        process.communicate(timeout=20)


@pytest.mark.slow
def test_sighup_loads_the_renewed_certificate(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.done("keys", "new", "2026a", "--mac", "1")
    tls, ca_file = throwaway_tls(tmp_path)
    told = f'[tls]\ncertificate = "{tls.certificate.name}"\nkey = "{tls.key.name}"'
    with server(office, told) as it:
        assert it.get("/healthz", ca_file) == 204
        tls.key.write_text("nonsense")
        it.process.send_signal(signal.SIGHUP)
        it.wait_for("the former one stays in use")
        assert it.get("/healthz", ca_file) == 204
        _, ca_file = throwaway_tls(tmp_path)  # the same names
        it.process.send_signal(signal.SIGHUP)
        it.wait_for("was loaded again; it ends")
        assert it.get("/healthz", ca_file) == 204
    assert it.process.returncode == 0


@pytest.mark.slow
def test_sighup_without_tls_does_not_stop_the_server(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.done("keys", "new", "2026a", "--mac", "1")
    with server(office) as it:
        it.process.send_signal(signal.SIGHUP)
        it.wait_for("there is no [tls]")
        assert httpx.get(f"http://127.0.0.1:{it.port}/healthz").status_code == 204


@pytest.mark.slow
def test_metrics_are_served_on_their_separate_address(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.done("keys", "new", "2026a", "--mac", "1")
    port = free_port()
    with server(office, change=lambda config: f'metrics = "127.0.0.1:{port}"\n{config}') as it:
        assert "fiscald_vendor_signs 1.0" in httpx.get(f"http://127.0.0.1:{port}/metrics").text
        assert httpx.get(f"http://127.0.0.1:{it.port}/metrics").status_code == 404
        assert httpx.get(f"http://127.0.0.1:{port}/v1/keys").status_code == 404


def modes(directory: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in directory.rglob("*")}


@pytest.mark.daily
@pytest.mark.slow
def test_every_file_is_private_whatever_the_umask(tmp_path: Path) -> None:
    former = os.umask(0)
    try:
        office = Office(tmp_path)
        office.config.write_text(in_a_directory(office.config.read_text()))
        office.done("keys", "new", "2026a", "--mac", "1")
        office.done("backup", str(tmp_path / "backups"))
        with server(office, change=in_a_directory):
            kept = modes(tmp_path / "db") | modes(tmp_path / "backups") | modes(tmp_path / "keys")
    finally:
        os.umask(former)
    assert {"vendor.db", "vendor.db-wal", "vendor.db-shm", "vendor.db-lock"} <= set(kept)
    assert any(re.fullmatch(r"vendor-\w+\.db", name) for name in kept)
    assert {name: oct(mode) for name, mode in kept.items() if mode != 0o600} == {}
    for name in ("db", "backups", "keys"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o700


def in_a_directory(config: str) -> str:
    return config.replace('"vendor.db"', '"db/vendor.db"')
