"""Where a printer may be, why it is listed, and which ports may be probed."""

from __future__ import annotations

from pathlib import Path

import pytest

from fiscald.diagnostics.candidates import Candidate, Configured, candidates
from fiscald.diagnostics.host import Host
from fiscald.model.printers import PrinterState, PrinterStatus
from fiscald.protocols import FAMILIES, family
from fiscald.transport import AddressError, SerialLine, parse_address
from tests.diagnostics.test_host import holding, terminal
from tests.diagnostics.tree import ARDUINO, BY_ID, FTDI, POSNET, Device, Tree

__all__ = ["terminal"]

STATUS = PrinterStatus(name="till1", family="posnet", address="x", state=PrinterState.READY, stale=False, documents=())


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path / "root")


def one(tree: Tree, *configured: Configured, named: tuple[str, ...] = ()) -> Candidate:
    (found,) = candidates(Host(tree.root), configured, named)
    return found


def till(address: str, status: PrinterStatus | None = None) -> Configured:
    return Configured("till1", "posnet", parse_address(address), status)


def test_a_known_printer_may_be_probed(tree: Tree) -> None:
    tree.usb_serial(POSNET, "ttyACM0", "cdc_acm")
    found = one(tree)
    assert found.refusal is None
    assert str(found.address) == "serial:///dev/serial/by-id/usb-POSNET_POSNET_FV_0123456789-if00?baud=115200"
    assert found.speeds == (115200,), "a USB device has no line"
    assert found.families[0] == "posnet"
    assert found.what == "USB 1424:10b0, the ids of a printer of POSNET (POSNET reference, section 2)"


def test_a_known_printer_without_a_port_has_a_usb_address(tree: Tree) -> None:
    tree.usb(POSNET)
    found = one(tree)
    assert (str(found.address), found.refusal) == ("usb://1424:10b0?serial=0123456789", None)
    assert "without a serial port" in found.what


def test_equal_printers_without_serial_numbers_differ_by_place(tree: Tree) -> None:
    name, vendor, product, _, maker, text = POSNET
    for place in (name, "1-5.1"):
        tree.usb((place, vendor, product, "", maker, text))
    assert [str(each.address) for each in candidates(Host(tree.root))] == [
        "usb://1424:10b0?path=1-2", "usb://1424:10b0?path=1-5.1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("device", "tty", "driver", "what"),
    [
        (FTDI, "ttyUSB0", "ftdi_sio", "a serial adapter, any device can be connected to it"),
        (ARDUINO, "ttyACM0", "cdc_acm", "not the ids of a known printer"),
    ],
)
def test_a_generic_adapter_is_probed_only_when_named(
    tree: Tree, device: tuple[str, str, str, str, str, str], tty: str, driver: str, what: str
) -> None:
    tree.usb_serial(device, tty, driver)
    found = one(tree)
    assert what in found.what
    assert found.refusal == f"not known to be a printer; if it is one, use: --port /dev/{tty}"
    assert one(tree, named=(f"/dev/{tty}",)).refusal is None
    assert one(tree, named=(str(found.address)[9:].partition("?")[0],)).refusal is None, "by another of its names"


#: The families whose printers have serial lines.
SERIAL = tuple(name for name in FAMILIES if family(name).speeds)


def test_a_novitus_printer_is_known_by_the_name_of_its_device(tree: Tree) -> None:
    tree.usb_serial(("1-4", "1fc9", "0083", "N1", "NXP", "Novitus Online"), "ttyACM0", "cdc_acm")
    found = one(tree)
    assert found.refusal is None, "only printers have that name"
    assert found.families == ("novitus-xml", "thermal")
    assert "Novitus Online: the name of a printer of Novitus (Novitus reference, section 2)" in found.what


def test_a_built_in_port_is_probed_only_when_named(tree: Tree) -> None:
    tree.uart("ttyS0")
    assert one(tree).refusal is not None
    named = one(tree, named=("/dev/ttyS0",))
    assert (named.refusal, named.families, named.speeds[0]) == (None, SERIAL, 9600)


def test_an_adapter_without_a_driver_cannot_be_probed(tree: Tree) -> None:
    tree.usb(FTDI)
    found = one(tree)
    assert "is its driver loaded?" in found.what
    assert found.refusal is not None


def test_a_port_in_use_is_not_probed(tree: Tree, tmp_path: Path, terminal: str) -> None:
    tree.usb_serial(POSNET, "ttyACM0", "cdc_acm", Path(terminal))
    configured = till("serial:///dev/ttyACM0?baud=115200")
    with holding(tmp_path, terminal) as pid:
        tree.process(pid)
        for found in (one(tree), one(tree, configured), one(tree, named=("/dev/ttyACM0",))):
            assert found.refusal is not None
            assert found.refusal.startswith(f"in use by minicom (process {pid}")


