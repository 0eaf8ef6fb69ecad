"""Where a printer may be, without touching anything: what it is, why it is listed, and whether it may be asked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from fiscald.model.printers import PrinterStatus
from fiscald.onsite.host import Holder, Host, SerialPort, UsbFacts
from fiscald.protocols import FAMILIES, family
from fiscald.transport import Address, SerialLine, TcpHost, UsbDevice, parse_address
from fiscald.transport.known_usb import KnownUsb, Link, known_usb
from fiscald.transport.usb import BAUD


@dataclass(frozen=True, slots=True)
class Configured:
    """A printer of the configuration."""

    name: str
    family: str
    address: Address
    status: PrinterStatus | None = None
    """What a running daemon says of it; it is the daemon's then."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place where a printer may be."""

    address: Address
    """With the speed that is tried first."""
    what: str
    """What it is and why it is listed, in a sentence."""
    families: tuple[str, ...] = ()
    """That may be spoken there, the likeliest first; those that this version speaks."""
    device: str | None = None
    """Of a serial port: ``/dev/ttyACM0``."""
    speeds: tuple[int, ...] = ()
    """To be tried; none where a line has no speed."""
    configured: Configured | None = None
    named: bool = False
    """Somebody said that a printer is there."""
    printer: bool = False
    """Its USB ids are those of a printer, and of nothing else."""
    holders: tuple[Holder, ...] = ()
    unseen: bool = False
    """Processes of other users could not be looked into."""

    @property
    def refusal(self) -> str | None:
        """Why it is not asked; ``None``: it may be."""
        if self.configured is not None and self.configured.status is not None:
            return f"fiscald has it, as {self.configured.name}"
        if self.holders:
            return f"held by {', '.join(map(str, self.holders))}"
        if not self.families:
            return "this version speaks no protocol of that printer"
        if not (self.printer or self.configured or self.named):
            return f"nothing says that a printer is there; if one is, name it: --port {self.device}"
        return None


def candidates(
    host: Host, configured: Sequence[Configured] = (), named: Collection[str] = (), spoken: Sequence[str] = FAMILIES
) -> list[Candidate]:
    """Every place: ports with a device behind them, known printers without one, configured addresses.

    ``named``: where somebody says that a printer is (names of ports, or addresses) that speaks one of ``spoken``.
    Raises ``AddressError``.
    """
    ports = host.serial_ports()
    found = [_serial(host, port, _configured_at(host, configured, port), named, spoken) for port in ports]
    seen = {port.usb.path for port in ports if port.usb is not None}
    found += [
        _usb(device, known, _configured_as(configured, device))
        for device in host.usb_devices()
        if device.path not in seen and (known := known_usb(device.vendor, device.product)) is not None
    ]
    told = {candidate.configured.name for candidate in found if candidate.configured is not None}
    found += [_elsewhere(host, one) for one in configured if one.name not in told]
    there = {name for port in ports for name in (port.device, *port.names)}
    found += [_named(host, name, spoken) for name in named if name not in there]
    return found


def _named(host: Host, name: str, spoken: Sequence[str]) -> Candidate:
    """What somebody names, and is no port of this computer that is known."""
    address = parse_address(name) if "://" in name else SerialLine(name, _speeds(spoken)[0])
    what = "named on the command line"
    if isinstance(address, SerialLine):
        path = address.path
        return _guarded(host, Candidate(address, what, tuple(spoken), path, _speeds(spoken), named=True))
    return Candidate(address, what, tuple(spoken), named=True)


def _serial(
    host: Host, port: SerialPort, configured: Configured | None, named: Collection[str], spoken: Sequence[str]
) -> Candidate:
    known = None if port.usb is None else known_usb(port.usb.vendor, port.usb.product)
    is_named = any(name in named for name in (port.device, *port.names))
    families = _spoken(known) if known is not None and known.maker else FAMILIES
    if configured is not None:
        families = (configured.family,)
    if is_named:
        families = tuple(spoken)
    cdc = port.driver == "cdc_acm"
    candidate = Candidate(
        configured.address if configured else SerialLine(port.name, BAUD if cdc else _speeds(families)[0]),
        _what(port, known),
        families,
        port.device,
        (BAUD,) if cdc else _speeds(families),
        configured,
        is_named,
        known is not None and known.maker is not None,
    )
    return _guarded(host, candidate)


def _usb(device: UsbFacts, known: KnownUsb, configured: Configured | None) -> Candidate:
    """A known printer that no driver of the kernel has made a port of."""
    path = None if device.serial else device.path
    address = configured.address if configured else UsbDevice(device.vendor, device.product, device.serial, path)
    families = (configured.family,) if configured else _spoken(known)
    adapter = known.link is Link.ADAPTER
    return Candidate(
        address,
        f"{_usb_what(device, known)}, without a serial port" + ("; is its driver loaded?" if adapter else ""),
        () if adapter else families,
        configured=configured,
        printer=not adapter,
    )


def _elsewhere(host: Host, configured: Configured) -> Candidate:
    """What is configured, and no port of this computer that is known."""
    address = configured.address
    families = (configured.family,)
    match address:
        case SerialLine(path):
            candidate = Candidate(address, "a serial port of the configuration", families, path, configured=configured)
            return _guarded(host, replace(candidate, speeds=_speeds(families)))
        case TcpHost():
            return Candidate(address, "a network address of the configuration", families, configured=configured)
    return Candidate(address, "a USB address of the configuration", families, configured=configured)


def _guarded(host: Host, candidate: Candidate) -> Candidate:
    assert candidate.device is not None
    held = host.held(candidate.device)
    return replace(candidate, holders=held.holders, unseen=not held.complete)


def _configured_at(host: Host, configured: Iterable[Configured], port: SerialPort) -> Configured | None:
    for one in configured:
        if isinstance(one.address, SerialLine):
            there = host.port_at(one.address.path)
            if there is not None and there.device == port.device:
                return one
    return None


def _configured_as(configured: Iterable[Configured], device: UsbFacts) -> Configured | None:
    for one in configured:
        match one.address:
            case UsbDevice(device.vendor, device.product, serial, path) if serial in (None, device.serial) and path in (
                None,
                device.path,
            ):
                return one
    return None


def _what(port: SerialPort, known: KnownUsb | None) -> str:
    if port.usb is None:
        return "a serial port of this computer"
    if known is not None:
        return _usb_what(port.usb, known)
    name = " ".join(text for text in (port.usb.maker, port.usb.name) if text) or "a device"
    return f"USB {port.usb.ids}, {name}: not the ids of a known printer"


def _usb_what(device: UsbFacts, known: KnownUsb) -> str:
    name = " ".join(text for text in (device.maker, device.name) if text)
    if known.maker is None:
        return f"USB {device.ids}, {name or 'an adapter'}: a serial adapter, which says nothing of what is behind it"
    return f"USB {device.ids}, the ids of a printer of {known.maker} ({known.source})"


def _spoken(known: KnownUsb) -> tuple[str, ...]:
    return tuple(name for name in known.families if name in FAMILIES)


def _speeds(families: Sequence[str]) -> tuple[int, ...]:
    """Those of all families, the likeliest of the first one first."""
    return tuple(dict.fromkeys(speed for each in families for speed in family(each).speeds)) or (BAUD,)
