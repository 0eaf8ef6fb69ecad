"""Places where a printer may be, found without opening anything: what it is, and whether it may be probed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from fiscald.diagnostics.host import Holder, Host, SerialPort, UsbFacts
from fiscald.diagnostics.places import fits, same_host, same_port
from fiscald.model.printers import PrinterStatus
from fiscald.protocols import FAMILIES, family
from fiscald.transport import Address, AddressError, HttpHost, SerialLine, TcpHost, UsbDevice, parse_scanned
from fiscald.transport.known_usb import KnownUsb, known_by_name, known_usb
from fiscald.transport.spelling import advice, host_of, spelled
from fiscald.transport.usb import BAUD
from fiscald.transport.web import PORTS as WEB_PORTS

#: The port of Novitus printers that speak XML (Novitus reference, section 2). POSNET and Thermal have no usual port.
XML_PORT = 6001


@dataclass(frozen=True, slots=True)
class Configured:
    """A printer of the configuration."""

    name: str
    family: str
    address: Address
    status: PrinterStatus | None = None
    """The status from a running daemon, which then owns the printer."""
    reserved: bool = False
    """A daemon that this user cannot reach may own the printer."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place where a printer may be."""

    address: Address
    """The address with the first speed to try."""
    what: str
    """A sentence: what it is and why it is listed."""
    families: tuple[str, ...] = ()
    """The families to try, the likeliest first."""
    device: str | None = None
    """The device of a serial port: ``/dev/ttyACM0``."""
    speeds: tuple[int, ...] = ()
    """The speeds to try; empty if a line has no speed."""
    configured: Configured | None = None
    named: bool = False
    """The user said that a printer is there."""
    printer: bool = False
    """Only printers have its USB ids."""
    holders: tuple[Holder, ...] = ()
    unseen: bool = False
    """This user cannot see processes of other users."""
    swept: bool = False
    """One of the usual ports of a host that was given without a port."""

    @property
    def refusal(self) -> str | None:
        """Why it must not be probed; ``None``: it may be."""
        if self.configured is not None and self.configured.status is not None:
            return f"fiscald uses it as {self.configured.name}"
        if self.configured is not None and self.configured.reserved:
            return f"fiscald may use it as {self.configured.name}; this user cannot ask fiscald"
        if self.holders:
            return f"in use by {', '.join(map(str, self.holders))}"
        if not self.families:
            return "this version speaks no protocol of that printer"
        if not (self.printer or self.configured or self.named):
            return f"not known to be a printer; if it is one, use: --port {self.device}"
        return None


class _Wanted(NamedTuple):
    """A place that the user gave."""

    address: Address
    families: tuple[str, ...]
    """What the printer there may speak."""
    swept: bool = False


def candidates(
    host: Host, configured: Sequence[Configured] = (), named: Collection[str] = (), spoken: Sequence[str] = FAMILIES
) -> list[Candidate]:
    """Every place: serial ports with a device, known USB printers without a port, configured addresses.

    ``named``: ports, addresses and configured names that the user gave; the printer there speaks one of ``spoken``.
    Raises ``AddressError``.
    """
    ports, devices = host.serial_ports(), host.usb_devices()
    by_name = {one.name: one.address for one in configured}
    wanted = [each for name in named for each in _wanted(host, name, spoken, by_name.get(name))]
    places = [each.address for each in wanted]
    found = [_serial(host, port, _configured_at(host, configured, port), places, spoken) for port in ports]
    seen = {port.usb.path for port in ports if port.usb is not None}
    found += [
        _usb(device, known, _configured_as(configured, device))
        for device in devices
        if device.path not in seen and (known := _known(device)) is not None
    ]
    listed_names = {candidate.configured.name for candidate in found if candidate.configured is not None}
    found += [_elsewhere(host, one) for one in configured if one.name not in listed_names]
    for place in wanted:
        listed = [each for each in found if _same_place(host, devices, each, place.address)]
        found = [replace(each, named=True, families=place.families) if each in listed else each for each in found]
        if not listed:
            found.append(_named(host, place))
    return found


