"""The doctor finds every mistake of its catalogue, and nothing in a server that is right."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from fiscald.licence.keys import TEST_KEY
from fiscald.licence.server import backups, cli_doctor, keyring
from fiscald.licence.server.cli import main
from fiscald.licence.server.cli_doctor import examine
from fiscald.licence.server.doctor_checks import MIB, Host, free_bytes, is_synchronised
from fiscald.licence.server.doctor_findings import CATALOGUE, Finding, findings_markdown
from fiscald.licence.testing import TEST_PRIVATE
from tests.licence.server.https import throwaway_tls
from tests.licence.server.running import DAY
from tests.licence.server.test_app import Sink, free_port, smtp_server
from tests.licence.server.test_cli import Office
from tests.licence.server.test_process import server

DOCS = Path(__file__).parents[3] / "docs" / "vendor.md"
#: Without the process: what is always found.
NO_SERVER = {"server_down"}


class Place:
    """A vendor's computer; ``host`` and the files can be spoiled."""

    def __init__(self, directory: Path, mail_port: int) -> None:
        self.office = Office(directory)
        self.directory = directory
        self.mail_port = mail_port
        self.ahead, self.free, self.is_synchronised = 0, 100 * 1024 * MIB, True
        self.change_config("port = 2525", f"port = {mail_port}")
        self.port = free_port()
        self.change_config(":8080", f":{self.port}")
        self.office.done("keys", "new", "2026a", "--mac", "1")
        self.office.done("keys", "root", str(directory / "stick" / "root-1.pem"))
        self.sign_key_list()
        self.office.done("issue", "X")
        self.office.done("backup", str(directory / "backups"))
        directory.chmod(0o700)

    def sign_key_list(self) -> None:
        self.office.done("keys", "sign", "--root", str(self.directory / "stick" / "root-1.pem"))

    def change_config(self, old: str, new: str) -> None:
        text = self.office.config.read_text()
        self.office.config.write_text(text.replace(old, new))

    def execute(self, statement: str, *values: Any) -> None:
        with closing(sqlite3.connect(self.directory / "vendor.db")) as db, db:
            db.execute(statement, values)

    @property
    def now(self) -> int:
        return int(time.time()) + self.ahead

    def findings(self) -> dict[str, Finding]:
        host = Host(lambda: self.now, lambda _: self.free, lambda: self.is_synchronised)
        return {each.code: each for each in examine(self.office.config, host)}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    directory = tmp_path / "vendor"
    directory.mkdir()
    with smtp_server(Sink()) as port:
        yield Place(directory, port)


def newest_copy(place: Place) -> Path:
    (copy,) = (place.directory / "backups").iterdir()
    return copy


def delete(path: str) -> Callable[[Place], None]:
    return lambda place: (place.directory / path).unlink()


def config(old: str, new: str) -> Callable[[Place], None]:
    return lambda place: place.change_config(old, new)


def top(line: str) -> Callable[[Place], None]:
    return lambda place: place.change_config("issuer =", f"{line}\nissuer =")


def sql(statement: str) -> Callable[[Place], None]:
    return lambda place: place.execute(statement)


def later(days: int) -> Callable[[Place], None]:
    return lambda place: setattr(place, "ahead", days * DAY)


def use_the_test_key(place: Place) -> None:
    shutil.copy(place.directory / "keys" / "2026a.pem", place.directory / "kept.pem")
    (place.directory / "keys" / "2026a.pem").unlink()
    keyring.write_new(place.directory / "keys" / "2026a.pem", keyring.pem(TEST_PRIVATE))
    place.execute("UPDATE signing_key SET x = ?", TEST_KEY.x)


def replace_the_key(place: Place) -> None:
    delete("keys/2026a.pem")(place)
    keyring.make_signing(place.directory / "keys", "2026a")


def replace_the_pepper(place: Place) -> None:
    delete("keys/pepper.key")(place)
    keyring.make_pepper(place.directory / "keys")


def lose_the_mac_key(place: Place) -> None:
    place.office.done("keys", "new", "--mac", "2")
    place.change_config("[keys]", "[keys]\nmac = 2")
    delete("keys/mac-1.key")(place)


def add_a_key(place: Place) -> None:
    place.office.done("keys", "new", "2026b")


