"""The daemon is found in the local network by multicast DNS."""

from __future__ import annotations

import socket
from pathlib import Path

import anyio
import pytest

from fiscald import hosts
from fiscald.announcing import TYPE, addresses_of
from fiscald.config_listen import ListenConfig
from tests.daemons import running
from tests.networked import free_port, write_certificate


def test_what_is_announced(tmp_path: Path) -> None:
    certificate, key = write_certificate(tmp_path)

    def at(address: str) -> list[str]:
        return addresses_of(ListenConfig(address=address, certificate=certificate, key=key))

    assert at("192.168.7.7:8443") == ["192.168.7.7"]
    assert at("0.0.0.0:8443") == [each for each in hosts.own_addresses() if "." in each]
    assert at("[::]:8443") == hosts.own_addresses()


def test_own_names_are_names_of_this_computer() -> None:
    names = [*hosts.own_names()]
    assert {"localhost", "127.0.0.1", "::1"} <= {*names}
    assert all(map(hosts.is_name, names))


@pytest.mark.parametrize("name", ["", "a b", "-a", "a..b", "https://a", "ż.pl", "a" * 254])
def test_what_is_no_name(name: str) -> None:
    assert not hosts.is_name(name)


def test_an_announcement_needs_others_who_can_reach_it() -> None:
    with pytest.raises(ValueError, match="no other computer can reach"):
        ListenConfig(address="127.0.0.1:8443", announce=True)


def test_an_announcement_needs_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, key = write_certificate(tmp_path)
    monkeypatch.setattr("fiscald.config_listen.find_spec", lambda _: None)
    with pytest.raises(ValueError, match=r"pip install 'fiscald\[announce\]'"):
        ListenConfig(address="0.0.0.0:8443", certificate=certificate, key=key, announce=True)


def _has_multicast() -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.sendto(b"", ("224.0.0.251", 5353))
        except OSError:
            return False
    return True


@pytest.mark.slow
@pytest.mark.skipif(not _has_multicast(), reason="no network for multicast here")
async def test_another_program_finds_the_daemon(tmp_path: Path) -> None:
    pytest.importorskip("zeroconf", reason="zeroconf (the extra announce) is not installed")
    from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

    certificate, key = write_certificate(tmp_path)
    port = free_port()
    listen = ListenConfig(address=f"0.0.0.0:{port}", certificate=certificate, key=key, announce=True)
    async with running(tmp_path, listen=listen, licensed=False, ready=False):
        finder = AsyncZeroconf()
        try:
            name = f"fiscald on {socket.gethostname().partition('.')[0]}.{TYPE}"
            info = AsyncServiceInfo(TYPE, name)
            with anyio.fail_after(15):
                while not await info.async_request(finder.zeroconf, 1000):
                    pass
            assert info.port == port
            assert info.decoded_properties == {"api": "1", "path": "/v1", "tls": "yes"}
            assert set(info.parsed_addresses()) <= set(hosts.own_addresses())
        finally:
            await finder.async_close()