def widened(candidate: Candidate) -> Candidate:
    """The same place with all families to try; the likeliest stays first."""
    families = tuple(dict.fromkeys((*candidate.families, *FAMILIES)))
    speeds = candidate.speeds if len(candidate.speeds) == 1 else _speeds(families)
    return replace(candidate, families=families, speeds=speeds)


def _wanted(host: Host, name: str, spoken: Sequence[str], configured: Address | None) -> list[_Wanted]:
    """The places that a name means: one, or the usual ports of a host. Raises ``AddressError``."""
    alone = None if configured is not None or Path(name).exists() or spelled(name) else host_of(name)
    if alone is None:
        address = configured or _place(host, name, spoken)
        return [_Wanted(address, _likeliest(address, spoken))]
    likeliest = _likeliest(TcpHost(alone, XML_PORT), spoken)
    serial = tuple(each for each in likeliest if not family(each).web) if "novitus-xml" in spoken else ()
    web = tuple(each for each in spoken if family(each).web)
    places = [_Wanted(TcpHost(alone, XML_PORT), serial, swept=True)] if serial else []
    places += [_Wanted(HttpHost(alone, port), web, swept=True) for port in WEB_PORTS if web]
    if not places:
        raise AddressError(f"{name!r} is not an address: {advice(name)}")
    return places


def _likeliest(address: Address, spoken: Sequence[str]) -> tuple[str, ...]:
    """The families that a printer at an address can be of, the likeliest first."""
    if isinstance(address, HttpHost):
        return tuple(name for name in spoken if family(name).web)
    if isinstance(address, TcpHost):
        first = {XML_PORT: "novitus-xml"}.get(address.port)
        return tuple(
            sorted(spoken, key=lambda name: not (name == first or (address.port in WEB_PORTS and family(name).web)))
        )
    return tuple(name for name in spoken if not family(name).web)


def _place(host: Host, name: str, spoken: Sequence[str]) -> Address:
    """The address of a place that the user gave, in any spelling. Raises ``AddressError``."""
    meant = spelled(name)
    if meant is None and "://" not in name:
        path = Path(name).absolute()
        if not name or not (path.exists() or host.path(str(path)).exists()):
            raise AddressError(f"{name!r}: there is no such port, and it is not an address: {advice(name)}")
        meant = f"serial://{path}"
    address = parse_scanned(meant or name)
    if isinstance(address, SerialLine) and "baud=" not in (meant or name):
        return replace(address, baud=_speeds(spoken)[0])
    return address


def _same_place(host: Host, devices: Iterable[UsbFacts], candidate: Candidate, address: Address) -> bool:
    """Whether ``address`` leads to the candidate, as far as that is known without opening it.

    In doubt (two USB addresses, neither device is plugged in) they count as one: a configured printer must not be
    opened under another name.
    """
    match address, candidate.address:
        case SerialLine(), SerialLine(there):
            return same_port(host, address.path, candidate.device or there)
        case UsbDevice(), UsbDevice() as other:
            if (address.vendor, address.product) != (other.vendor, other.product):
                return False
            plugged = [device for device in devices if fits(address, device) or fits(other, device)]
            if plugged:
                return any(fits(address, device) and fits(other, device) for device in plugged)
            return all(
                None in pair or pair[0] == pair[1]
                for pair in ((address.serial, other.serial), (address.path, other.path))
            )
        case UsbDevice(), SerialLine(there) if candidate.configured is not None:
            port = host.port_at(there)
            return port is not None and port.usb is not None and fits(address, port.usb)
        case TcpHost(), TcpHost() as there_too:
            return same_host(address, there_too)
    return False


def _named(host: Host, place: _Wanted) -> Candidate:
    """A place that the user gave, which is not a known port of this computer."""
    address, families = place.address, place.families
    found = Candidate(address, "given on the command line", families, named=True, swept=place.swept)
    if isinstance(address, SerialLine):
        return _guarded(host, replace(found, device=address.path, speeds=_speeds(families)))
    return found