def sign_without_the_list(place: Place) -> None:
    add_a_key(place)
    place.change_config('"2026a"', '"2026b"')


def put_a_mail_into_the_queue(place: Place) -> None:
    place.execute(
        "INSERT INTO mail (recipient, subject, lang, created, due) VALUES ('a@b.pl', 'code', 'pl', ?, 0)",
        place.now - 3600,
    )


def damage_the_copy(place: Place) -> None:
    copy = newest_copy(place)
    copy.write_bytes(copy.read_bytes()[:5000])


def damage_the_database(place: Place) -> None:
    for path in place.directory.glob("vendor.db-*"):
        path.unlink()
    (place.directory / "vendor.db").write_bytes(b"nonsense" * 1000)


def another_mail_port(place: Place) -> None:
    place.change_config(f"port = {place.mail_port}", "port = 1")


def with_tls(days: int) -> Callable[[Place], None]:
    """The throw-away certificate is valid for one day."""

    def change(place: Place) -> None:
        throwaway_tls(place.directory)
        place.change_config("[keys]", '[tls]\ncertificate = "tls.pem"\nkey = "tls.key"\n[keys]')
        (place.directory / "tls.key").chmod(0o600)
        place.ahead = days * DAY

    return change


def tls_without_files(place: Place) -> None:
    place.change_config("[keys]", '[tls]\ncertificate = "tls.pem"\nkey = "tls.key"\n[keys]')


CAUSES: dict[str, Callable[[Place], None]] = {
    "config": config("[keys]", "[keyz]"),
    "user": lambda place: None,  # a separate test
    "denied": lambda place: None,  # the same
    "mode": lambda place: (place.directory / "vendor.db").chmod(0o644),
    "plain": config("127.0.0.1:", "0.0.0.0:"),
    "metrics_open": top('metrics = "0.0.0.0:9808"'),
    "proxies_all": top('trusted_proxies = ["0.0.0.0/0"]'),
    "proxy_unnamed": sql("INSERT INTO meta SELECT 'unnamed_proxy', CAST(unixepoch() AS TEXT)"),
    "keys": delete("keys/mac-1.key"),
    "key_test": use_the_test_key,
    "key_unknown": replace_the_key,
    "key_retired": sql("UPDATE signing_key SET revoked = 1"),
    "mac_missing": lose_the_mac_key,
    "mac_unset": config("[keys]", "[keys]\nmac = 7"),
    "pepper": replace_the_pepper,
    "key_list_none": sql("DELETE FROM key_list"),
    "key_list_old": later(401),
    "key_list_lacks": sign_without_the_list,
    "key_list_behind": add_a_key,
    "clock_behind": later(-1),
    "clock_free": lambda place: setattr(place, "is_synchronised", False),
    "database_none": delete("vendor.db"),
    "database": damage_the_database,
    "disk_full": lambda place: setattr(place, "free", 10 * MIB),
    "disk_low": lambda place: setattr(place, "free", 1000 * MIB),
    "backup_none": sql("DELETE FROM meta WHERE key = 'backup'"),
    "backup_old": later(3),
    "backup_moved": lambda place: newest_copy(place).unlink(),
    "backup_damaged": damage_the_copy,
    "mail": another_mail_port,
    "mail_stuck": put_a_mail_into_the_queue,
    "server_down": lambda place: None,
    "server_unable": lambda place: None,  # with a running server, below
    "tls": tls_without_files,
    "tls_ended": with_tls(2),
    "tls_ends": with_tls(0),
    "tls_not_loaded": lambda place: None,  # the same
}
ELSEWHERE = {"user", "denied", "server_unable", "tls_not_loaded", "server_down"}


def test_every_finding_has_a_cause() -> None:
    assert CAUSES.keys() == CATALOGUE.keys()


@pytest.mark.parametrize("code", [code for code in CATALOGUE if code not in ELSEWHERE])
def test_a_mistake_is_found(place: Place, code: str) -> None:
    assert place.findings().keys() == NO_SERVER
    CAUSES[code](place)
    found = place.findings()
    assert code in found
    assert "{" not in found[code].text + found[code].fix


