"""``fiscald check``: the file and what it names, and how it ends."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fiscald.cli.fiscald import main
from fiscald.emulator.running import EmulatedPrinter
from tests.diagnostics.tree import FTDI, Tree

PRINTER = '[printers.till1]\nfamily = "posnet"\naddress = "{}"\n'
GATEWAY = PRINTER.format("tcp://127.0.0.1:6666") + '[printers.till1.gateway]\nfamily = "posnet"\nlisten = "pty:{}"'


def check(folder: Path, text: str, *, root: bool = True) -> Result:
    path = folder / "fiscald.toml"
    path.write_text(text)
    if root and not (folder / "root").exists():
        Tree(folder / "root")
    return CliRunner().invoke(main, ["check", "--config", str(path), "--root", str(folder / "root")])


def test_a_good_configuration(tmp_path: Path) -> None:
    text = 'socket = "run/s"\nstate_dir = "state"\n' + PRINTER.format("tcp://127.0.0.1:6666")
    found = check(tmp_path, text)
    assert found.exit_code == 0, found.output
    assert found.stdout.splitlines()[:3] == [
        f"{tmp_path}/fiscald.toml: printers: till1; nothing stops the daemon",
        f"  socket {tmp_path}/run/s, state_dir {tmp_path}/state, log_level info",
        "  till1: posnet at tcp://127.0.0.1:6666, code page cp1250",
    ]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["fiscald.toml", "root"], "nothing was made"


def test_the_check_opens_no_port_and_no_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(*_: object) -> None:
        raise AssertionError("nothing may be opened")

    monkeypatch.setattr("fiscald.diagnostics.probing._open", opened)
    monkeypatch.setattr(socket.socket, "connect", opened)
    with EmulatedPrinter(link="pty") as printer:
        Tree(tmp_path / "root").usb_serial(FTDI, "ttyUSB0", "ftdi_sio", Path(printer.path))
        assert (
            check(tmp_path, 'state_dir = "s"\nsocket = "x"\n' + PRINTER.format("serial:///dev/ttyUSB0")).exit_code == 0
        )


def test_a_faulty_file(tmp_path: Path) -> None:
    found = check(tmp_path, "sokcet = 1\nkeep_days = true\n")
    assert found.exit_code == 78
    assert "unknown key sokcet; did you mean socket?" in found.stderr
    assert "keep_days: true is true or false, not a whole number" in found.stderr


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    found = CliRunner().invoke(main, ["check", "--config", str(tmp_path / "none.toml")])
    assert found.exit_code == 78
    assert "write one, or name another with --config" in found.stderr


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ('[rights]\nraw = ["user:no-such-user"]', "rights", "there is no user no-such-user"),
        ('[rights]\nprint = ["group:no-such-group"]', "rights", "sudo groupadd --system no-such-group"),
        ('[licence]\nca_file = "none.pem"', "ca_file", "none.pem cannot be used: No such file"),
        ('[licence]\nca_file = "fiscald.toml"', "ca_file", "it contains no certificate (PEM)"),
        ('socket = "fiscald.toml"', "socket_taken", "exists and is not a socket"),
        ('socket = "fiscald.toml/s"', "socket_folder", "fiscald.toml is not a directory"),
        ('state_dir = "fiscald.toml"', "state_dir", "it is not a directory"),
        ('state_dir = "fiscald.toml/state"', "state_dir", "fiscald.toml is not a directory"),
        (PRINTER.format("serial:///dev/ttyUSB7"), "port_absent", "there is no /dev/ttyUSB7"),
        (GATEWAY.format("none/till1"), "gateway_link", "there is no directory"),
        (GATEWAY.format("fiscald.toml"), "gateway_link", "it is another file"),
        (GATEWAY.format('p"\ngroup = "no-such-group'), "gateway_group", "sudo groupadd no-such-group"),
    ],
)
def test_unusable_paths_in_the_file_are_reported(tmp_path: Path, text: str, code: str, words: str) -> None:
    paths = [f'{key} = "{key}-here"' for key in ("socket", "state_dir") if key not in text]
    found = check(
        tmp_path, "\n".join([*(paths if text.startswith("[") else []), text, *(paths if text[0] != "[" else [])])
    )
    assert found.exit_code == 78, found.output
    assert f"STOPS PRINTING doctor.{code}" in found.stdout
    assert words in found.stdout


def test_no_printers_are_a_warning(tmp_path: Path) -> None:
    found = check(tmp_path, 'state_dir = "state"\nsocket = "s"\n')
    assert (found.exit_code, "printers: none; nothing stops" in found.stdout) == (0, True), found.output
    assert "doctor.no_printers" in found.stdout


def test_the_published_test_key_is_reported(tmp_path: Path) -> None:
    text = 'socket = "s"\nstate_dir = "t"\n[licence]\ntest_keys = true\n'
    assert "fiscald prints on emulated printers only" in check(tmp_path, text).stdout


def test_directories_that_the_unit_creates_may_be_missing(tmp_path: Path) -> None:
    """The directories of the installed service are systemd's to make."""
    tree = Tree(tmp_path / "root")
    tree.write("usr/lib/systemd/system/fiscald.service", "[Service]\nStateDirectory=fiscald\n")
    tree.write("usr/lib/systemd/system/fiscald.socket", f"[Socket]\nListenStream={tmp_path}/file/fiscald.sock\n")
    (tmp_path / "file").touch()
    found = check(tmp_path, f'socket = "{tmp_path}/file/fiscald.sock"\n')
    assert "doctor.socket" not in found.stdout
    assert "doctor.state_dir" not in found.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may look at what another user may do")
def test_a_configuration_that_the_daemons_user_may_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fiscald.diagnostics.facts.default_daemon_user", lambda: "nobody")
    monkeypatch.setattr("fiscald.diagnostics.named._ENTER", 0)  # the test's own directory is root's
    (tmp_path / "fiscald.toml").touch(mode=0o600)
    (tmp_path / "fiscald.toml").chmod(0o600)
    found = check(tmp_path, "")
    assert "the daemon's user nobody cannot read" in found.stdout
    assert "sudo chgrp nobody" in found.stdout
