"""The units: valid, and tight."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fiscald.cli.fiscald import NeedsAPerson
from fiscald.transport.known_usb import KNOWN_USB, NAMES, Link

UNITS = Path(__file__).parents[2] / "systemd"
needs_analyze = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units as they would be installed: the command must exist to be verified."""
    for name in ("fiscald.service", "fiscald.socket", "fiscald-listen.socket"):
        text = (UNITS / name).read_text("utf-8").replace("/usr/bin/fiscald", sys.executable)
        (tmp_path / name).write_text(text)
    return tmp_path


@needs_analyze
def test_the_units_are_valid(units: Path) -> None:
    command = ["systemd-analyze", "verify", "--man=no", *map(str, sorted(units.iterdir()))]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    complaints = [line for line in (told.stdout + told.stderr).splitlines() if "fiscald" in line]
    assert told.returncode == 0, told.stderr
    assert not complaints


@needs_analyze
def test_the_service_is_exposed_to_little(units: Path) -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(units / "fiscald.service")]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    exposure = re.search(r"Overall exposure level.*?: (\d+\.\d+)", told.stdout)
    assert exposure is not None, told.stderr
    assert float(exposure[1]) <= 2.0


def test_no_root_no_capabilities_and_only_serial_ports_and_usb() -> None:
    lines = (UNITS / "fiscald.service").read_text("utf-8").splitlines()
    assert "User=fiscald" in lines
    assert "CapabilityBoundingSet=" in lines
    assert "ProtectSystem=strict" in lines
    devices = {line.partition("=")[2] for line in lines if line.startswith("DeviceAllow=")}
    kinds = {"ttyS", "ttyAMA", "ttyUSB", "ttyACM", "usb_device"}
    assert devices == {f"char-{kind} rw" for kind in kinds}


def test_a_gateway_can_make_its_serial_port_and_give_it_to_a_group() -> None:
    """A link in /run/fiscald, which ``ProtectSystem=strict`` makes read-only; and chown, which is in ``@privileged``."""
    lines = (UNITS / "fiscald.service").read_text("utf-8").splitlines()
    assert "ReadWritePaths=-/run/fiscald" in lines
    assert lines.index("SystemCallFilter=~@privileged @resources") < lines.index("SystemCallFilter=@chown")


def test_drivers_of_adapters_are_there_before_the_unit_counts_devices() -> None:
    """DeviceAllow= takes its numbers from /proc/devices when the service starts: an adapter that comes later needs them."""
    lines = (UNITS / "fiscald.service").read_text("utf-8").splitlines()
    for name in ("Wants=", "After="):
        words = " ".join(line for line in lines if line.startswith(name)).replace("=", " ").split()
        assert {"modprobe@usbserial.service", "modprobe@cdc_acm.service"} <= set(words)


def test_systemd_does_not_restart_after_a_bad_configuration() -> None:
    lines = (UNITS / "fiscald.service").read_text("utf-8").splitlines()
    assert "Restart=on-failure" in lines
    assert f"RestartPreventExitStatus={NeedsAPerson.exit_code}" in lines


def rules() -> list[str]:
    lines = (UNITS / "70-fiscald.rules").read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize("line", rules())
def test_every_udev_rule_is_well_formed(line: str) -> None:
    """Keys that udev knows, and a match (==, !=) never mistaken for an assignment (=, +=)."""
    term = r"""(?:
        (?:ACTION|SUBSYSTEM)(?:==|!=)
        |ATTRS\{(?:idVendor|idProduct|product)\}==
        |ENV\{(?:DEVTYPE|ID_SERIAL_SHORT)\}==
        |ENV\{FISCALD_PRINTER\}(?:!=|=)
        |ENV\{ID_MM_DEVICE_IGNORE\}=
        |(?:OWNER|GROUP|MODE|GOTO|LABEL)=
        |SYMLINK\+=
    )"[^"]+\""""
    assert re.fullmatch(rf"{term}(?:,\ {term})*", line, re.VERBOSE)


def test_every_jump_of_the_rules_has_its_label() -> None:
    text = "\n".join(rules())
    assert set(re.findall(r'GOTO="(\w+)"', text)) == set(re.findall(r'LABEL="(\w+)"', text))


@pytest.mark.skipif(shutil.which("udevadm") is None, reason="no udevadm here")
def test_udev_understands_the_rules() -> None:
    told = subprocess.run(["udevadm", "verify", str(UNITS / "70-fiscald.rules")], capture_output=True, text=True)
    if "Unknown command" in told.stderr:
        pytest.skip("this udevadm is older than 254")
    assert told.returncode == 0, told.stdout + told.stderr


def test_the_rules_name_the_printers_that_are_known() -> None:
    named = {
        (int(vendor, 16), int(product, 16))
        for vendor, products in re.findall(r'idVendor\}=="(\w+)", ATTRS\{idProduct\}=="([\w|]+)"', "\n".join(rules()))
        for product in products.split("|")
    }
    printers = [known for known in KNOWN_USB if known.maker is not None]
    assert {known.link for known in printers} == {Link.CDC}
    assert named == {(known.vendor, known.product) for known in printers}
    by_name = re.findall(r'^ATTRS\{product\}=="\*(\w+)\*"', "\n".join(rules()), re.MULTILINE)
    assert tuple(by_name) == NAMES


def test_a_printer_belongs_to_the_daemon_and_not_to_modemmanager() -> None:
    text = "\n".join(rules())
    for subsystem in ('SUBSYSTEM=="tty"', 'SUBSYSTEM=="usb", ENV{DEVTYPE}=="usb_device"'):
        assert f'{subsystem}, OWNER="fiscald", GROUP="fiscald", MODE="0600"' in text
    assert 'ENV{ID_MM_DEVICE_IGNORE}="1"' in text


def test_the_socket_has_the_documented_path() -> None:
    text = (UNITS / "fiscald.socket").read_text("utf-8")
    assert "ListenStream=/run/fiscald/fiscald.sock" in text
    assert "SocketMode=0660" in text
    assert "SocketGroup=fiscald" in text


@pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="no systemd-sysusers here")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes users, in a directory of its own too")
def test_users_and_directories_can_be_made(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    subprocess.run(["systemd-sysusers", f"--root={tmp_path}", str(UNITS / "fiscald.sysusers")], check=True)
    assert re.search(r"^fiscald:.*:/var/lib/fiscald:", (tmp_path / "etc/passwd").read_text(), re.MULTILINE)
    assert re.search(r"^dialout:.*:fiscald$", (tmp_path / "etc/group").read_text(), re.MULTILINE)
    assert re.search(r"^fiscald-admin:", (tmp_path / "etc/group").read_text(), re.MULTILINE)
    subprocess.run(["systemd-tmpfiles", f"--root={tmp_path}", "--create", str(UNITS / "fiscald.tmpfiles")], check=True)
    assert (tmp_path / "run/fiscald").stat().st_mode & 0o777 == 0o755
