"""Addresses as people write them: completed where there is one meaning, advice where there is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.transport import AddressError, SerialLine, TcpHost, UsbDevice, parse_address
from fiscald.transport.spelling import advice, spelled

BY_ID = "usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.168.1.50:6666", "tcp://192.168.1.50:6666"), ("tcp:192.168.1.50:6666", "tcp://192.168.1.50:6666"),
        ("tcp:/192.168.1.50:6666", "tcp://192.168.1.50:6666"), ("socket://10.0.0.7:9100", "tcp://10.0.0.7:9100"),
        ("telnet://till.example:6666", "tcp://till.example:6666"), ("[fe80::1]:6666", "tcp://[fe80::1]:6666"),
        ("printer:1", "tcp://printer:1"), ("printer:65535", "tcp://printer:65535"),
        ("printer:6666", "tcp://printer:6666"), ("192.168.1.50:6666/", "tcp://192.168.1.50:6666"),
        (" 192.168.1.50:6666 ", "tcp://192.168.1.50:6666"), ('"192.168.1.50:6666"', "tcp://192.168.1.50:6666"),
        ("1424:10b0", "usb://1424:10b0"), ("1424:10B0", "usb://1424:10b0"), ("0x1424:0x10b0", "usb://1424:10b0"),
        ("ID 1424:10b0", "usb://1424:10b0"), ("usb:1424:10b0", "usb://1424:10b0"),
        ("1424:10b0?serial=AbC", "usb://1424:10b0?serial=AbC"), ("1424:6666", "usb://1424:6666"),
        ("ttyUSB0", "serial:///dev/ttyUSB0"), ("ttyACM1", "serial:///dev/ttyACM1"), ("ttyS0", "serial:///dev/ttyS0"),
        ("ttyAMA0", "serial:///dev/ttyAMA0"), ("serial0", "serial:///dev/serial0"), ("rfcomm0", "serial:///dev/rfcomm0"),
        ("dev/ttyUSB0", "serial:///dev/ttyUSB0"), ("/dev/ttyUSB0", "serial:///dev/ttyUSB0"),
        ("serial:/dev/ttyUSB0", "serial:///dev/ttyUSB0"), ("serial://dev/ttyUSB0", "serial:///dev/ttyUSB0"),
        ("serial://ttyUSB0", "serial:///dev/ttyUSB0"), ("file:///dev/ttyS0", "serial:///dev/ttyS0"),
        ("ttyUSB0?baud=9600&flow=rtscts", "serial:///dev/ttyUSB0?baud=9600&flow=rtscts"),
        ("/dev/ttyUSB0:9600", "serial:///dev/ttyUSB0?baud=9600"), ("ttyUSB0,19200", "serial:///dev/ttyUSB0?baud=19200"),
        ("ttyUSB0@115200", "serial:///dev/ttyUSB0?baud=115200"), ("ttyS0 9600", "serial:///dev/ttyS0?baud=9600"),
        ("by-id/usb-X-if00", "serial:///dev/serial/by-id/usb-X-if00"), (BY_ID, f"serial:///dev/serial/by-id/{BY_ID}"),
        ("serial/by-path/pci-0000:00:14.0-usb-0:3:1.0", "serial:///dev/serial/by-path/pci-0000:00:14.0-usb-0:3:1.0"),
        ("/dev/pts/3", "serial:///dev/pts/3"), ("fiscald/posnet-1-if00", "serial:///dev/fiscald/posnet-1-if00"),
    ],
)  # fmt: skip
def test_an_unambiguous_address_is_completed(text: str, address: str) -> None:
    assert spelled(text) == address
    assert str(parse_address(address)).startswith(address.partition("?")[0])
    if "://" not in text or not text.startswith(("tcp", "serial", "usb")):
        with pytest.raises(AddressError) as refused:
            parse_address(text)
        assert str(refused.value).endswith(f"write {address}")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("COM3", "serial:///dev/ttyS2"), ("com1:", "serial:///dev/ttyS0"), (r"\\.\COM12", "name of Windows"),
        ("LPT1", "parallel port"), ("192.168.1.50", "write tcp://192.168.1.50:PORT"), ("::1", "write tcp://[::1]:PORT"),
        ("printer.local", "write tcp://printer.local:PORT"), ("192.168.1.50:0", "from 1 to 65535"),
        ("192.168.1.50:66666", "from 1 to 65535"), ("1234:99", "tcp://HOST:PORT"), ("till1", "starts with serial://"),
        ("", "starts with serial://"), ("ftp://192.168.1.50:8888", "starts with serial://"),
        ("ttyUSB0 fast", "starts with serial://"), ("//dev/ttyUSB0", "starts with serial://"),
        ("/dev/tty USB0", "starts with serial://"), ("tcp:1424:10b0", "starts with serial://"),
        ("serial:1424:10b0", "starts with serial://"), ("usb:printer:6666", "starts with serial://"),
        ("serial:printer:6666", "starts with serial://"), ("usb:ttyUSB0", "starts with serial://"),
        ("tcp:ttyUSB0", "starts with serial://"), ("com0", "serial:///dev/ttyS0"),
    ],
)  # fmt: skip
def test_an_ambiguous_address_gets_advice(text: str, words: str) -> None:
    assert spelled(text) is None
    assert words in advice(text)
    with pytest.raises(AddressError):
        parse_address(text)


@given(st.text() | st.text(st.sampled_from("COMtcpusbserial:/dev0123ty.?=,@ x[]")))
def test_any_completed_address_is_valid_or_refused(text: str) -> None:
    meant = spelled(text)
    assert advice(text)
    if meant is not None:
        assert meant.startswith(("serial:///", "usb://", "tcp://"))
        try:
            address = parse_address(meant)
        except AddressError:
            return
        assert isinstance(address, SerialLine | UsbDevice | TcpHost)