def test_a_configured_printer_is_probed_with_its_settings(tree: Tree, tmp_path: Path, terminal: str) -> None:
    tree.usb_serial(FTDI, "ttyUSB0", "ftdi_sio")
    for name in ("/dev/ttyUSB0", BY_ID):
        found = one(tree, till(f"serial://{name}?baud=19200"))
        assert (found.refusal, found.device, found.families) == (None, "/dev/ttyUSB0", ("posnet",))
        assert str(found.address) == f"serial://{name}?baud=19200"
    tree.alias(tmp_path / "elsewhere")
    _, other = candidates(Host(tree.root), [till(f"serial://{tmp_path}/elsewhere")])
    assert (other.what, other.refusal) == ("a serial port of the configuration", None)


def test_configured_network_and_usb_addresses(tree: Tree) -> None:
    tcp = one(tree, till("tcp://192.168.1.50:6666"))
    assert (tcp.what, tcp.refusal, tcp.device) == ("a network address of the configuration", None, None)
    usb = one(tree, till("usb://1424:10b0?serial=0123456789"))
    assert usb.what == "a USB address of the configuration"
    tree.usb(POSNET)
    assert one(tree, till("usb://1424:10b0?serial=0123456789")).configured is not None
    assert len(candidates(Host(tree.root), [till("usb://1424:10b0?serial=9")])) == 2, "that is another one"


def test_printers_of_the_daemon_are_not_probed(tree: Tree) -> None:
    for address in ("tcp://192.168.1.50:6666", "serial:///dev/ttyUSB9"):
        assert one(tree, till(address, STATUS)).refusal == "fiscald uses it as till1"


@pytest.mark.parametrize(
    "address", ["tcp://192.168.1.50:6666", "serial:///dev/ttyS7?baud=9600", "usb://1424:10b0?serial=0123456789"]
)
@pytest.mark.parametrize("daemon", [True, False])
def test_a_place_that_is_configured_and_named_is_listed_once(tree: Tree, address: str, daemon: bool) -> None:
    found = one(tree, till(address, STATUS if daemon else None), named=(address,))
    assert found.named
    assert found.refusal == ("fiscald uses it as till1" if daemon else None)


def test_a_configured_place_is_known_under_another_name(tree: Tree, tmp_path: Path) -> None:
    (tmp_path / "port").touch()
    (tmp_path / "alias").symlink_to("port")
    tree.alias(tmp_path)
    assert one(tree, till(f"serial://{tmp_path}/port"), named=(f"{tmp_path}/alias",)).named
    assert one(tree, till("tcp://Till.example:6666"), named=("tcp://till.example:6666/",)).named
    both = candidates(Host(tree.root), [till("tcp://till.example:6666")], ["tcp://till.example:6667"])
    assert [each.named for each in both] == [False, True]


def test_usb_addresses_of_the_same_device(tree: Tree) -> None:
    configured = till("usb://1424:10b0?serial=0123456789", STATUS)
    assert one(tree, configured, named=("usb://1424:10b0",)).refusal is not None, "it may be: none is plugged in"
    assert len(candidates(Host(tree.root), [configured], ["usb://1424:10b0?serial=9"])) == 2
    tree.usb(POSNET)
    assert one(tree, configured, named=("usb://1424:10b0?path=1-2",)).refusal == "fiscald uses it as till1"
    tree.usb(("1-5.1", *POSNET[1:3], "9", *POSNET[4:]))
    found = candidates(Host(tree.root), [configured], ["usb://1424:10b0?path=1-5.1"])
    assert [each.refusal for each in found] == ["fiscald uses it as till1", None]


def test_the_daemons_port_is_not_opened_by_its_usb_address(tree: Tree) -> None:
    tree.usb_serial(POSNET, "ttyACM0", "cdc_acm")
    found = one(tree, till("serial:///dev/ttyACM0", STATUS), named=("usb://1424:10b0?detach=yes",))
    assert found.refusal == "fiscald uses it as till1"


def test_a_known_port_named_with_its_speed(tree: Tree) -> None:
    tree.usb_serial(FTDI, "ttyUSB0", "ftdi_sio")
    found = one(tree, named=("serial:///dev/ttyUSB0?baud=38400&flow=rtscts",))
    assert str(found.address) == f"serial://{BY_ID}?baud=38400&flow=rtscts"


