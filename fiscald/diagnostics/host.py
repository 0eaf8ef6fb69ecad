"""The ports of this computer and the processes that use them, read from /sys, /dev, /proc and /run. Opens no port."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

#: Folders with stable names of ports, the best first.
_NAMES = ("dev/fiscald", "dev/serial/by-id", "dev/serial/by-path")
#: Folders of lock files, for programs without other locks (uucp, minicom).
_LOCK_FILES = ("run/lock", "var/lock")
_RULES = ("etc/udev/rules.d", "run/udev/rules.d", "usr/lib/udev/rules.d", "lib/udev/rules.d")
#: The kernel's numbers for the ends of pseudo-terminals that programs open (``devices.txt`` of the kernel).
PSEUDO_TERMINALS = range(136, 144)
#: Modem control lines, as ``/proc/tty/driver/serial`` writes them.
LINES = ("RTS", "CTS", "DTR", "DSR", "CD", "RI")


class UsbFacts(NamedTuple):
    """The descriptors of a USB device."""

    vendor: int
    product: int
    path: str
    """As the kernel writes it: ``1-2.4``."""
    serial: str | None = None
    maker: str | None = None
    name: str | None = None

    @property
    def ids(self) -> str:
        """As ``lsusb`` writes them."""
        return f"{self.vendor:04x}:{self.product:04x}"


@dataclass(frozen=True, slots=True)
class SerialPort:
    """A serial port with a device."""

    device: str
    """``/dev/ttyACM0``."""
    driver: str | None = None
    names: tuple[str, ...] = ()
    """Its other names, the best first."""
    usb: UsbFacts | None = None
    interface: int | None = None
    """Interface number of the USB device."""
    duplicate: bool = False
    """Another connected device has the same ids and the same (or no) serial number."""

    @property
    def name(self) -> str:
        """The best name for a configuration: the USB socket if the serial number is not unique."""
        names = list(self.names)
        if self.usb is not None and (self.usb.serial is None or self.duplicate):
            names = sorted(names, key=lambda name: not name.startswith("/dev/serial/by-path/"))
        return names[0] if names else self.device

    def same_name(self, path: str) -> bool:
        """Whether another connected device can also get the name ``path``."""
        return self.duplicate and path.startswith(("/dev/serial/by-id/", "/dev/fiscald/"))


class Holder(NamedTuple):
    """A process that has a port open."""

    pid: int
    program: str
    unit: str | None = None
    """The systemd unit it belongs to."""

    def __str__(self) -> str:
        return f"{self.program} (process {self.pid}{f', {self.unit}' if self.unit else ''})"


@dataclass(frozen=True, slots=True)
class Held:
    """The processes that use a port."""

    holders: tuple[Holder, ...] = ()
    complete: bool = True
    """False: some processes cannot be seen (``why_unseen``)."""


def why_unseen() -> str:
    """Why some processes are not seen, and what that hides."""
    if os.geteuid() == 0:  # in a container, or under a security module
        return "not even root can see all processes here: a program outside this container may use a port"
    return "this user cannot see processes of other users; sudo shows which program uses a port"


class UartCounters(NamedTuple):
    """The modem lines and error counts of the kernel's driver for a serial port."""

    lines: tuple[str, ...]
    """The lines of ``LINES`` that are on."""
    errors: int
    """Framing errors, parity errors and breaks since the computer was started."""


