"""The USB ids of printers that are known, and of the adapters that some of them have inside.

They belong to the cable, not to a protocol: the same device speaks one family or another as its menu says, so no
family's package can own them. Used to refuse addresses that cannot work and to look for printers; the udev rules
(``systemd/70-fiscald.rules``) name the same ones.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Link(StrEnum):
    """What such a device is to USB."""

    CDC = "cdc"
    """A CDC-ACM port: ``/dev/ttyACM*`` or ``usb://``."""
    ADAPTER = "adapter"
    """A serial adapter with its maker's own protocol: ``/dev/ttyUSB*`` only."""


class Mark(StrEnum):
    """How sure that is."""

    DEVICE = "device"
    """Seen on a printer."""
    CLIENT = "client"
    """From the source of a program in use."""
    SDK = "sdk"
    """From the maker's development kit."""


class KnownUsb(NamedTuple):
    """One kind of device."""

    vendor: int
    product: int
    maker: str | None
    """``None``: the ids say nothing about what is behind them."""
    families: tuple[str, ...]
    """What it may speak, the likeliest first."""
    link: Link
    mark: Mark
    source: str


KNOWN_USB = (
    # That 100B, an older model, is a CDC device too is taken from the other one; nobody says so.
    KnownUsb(0x1424, 0x100B, "POSNET", ("posnet", "thermal"), Link.CDC, Mark.CLIENT, "POSNET reference, section 2"),
    KnownUsb(0x1424, 0x10B0, "POSNET", ("posnet", "thermal"), Link.CDC, Mark.CLIENT, "POSNET reference, section 2"),
    KnownUsb(0xC1CA, 0xBA70, "ELZAB", ("elzab", "thermal"), Link.CDC, Mark.DEVICE, "ELZAB reference, section 2.2"),
    KnownUsb(0x0403, 0x6001, None, ("datecs", "posnet"), Link.ADAPTER, Mark.SDK, "Datecs reference, section 2.1"),
)


def known_usb(vendor: int, product: int) -> KnownUsb | None:
    """What is known about these ids, if anything."""
    return next((known for known in KNOWN_USB if (known.vendor, known.product) == (vendor, product)), None)
