"""The installed units: the devices they allow, the directories they create, and their drop-in files."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from fiscald.diagnostics.board import absent_remedy, console_remedy
from fiscald.diagnostics.host import Host
from fiscald.diagnostics.units import Units, installed, kind_of
from tests.diagnostics.tree import Tree

OURS = (Path(__file__).parents[2] / "systemd" / "fiscald.service").read_text("utf-8")


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path / "root")


def test_without_a_unit_everything_is_allowed(tree: Tree) -> None:
    found = installed(Host(tree.root))
    assert (found.service, found.allows("/dev/ttymxc0")) == (False, True)


def test_our_own_unit(tree: Tree) -> None:
    tree.write("usr/lib/systemd/system/fiscald.service", OURS)
    tree.write("usr/lib/systemd/system/fiscald.socket", "[Socket]\nListenStream=/run/fiscald/fiscald.sock\n")
    found = installed(Host(tree.root))
    for device in ("/dev/ttyS0", "/dev/ttyUSB12", "/dev/ttyACM0", "/dev/ttyAMA0"):
        assert found.allows(device), device
    assert found.allows("/dev/bus/usb", "usb_device")
    for device in ("/dev/ttymxc0", "/dev/rfcomm0", "/dev/ttyTHS1"):
        assert not found.allows(device), device
    assert found.sockets == ("/run/fiscald/fiscald.sock",)
    assert found.state == ("/var/lib/fiscald",)


def test_drop_in_files_of_a_unit_count(tree: Tree) -> None:
    tree.write("usr/lib/systemd/system/fiscald.service", OURS)
    tree.write("etc/systemd/system/fiscald.service.d/ports.conf", "[Service]\nDeviceAllow=char-ttymxc rw\n")
    assert installed(Host(tree.root)).allows("/dev/ttymxc0")
    assert installed(Host(tree.root)).allows("/dev/ttyS0")
    tree.write("etc/systemd/system/fiscald.service.d/zz.conf", "[Service]\nDeviceAllow=\nDeviceAllow=/dev/ttyS1 rw\n")
    found = installed(Host(tree.root))
    assert (found.allows("/dev/ttyS1"), found.allows("/dev/ttyS0")) == (True, False)


def test_units_in_etc_take_precedence(tree: Tree) -> None:
    tree.write("usr/lib/systemd/system/fiscald.service", OURS)
    tree.write("etc/systemd/system/fiscald.service", "[Service]\nDevicePolicy=auto\n")
    assert installed(Host(tree.root)).devices is None


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("DevicePolicy=closed", False), ("DevicePolicy=strict\nDeviceAllow=char-* rw", True),
        ("DeviceAllow=char-tty* rw", True), ("DeviceAllow=char-ttyX r", False), ("DeviceAllow=char-ttyX", True),
        ("# DeviceAllow=char-ttyX rw", True), ("DeviceAllow=/dev/null rw", False), ("", True),
    ],
)  # fmt: skip
def test_policies(tree: Tree, text: str, allowed: bool) -> None:
    tree.write("lib/systemd/system/fiscald.service", f"[Service]\n{text}\n")
    assert installed(Host(tree.root)).allows("/dev/ttyX0") is allowed


def test_names_of_drivers() -> None:
    assert [kind_of(f"/dev/{name}") for name in ("ttyAMA0", "ttyUSB12", "rfcomm3")] == ["ttyAMA", "ttyUSB", "rfcomm"]
    assert Units(devices=("char-ttyAMA",)).allows("/dev/ttyAMA10")


# -- boards ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", ["boot/firmware/cmdline.txt", "boot/cmdline.txt"])
def test_the_console_of_a_raspberry_pi(tree: Tree, file: str) -> None:
    tree.write("proc/device-tree/model", "Raspberry Pi 4 Model B Rev 1.4\0")
    tree.write(file, "console=serial0,115200 console=tty1 root=PARTUUID=1 rootwait\n")
    remedy = console_remedy(Host(tree.root), "ttyAMA0")
    assert remedy == f"sudo sed -i 's/console=\\(serial0\\|ttyAMA0\\)[^ ]* *//g' /{file} && sudo reboot"
    assert _sed(tree, file, remedy) == "console=tty1 root=PARTUUID=1 rootwait\n"


def test_the_console_of_a_computer_with_grub(tree: Tree) -> None:
    line = 'GRUB_CMDLINE_LINUX_DEFAULT="quiet console=ttyS0,9600n8 splash console=ttyS0"\n'
    tree.write("etc/default/grub", line)
    remedy = console_remedy(Host(tree.root), "ttyS0")
    assert remedy.endswith("/etc/default/grub && sudo update-grub && sudo reboot")
    assert _sed(tree, "etc/default/grub", remedy) == 'GRUB_CMDLINE_LINUX_DEFAULT="quiet splash "\n'


def test_the_console_of_another_computer(tree: Tree) -> None:
    assert "console=ttyS0" in console_remedy(Host(tree.root), "ttyS0")
    assert "boot loader" in console_remedy(Host(tree.root), "ttyS0")


def _sed(tree: Tree, file: str, remedy: str) -> str:
    """What the remedy's command makes of the file."""
    command = remedy.partition(" && ")[0].removeprefix("sudo ").replace(f"/{file}", str(tree.root / file))
    subprocess.run(["sh", "-c", command], check=True)
    return (tree.root / file).read_text()


def test_the_switched_off_port_of_a_raspberry_pi(tree: Tree) -> None:
    assert absent_remedy(Host(tree.root), "/dev/ttyAMA0") == "fiscalctl scan"
    tree.write("proc/device-tree/model", "Raspberry Pi 5 Model B")
    assert "do_serial_hw 0" in absent_remedy(Host(tree.root), "/dev/ttyAMA0")
    assert absent_remedy(Host(tree.root), "/dev/ttyUSB0") == "fiscalctl scan"