class Host:
    """Reads ``root``: /, except in tests. Paths are absolute as programs write them."""

    def __init__(self, root: Path = Path("/")) -> None:
        self.root = root

    def path(self, name: str) -> Path:
        """``name`` (an absolute path) below ``root``."""
        return self.root / name.lstrip("/")

    def text(self, name: str) -> str:
        """The content of a file; empty if it does not exist or this user cannot read it."""
        return _text(self.path(name)) or ""

    # -- ports ----------------------------------------------------------------------------------------

    def serial_ports(self) -> list[SerialPort]:
        """Every serial port with a device behind it, in order of names."""
        found = [self._serial_port(entry) for entry in _entries(self.path("sys/class/tty"))]
        ports = [port for port in found if port is not None]
        devices = Counter((*usb[:2], usb.serial) for usb in {port.usb for port in ports if port.usb is not None})
        ports = [
            replace(port, duplicate=port.usb is not None and devices[(*port.usb[:2], port.usb.serial)] > 1)
            for port in ports
        ]  # fmt: skip
        return sorted(ports, key=lambda port: _natural(port.device))

    def port_at(self, path: str) -> SerialPort | None:
        """The port that ``path`` leads to, by any of its names."""
        there = self.path(path).resolve()
        return next((port for port in self.serial_ports() if self.path(port.device).resolve() == there), None)

    def _serial_port(self, entry: Path) -> SerialPort | None:
        if not _exists(entry / "device"):
            return None  # a virtual console or a pseudo-terminal
        device = f"/dev/{entry.name}"
        parents = [entry.resolve(), *entry.resolve().parents]
        usb = next((facts for each in parents if (facts := _usb_facts(each))), None)
        if usb is None and _text(entry / "type") in (None, "0"):
            return None  # the driver found no chip there, or it is not a port
        interface = next((text for each in parents if (text := _text(each / "bInterfaceNumber"))), None)
        link = entry / "device" / "driver"
        return SerialPort(
            device,
            link.resolve().name if _exists(link) else None,
            tuple(self._other_names(device)),
            usb,
            _hexadecimal(interface),
        )

    def _other_names(self, device: str) -> Iterator[str]:
        for folder in _NAMES:
            for entry in _entries(self.path(folder)):
                with contextlib.suppress(OSError):
                    if Path(os.path.normpath(entry.parent / entry.readlink())) == self.path(device):
                        yield f"/{folder}/{entry.name}"

    def usb_devices(self) -> list[UsbFacts]:
        """Every USB device that is plugged in."""
        found = [_usb_facts(entry) for entry in _entries(self.path("sys/bus/usb/devices"))]
        return [facts for facts in found if facts is not None]

    def consoles(self) -> tuple[str, ...]:
        """The names of ports that the kernel writes its messages to."""
        return tuple((_text(self.path("sys/class/tty/console/active")) or "").split())

    # -- who uses them --------------------------------------------------------------------------------

    def held(self, device: str) -> Held:
        """The processes that hold a port, other than this one."""
        try:
            wanted = self.path(device).stat()
        except OSError:
            return Held()
        complete = True
        found = set(self._lockers(device, wanted))
        for process in self._processes():
            if int(process.name) == os.getpid():
                continue
            try:
                if _has_open(process, wanted) and not _is_other_end(process, self.path(device)):
                    found.add(int(process.name))
            except PermissionError:
                complete = False
            except OSError:
                continue  # it has ended
        return Held(tuple(self.holder(pid) for pid in sorted(found)), complete)

    def _lockers(self, device: str, wanted: os.stat_result) -> Iterator[int]:
        """Holders from the kernel's table of locks, which every user can read, and from lock files."""
        where = f"{os.major(wanted.st_dev):02x}:{os.minor(wanted.st_dev):02x}:{wanted.st_ino}"
        for line in (_text(self.path("proc/locks")) or "").splitlines():
            words = line.split()
            if len(words) > 5 and words[5] == where and _is_number(words[4]) and int(words[4]) not in (0, os.getpid()):
                yield int(words[4])
        for folder in _LOCK_FILES:
            text = _text(self.path(folder) / f"LCK..{Path(device).name}")
            if text is not None and text.split()[:1] and _is_number(text.split()[0]):
                pid = int(text.split()[0])
                if _exists(self.path(f"proc/{pid}")):  # otherwise it is stale
                    yield pid

    def holder(self, pid: int) -> Holder:
        """The program and unit of a process."""
        units = re.findall(r"/([^/\n]+\.service)$", _text(self.path(f"proc/{pid}/cgroup")) or "", re.MULTILINE)
        return Holder(pid, _text(self.path(f"proc/{pid}/comm")) or "unknown", units[-1] if units else None)

    @cached_property
    def programs(self) -> frozenset[str]:
        """The names of all running processes."""
        return frozenset(_text(process / "comm") or "" for process in self._processes())

    def _processes(self) -> list[Path]:
        return [entry for entry in _entries(self.path("proc")) if _is_number(entry.name)]

    # -- udev and driver ------------------------------------------------------------------------------

    def udev(self, device: str) -> dict[str, str]:
        """The properties that udev has for a port."""
        try:
            number = self.path(device).stat().st_rdev
        except OSError:
            return {}
        text = _text(self.path(f"run/udev/data/c{os.major(number)}:{os.minor(number)}")) or ""
        pairs = [line[2:].partition("=") for line in text.splitlines() if line.startswith("E:")]
        return {name: value for name, _, value in pairs}

    def has_rule(self, name: str) -> bool:
        """Whether a file of udev rules is installed."""
        return any(_exists(self.path(folder) / name) for folder in _RULES)

    def uart(self, device: str) -> UartCounters | None:
        """The driver's data of a built-in port; ``None`` if it is missing or this user cannot read it."""
        number = re.fullmatch(r"/dev/ttyS(\d+)", device)
        text = _text(self.path("proc/tty/driver/serial")) or ""
        for line in text.splitlines():
            if number is not None and line.startswith(f"{number[1]}: ") and "unknown" not in line:
                errors = sum(int(count) for count in re.findall(r"\b(?:fe|pe|brk):(\d+)", line))
                return UartCounters(tuple(name for name in LINES if name in re.split(r"[ |]", line)), errors)
        return None


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _text(path: Path) -> str | None:
    try:
        return path.read_text("utf-8", "replace").strip()
    except OSError:
        return None


