"""The USB ids of printers that are known, and of the adapters that some of them have inside.

They belong to the cable, not to a protocol: the same device speaks one family or another as its menu says, so no
family's package can own them. Used to refuse addresses that cannot work and to look for printers; the udev rules
(``systemd/70-fiscald.rules``) name the same printers.
"""

from __future__ import annotations

from collections.abc import Iterator
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
    KERNEL = "kernel"
    """From the table of the Linux driver."""


class KnownUsb(NamedTuple):
    """One kind of device."""

    vendor: int
    product: int
    maker: str | None
    """Of the printer; ``None``: an adapter, whose ids say nothing about what is behind it."""
    families: tuple[str, ...]
    """What it may speak, the likeliest first."""
    link: Link
    mark: Mark
    source: str
    chip: str = ""
    """Of an adapter: the name by which people know it."""


# The usual serial adapters: the Linux driver, and its ids with the name of the chip. Most CH340 and PL2303 have no
# serial number, so two of them differ only by their place.
_ADAPTERS = """
serial/ftdi_sio          | 0403:6010 FTDI FT2232, 0403:6011 FTDI FT4232, 0403:6014 FTDI FT232H, 0403:6015 FTDI FT-X
serial/ch341             | 1a86:7523 CH340, 1a86:7522 CH340K, 1a86:5523 CH341, 4348:5523 CH341
serial/pl2303            | 067b:2303 PL2303, 067b:2304 PL2303TB, 067b:23a3 PL2303GC, 067b:23b3 PL2303GB
serial/pl2303            | 067b:23c3 PL2303GT, 067b:23d3 PL2303GL, 067b:23e3 PL2303GE, 067b:23f3 PL2303GS
serial/cp210x            | 10c4:ea60 CP2102, 10c4:ea70 CP2105, 10c4:ea71 CP2108
serial/mos7720           | 9710:7720 MCS7720
serial/mos7840           | 9710:7820 MCS7820, 9710:7840 MCS7840
serial/ti_usb_3410_5052  | 110a:1110 Moxa UPort 1110, 110a:1150 Moxa UPort 1150
serial/xr_serial         | 04e2:1410 XR21V1410, 04e2:1412 XR21V1412, 04e2:1414 XR21V1414
class/cdc-acm            | 1a86:55d2 CH342, 1a86:55d3 CH343, 1a86:55d4 CH9102
"""


def _adapters() -> Iterator[KnownUsb]:
    for row in _ADAPTERS.strip().splitlines():
        driver, _, chips = (part.strip() for part in row.partition("|"))
        # Those of the last driver speak CDC, as printers do: /dev/ttyACM*.
        link = Link.CDC if driver == "class/cdc-acm" else Link.ADAPTER
        for chip in chips.split(", "):
            ids, _, name = chip.partition(" ")
            vendor, product = (int(digits, 16) for digits in ids.split(":"))
            yield KnownUsb(vendor, product, None, (), link, Mark.KERNEL, f"Linux, drivers/usb/{driver}.c", name)


KNOWN_USB = (
    # That 100B, an older model, is a CDC device too is taken from the other one; no source confirms it.
    KnownUsb(0x1424, 0x100B, "POSNET", ("posnet", "thermal"), Link.CDC, Mark.CLIENT, "POSNET reference, section 2"),
    KnownUsb(0x1424, 0x10B0, "POSNET", ("posnet", "thermal"), Link.CDC, Mark.CLIENT, "POSNET reference, section 2"),
    KnownUsb(0xC1CA, 0xBA70, "ELZAB", ("elzab", "thermal"), Link.CDC, Mark.DEVICE, "ELZAB reference, section 2.2"),
    KnownUsb(
        0x0403,
        0x6001,
        None,
        ("datecs", "posnet"),
        Link.ADAPTER,
        Mark.SDK,
        "Datecs reference, section 2.1",
        "FTDI FT232R",
    ),
    *_adapters(),
)


#: Makers whose printers have no ids that are known: the udev rules and the scan find them by this in the name of the
#: device (Novitus reference, section 2: a program in use finds them so).
NAMES = ("Novitus",)
_NAMED = {"Novitus": ("novitus-xml", "thermal")}


def is_printer(vendor: int, product: int, name: str | None) -> bool:
    """Whether it is a printer for certain, so that the udev rules give it to the daemon; an adapter is not."""
    known = known_usb(vendor, product)
    by_ids = known is not None and known.maker is not None and known.link is Link.CDC
    return by_ids or any(each in (name or "") for each in NAMES)


def known_by_name(vendor: int, product: int, name: str | None) -> KnownUsb | None:
    """What is known about a device of that name, whatever its ids are."""
    maker = next((each for each in NAMES if each in (name or "")), None)
    if maker is None:
        return None
    source = f"{maker} reference, section 2"
    return KnownUsb(vendor, product, maker, _NAMED[maker], Link.CDC, Mark.CLIENT, source)


def known_usb(vendor: int, product: int) -> KnownUsb | None:
    """What is known about these ids, if anything."""
    return next((known for known in KNOWN_USB if (known.vendor, known.product) == (vendor, product)), None)
