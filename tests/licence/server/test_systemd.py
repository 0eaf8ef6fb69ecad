"""The unit: valid, and tight."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[3] / "systemd"
UNIT = UNITS / "fiscald-vendor.service"
needs_analyze = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit as it would be installed: the command must exist to be verified."""
    path = tmp_path / UNIT.name
    path.write_text(UNIT.read_text("utf-8").replace("/usr/bin/fiscald-vendor", sys.executable))
    return path


@needs_analyze
def test_the_unit_is_valid(unit: Path) -> None:
    command = ["systemd-analyze", "verify", "--man=no", str(unit)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert not [line for line in (told.stdout + told.stderr).splitlines() if "fiscald" in line]


@needs_analyze
def test_the_service_is_exposed_to_little(unit: Path) -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    exposure = re.search(r"Overall exposure level.*?: (\d+\.\d+)", told.stdout)
    assert exposure is not None, told.stderr
    assert float(exposure[1]) <= 2.0


def test_no_root_no_capabilities_no_devices() -> None:
    lines = UNIT.read_text("utf-8").splitlines()
    for line in ("User=fiscald-vendor", "CapabilityBoundingSet=", "ProtectSystem=strict", "PrivateDevices=yes"):
        assert line in lines
    assert not [line for line in lines if line.startswith("DeviceAllow=")]


@pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="no systemd-sysusers here")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes users, in a directory of its own too")
def test_its_user_can_be_made(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    subprocess.run(["systemd-sysusers", f"--root={tmp_path}", str(UNITS / "fiscald-vendor.sysusers")], check=True)
    assert "fiscald-vendor:" in (tmp_path / "etc/passwd").read_text()
