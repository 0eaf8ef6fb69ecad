"""The facts of a computer: ports, other names, their holders; on real layouts, and on real processes."""

from __future__ import annotations

import fcntl
import os
import pty
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fiscald.diagnostics.host import Holder, Host, UartCounters, UsbFacts, same_device
from tests.diagnostics.tree import ARDUINO, BY_ID, FTDI, POSNET, Tree
from tests.drawn import drawn

#: As Debian 12 writes it, with a line that another port, a free one, has.
DRIVER_SERIAL = """serinfo:1.0 driver revision:
0: uart:16550A port:000003F8 irq:4 tx:218 rx:44 fe:3 brk:1 RTS|CTS|DTR|DSR|CD
1: uart:16550A port:000002F8 irq:3 tx:0 rx:0 RTS
2: uart:unknown port:000003E8 irq:4
"""


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path / "root")


@contextmanager
def holding(folder: Path, path: str, name: str = "minicom", *, lock: bool = False) -> Iterator[int]:
    """A process of that name that has the port open."""
    script = folder / name
    script.write_text(
        f"#!{sys.executable}\nimport fcntl, os, sys\nport = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)\n"
        + ("fcntl.flock(port, fcntl.LOCK_EX)\n" if lock else "")
        + "print('open', flush=True)\nsys.stdin.read()\n"
    )
    script.chmod(0o755)
    with subprocess.Popen([script, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield process.pid
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture
def terminal() -> Iterator[str]:
    master, slave = pty.openpty()
    yield os.ttyname(slave)
    os.close(master)
    os.close(slave)


def test_ports_with_a_device_behind_them(tree: Tree) -> None:
    tree.usb_serial(POSNET, "ttyACM0", "cdc_acm")
    tree.usb_serial(FTDI, "ttyUSB0", "ftdi_sio")
    tree.usb_serial(ARDUINO, "ttyACM10", "cdc_acm")
    tree.uart("ttyS0")
    tree.uart("ttyS1", kind="0")
    tree.virtual("tty1")
    acm0, acm10, uart, usb0 = Host(tree.root).serial_ports()
    assert (acm0.device, acm0.driver, acm0.interface) == ("/dev/ttyACM0", "cdc_acm", 0)
    assert acm0.usb == UsbFacts(0x1424, 0x10B0, "1-2", "0123456789", "POSNET", "POSNET FV")
    assert acm0.name == "/dev/serial/by-id/usb-POSNET_POSNET_FV_0123456789-if00"
    assert acm10.device == "/dev/ttyACM10"
    assert (uart.device, uart.usb, uart.name) == ("/dev/ttyS0", None, "/dev/ttyS0")
    assert (usb0.driver, usb0.name, usb0.usb and usb0.usb.ids) == ("ftdi_sio", BY_ID, "0403:6001")


def test_a_port_by_any_of_its_names(tree: Tree, tmp_path: Path) -> None:
    tree.usb_serial(FTDI, "ttyUSB0", "ftdi_sio")
    tree.link("dev/fiscald/posnet-A50285BI-if00", "../ttyUSB0")
    host = Host(tree.root)
    for name in ("/dev/ttyUSB0", BY_ID, "/dev/fiscald/posnet-A50285BI-if00"):
        port = host.port_at(name)
        assert port is not None
        assert port.device == "/dev/ttyUSB0"
        assert port.name == "/dev/fiscald/posnet-A50285BI-if00", "our own rule's name is the best"
    assert host.port_at("/dev/ttyUSB1") is None


def test_usb_devices_without_a_port(tree: Tree) -> None:
    tree.usb(POSNET)
    (tree.root / "sys/bus/usb/devices/usb1").mkdir()
    assert [device.ids for device in Host(tree.root).usb_devices()] == ["1424:10b0"]


def test_files_that_make_no_sense_give_nothing(tree: Tree) -> None:
    tree.usb_serial(FTDI, "ttyUSB0", "ftdi_sio")
    tree.uart("ttyS0")
    (device,) = tree.root.glob("sys/devices/*/*/*/*/idVendor")
    host = Host(tree.root)

    @settings(max_examples=drawn(20))
    @given(st.text(max_size=60), st.text(max_size=60))
    def check(one: str, other: str) -> None:
        for path in (device, tree.root / "sys/class/tty/ttyS0/type", device.parent / "1-3:1.0/bInterfaceNumber"):
            path.write_text(one, "utf-8")
        tree.write("proc/tty/driver/serial", f"0: {other}")
        tree.write("proc/locks", other)
        tree.write("var/lock/LCK..ttyS0", other)
        assert len(host.serial_ports()) <= 2
        assert len(host.usb_devices()) <= 1
        assert host.held("/dev/ttyS0").complete
        host.uart("/dev/ttyS0")

    check()


def test_a_computer_without_anything(tmp_path: Path) -> None:
    host = Host(tmp_path)
    assert (host.serial_ports(), host.usb_devices(), host.consoles(), host.programs) == ([], [], (), frozenset())
    assert host.held("/dev/ttyUSB0").holders == ()


def test_the_process_that_has_a_port_open_is_named(tree: Tree, tmp_path: Path, terminal: str) -> None:
    tree.usb_serial(FTDI, "ttyUSB0", "ftdi_sio", Path(terminal))
    host = Host(tree.root)
    with holding(tmp_path, terminal) as pid:
        tree.process(pid)
        assert host.held("/dev/ttyUSB0").holders == (Holder(pid, "minicom", host.holder(pid).unit),)
    assert host.held("/dev/ttyUSB0").holders == (), "it has ended"


def test_the_holder_of_the_master_end_is_the_printer(tmp_path: Path, terminal: str) -> None:
    """Both ends of the pseudo-terminal are this test's own; a child inherits them."""
    script = "import sys; print('there', flush=True); sys.stdin.read()"
    handles = [number for number in range(3, 64) if _is_terminal(number)]
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=handles, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        assert process.pid not in [holder.pid for holder in Host().held(terminal).holders]
        process.communicate("")


def _is_terminal(number: int) -> bool:
    try:
        return str(Path(f"/proc/self/fd/{number}").readlink()).startswith(("/dev/pts/", "/dev/ptmx"))
    except OSError:
        return False


def test_a_lock_from_the_kernels_list(tree: Tree, tmp_path: Path, terminal: str) -> None:
    tree.usb_serial(FTDI, "ttyUSB0", "ftdi_sio", Path(terminal))
    tree.link("proc/locks", "/proc/locks")
    with holding(tmp_path, terminal, lock=True) as pid:
        (found,) = Host(tree.root).held("/dev/ttyUSB0").holders
        assert found.pid == pid


def test_our_own_lock_is_not_reported(tree: Tree, terminal: str) -> None:
    tree.usb_serial(FTDI, "ttyUSB0", "ftdi_sio", Path(terminal))
    tree.link("proc/locks", "/proc/locks")
    port = os.open(terminal, os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(port, fcntl.LOCK_EX)
    assert Host(tree.root).held("/dev/ttyUSB0").holders == ()
    os.close(port)


def test_lock_files_of_old_programs(tree: Tree) -> None:
    tree.usb_serial(FTDI, "ttyUSB0", "ftdi_sio")
    tree.write("var/lock/LCK..ttyUSB0", "      4711\n")
    host = Host(tree.root)
    assert host.held("/dev/ttyUSB0").holders == (), "a leftover: there is no such process"
    tree.write("proc/4711/comm", "kermit\n")
    tree.write("proc/4711/cgroup", "0::/system.slice/kermit.service\n")
    (tree.root / "proc/4711/fd").mkdir()
    assert host.held("/dev/ttyUSB0").holders == (Holder(4711, "kermit", "kermit.service"),)
    assert str(host.holder(4711)) == "kermit (process 4711, kermit.service)"


def others() -> bool:
    """Whether another user has a process here that this user can see."""
    return any(path.stat().st_uid != os.getuid() for path in Path("/proc").glob("[0-9]*"))


@pytest.mark.skipif(os.getuid() == 0 or not others(), reason="needs processes that this user may not look into")
def test_processes_that_cannot_be_inspected(terminal: str) -> None:
    assert not Host().held(terminal).complete


def test_processes_that_cannot_be_inspected_are_reported(
    tree: Tree, terminal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree.usb_serial(FTDI, "ttyUSB0", "ftdi_sio", Path(terminal))
    tree.write("proc/4711/comm", "secret\n")

    def denied(*_: object) -> bool:
        raise PermissionError

    monkeypatch.setattr("fiscald.diagnostics.host._has_open", denied)
    held = Host(tree.root).held("/dev/ttyUSB0")
    assert (held.holders, held.complete) == ((), False)


def test_counters_of_the_serial_driver(tree: Tree) -> None:
    tree.write("proc/tty/driver/serial", DRIVER_SERIAL)
    host = Host(tree.root)
    assert host.uart("/dev/ttyS0") == UartCounters(("RTS", "CTS", "DTR", "DSR", "CD"), 4)
    assert host.uart("/dev/ttyS1") == UartCounters(("RTS",), 0)
    assert host.uart("/dev/ttyS2") is None
    assert host.uart("/dev/ttyUSB0") is None


def test_system_services_that_use_ports(tree: Tree, terminal: str) -> None:
    number = Path(terminal).stat().st_rdev
    tree.usb_serial(FTDI, "ttyUSB0", "ftdi_sio", Path(terminal))
    tree.write(f"run/udev/data/c{os.major(number)}:{os.minor(number)}", "I:1\nE:ID_MM_DEVICE_IGNORE=1\nG:systemd\n")
    tree.write("sys/class/tty/console/active", "tty0 ttyS0\n")
    tree.write("proc/77/comm", "ModemManager\n")
    host = Host(tree.root)
    assert host.udev("/dev/ttyUSB0") == {"ID_MM_DEVICE_IGNORE": "1"}
    assert host.udev("/dev/ttyUSB7") == {}
    assert host.consoles() == ("tty0", "ttyS0")
    assert host.programs == {"ModemManager"}
    assert not host.has_rule("70-fiscald.rules")
    tree.write("etc/udev/rules.d/70-fiscald.rules", "")
    assert host.has_rule("70-fiscald.rules")


def numbered(device: int, inside: int, mode: int = stat.S_IFCHR) -> os.stat_result:
    """What ``stat`` says of a device with that number, in the file system with that one."""
    return os.stat_result((mode, 7, inside, 1, 0, 0, 0, 0, 0, 0), {"st_rdev": device})


@pytest.mark.parametrize(
    ("found", "wanted", "same"),
    [
        (numbered(os.makedev(136, 0), 24), numbered(os.makedev(136, 0), 24), True),
        (numbered(os.makedev(136, 0), 24), numbered(os.makedev(136, 0), 51), False),  # /dev/pts/0 of a container
        (
            numbered(os.makedev(188, 0), 5),
            numbered(os.makedev(188, 0), 51),
            True,
        ),  # ttyUSB0, in the /dev of a container
        (numbered(os.makedev(188, 1), 5), numbered(os.makedev(188, 0), 5), False),
        (numbered(os.makedev(188, 0), 5, stat.S_IFREG), numbered(os.makedev(188, 0), 5), False),
    ],
)
def test_a_terminal_of_a_container_is_another_one(found: os.stat_result, wanted: os.stat_result, same: bool) -> None:
    assert same_device(found, wanted) is same
