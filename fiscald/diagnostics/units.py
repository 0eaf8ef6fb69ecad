"""Reads the installed systemd units of fiscald: which devices they allow, and which socket they open."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fiscald.diagnostics.host import Host

#: Folders of units: the first with the unit wins; drop-ins (``NAME.d``) of all folders count.
_FOLDERS = (
    "etc/systemd/system", "run/systemd/system", "usr/local/lib/systemd/system", "usr/lib/systemd/system",
    "lib/systemd/system",
)  # fmt: skip
SERVICE, SOCKET = "fiscald.service", "fiscald.socket"
#: The kernel's name of devices below /dev/bus/usb (/proc/devices).
USB_CLASS = "usb_device"


@dataclass(frozen=True, slots=True)
class Units:
    """The installed units; all fields are empty without them."""

    service: bool = False
    """Whether a service is installed."""
    devices: tuple[str, ...] | None = None
    """``DeviceAllow=`` of the service: devices that it can read and write; ``None``: all."""
    sockets: tuple[str, ...] = ()
    """``ListenStream=`` of the socket."""
    state: tuple[str, ...] = ()
    """Directories that systemd creates for the service."""

    def allows(self, device: str, kind: str | None = None) -> bool:
        """Whether the service can open ``device``; ``kind``: its name in /proc/devices (default: from the path)."""
        if self.devices is None:
            return True
        kind = kind or kind_of(device)
        return any(
            fnmatch.fnmatchcase(f"char-{kind}" if allowed.startswith("char-") else device, allowed)
            for allowed in self.devices
        )


def kind_of(device: str) -> str:
    """The driver's name: ``ttyAMA`` for ``/dev/ttyAMA0``."""
    return re.sub(r"\d+$", "", device.rpartition("/")[2])


def installed(host: Host) -> Units:
    """The units of this computer."""
    service = list(_settings(host, SERVICE))
    if not service:
        return Units(sockets=_sockets(host))
    policy = next((value for name, value in reversed(service) if name == "DevicePolicy" and value), "auto")
    allowed: list[str] = []
    named = _values(service, "DeviceAllow")
    for value in named:
        path, _, access = value.partition(" ")
        if {"r", "w"} <= set(access.strip() or "rwm"):
            allowed.append(path)
    closed = policy in ("closed", "strict") or (policy == "auto" and bool(named))
    folders = [word for value in _values(service, "StateDirectory") for word in value.split()]
    return Units(
        service=True,
        devices=tuple(allowed) if closed else None,
        sockets=_sockets(host),
        state=tuple(f"/var/lib/{folder.partition(':')[0]}" for folder in folders),
    )


def _sockets(host: Host) -> tuple[str, ...]:
    return tuple(_values(list(_settings(host, SOCKET)), "ListenStream"))


def _values(settings: Iterable[tuple[str, str]], wanted: str) -> list[str]:
    """The values of a list setting; an empty value clears the list."""
    values: list[str] = []
    for name, value in settings:
        if name == wanted:
            values = [*values, value] if value else []
    return values


def _settings(host: Host, unit: str) -> Iterator[tuple[str, str]]:
    """Every setting of a unit and its drop-ins, in order."""
    folders = [host.root / folder for folder in _FOLDERS]
    file = next((text for folder in folders if (text := _text(folder / unit)) is not None), None)
    if file is None:
        return
    beside: dict[str, Path] = {}
    for folder in reversed(folders):
        for entry in _entries(folder / f"{unit}.d"):
            beside[entry.name] = entry
    for text in (file, *(_text(beside[name]) or "" for name in sorted(beside))):
        for line in re.sub(r"\\\n", " ", text).splitlines():
            name, mark, value = line.strip().partition("=")
            if mark and not name.startswith(("#", ";")):
                yield name.strip(), value.strip()


def _entries(folder: Path) -> list[Path]:
    try:
        return [entry for entry in folder.iterdir() if entry.suffix == ".conf"]
    except OSError:
        return []


def _text(path: Path) -> str | None:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return None
