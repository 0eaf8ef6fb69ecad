"""``fiscalctl scan``: what it shows, with and without a daemon, and how it ends."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from fiscald.cli.bugreport import _versions
from fiscald.cli.fiscalctl import main
from fiscald.cli.fiscald import DEFAULT_PATH
from fiscald.cli.scan import DEFAULT_CONFIG
from fiscald.config import parse
from fiscald.emulator.running import EmulatedPrinter
from tests.cli.conftest import Counter
from tests.cli.diagnosing import CONFIG, run
from tests.diagnostics.tree import ARDUINO, FTDI, POSNET, Tree


def test_the_configuration_is_found_in_the_daemons_place() -> None:
    assert DEFAULT_CONFIG == DEFAULT_PATH


def test_a_computer_without_ports(tmp_path: Path) -> None:
    result = run(tmp_path, "scan")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "no serial port with a device" in result.stdout


def test_a_list_opens_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = Tree(tmp_path / "root")
    tree.usb_serial(POSNET, "ttyACM0", "cdc_acm")
    tree.usb_serial(ARDUINO, "ttyACM1", "cdc_acm")

    async def opened(*_: object) -> None:
        raise AssertionError("nothing may be opened")

    monkeypatch.setattr("fiscald.diagnostics.probing._open", opened)
    content = json.loads(run(tmp_path, "scan", as_json=True).stdout)
    posnet, arduino = content["ports"]
    assert (posnet["device"], posnet["not_asked"], posnet["opened"]) == ("/dev/ttyACM0", None, None)
    assert "not known to be a printer" in arduino["not_asked"]
    assert content["configuration"] == ""


def test_root_is_not_sent_to_sudo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container root cannot see every process either."""
    tree = Tree(tmp_path / "root")
    tree.usb_serial(POSNET, "ttyACM0", "cdc_acm")
    tree.write("proc/4711/comm", "secret\n")

    def denied(*_: object) -> bool:
        raise PermissionError

    monkeypatch.setattr("fiscald.diagnostics.host._has_open", denied)
    config = '[printers.till1]\nfamily = "posnet"\naddress = "serial:///dev/ttyACM0"\n'
    for verb in ("scan", "doctor"):
        for user, has_sudo in ((0, False), (1000, True)):
            with monkeypatch.context() as as_user:
                as_user.setattr("fiscald.diagnostics.host.os.geteuid", lambda user=user: user)
                shown = run(tmp_path, verb, config=config).stdout
            assert "see" in shown.splitlines()[-1]
            assert ("sudo shows" in shown) is has_sudo, shown


def test_a_generic_adapter_is_never_opened_unless_it_is_named(tmp_path: Path) -> None:
    with EmulatedPrinter(link="pty") as printer:
        Tree(tmp_path / "root").usb_serial(FTDI, "ttyUSB0", "ftdi_sio", Path(printer.path))
        result = run(tmp_path, "scan", "--probe", as_json=True)
        assert result.exit_code == 1
        (port,) = json.loads(result.stdout)["ports"]
        assert (port["opened"], port["attempts"]) == (None, [])
        named = run(tmp_path, "scan", "--probe", "--port", "/dev/ttyUSB0", "--family", "posnet", as_json=True)
        (port,) = json.loads(named.stdout)["ports"]
        assert (named.exit_code, port["family"], port["identity"]["printer_id"]) == (0, "posnet", "EMU 0000000001")


def test_the_block_that_is_printed_is_a_configuration(tmp_path: Path) -> None:
    with EmulatedPrinter() as printer, EmulatedPrinter(seed=1) as other:
        config = CONFIG.format(other.address)
        result = run(tmp_path, "scan", "--probe", "--port", printer.address, config=config, as_json=True)
        block = json.loads(result.stdout)["configuration"]
        found = parse(tomllib.loads(config.replace("till1", "old") + block), tmp_path / "x.toml")
        assert found.printers["till1"].address == printer.address
        both = run(tmp_path, "scan", "--probe", config=config)
        assert "for the configuration" not in both.stdout, "what is configured and answers needs none"
        assert "EMU 0000000002" in both.stdout


