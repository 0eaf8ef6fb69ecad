"""``fiscalctl`` over the network, its tokens and certificates; and on a system that is not Unix."""

from __future__ import annotations

import json
import os
import socket
import ssl
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from anyio.from_thread import start_blocking_portal
from click.testing import CliRunner, Result

from fiscald import certificates, daemon
from fiscald.api.client import AsyncClient, Client, NotReachable, Refused
from fiscald.api.connecting import OnSocket, OverNetwork, connection, parse_fingerprint
from fiscald.cli.fiscalctl import main
from fiscald.config import Config, LicenceConfig, PrinterConfig
from fiscald.config_listen import ListenConfig
from fiscald.emulator.running import EmulatedPrinter
from fiscald.licence.testing import make_certificate
from tests.networked import free_port, listen_config
from tests.waiting import until

RECEIPT = {"type": "receipt", "lines": [{"name": "Kawa", "price": "10.00", "vat": "A"}]}


@dataclass
class Shop:
    """A daemon on another computer, as far as its client can tell."""

    socket: Path
    folder: Path
    listen: ListenConfig
    printer: EmulatedPrinter

    @property
    def fingerprint(self) -> str:
        assert self.listen.certificate is not None
        return certificates.read(self.listen.certificate).fingerprint

    def here(self, *arguments: str) -> Result:
        """On the daemon's computer."""
        return CliRunner().invoke(main, ["--socket", str(self.socket), *arguments])

    def token(self, *options: str) -> Path:
        made = self.here("token", "create", *(options or ("erp", "--rights", "print,report")))
        assert made.exit_code == 0, made.output
        path = self.folder / "token"
        path.write_text(made.stdout)
        return path

    def options(self, token: Path) -> list[str]:
        return ["--url", self.listen.url, "--token-file", str(token), "--fingerprint", self.fingerprint]

    def there(self, token: Path, *arguments: str) -> Result:
        """On another computer."""
        return CliRunner().invoke(main, [*self.options(token), *arguments])


@contextmanager
def a_shop(folder: Path, listen: ListenConfig) -> Iterator[Shop]:
    with EmulatedPrinter() as printer, start_blocking_portal() as portal:
        config = Config(
            socket=folder / "fiscald.sock",
            state_dir=folder / "state",
            licence=LicenceConfig(test_keys=True),
            printers={"till1": PrinterConfig(family="posnet", address=printer.address)},
            listen=listen,
        )
        future, _ = portal.start_task(daemon.run, config)
        try:
            with Client(config.socket) as client:
                client.install_licence(make_certificate())
                until(client, "ready")
            yield Shop(config.socket, folder, listen, printer)
        finally:
            future.cancel()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with a_shop(tmp_path, listen_config(tmp_path)) as it:
        yield it


def test_a_receipt_from_another_computer(shop: Shop) -> None:
    token = shop.token()
    document = shop.folder / "receipt.json"
    document.write_text(json.dumps(RECEIPT))
    done = shop.there(token, "--json", "print", str(document), "--printer", "till1", "--key", "A")
    assert (done.exit_code, json.loads(done.stdout)["state"]) == (0, "done"), done.output
    assert "EMU 0000000001, fiscal" in shop.there(token, "status").stdout
    denied = shop.there(token, "raw", "scomm", "--printer", "till1")
    assert denied.exit_code == 5, "no right"
    shop.here("token", "revoke", "erp")
    refused = shop.there(token, "status")
    assert (refused.exit_code, "token.revoked" in refused.stderr) == (5, True)


