"""What systemd's units of fiscald allow, as they are installed on this computer: which devices, which socket."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fiscald.diagnostics.host import Host

#: Where units are, the first that has one wins; what is put beside it (``NAME.d``) counts from all of them.
_FOLDERS = (
    "etc/systemd/system", "run/systemd/system", "usr/local/lib/systemd/system", "usr/lib/systemd/system",
    "lib/systemd/system",
)  # fmt: skip
SERVICE, SOCKET = "fiscald.service", "fiscald.socket"
#: How the kernel calls devices below /dev/bus/usb (/proc/devices).
USB_CLASS = "usb_device"


@dataclass(frozen=True, slots=True)
class Units:
    """The installed units; everything is empty where there are none."""

    service: bool = False
    """Whether there is a service at all."""
    devices: tuple[str, ...] | None = None
    """``DeviceAllow=`` of the service: what it may read and write; ``None``: everything."""
    sockets: tuple[str, ...] = ()
    """``ListenStream=`` of the socket."""
    state: tuple[str, ...] = ()
    """Directories that systemd makes for the service."""

    def allows(self, device: str, kind: str | None = None) -> bool:
        """Whether the service may open ``device``; ``kind``: its name in /proc/devices (default: by its own name)."""
        if self.devices is None:
            return True
        kind = kind or kind_of(device)
        return any(
            fnmatch.fnmatchcase(f"char-{kind}" if allowed.startswith("char-") else device, allowed)
            for allowed in self.devices
        )


def kind_of(device: str) -> str:
    """``/dev/ttyAMA0`` to ``ttyAMA``, as its driver is called."""
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
    """Of a setting that is a list: an empty one begins it again."""
    values: list[str] = []
    for name, value in settings:
        if name == wanted:
            values = [*values, value] if value else []
    return values


def _settings(host: Host, unit: str) -> Iterator[tuple[str, str]]:
    """Every setting of a unit and of what is put beside it, in order."""
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
