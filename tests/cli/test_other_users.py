"""The command line and the on-site tools used by root, by a member of the group, and by a stranger: real processes."""

from __future__ import annotations

import grp
import io
import json
import os
import pwd
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from fiscald.api.client import Client
from fiscald.cli.fiscalctl import main
from fiscald.emulator.running import EmulatedPrinter
from fiscald.licence.testing import make_certificate
from tests.cli.conftest import RECEIPT
from tests.uids import Outcome, Users, Who, needs_root, public_folder, users
from tests.waiting import until

pytestmark = [needs_root, pytest.mark.slow]
#: A group of the system that is there everywhere, and a user who is in it.
GROUP = "daemon"
#: Verbs that need no daemon: they do what they can for everybody.
OFFLINE = {
    "decode", "replay", "regression", "scan", "doctor", "bugreport", "licence test-certificate", "listen certificate",
    "listen fingerprint",
}  # fmt: skip


@dataclass
class Shop:
    """A daemon of root's, whose socket belongs to the group."""

    folder: Path
    printer: EmulatedPrinter
    users: Users

    @property
    def socket(self) -> Path:
        return self.folder / "fiscald.sock"

    @property
    def config(self) -> Path:
        return self.folder / "fiscald.toml"

    def run(self, who: Who, *verbs: tuple[str, ...]) -> list[Outcome]:
        return self.users.run(who, *(("fiscalctl", "--socket", str(self.socket), *verb) for verb in verbs))


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with public_folder() as folder, EmulatedPrinter() as printer, users() as others:
        it = Shop(folder, printer, others)
        it.config.write_text(
            f'socket = "fiscald.sock"\nstate_dir = "state"\n[licence]\ntest_keys = true\n'
            f'[rights]\nprint = ["group:{GROUP}"]\n'
            f'[printers.till1]\nfamily = "posnet"\naddress = "{printer.address}"\n'
        )
        (folder / "receipt.json").write_text(json.dumps(RECEIPT))
        (folder / "open").mkdir()
        (folder / "open").chmod(0o777)  # where any user may write
        command = [str(Path(sys.executable).parent / "fiscald"), "run", "--config", str(it.config)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            while "is ready" not in process.stderr.readline():
                assert process.poll() is None
            with Client(it.socket) as client:
                client.install_licence(make_certificate())
                until(client, "ready")
            os.chown(it.socket, 0, gid())
            try:
                yield it
            finally:
                process.terminate()
                process.stderr.read()


def gid() -> int:
    return grp.getgrnam(GROUP).gr_gid


def nobody() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody")


def stranger() -> Who:
    return Who(nobody().pw_uid, nobody().pw_gid)


def member() -> Who:
    return Who(nobody().pw_uid, nobody().pw_gid, (gid(),))


def not_yet() -> Who:
    """In the group by the computer's table, but not in this session."""
    return Who(pwd.getpwnam(GROUP).pw_uid, nobody().pw_gid)


def every_verb(folder: Path) -> dict[str, tuple[str, ...]]:
    """Each verb with the least that it takes."""
    document = str(folder / "receipt.json")

    def value(param: click.Parameter) -> str:
        if isinstance(param.type, click.Choice):
            return str(param.type.choices[0])
        if isinstance(param.type, click.File):
            return document
        if isinstance(param.type, click.Path):
            return "-" if param.name == "output" else str(folder / "open" / "new")
        if param.name in ("rights", "rates"):
            return {"rights": "none", "rates": "A=23%"}[param.name]
        return "1"

    def below(group: click.Group, before: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
        for name, command in group.commands.items():
            if isinstance(command, click.Group):
                yield from below(command, (*before, name))
            else:
                yield (*before, name), command

    found = {}
    for path, command in below(main, ()):
        words: list[str] = []
        for param in command.params:
            if isinstance(param, click.Argument):
                words.append(value(param))
            elif param.required:
                words += [param.opts[-1], value(param)]
        if any("--yes" in param.opts for param in command.params):
            words.append("--yes")  # it asks before it does what cannot be taken back
        found[" ".join(path)] = (*path, *words)
    return found


def test_every_verb_names_the_missing_right_of_another_user(shop: Shop) -> None:
    verbs = {name: verb for name, verb in every_verb(shop.folder).items() if name not in OFFLINE}
    assert len(verbs) > 15
    for name, done in zip(verbs, shop.run(stranger(), *verbs.values()), strict=True):
        if name.startswith("licence ") and "is missing" in done.stderr:
            continue  # what it needs is asked for first
        assert done.exit_code == 5, (name, done)
        assert f"belongs to the group {GROUP}, and nobody is not in it" in done.stderr, (name, done)
        assert f"sudo usermod -aG {GROUP} nobody" in done.stderr
        assert "log out and log in again" in done.stderr
        assert "Traceback" not in done.stderr
        assert done.seconds < 1, "trying again does not help"


def test_another_user_gets_the_refusal_in_json_too(shop: Shop) -> None:
    (done,) = shop.users.run(stranger(), ("fiscalctl", "--socket", str(shop.socket), "--json", "status"))
    assert done.exit_code == 5
    assert f"sudo usermod -aG {GROUP} nobody" in json.loads(done.stderr)["error"]


def test_a_member_of_the_group_may_only_print(shop: Shop) -> None:
    document = str(shop.folder / "receipt.json")
    status, printed, raw, doctor = shop.run(
        member(),
        ("status",),
        ("print", document, "--key", "M1"),
        ("raw", "scomm"),
        ("doctor", "--config", str(shop.config)),
    )
    assert (status.exit_code, "till1: ready" in status.stdout) == (0, True), status
    assert (printed.exit_code, "M1: done" in printed.stdout) == (0, True), printed
    assert (raw.exit_code, "request.denied" in raw.stderr) == (5, True), raw
    assert (doctor.exit_code, "nothing stops printing" in doctor.stdout) == (0, True), doctor


def test_root_has_every_right(shop: Shop) -> None:
    status, raw = shop.run(Who(0, 0), ("status",), ("raw", "scomm"))
    assert (status.exit_code, raw.exit_code) == (0, 0)


def test_a_new_member_of_the_group_must_log_in_again(shop: Shop) -> None:
    status, doctor = shop.run(not_yet(), ("status",), ("doctor", "--config", str(shop.config)))
    for done in (status, doctor):
        assert done.exit_code == 5
        told = done.stdout + done.stderr
        assert f"which {GROUP} is in, but was not when this session began" in told
        assert f"newgrp {GROUP}" in told
        assert "log out and log in again" in told


def test_the_doctor_works_for_a_user_without_rights(shop: Shop) -> None:
    before = len(shop.printer.paper)
    (done,) = shop.run(stranger(), ("doctor", "--config", str(shop.config)))
    assert done.exit_code == 5, done
    assert done.stdout.startswith("printers: till1; daemon: nobody cannot use its socket\n")
    assert "STOPS PRINTING doctor.socket_denied" in done.stdout
    assert f"> sudo usermod -aG {GROUP} nobody    # then log out and log in again" in done.stdout
    assert "warning doctor.not_asked" in done.stdout, "the printer may be the daemon's: it is left alone"
    assert len(shop.printer.paper) == before


def test_a_configuration_that_another_user_cannot_read(shop: Shop) -> None:
    private = shop.folder / "private.toml"
    private.write_text(shop.config.read_text())
    private.chmod(0o640)
    os.chown(private, 0, gid())
    config = ("--config", str(private))
    scan, doctor, check, run = shop.users.run(
        stranger(),
        ("fiscalctl", "--socket", str(shop.folder / "none.sock"), "scan", *config),
        ("fiscalctl", "--socket", str(shop.folder / "none.sock"), "doctor", *config),
        ("fiscald", "check", *config),
        ("fiscald", "run", *config),
    )
    assert [each.exit_code for each in (scan, doctor, check, run)] == [5, 5, 78, 78]
    for done in (scan, doctor, check, run):
        told = done.stdout + done.stderr
        assert f"nobody cannot read {private}: it belongs to the group {GROUP}, and nobody is not in it" in told
        assert "Traceback" not in told
    assert "log out and log in again" in scan.stderr
    (fine,) = shop.users.run(member(), ("fiscald", "check", *config))
    assert "printers: till1" in fine.stdout, fine


def test_a_port_that_another_user_cannot_open(shop: Shop) -> None:
    with EmulatedPrinter(link="pty") as printer:
        Path(printer.path).chmod(0o600)
        (done,) = shop.run(stranger(), ("scan", "--probe", "--port", printer.path, "--config", str(shop.config)))
    assert done.exit_code == 1, done
    assert f"not opened: this user may not open {printer.path}" in done.stdout
    assert "see: fiscalctl doctor" in done.stdout


def test_a_bug_report_names_the_parts_that_this_user_cannot_read(shop: Shop) -> None:
    path = shop.folder / "open" / "report.tar.gz"
    (done,) = shop.run(stranger(), ("bugreport", "-o", str(path), "--config", str(shop.config)))
    assert done.exit_code == 0, done
    with tarfile.open(fileobj=io.BytesIO(path.read_bytes())) as tar:
        names = {member.name.rpartition("/")[2] for member in tar}
        missing = tar.extractfile("fiscald-report/missing.txt")
        assert missing is not None
        told = missing.read().decode()
    assert {"doctor.json", "scan.json", "versions.json", "config.toml"} <= names
    for name in ("printers.json", "jobs.json", "licence.json"):
        assert name in told
        assert name in done.stderr
    assert f"belongs to the group {GROUP}" in told
