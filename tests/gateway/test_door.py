"""Who comes in at a gateway: addresses, groups, one program at a time; and what fiscald tells about it."""

from __future__ import annotations

import grp
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from fiscald.config import PrinterConfig
from fiscald.config_gateway import GatewayConfig
from fiscald.emulator.running import EmulatedPrinter
from fiscald.emulator.server import MOST_WAITING
from fiscald.gateway.door import Door
from fiscald.gateway.server import give
from fiscald.gateway.speech import NOISE, heard
from tests import virtual
from tests.gateway.test_tcp import SECONDS, Program, Running, free_port, running, until

HERE, ELSEWHERE = "127.0.0.1", "127.0.0.2"


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def shop(port: int) -> Iterator[Running]:
    gateway = GatewayConfig(listen=f"tcp://127.0.0.1:{port}", family="posnet", allow=(HERE, "10.0.0.0/8"))
    with (
        EmulatedPrinter("posnet") as printer,
        running(PrinterConfig(family="posnet", address=printer.address, gateway=gateway)) as made,
    ):
        yield made


def call(port: int, source: str = HERE) -> socket.socket:
    return socket.create_connection((HERE, port), SECONDS, (source, 0))


def ended(link: socket.socket) -> bool:
    try:
        return link.recv(100) == b""
    except ConnectionResetError:
        return True


def test_a_computer_that_is_not_allowed_is_closed_and_counted(
    shop: Running, port: int, caplog: pytest.LogCaptureFixture
) -> None:
    before = shop.gateway.denied
    for _ in range(20):
        with call(port, ELSEWHERE) as link:
            assert ended(link)
    found = shop.gateway
    assert (found.denied - before, found.denied_last) == (20, ELSEWHERE)
    said = [record.message for record in caplog.records if ELSEWHERE in record.message]
    assert len(said) == 1, said
    assert "allow in the configuration does not name this address" in said[0]
    program = Program(port)
    program.sell()
    program.close()


def test_one_program_at_a_time_and_a_second_waits_for_its_turn(shop: Running, port: int) -> None:
    program = Program(port)
    program.sell(end=None)
    until(lambda: shop.gateway.program == HERE)
    before = shop.gateway.busy
    with call(port) as second:
        assert ended(second), "after a second"
    assert shop.gateway.busy == before + 1
    assert program.say("prncancel|") == "prncancel|"
    waits = call(port)
    program.close()
    waits.sendall(b"\x02sdev\t#0000\x03")
    assert waits.recv(100).startswith(b"\x02ERR"), "its turn has come"
    waits.close()


def test_few_wait_and_the_newest_of_the_address_with_most_stay(shop: Running, port: int) -> None:
    program = Program(port)
    program.say("scnt|")
    crowd = [call(port) for _ in range(MOST_WAITING + 5)]
    assert all(map(ended, crowd[:5]))
    program.close()
    for link in crowd:
        link.close()
    again = Program(port)
    again.sell()
    again.close()


def test_the_status_says_what_came(shop: Running, port: int) -> None:
    with call(port) as link:
        link.sendall(b"\x1bP1#n\x1b\\")
        until(lambda: shop.gateway.speaks == "thermal")
        found = shop.gateway
        assert (found.state, found.powered, found.open_to_all) == ("listening", True, False)
        assert found.listen == f"tcp://127.0.0.1:{port}"
        assert found.quiet_ms is not None
        assert found.quiet_ms < 60_000
    until(lambda: shop.gateway.program is None)


@pytest.mark.parametrize(
    ("sent", "speaks"),
    [
        (b"\x02!sdev\t#1234\x03", "posnet"),
        (b"\x02trinit\tbm0\t#1234\x03", "posnet"),
        (b"\x10", "thermal"),
        (b"\x05\x05\x10", "thermal"),
        (b"\x1bP0$h3F\x1b\\", "thermal"),
        (b"POST /cgi-bin/fpmate.cgi HTTP/1.1\r\n", "http"),
        (b"\x16\x03\x01\x02\x00\x01\x00", "tls"),
        (b"<pakiet><paragon", "xml"),
        (b"\xff\xfd\x2c\xff\xfb\x03", "rfc2217"),
        (b"\x80\xf8\xe0\x00\xf8\x80\xe0\xf8\x00", NOISE),
        (b"\x80\xf8", None),
        (b"", None),
        (b"\x80\xf8\xe0\x00\xf8\x80\xe0\xf8\x00\x02sdev\t#1234\x03", "posnet"),
    ],
)
def test_a_protocol_is_known_by_its_bytes(sent: bytes, speaks: str | None) -> None:
    assert heard(sent) == speaks


@pytest.mark.parametrize(
    ("allow", "host", "may"),
    [
        (None, "192.168.1.9", True),
        (["192.168.1.20"], "192.168.1.20", True),
        (["192.168.1.20"], "192.168.1.21", False),
        (["10.1.0.0/16", "192.168.1.0/24"], "192.168.1.255", True),
        (["192.168.1.0/24"], "192.168.2.1", False),
        (["192.168.1.0/24"], "::ffff:192.168.1.7", True),
        (["192.168.1.0/24"], "fe80::1", False),
        (["fe80::/10"], "fe80::1", True),
        (["0.0.0.0/0"], "8.8.8.8", True),
        (["0.0.0.0/0"], "fe80::1", False),
    ],
)
def test_addresses_and_networks_that_may_connect(tmp_path: Path, allow: list[str] | None, host: str, may: bool) -> None:
    listen = "tcp://127.0.0.1:6001" if allow is None else "tcp://0.0.0.0:6001"
    config = GatewayConfig.model_validate({"listen": listen, "family": "posnet", "allow": allow})
    door = Door(config.settings("till1", tmp_path))

    async def main() -> None:
        assert door.admits(host) is may

    virtual.run(main())


def test_a_pseudo_terminal_is_for_the_daemons_user_or_its_group(tmp_path: Path) -> None:
    master, slave = os.openpty()
    path = Path(os.ttyname(slave))
    give(str(path), None)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    own = next((group.gr_name for group in grp.getgrall() if group.gr_gid == os.getgid()), None)
    if own is not None:
        give(str(path), own)
        assert (stat.S_IMODE(path.stat().st_mode), path.stat().st_gid) == (0o660, os.getgid())
    with pytest.raises(OSError, match="there is no group no-such-group: sudo groupadd no-such-group"):
        give(str(path), "no-such-group")
    os.close(slave)
    os.close(master)


def test_a_group_that_the_daemon_is_not_in_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "chown", refuse)
    with pytest.raises(OSError, match="fiscald's user is not in the group"):
        give(str(tmp_path), grp.getgrall()[0].gr_name)


def test_a_gateway_that_cannot_listen_says_why(tmp_path: Path) -> None:
    gateway = GatewayConfig(listen=f"pty:{tmp_path}/none/till1", family="posnet")
    with EmulatedPrinter("posnet") as printer:
        config = PrinterConfig(family="posnet", address=printer.address, gateway=gateway)
        with running(config) as shop:
            until(lambda: shop.gateway.state == "failed")
            assert "No such file or directory" in shop.gateway.reason