def test_a_fresh_computer_has_no_database_and_no_keys(tmp_path: Path) -> None:
    office = Office(tmp_path)
    host = Host(lambda: 0, lambda _: 100 * 1024 * MIB, lambda: True)
    codes = {each.code for each in examine(office.config, host)}
    assert {"database_none", "keys", "server_down"} <= codes
    assert not (tmp_path / "vendor.db").exists(), "the doctor makes nothing"


def test_another_user_gets_a_hint(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 12345)
    found = place.findings()["user"]
    assert "12345" in found.text


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_user_who_may_not_look_is_sent_to_the_right_one(place: Place) -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(0o755)
        text = place.office.config.read_text().replace('"vendor.db"', f'"{place.directory}/vendor.db"')
        (directory / "vendor.toml").write_text(text)
        os.seteuid(65534)
        try:
            host = Host(lambda: place.now, lambda _: place.free, lambda: True)
            found = list(examine(directory / "vendor.toml", host))
            words = ["--config", str(directory / "vendor.toml"), "backup", "copy"]
            assert "this user may not read it" in CliRunner().invoke(main, words).output
        finally:
            os.seteuid(0)
    assert [each.code for each in found] == ["denied"]
    assert found[0].fix == "sudo -u root fiscald-vendor doctor"


@pytest.mark.daily
@pytest.mark.slow
def test_nothing_is_wrong_with_a_server_that_is_right(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with_tls(0)(place)
    told = '[tls]\ncertificate = "tls.pem"\nkey = "tls.key"'
    mail = f"port = {place.mail_port}"
    with server(place.office, told, lambda text: text.replace("port = 2525", mail)) as it:
        assert place.findings().keys() == {"tls_ends"}, "a throw-away certificate"
        monkeypatch.setattr(cli_doctor, "examine", lambda path, _: iter(place.findings().values()))
        assert place.office.run("doctor").exit_code == 1
        throwaway_tls(place.directory)  # renewed, and not loaded again
        (place.directory / "tls.key").chmod(0o600)
        assert place.findings().keys() == {"tls_ends", "tls_not_loaded"}
        it.process.send_signal(1)
        it.wait_for("was loaded again")
        assert place.findings().keys() == {"tls_ends"}
        place.execute("INSERT INTO audit (at, actor, what, h) VALUES (?, 'test', 'ahead', '')", place.now + 1000)
        assert place.findings().keys() == {"tls_ends", "clock_behind", "server_unable"}
        result = place.office.run("doctor", "--json")
        assert result.exit_code == 2
        rows = json.loads(result.output)
        assert [row["is_fault"] for row in rows] == [True, True, False], "faults first"
        monkeypatch.setattr(cli_doctor, "examine", lambda *_: iter(()))
        assert place.office.run("doctor").exit_code == 0


def test_faults_are_shown_first_and_end_with_2(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    CAUSES["backup_none"](place)
    monkeypatch.setattr(cli_doctor, "examine", lambda *_: iter(place.findings().values()))
    result = place.office.run("doctor")
    assert result.exit_code == 2
    assert result.output.startswith("fault: no reply at 127.0.0.1:")
    assert "warning: the database was never copied (backup_none)\n    systemctl enable" in result.output


def test_mail_servers_that_refuse_a_login_are_reported(place: Place) -> None:
    (place.directory / "password").write_text("secret")
    (place.directory / "password").chmod(0o600)
    place.change_config('security = "plain"', 'security = "plain"\nuser = "a"\npassword_file = "password"')
    found = place.findings()["mail"]
    assert f"localhost:{place.mail_port}" in found.text
    delete("password")(place)
    assert "password" in place.findings()["mail"].text


def test_the_host_is_asked(tmp_path: Path) -> None:
    assert free_bytes(tmp_path) > 0
    assert is_synchronised() in (True, False)


def test_the_doctor_changes_nothing(place: Place) -> None:
    def state() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in sorted(place.directory.rglob("*")) if path.is_file()}

    before = state()
    place.findings()
    after = state()
    assert {name: text for name, text in after.items() if not name.endswith(("-wal", "-shm"))} == {
        name: text for name, text in before.items() if not name.endswith(("-wal", "-shm"))
    }
    with backups.reading(place.directory / "vendor.db") as db:
        assert db.execute("SELECT count(*) FROM audit").fetchone()[0] > 0


def test_the_page_lists_every_finding() -> None:
    assert findings_markdown() in DOCS.read_text("utf-8")