def test_printers_of_the_daemon_are_listed_and_not_probed(counter: Counter) -> None:
    before = len(counter.printer.paper)
    (counter.folder / "root").mkdir()
    result = counter.run("scan", "--probe", "--root", str(counter.folder / "root"))
    assert result.exit_code == 0
    assert "not probed: fiscald uses it as till1" in result.stdout
    assert "unique number EMU 0000000001, ready" in result.stdout
    assert len(counter.printer.paper) == before


@pytest.mark.parametrize(
    ("arguments", "config", "hint"),
    [
        (["--family", "posnet"], "", "--family needs --port"),
        (["--port", "ftp://x"], "", "starts with serial://"),
        (["--port", "till.local", "--family", "posnet"], "", "write tcp://till.local:PORT"),
    ],
)
def test_wrong_usage_of_scan(tmp_path: Path, arguments: list[str], config: str, hint: str) -> None:
    result = run(tmp_path, "scan", *arguments, config=config)
    assert result.exit_code == 2
    assert hint in result.stderr


def test_the_daemons_printer_is_not_probed_by_its_address(counter: Counter) -> None:
    (counter.folder / "root").mkdir()
    options = ["--port", counter.printer.address, "--root", str(counter.folder / "root")]
    (port,) = counter.json("scan", "--probe", *options)["ports"]
    assert (port["not_asked"], port["opened"]) == ("fiscald uses it as till1", None)


def test_ports_are_listed_in_spite_of_a_faulty_configuration(tmp_path: Path) -> None:
    Tree(tmp_path / "root").uart("ttyS0")
    result = run(tmp_path, "scan", config="sokcet = 1")
    assert (result.exit_code, "/dev/ttyS0" in result.stdout) == (0, True)
    assert "did you mean socket" in result.stderr


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """A folder that this process may not enter under any user."""
    folder.chmod(0)
    before = os.getresuid()
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody").pw_uid
        os.setresuid(nobody, nobody, 0)
    try:
        yield
    finally:
        os.setresuid(*before)
        folder.chmod(0o700)


@pytest.mark.parametrize(
    ("arguments", "exit_code", "words"),
    [
        (["scan"], 5, "cannot read FOLDER/fiscald.toml: its folder"),
        (["doctor"], 5, "doctor.socket_denied"),
        (["bugreport", "-o", "-"], 0, "Contents:"),
        (["status"], 5, "cannot use FOLDER/s: its folder"),
        (["watch"], 5, "cannot use FOLDER/s: its folder"),
        (["decode", "FOLDER/till1.pcapng"], 2, "Permission denied"),
    ],
)
def test_a_folder_that_cannot_be_entered(tmp_path: Path, arguments: list[str], exit_code: int, words: str) -> None:
    """Configuration, socket and all other files: no error is a traceback."""
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "fiscald.toml").write_text("")
    verb, *rest = [each.replace("FOLDER", str(folder)) for each in arguments]
    options = ["--config", str(folder / "fiscald.toml"), "--root", str(folder / "root")]
    command = [verb, *rest, *(options if verb in ("scan", "doctor", "bugreport") else [])]
    with locked(folder):
        result = CliRunner().invoke(main, ["--socket", str(folder / "s"), *command])
    words = words.replace("FOLDER", str(folder))
    assert (result.exit_code, words in result.stdout + result.stderr) == (exit_code, True), result.output
    assert "Traceback" not in result.stderr


def test_a_bug_report_names_a_package_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fiscald.cli.bugreport._PACKAGES", ("anyio", "no-such-package"))
    found = _versions()["packages"]
    assert found["anyio"]
    assert found["no-such-package"] is None


def test_ctrl_c_mentions_a_running_document_only_if_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("fiscald.cli.scan.candidates", interrupted)
    result = run(tmp_path, "scan")
    assert (result.exit_code, result.stderr) == (6, "stopped\n")
    monkeypatch.setattr("fiscald.cli.context.Client", interrupted)
    result = CliRunner().invoke(main, ["job", "FV/1"])
    assert "the job keeps running" in result.stderr


def test_a_port_that_cannot_be_opened_is_reported_with_a_hint(tmp_path: Path) -> None:
    result = run(tmp_path, "scan", "--probe", "--port", "tcp://127.0.0.1:1")
    assert result.exit_code == 1
    assert "not opened: tcp://127.0.0.1:1: Connection refused" in result.stdout
    assert "address and port are in the printer's menu" in result.stdout
