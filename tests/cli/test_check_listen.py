"""``fiscald check`` and the daemon's start with ``[listen]``: what is refused, and what to do then."""

from __future__ import annotations

import logging
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest

from fiscald import certificates, daemon
from fiscald.api.network import ListenError
from fiscald.config import Config
from fiscald.config_listen import ListenConfig
from fiscald.listening import Listening, open_sockets
from tests.cli.test_check import PRINTER, check
from tests.networked import free_port, listen_config, networked, write_certificate

TEXT = 'socket = "run/s"\nstate_dir = "state"\n{}\n' + PRINTER.format("tcp://127.0.0.1:6666")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('address = "0.0.0.0:8443"', "beyond this computer it needs TLS"),
        ('address = "192.168.1.5:8443"', "fiscalctl listen certificate"),
        ('address = "[::]:8443"', 'Without TLS it can be "127.0.0.1:8443"'),
        ('address = "till:8443"', "till is no IP address"),
        ('address = "8443"', "write an IP address and a port"),
        ('address = "127.0.0.1:0"', "write an IP address and a port"),
        ('address = "127.0.0.1:8443"\ncertificate = "a.pem"', "key is missing"),
        ('address = "127.0.0.1:8443"\norigins = ["*"]', "is no site"),
        ('address = "127.0.0.1:8443"\norigins = ["https://pos.example.pl/"]', "without a path"),
        ('address = "127.0.0.1:8443"\norigins = ["https://pos.example.pl:443"]', "leave out :443"),
        ('address = "127.0.0.1:8443"\norigins = ["null"]', "is no site"),
        ('address = "127.0.0.1:8443"\nhosts = ["https://till"]', "is no host name"),
        ('address = "127.0.0.1:8443"\nadress = "x"', "did you mean address?"),
        ("", "listen.address is missing"),
    ],
)
def test_what_the_section_cannot_say(tmp_path: Path, lines: str, said: str) -> None:
    found = check(tmp_path, TEXT.format(f"[listen]\n{lines}"))
    assert (found.exit_code, said in found.stderr) == (78, True), found.stderr


@pytest.mark.parametrize("address", ["127.0.0.1:8443", "localhost:1", "[::1]:8443", "127.9.9.9:65535"])
def test_plain_http_is_for_this_computer(tmp_path: Path, address: str) -> None:
    found = check(tmp_path, TEXT.format(f'[listen]\naddress = "{address}"'))
    assert found.exit_code == 0, found.output
    assert "  listens at http://" in found.stdout


def test_a_missing_certificate_is_a_finding(tmp_path: Path) -> None:
    lines = '[listen]\naddress = "0.0.0.0:8443"\ncertificate = "tls/a.pem"\nkey = "tls/a.key"'
    found = check(tmp_path, TEXT.format(lines))
    assert (found.exit_code, "doctor.listen_file" in found.stdout) == (78, True), found.output
    assert f"{tmp_path}/tls/a.pem" in found.stdout


async def test_the_daemon_does_not_start_without_its_certificate(tmp_path: Path) -> None:
    listen = ListenConfig(address="127.0.0.1:8443", certificate=tmp_path / "a", key=tmp_path / "b")
    config = Config(socket=tmp_path / "s", state_dir=tmp_path / "state", listen=listen)
    with pytest.raises(ListenError, match="fiscalctl listen certificate"):
        await daemon.run(config)
    assert not (tmp_path / "state").exists(), "nothing was begun"


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        config = Config(socket=tmp_path / "s", listen=ListenConfig(address=f"127.0.0.1:{port}"))
        with pytest.raises(ListenError, match=f"127.0.0.1 port {port}: Address already in use; choose another one"):
            open_sockets(config)
    assert not (tmp_path / "s").exists()


# -- sockets of systemd ----------------------------------------------------------------------------------


def passed(monkeypatch: pytest.MonkeyPatch, *sockets: socket.socket) -> None:
    monkeypatch.setattr("fiscald.listening.inherited", lambda: list(sockets))


def test_a_passed_socket_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as theirs:
        passed(monkeypatch, theirs)
        config = Config(socket=tmp_path / "s", listen=ListenConfig(address="127.0.0.1:8443"))
        found = open_sockets(config)
        assert theirs in found.all
        assert (tmp_path / "s").is_socket(), "the other one is made"
        assert found.said.endswith(f"127.0.0.1:{theirs.getsockname()[1]}")
        found.close()
        assert not (tmp_path / "s").exists()


def test_a_passed_socket_that_others_reach_needs_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("0.0.0.0", 0)) as theirs:
        passed(monkeypatch, theirs)
        with pytest.raises(ListenError, match=r"that needs TLS.*ListenStream= with 127\.0\.0\.1"):
            open_sockets(Config(socket=tmp_path / "s", listen=ListenConfig(address="127.0.0.1:8443")))
        passed(monkeypatch, theirs)
        listen = listen_config(tmp_path)
        open_sockets(Config(socket=tmp_path / "s", listen=listen)).close()


def test_a_passed_socket_without_a_section_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("0.0.0.0", 0)) as theirs:
        passed(monkeypatch, theirs)
        open_sockets(Config(socket=tmp_path / "s")).close()
        assert theirs.fileno() == -1
    assert "the configuration has no [listen]: it is not used" in caplog.text


# -- the certificate while the daemon runs ---------------------------------------------------------------


def test_a_new_certificate_is_used_after_a_reload(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    config = listen_config(tmp_path)
    listening = Listening(config)
    assert listening.facts is not None
    first = listening.facts.fingerprint
    with caplog.at_level(logging.INFO):
        listening.reload()
        assert caplog.text == "", "nothing has changed"
        write_certificate(tmp_path, certificates.make(["new.example.pl"]))
        listening.reload()
    assert listening.facts.fingerprint != first
    assert listening.hosts == ("new.example.pl",)
    (tmp_path / "fiscald.key").write_text("no key")
    (tmp_path / "fiscald.pem").write_bytes(certificates.make(["newer.example.pl"])[0])
    listening.reload()
    assert "the former certificate stays in use" in caplog.text
    assert listening.hosts == ("new.example.pl",)


async def test_a_certificate_that_ends_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with networked(tmp_path, licensed=False, ready=False) as door:
        assert (await door.it.http.get("/v1")).json()["warnings"] == []
    old = certificates.make(["localhost"], now=datetime.now(UTC) - timedelta(days=390), days=400)
    certificate, key = write_certificate(tmp_path, old)
    listen = ListenConfig(address=f"127.0.0.1:{free_port()}", certificate=certificate, key=key)
    from tests.daemons import running

    async with running(tmp_path, listen=listen, licensed=False, ready=False) as it:
        for _ in range(2):
            (warning,) = (await it.http.get("/v1")).json()["warnings"]
        assert warning["code"] == "listen.certificate"
        assert "expires on" in warning["detail"]
        assert "traci ważność" in warning["detail_pl"]
        await anyio.lowlevel.checkpoint()
    assert caplog.text.count("expires on") == 1, "it is logged once a day"
