"""What the vendor's people type: keys, numbers, licences, the server itself as a process."""

from __future__ import annotations

import json
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import httpx
import pytest
from click.testing import CliRunner, Result

from fiscald.licence import wire
from fiscald.licence.certificate import verify
from fiscald.licence.keys import SigningKey
from fiscald.licence.number_reading import read
from fiscald.licence.server import key_admin, keyring, session
from fiscald.licence.server.cli import main
from fiscald.licence.server.config import ConfigError, load
from fiscald.licence.server.request_handler import RequestHandler
from fiscald.licence.server.rules import Rules
from fiscald.licence.server.store import Store
from fiscald.licence.tokens import read_vendor_token
from tests.licence.server.https import throwaway_tls
from tests.licence.server.running import BAKERY, Clock, Computer

ISSUER = "urn:fiscald:vendor:test"
CONFIG = """
listen = "127.0.0.1:{port}"
issuer = "urn:fiscald:vendor:test"
product_url = "https://vendor.example/fiscald"
database = "vendor.db"
{tls}
[keys]
directory = "keys"
sign_with = "2026a"
[smtp]
host = "localhost"
port = 2525
security = "plain"
sender = "licence@vendor.example"
"""


class WallClock(Clock):
    """The commands have no other."""

    def __call__(self) -> int:
        return int(time.time())


