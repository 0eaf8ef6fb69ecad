"""This computer, as /sys, /dev, /proc and /run show it: its ports, and who holds them. Only read, never opened."""

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

#: Where names of ports are that stay the same when cables are moved, the best first.
_NAMES = ("dev/fiscald", "dev/serial/by-id", "dev/serial/by-path")
#: Lock files of programs that know no other lock (uucp, minicom).
_LOCK_FILES = ("run/lock", "var/lock")
_RULES = ("etc/udev/rules.d", "run/udev/rules.d", "usr/lib/udev/rules.d", "lib/udev/rules.d")
#: Modem control lines, as ``/proc/tty/driver/serial`` writes them.
LINES = ("RTS", "CTS", "DTR", "DSR", "CD", "RI")


class UsbFacts(NamedTuple):
    """What a USB device says about itself."""

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
    """A port that has a device behind it."""

    device: str
    """``/dev/ttyACM0``."""
    driver: str | None = None
    names: tuple[str, ...] = ()
    """Its other names, the best first."""
    usb: UsbFacts | None = None
    interface: int | None = None
    """Of the USB device."""
    alike: bool = False
    """Another device that is plugged in has the same ids and serial number, or both have none."""

    @property
    def name(self) -> str:
        """The best name for a configuration: by its place where it has no serial number to itself."""
        names = list(self.names)
        if self.usb is not None and (self.usb.serial is None or self.alike):
            names = sorted(names, key=lambda name: not name.startswith("/dev/serial/by-path/"))
        return names[0] if names else self.device

    def same_name(self, path: str) -> bool:
        """Whether another device that is plugged in has the same claim to the name ``path``."""
        return self.alike and path.startswith(("/dev/serial/by-id/", "/dev/fiscald/"))


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
    """Who holds a port."""

    holders: tuple[Holder, ...] = ()
    complete: bool = True
    """False: there are processes of others that this user may not look into."""


class UartCounters(NamedTuple):
    """What the kernel's driver counted on a serial port of this computer."""

    lines: tuple[str, ...]
    """Those of ``LINES`` that are on."""
    errors: int
    """Framing errors, parity errors and breaks since the computer was started."""


class Host:
    """Reads ``root``, which is / but in tests. Paths are those that programs on it would use."""

    def __init__(self, root: Path = Path("/")) -> None:
        self.root = root

    def path(self, name: str) -> Path:
        """Where ``name`` (absolute, as programs write it) is for us."""
        return self.root / name.lstrip("/")

    def text(self, name: str) -> str:
        """The content of a file; empty where there is none, or this user may not read it."""
        return _text(self.path(name)) or ""

    # -- ports ----------------------------------------------------------------------------------------

    def serial_ports(self) -> list[SerialPort]:
        """Every serial port with a device behind it, in order of names."""
        found = [self._serial_port(entry) for entry in _entries(self.path("sys/class/tty"))]
        ports = [port for port in found if port is not None]
        devices = Counter((*usb[:2], usb.serial) for usb in {port.usb for port in ports if port.usb is not None})
        ports = [
            replace(port, alike=port.usb is not None and devices[(*port.usb[:2], port.usb.serial)] > 1)
            for port in ports
        ]  # fmt: skip
        return sorted(ports, key=lambda port: _natural(port.device))

    def port_at(self, path: str) -> SerialPort | None:
        """The port that ``path``, by whatever name, leads to."""
        there = self.path(path).resolve()
        return next((port for port in self.serial_ports() if self.path(port.device).resolve() == there), None)

    def _serial_port(self, entry: Path) -> SerialPort | None:
        if not _exists(entry / "device"):
            return None  # a virtual console or a pseudo-terminal
        device = f"/dev/{entry.name}"
        parents = [entry.resolve(), *entry.resolve().parents]
        usb = next((facts for each in parents if (facts := _usb_facts(each))), None)
        if usb is None and _text(entry / "type") in (None, "0"):
            return None  # the driver found no chip there, or it is no port at all
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

    # -- who holds them -------------------------------------------------------------------------------

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
        """By the kernel's table of locks, which everybody may read, and by lock files."""
        where = f"{os.major(wanted.st_dev):02x}:{os.minor(wanted.st_dev):02x}:{wanted.st_ino}"
        for line in (_text(self.path("proc/locks")) or "").splitlines():
            words = line.split()
            if len(words) > 5 and words[5] == where and _is_number(words[4]) and int(words[4]) not in (0, os.getpid()):
                yield int(words[4])
        for folder in _LOCK_FILES:
            text = _text(self.path(folder) / f"LCK..{Path(device).name}")
            if text is not None and text.split()[:1] and _is_number(text.split()[0]):
                pid = int(text.split()[0])
                if _exists(self.path(f"proc/{pid}")):  # else a leftover
                    yield pid

    def holder(self, pid: int) -> Holder:
        """What a process is."""
        units = re.findall(r"/([^/\n]+\.service)$", _text(self.path(f"proc/{pid}/cgroup")) or "", re.MULTILINE)
        return Holder(pid, _text(self.path(f"proc/{pid}/comm")) or "unknown", units[-1] if units else None)

    @cached_property
    def programs(self) -> frozenset[str]:
        """The names of all running processes."""
        return frozenset(_text(process / "comm") or "" for process in self._processes())

    def _processes(self) -> list[Path]:
        return [entry for entry in _entries(self.path("proc")) if _is_number(entry.name)]

    # -- what is set up around them -------------------------------------------------------------------

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
        """What the driver says of a port of the computer itself; ``None`` where it, or the right to ask, is missing."""
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
    """As far as this user may see."""
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
    """Raises ``PermissionError`` if this user may not look."""
    for entry in (process / "fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found = entry.stat()
            if stat.S_ISCHR(found.st_mode) and found.st_rdev == wanted.st_rdev:
                return True
    return False


def _is_other_end(process: Path, path: Path) -> bool:
    """Whether a pseudo-terminal's master is this process's: it is the printer there, and not who speaks to it."""
    number = re.fullmatch(r"/dev/pts/(\d+)", str(path.resolve()))
    if number is None:
        return False
    return any(f"tty-index:\t{number[1]}" in (_text(entry) or "").split("\n") for entry in _entries(process / "fdinfo"))