def test_a_token_is_made_listed_and_revoked(shop: Shop) -> None:
    made = shop.here(
        "token", "create", "erp", "--rights", "print,report", "--printer", "till1", "--expires", "2199-12-31"
    )
    assert made.stdout.startswith("fiscald_1_")
    assert made.stdout.strip() not in made.stderr
    text = shop.here("token", "list").stdout
    assert text.strip() == "erp: print, report; till1; valid until 2199-12-31; never used"
    assert shop.here("token", "create", "erp", "--rights", "none").exit_code == 1, "the name is taken"
    assert "revoked" in shop.here("token", "revoke", "erp").stdout
    assert shop.here("token", "list").stdout.strip() == "there are no tokens"
    assert "revoked" in shop.here("token", "list", "--all").stdout
    assert shop.here("token", "revoke", "erp").exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a", "--rights", "prnt"], "'prnt': write some of print, report, configure, raw, resolve, licence"),
        (["a b", "--rights", "print"], "'a b' is no name"),
        (["a", "--rights", "print", "--expires", "2020-01-01"], "--expires 2020-01-01 is over"),
    ],
)
def test_what_a_token_cannot_be(tmp_path: Path, arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(main, ["--socket", str(tmp_path / "none"), "token", "create", *arguments])
    assert (result.exit_code, said in result.stderr) == (2, True), result.stderr


def test_a_certificate_that_is_not_trusted_is_explained(shop: Shop) -> None:
    token = shop.token()
    unknown = CliRunner().invoke(main, ["--url", shop.listen.url, "--token-file", str(token), "status"])
    assert (unknown.exit_code, "--fingerprint sha256:" in unknown.stderr) == (4, True), unknown.stderr
    other = ["--url", shop.listen.url, "--token-file", str(token), "--fingerprint", f"sha256:{'0' * 64}", "status"]
    wrong = CliRunner().invoke(main, other)
    assert (wrong.exit_code, shop.fingerprint in wrong.stderr) == (4, True), wrong.stderr


def test_the_token_is_not_sent_to_another_certificate(tmp_path: Path) -> None:
    """A server with another certificate sees the handshake, and nothing else."""
    pem, key = certificates.make(["localhost"])
    (tmp_path / "other.pem").write_bytes(pem + key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "other.pem")
    received = []

    def serve(listener: socket.socket) -> None:
        with context.wrap_socket(listener.accept()[0], server_side=True) as link:
            try:
                received.append(link.recv(1000))
            except OSError:
                received.append(b"")

    with socket.create_server(("127.0.0.1", 0)) as listener, start_blocking_portal() as portal:
        import anyio.to_thread

        done = portal.start_task_soon(anyio.to_thread.run_sync, serve, listener)
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        with (
            Client(url=url, token="secret", fingerprint="0" * 64) as client,
            pytest.raises(NotReachable, match="not the expected"),
        ):
            client.hello()
        done.result()
    assert received == [b""]


async def test_both_clients_over_tls(tmp_path: Path) -> None:
    from tests.networked import networked

    async with networked(tmp_path, licensed=False, ready=False) as door:
        token, pinned = await door.token(), certificates.read(tmp_path / "fiscald.pem").fingerprint
        async with AsyncClient(url=door.listen.url, token=token, fingerprint=pinned) as client:
            assert [each.name for each in await client.printers()] == ["till1"]
            async for change in client.events():
                assert getattr(change, "name", None) == "till1"
                break
        async with AsyncClient(url=door.listen.url, token=token, fingerprint="1" * 64) as client:
            with pytest.raises(NotReachable, match="fingerprint"):
                await client.printers()
        async with AsyncClient(url=door.listen.url, fingerprint=pinned) as client:
            with pytest.raises(Refused, match=r"token\.missing"):
                await client.printers()


@pytest.mark.parametrize(
    ("url", "fingerprint", "said"),
    [
        ("http://192.168.1.10:8443", None, "use https://"),
        ("192.168.1.10:8443", None, "write scheme, host and port"),
        ("https://a.example/v1", None, "write scheme, host and port"),
        ("https://anna:x@a.example", None, "no place for a user"),
        ("https://a.example", "sha256:12", "is no fingerprint"),
        ("http://localhost:1", "0" * 64, "needs https"),
    ],
)
def test_addresses_that_cannot_be(url: str, fingerprint: str | None, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Client(url=url, token="t", fingerprint=fingerprint)
    result = CliRunner().invoke(
        main, ["--url", url, *(["--fingerprint", fingerprint] if fingerprint else []), "status"]
    )
    assert (result.exit_code, "--url: " in result.stderr) == (2, True)


def test_fingerprints_are_read_as_tools_write_them() -> None:
    plain = "ab" * 32
    for text in (plain, f"sha256:{plain}", f"SHA256:{plain.upper()}", "AB:" * 31 + "AB", f" sha-256:{plain} "):
        assert parse_fingerprint(text) == plain


def test_where_the_daemon_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(connection(None, None, None, None, 1), OnSocket)
    monkeypatch.setenv("FISCALD_URL", "https://till:8443")
    monkeypatch.setenv("FISCALD_TOKEN", "t")
    found = connection(None, None, None, None, 1)
    assert isinstance(found, OverNetwork)
    assert found.headers["Authorization"] == "Bearer t"
    assert connection("/run/x", None, None, None, 1).where == "/run/x", "what the program says comes first"
    with pytest.raises(ValueError, match="not both"):
        connection("/run/x", "https://till", None, None, 1)
    result = CliRunner().invoke(main, ["--socket", "/run/none", "status"])
    assert "/run/none" in result.stderr


def test_verbs_of_the_daemons_computer_say_so() -> None:
    for verb in ("doctor", "scan", "bugreport --output x", "listen certificate", "listen fingerprint"):
        result = CliRunner().invoke(main, ["--url", "https://till:8443", *verb.split()])
        assert (result.exit_code, "on the daemon's computer" in result.stderr) == (2, True), f"{verb}: {result.output}"


# -- the certificate -------------------------------------------------------------------------------------


def make(folder: Path, *arguments: str) -> Any:
    command = ["--json", "listen", "certificate", "--config", str(folder / "fiscald.toml"), *arguments]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_certificate_is_made_for_names_and_addresses(tmp_path: Path) -> None:
    made = make(tmp_path, "kasa.example.pl", "10.1.2.3")
    assert {"kasa.example.pl", "10.1.2.3", "localhost", "127.0.0.1"} <= {*made["names"]}
    key = Path(made["key"])
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(Path(made["certificate"]).stat().st_mode) == 0o644
    shown = CliRunner().invoke(main, ["listen", "fingerprint", "--config", str(tmp_path / "fiscald.toml")]).stdout
    assert f"fingerprint {made['fingerprint']}" in shown
    told = subprocess.run(
        ["openssl", "x509", "-in", made["certificate"], "-noout", "-fingerprint", "-sha256"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert parse_fingerprint(told.partition("=")[2]) == parse_fingerprint(made["fingerprint"]), "as openssl shows it"


def test_a_certificate_is_not_replaced_unasked(tmp_path: Path) -> None:
    first = make(tmp_path)
    command = ["listen", "certificate", "--config", str(tmp_path / "fiscald.toml")]
    result = CliRunner().invoke(main, command)
    assert (result.exit_code, "with --force" in result.stderr) == (1, True)
    assert certificates.read(Path(first["certificate"])).fingerprint == first["fingerprint"]
    assert make(tmp_path, "--force")["fingerprint"] != first["fingerprint"]


def test_a_certificate_goes_where_the_configuration_says(tmp_path: Path) -> None:
    (tmp_path / "fiscald.toml").write_text(
        '[listen]\naddress = "10.9.8.7:8443"\ncertificate = "a/b.pem"\nkey = "c.key"\n', "utf-8"
    )
    made = make(tmp_path)
    assert (made["certificate"], made["key"]) == (str(tmp_path / "a/b.pem"), str(tmp_path / "c.key"))
    assert "10.9.8.7" in made["names"]


def test_httpx_trusts_the_certificate_as_it_is(shop: Shop) -> None:
    """An application that imports the certificate needs no fingerprint, and its name is checked."""
    context = ssl.create_default_context(cafile=shop.listen.certificate)
    context.verify_flags |= ssl.VERIFY_X509_STRICT  # the default of later Python versions
    with httpx.Client(verify=context, trust_env=False) as http:
        assert http.get(f"{shop.listen.url}/v1").json()["code"] == "token.missing"


# -- Windows ---------------------------------------------------------------------------------------------

#: Takes away what Python does not have on Windows, then runs ``fiscalctl``.
WINDOWS = """
import os, socket, sys
for name in ("fcntl", "grp", "pwd", "resource", "termios", "tty"):
    sys.modules[name] = None
for name in ("geteuid", "getuid", "getegid", "getgroups", "getgrouplist", "chown", "fchmod", "statvfs", "O_NOCTTY", "O_CLOEXEC"):
    delattr(os, name)
del socket.AF_UNIX
from fiscald.cli.fiscalctl import main
main()
"""


def on_windows(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WINDOWS, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=60)


@pytest.mark.slow
def test_fiscalctl_on_windows_prints_on_a_daemon_elsewhere(shop: Shop) -> None:
    options = shop.options(shop.token("erp", "--rights", "print,report,configure"))
    document = shop.folder / "receipt.json"
    document.write_text(json.dumps(RECEIPT))
    done = on_windows(*options, "print", str(document), "--printer", "till1", "--key", "A")
    assert done.returncode == 0, done.stderr
    for verb in (
        "status",
        "jobs",
        "job A",
        "report daily --printer till1 --key R",
        "packaging till1",
        "licence status",
    ):
        found = on_windows(*options, *verb.split())
        assert found.returncode == 0, f"{verb}: {found.stderr}"
    for verb, name in (
        ("backup", "copy.db"),
        ("paper A --output", "paper.txt"),
        ("capture till1 --output", "a.pcapng"),
    ):
        found = on_windows(*options, *verb.split(), str(shop.folder / name))
        assert (found.returncode, (shop.folder / name).stat().st_size > 100) == (0, True), f"{verb}: {found.stderr}"


@pytest.mark.slow
def test_verbs_that_windows_does_not_have_say_so() -> None:
    found = on_windows("doctor", "till1", "--user", "anna")
    assert (found.returncode, "run it on the daemon's computer" in found.stderr) == (2, True), found.stderr
    assert on_windows("--help").returncode == 0


def test_an_address_where_nothing_listens(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["--url", f"https://127.0.0.1:{free_port()}", "--token", "t", "status"])
    assert (result.exit_code, "Is [listen] in the daemon's configuration" in result.stderr) == (4, True)
