"""The units: valid, and tight."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from fiscald.licence.server.cli import main

UNITS = Path(__file__).parents[3] / "systemd"
SERVICES = ("fiscald-vendor.service", "fiscald-vendor-backup.service")
needs_analyze = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units as they would be installed: the command must exist to be verified."""
    for name in (*SERVICES, "fiscald-vendor-backup.timer"):
        text = (UNITS / name).read_text("utf-8").replace("/usr/bin/fiscald-vendor", sys.executable)
        (tmp_path / name).write_text(text)
    return tmp_path


@needs_analyze
def test_the_units_are_valid(units: Path) -> None:
    command = ["systemd-analyze", "verify", "--man=no", *map(str, units.iterdir())]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert not [line for line in (told.stdout + told.stderr).splitlines() if "fiscald" in line]


@needs_analyze
@pytest.mark.parametrize("name", SERVICES)
def test_the_services_are_exposed_to_little(units: Path, name: str) -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(units / name)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    exposure = re.search(r"Overall exposure level.*?: (\d+\.\d+)", told.stdout)
    assert exposure is not None, told.stderr
    assert float(exposure[1]) <= 2.0


@pytest.mark.parametrize("name", SERVICES)
def test_no_root_no_capabilities_no_devices(name: str) -> None:
    lines = (UNITS / name).read_text("utf-8").splitlines()
    for line in ("User=fiscald-vendor", "CapabilityBoundingSet=", "ProtectSystem=strict", "PrivateDevices=yes"):
        assert line in lines
    assert not [line for line in lines if line.startswith("DeviceAllow=")]


def test_the_backup_has_the_hardening_of_the_server_and_no_network() -> None:
    server, backup = (
        set((UNITS / name).read_text("utf-8").partition("# -- hardening")[2].splitlines()[1:]) for name in SERVICES
    )
    rules = {
        line for line in server if "=" in line and not line.startswith(("#", "RestrictAddressFamilies=", "WantedBy="))
    }
    assert rules <= backup
    assert {"RestrictAddressFamilies=AF_UNIX", "PrivateNetwork=yes"} <= backup


def test_the_unit_runs_a_command_that_exists() -> None:
    text = (UNITS / "fiscald-vendor-backup.service").read_text("utf-8")
    (words,) = re.findall(r"^ExecStart=/usr/bin/fiscald-vendor (.*)$", text, re.MULTILINE)
    assert CliRunner().invoke(main, [*words.split(), "--help"]).exit_code == 0


def test_a_reload_keeps_the_process() -> None:
    assert "ExecReload=/bin/kill -HUP $MAINPID" in (UNITS / "fiscald-vendor.service").read_text("utf-8").splitlines()


@pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="no systemd-sysusers here")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes users, in a directory of its own too")
def test_its_user_can_be_made(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    subprocess.run(["systemd-sysusers", f"--root={tmp_path}", str(UNITS / "fiscald-vendor.sysusers")], check=True)
    assert "fiscald-vendor:" in (tmp_path / "etc/passwd").read_text()