def _serial(
    host: Host, port: SerialPort, configured: Configured | None, places: Iterable[Address], spoken: Sequence[str]
) -> Candidate:
    known = None if port.usb is None else _known(port.usb)
    here = host.path(port.device).resolve()
    named = [each for each in places if isinstance(each, SerialLine) and host.path(each.path).resolve() == here]
    families = _spoken(known) if known is not None and known.maker else FAMILIES
    if configured is not None:
        families = (configured.family,)
    if named:
        families = _likeliest(named[0], spoken)
    # A USB printer has no serial line and so no speed; an adapter has one with every driver.
    cdc = port.driver == "cdc_acm" and not (known is not None and known.maker is None)
    baud = BAUD if cdc else named[0].baud if named else _speeds(families)[0]
    candidate = Candidate(
        configured.address if configured else SerialLine(port.name, baud, named[0].flow if named else "none"),
        _what(port, known),
        families,
        port.device,
        (BAUD,) if cdc else _speeds(families),
        configured,
        bool(named),
        known is not None and known.maker is not None,
    )
    return _guarded(host, candidate)


def _usb(device: UsbFacts, known: KnownUsb, configured: Configured | None) -> Candidate:
    """A known printer that no driver of the kernel has made a port of."""
    path = None if device.serial else device.path
    address = configured.address if configured else UsbDevice(device.vendor, device.product, device.serial, path)
    families = (configured.family,) if configured else _spoken(known)
    adapter = known.maker is None
    return Candidate(
        address,
        f"{_usb_what(device, known)}, without a serial port" + ("; is its driver loaded?" if adapter else ""),
        () if adapter else families,
        configured=configured,
        printer=not adapter,
    )


def _elsewhere(host: Host, configured: Configured) -> Candidate:
    """A configured address, which is not a known port of this computer."""
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
        if isinstance(one.address, UsbDevice) and fits(one.address, device):
            return one
    return None


def _what(port: SerialPort, known: KnownUsb | None) -> str:
    if port.usb is None:
        return "a serial port of this computer"
    if known is not None:
        return _usb_what(port.usb, known)
    if port.device.startswith("/dev/ttyUSB"):  # with any ids: these drivers are for adapters only
        return _adapter(port.usb, f"driver {port.driver}" if port.driver else "")
    return f"USB {port.usb.ids}, {_name(port.usb) or 'a device'}: not the ids of a known printer"


def _usb_what(device: UsbFacts, known: KnownUsb) -> str:
    if known.maker is None:
        return _adapter(device, known.chip)
    how = "the ids" if known_usb(device.vendor, device.product) is not None else f"{_name(device)}: the name"
    return f"USB {device.ids}, {how} of a printer of {known.maker} ({known.source})"


def _adapter(device: UsbFacts, kind: str) -> str:
    """``kind``: its chip or driver; left out if its name contains it."""
    name = _name(device)
    more = f" ({kind})" if kind and kind.lower() not in name.lower() else ""
    return f"USB {device.ids}, {name or 'an adapter'}: a serial adapter{more}, any device can be connected to it"


def _name(device: UsbFacts) -> str:
    return " ".join(text for text in (device.maker, device.name) if text)


def _known(device: UsbFacts) -> KnownUsb | None:
    """By its ids, or else by its name."""
    by_ids = known_usb(device.vendor, device.product)
    return by_ids if by_ids is not None else known_by_name(device.vendor, device.product, device.name)


def _spoken(known: KnownUsb) -> tuple[str, ...]:
    return tuple(name for name in known.families if name in FAMILIES)


def _speeds(families: Sequence[str]) -> tuple[int, ...]:
    """The speeds of all families, the likeliest of the first family first."""
    return tuple(dict.fromkeys(speed for each in families for speed in family(each).speeds)) or (BAUD,)