class Office:
    """A directory with a configuration, and commands in it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.config = directory / "vendor.toml"
        self.config.write_text(CONFIG.format(port=8080, tls=""))

    def run(self, *words: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(main, ["--config", str(self.config), *words], input=typed)

    def done(self, *words: str, typed: str | None = None) -> str:
        result = self.run(*words, typed=typed)
        assert result.exit_code == 0, result.output
        return result.output.strip()

    def json(self, *words: str, typed: str | None = None) -> Any:
        return json.loads(self.done("--json", *words, typed=typed))

    def fails(self, *words: str, typed: str | None = None) -> str:
        result = self.run(*words, typed=typed)
        assert result.exit_code == 1, result.output
        return result.output

    def activate(self, computer: Computer, number: str, company: dict[str, str] = BAKERY) -> wire.Answer:
        """As the server would."""
        store = Store(self.directory / "vendor.db")
        keys = keyring.load(self.directory / "keys", "2026a")
        token = computer.sign(wire.Activate, number=number, company=company)
        try:
            said = RequestHandler(store, Rules(keys, ISSUER), computer.clock).answer(
                "/v1/activate", token.encode(), "192.0.2.1"
            )
        finally:
            store.close()
        _, payload = read_vendor_token(said.text or "", wire.ANSWER, self.pinned(), "status")
        return wire.parse(wire.Answer, payload)

    def pinned(self) -> dict[str, SigningKey]:
        """The signing keys as a product would pin them."""
        uses: frozenset[Any] = frozenset(("licence", "status"))
        return {row["kid"]: SigningKey(row["kid"], row["x"], ISSUER, uses) for row in self.json("keys", "list")["keys"]}


@pytest.fixture
def office(tmp_path: Path) -> Office:
    it = Office(tmp_path)
    it.done("keys", "new", "2026a", "--mac", "1")
    return it


@pytest.fixture
def computer() -> Computer:
    return Computer(WallClock())


def test_key_files_are_private_and_never_overwritten(office: Office) -> None:
    directory = office.directory / "keys"
    for name in ("2026a.pem", "mac-1.key", "pepper.key"):
        assert (directory / name).stat().st_mode & 0o777 == 0o600
    pepper = (directory / "pepper.key").read_text()
    assert "exists" in office.fails("keys", "new", "2026a")
    assert "exists" in office.fails("keys", "new", "--mac", "1")
    assert "is not a valid name for a key" in office.fails("keys", "new", "../x")
    office.done("keys", "new", "2026b")
    assert (directory / "pepper.key").read_text() == pepper
    assert "good" in office.done("keys", "list")
    (directory / "2026a.pem").chmod(0o640)
    assert "chmod 600" in office.fails("issue", "X")


def test_numbers_are_shown_once_and_stored_nowhere(office: Office) -> None:
    (issued,) = office.json("issue", "X", "--fiscal", "--support")
    number = read(issued["number"])
    assert (number.modules, number.support, number.mac_key) == (("app", "fiscal"), True, 1)
    years = office.done("issue", "y", "--count", "3").splitlines()
    assert len({read(year).serial for year in years}) == 3
    assert office.run("issue", "Y", "--bank").exit_code == 2
    stored = b"".join(path.read_bytes() for path in office.directory.glob("vendor.db*"))
    for text in (number.text, *years):
        assert text.encode() not in stored
        assert text.replace("-", "").encode() not in stored
    audit = office.json("audit")
    assert [row["what"] for row in audit] == ["key.added", "key.mac", *["number.issued"] * 4]
    assert audit[2]["ref"] == number.hint
    assert audit[2]["actor"].startswith("cli:")


def test_a_licence_is_found_renamed_freed_and_revoked(office: Office, computer: Computer) -> None:
    number = office.json("issue", "X", "--bank")[0]["number"]
    answer = office.activate(computer, number)
    licence = verify((answer.crt or "").encode(), office.pinned()).sub
    for search in ("1234563218", "piekarnia", licence, read(number).hint):
        assert [row["licence"] for row in office.json("licences", search)] == [licence]
    assert licence in office.done("licences")
    assert office.done("licences", "nobody") == "none"
    shown = office.json("show", licence)
    assert shown["state"] == "active"
    (seat,) = shown["seats"]
    assert (seat["numbers"][0]["field"], seat["computers"][0]["state"]) == ("X", "bound")
    assert office.run("rename", licence).exit_code == 2
    assert "not a valid tax number" in office.fails("rename", licence, "--tin", "1")
    assert "not an address" in office.fails("rename", licence, "--email", "x")
    assert "no company" in office.fails("rename", "com_X", "--name", "x")
    office.done("rename", licence, "--name", "Piekarnia SA", "--email", "boss@bakery.pl")
    assert office.json("show", licence)["company"]["name"] == "Piekarnia SA"
    assert office.json("show", licence)["email"] == "boss@bakery.pl"
    renamed = office.json("audit", "--ref", shown["company"]["id"])[-1]
    assert renamed["what"] == "company.renamed"
    assert renamed["detail"]["before"] != renamed["detail"]["after"]
    assert BAKERY["name"] not in json.dumps(renamed, ensure_ascii=False)
    office.done("unbind", licence)
    assert "on no computer" in office.fails("unbind", licence)
    assert office.run("revoke").exit_code == 2
    office.done("revoke", licence, "--say", "charged back")
    assert office.json("show", licence)["said"] == "charged back"
    assert "already" in office.fails("revoke", licence)
    assert "500 printable characters" in office.fails("revoke", licence, "--say", "x" * 501)
    assert "no licence" in office.fails("revoke", "lic_X")
    assert "is erased" in office.done("forget", "--yes", "boss@bakery.pl")
    assert office.json("licences", "1234563218") == []


def test_two_companies_cannot_get_one_name(office: Office, computer: Computer) -> None:
    office.activate(computer, office.json("issue", "X")[0]["number"])
    other = Computer(computer.clock, 2)
    store = Store(office.directory / "vendor.db")
    handler = RequestHandler(store, Rules(keyring.load(office.directory / "keys", "2026a"), ISSUER), computer.clock)
    number = office.json("issue", "X")[0]["number"]
    company = {"name": "Inna", "post": "1", "cc": "PL", "tin": "5260001246"}
    handler.answer("/v1/activate", other.sign(wire.Activate, number=number, company=company).encode(), "192.0.2.2")
    store.close()
    (row,) = office.json("licences", "5260001246")
    assert "it exists already" in office.fails("rename", row["company"]["id"], "--tin", "1234563218")
    store = Store(office.directory / "vendor.db")
    with store.transaction(0) as t:  # the trigger is still there
        assert t.one("SELECT 1 FROM sqlite_schema WHERE name = 'company_fixed'")
    store.close()


def test_a_number_is_revoked_from_standard_input(office: Office, computer: Computer) -> None:
    number = office.json("issue", "X")[0]["number"]
    assert "Group 1" in office.fails("revoke", "--number", typed=number.replace("4", "5", 1))
    assert office.json("revoke", "--number", typed=number) == {"revoked": read(number).hint}
    refused = office.activate(computer, number).refused
    assert refused is not None
    assert refused.code == "number_revoked"


def test_the_key_list_is_signed_by_a_root_that_is_kept_elsewhere(office: Office) -> None:
    root = office.json("keys", "root", str(office.directory / "stick" / "root-1.pem"))
    assert root["kid"] == "root-1"
    office.done("keys", "new", "2026b")
    assert office.json("keys", "sign", "--root", str(office.directory / "stick" / "root-1.pem")) == {"key_list": 1}
    assert "sign the key list" in office.done("keys", "retire", "2026a")
    office.done("keys", "retire", "2026b", "--revoke")
    assert "no key" in office.fails("keys", "retire", "2026c")
    assert office.json("keys", "sign", "--root", str(office.directory / "stick" / "root-1.pem")) == {"key_list": 2}
    store = Store(office.directory / "vendor.db")
    with store.transaction(int(time.time())) as t:
        token = t.newest_key_list()
    store.close()
    pinned = SigningKey("root-1", root["x"], ISSUER, frozenset(("keys",)))
    _, payload = read_vendor_token(token or "", wire.KEYS, {"root-1": pinned}, "keys")
    keys = {key.kid: key for key in wire.parse(wire.KeyList, payload).keys}
    assert (keys["2026a"].revoked, keys["2026b"].revoked) == (False, True)
    assert keys["2026a"].valid_to is not None
    assert "revoked" in office.done("keys", "list")
    store = Store(office.directory / "vendor.db")
    with store.transaction(int(time.time())) as t:
        for number in range(60):
            key_admin.add_key(t, f"key-{number}", "A" * 43)
    store.close()
    assert "too long" in office.fails("keys", "sign", "--root", str(office.directory / "stick" / "root-1.pem"))


def test_a_release_is_announced(office: Office) -> None:
    told = office.json("release", "1.1.0", "2026-05-01")
    assert told == {"latest": "1.1.0", "series": "2026-05-01", "url": "https://vendor.example/fiscald"}
    assert office.run("release", "1.1.0", "May").exit_code == 2
    assert "500 printable characters" in office.fails("release", "1.1.0", "2026-05-01", "--url", "x" * 501)


def test_a_clock_that_was_ahead_stops_the_server_until_confirmed(office: Office) -> None:
    store = Store(office.directory / "vendor.db")
    with store.transaction(int(time.time()) + 86_400) as t:
        t.audit("from the future")
    store.close()
    assert "--accept-clock" in office.fails("issue", "X")
    assert "from the future" in office.done("audit")
    office.done("audit", "--accept-clock")
    office.done("issue", "X")


def test_a_database_of_a_newer_version_is_not_changed(office: Office) -> None:

    with closing(sqlite3.connect(office.directory / "vendor.db")) as db, db:
        db.execute("PRAGMA user_version = 2")
    assert "newer fiscald-vendor" in office.fails("audit")
    (office.directory / "vendor.db").write_bytes(b"nonsense" * 1000)
    assert "restore a backup" in office.fails("audit")


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        (("issuer", "isuer"), "unknown key isuer; did you mean issuer?"),
        (("sign_with", "singwith"), "unknown key keys.singwith; did you mean sign_with?"),
        (('"licence@vendor.example"', '"licence"'), "is not an e-mail address"),
        (('host = "localhost"', 'host = "mail.example"'), "with mail.example use starttls or tls"),
        (("port = 2525", 'user = "a"'), "user and password_file belong together"),
        (("port = 2525", "port = 0"), "smtp.port"),
        (('"127.0.0.1:8080"', '"8080"'), "write HOST:PORT"),
        (("[keys]", "[keyz]"), "unknown key keyz; did you mean keys?"),
        (("[keys]", "[keyz]"), "keys is missing"),
        (("database =", "database"), "vendor.toml"),
    ],
)
def test_mistakes_in_the_configuration(tmp_path: Path, change: tuple[str, str], hint: str) -> None:
    path = tmp_path / "vendor.toml"
    path.write_text(CONFIG.format(port=8080, tls="").replace(*change))
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert hint in str(caught.value)
    result = CliRunner().invoke(main, ["--config", str(path), "audit"])
    assert result.exit_code == 1
    assert hint in result.output


def test_paths_in_the_configuration_are_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "vendor.toml").write_text(
        CONFIG.format(port=8080, tls='[tls]\ncertificate = "c.pem"\nkey = "/etc/k.pem"')
    )
    config = load(tmp_path / "vendor.toml")
    assert (config.database, config.keys.directory) == (tmp_path / "vendor.db", tmp_path / "keys")
    assert config.tls is not None
    assert (config.tls.certificate, config.tls.key) == (tmp_path / "c.pem", Path("/etc/k.pem"))
    with pytest.raises(ConfigError, match="--config"):
        load(tmp_path / "none.toml")


def test_help_needs_no_configuration() -> None:
    for words in (["--help"], ["issue", "--help"], ["keys", "sign", "--help"]):
        assert CliRunner().invoke(main, words).exit_code == 0


def test_the_server_does_not_start_with_an_unknown_key(office: Office) -> None:
    (office.directory / "keys" / "2026a.pem").unlink()
    assert "restore it" in office.fails("serve")
    keyring.make_signing(office.directory / "keys", "2026a")
    assert "restore either" in office.fails("serve", "--config", str(office.config))


@pytest.mark.slow
def test_the_server_runs_as_a_process_beside_the_commands(office: Office, computer: Computer) -> None:
    tls, ca_file = throwaway_tls(office.directory)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    told = f'[tls]\ncertificate = "{tls.certificate.name}"\nkey = "{tls.key.name}"'
    office.config.write_text(CONFIG.format(port=port, tls=told))
    command = [sys.executable, "-m", "fiscald.licence.server.cli", "serve", "--config", str(office.config)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        assert f"listening on 127.0.0.1:{port}" in process.stderr.readline()
        number = office.json("issue", "X", "--fiscal")[0]["number"]
        context = ssl.create_default_context(cafile=ca_file)
        with httpx.Client(base_url=f"https://localhost:{port}", verify=context) as http:
            token = computer.sign(wire.Activate, number=number, company=BAKERY)
            response = http.post("/v1/activate", content=token)
            assert response.status_code == 200
            _, payload = read_vendor_token(response.text, wire.ANSWER, office.pinned(), "status")
            assert verify(payload["crt"].encode(), office.pinned()).modules == ("app", "fiscal")
            assert http.get("/healthz").status_code == 204
            assert "server" not in response.headers
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    assert errors == ""
    assert number not in errors


def test_irreversible_commands_ask_for_confirmation(
    office: Office, computer: Computer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def no(question: str, *, abort: bool) -> None:
        asked.append(question)
        raise click.Abort

    (number,) = office.json("issue", "X", "--fiscal")
    licence = verify((office.activate(computer, number["number"]).crt or "").encode(), office.pinned()).sub
    monkeypatch.setattr("click.confirm", no)
    monkeypatch.setattr(session, "has_terminal", lambda: True)
    for words in (("revoke", licence), ("keys", "retire", "2026a", "--revoke")):
        assert office.run(*words).exit_code == 1
    assert len(asked) == 2
    assert office.json("show", licence)["state"] == "active"
    office.done("revoke", licence, "--yes")
    assert office.json("show", licence)["state"] == "revoked"
    assert len(asked) == 2