def _exists(path: Path) -> bool:
    """Whether it exists, as far as this user can see."""
    try:
        return path.exists()
    except OSError:
        return False


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _hexadecimal(text: str | None) -> int | None:
    return int(text, 16) if text is not None and re.fullmatch("[0-9a-fA-F]{1,4}", text) else None


def _natural(name: str) -> list[int | str]:
    return [int(part) if _is_number(part) else part for part in re.split(r"(\d+)", name)]


def _usb_facts(folder: Path) -> UsbFacts | None:
    vendor, product = _hexadecimal(_text(folder / "idVendor")), _hexadecimal(_text(folder / "idProduct"))
    if vendor is None or product is None:
        return None
    texts = [_text(folder / name) or None for name in ("serial", "manufacturer", "product")]
    return UsbFacts(vendor, product, folder.name, *texts)


def _has_open(process: Path, wanted: os.stat_result) -> bool:
    """Raises ``PermissionError`` if this user cannot see the process."""
    for entry in (process / "fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found = entry.stat()
            if same_device(found, wanted):
                return True
    return False


def same_device(found: os.stat_result, wanted: os.stat_result) -> bool:
    """Whether both are one device. Every container numbers its own pseudo-terminals from 0."""
    if not stat.S_ISCHR(found.st_mode) or found.st_rdev != wanted.st_rdev:
        return False
    return os.major(found.st_rdev) not in PSEUDO_TERMINALS or found.st_dev == wanted.st_dev


def _is_other_end(process: Path, path: Path) -> bool:
    """Whether the process has the master of a pseudo-terminal: it is the printer there, not a user of the port."""
    number = re.fullmatch(r"/dev/pts/(\d+)", str(path.resolve()))
    if number is None:
        return False
    return any(f"tty-index:\t{number[1]}" in (_text(entry) or "").split("\n") for entry in _entries(process / "fdinfo"))