def test_a_relative_name(tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AddressError, match="there is no such port"):
        one(tree, named=("port",))
    (tmp_path / "port").touch()
    assert str(one(tree, named=("port",)).address).startswith(f"serial://{tmp_path}/port?")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.168.1.50:6666", "tcp://192.168.1.50:6666"), ("1424:10b0", "usb://1424:10b0"),
        ("COM3", None), ("ttyS7", "serial:///dev/ttyS7?baud=9600"), ("ttyS7:38400", "serial:///dev/ttyS7?baud=38400"),
        ("", None),
    ],
)  # fmt: skip
def test_a_named_place_is_completed_or_refused(tree: Tree, text: str, address: str | None) -> None:
    if address is None:
        with pytest.raises(AddressError):
            candidates(Host(tree.root), named=(text,))
    else:
        assert str(one(tree, named=(text,)).address) == address


def test_a_port_named_without_its_folder(tree: Tree) -> None:
    tree.usb_serial(FTDI, "ttyUSB0", "ftdi_sio")
    for name in ("ttyUSB0", BY_ID.removeprefix("/dev/serial/by-id/"), BY_ID.removeprefix("/dev/")):
        found = one(tree, named=(name,))
        assert (found.device, found.named, found.refusal) == ("/dev/ttyUSB0", True, None)


def test_a_printer_is_named_as_the_configuration_names_it(tree: Tree) -> None:
    found = one(tree, till("tcp://192.168.1.50:6666"), named=("till1",))
    assert (str(found.address), found.named) == ("tcp://192.168.1.50:6666", True)


CH340 = ("1-3", "1a86", "7523", "", "", "USB Serial")
PL2303 = ("1-4", "067b", "23a3", "", "Prolific Technology Inc.", "USB-Serial Controller")
CH343 = ("1-5", "1a86", "55d3", "5647007321", "", "USB Single Serial")
UNKNOWN = ("1-6", "feed", "beef", "7", "Nobody", "Cable")


@pytest.mark.parametrize(
    ("device", "tty", "driver", "what"),
    [
        (CH340, "ttyUSB0", "ch341", "USB 1a86:7523, USB Serial: a serial adapter (CH340), any device"),
        (PL2303, "ttyUSB0", "pl2303", "a serial adapter (PL2303GC), any device"),
        (CH343, "ttyACM0", "cdc_acm", "a serial adapter (CH343), any device"),
        (UNKNOWN, "ttyUSB0", "mct_u232", "USB feed:beef, Nobody Cable: a serial adapter (driver mct_u232), any device"),
    ],
)
def test_adapters_are_named(tree: Tree, device: Device, tty: str, driver: str, what: str) -> None:
    tree.usb_serial(device, tty, driver)
    found = one(tree)
    assert what in found.what
    assert found.refusal is not None
    assert len(found.speeds) > 3, "there is a line behind it, whatever the driver"


def test_an_adapter_without_a_number_is_named_by_its_place(tree: Tree) -> None:
    tree.usb_serial(CH340, "ttyUSB0", "ch341")
    assert one(tree).address == SerialLine("/dev/serial/by-path/pci-0000:00:14.0-usb-0:3:1.0-port0", 9600)


@pytest.mark.parametrize("number", ["", "0001"])
def test_two_adapters_alike_are_named_by_their_places(tree: Tree, number: str) -> None:
    """Without numbers, or with the same one, which cheap adapters have: udev gives the name to one of them."""
    for place, tty in (("1-3", "ttyUSB0"), ("1-5.1", "ttyUSB1")):
        tree.usb_serial((place, "10c4", "ea60", number, "Silicon Labs", "CP2102"), tty, "cp210x")
    assert [str(each.address) for each in candidates(Host(tree.root))] == [
        f"serial:///dev/serial/by-path/pci-0000:00:14.0-usb-0:{place}:1.0-port0?baud=9600" for place in ("3", "5.1")
    ]


def test_an_adapter_with_its_own_number_is_named_by_it(tree: Tree) -> None:
    for place, tty, number in (("1-3", "ttyUSB0", "A1"), ("1-5.1", "ttyUSB1", "A2")):
        tree.usb_serial((place, "0403", "6001", number, "FTDI", "Cable"), tty, "ftdi_sio")
    assert ["by-id" in str(each.address) for each in candidates(Host(tree.root))] == [True, True]


def test_named_addresses(tree: Tree) -> None:
    assert one(tree, named=("tcp://192.168.1.50:6666",)).refusal is None
    line = one(tree, named=("serial:///dev/ttyS7?baud=38400",))
    assert (str(line.address), line.device) == ("serial:///dev/ttyS7?baud=38400", "/dev/ttyS7")
    with pytest.raises(AddressError):
        one(tree, named=("ftp://192.168.1.50",))
