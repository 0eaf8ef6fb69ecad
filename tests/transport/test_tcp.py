"""TCP in trouble: hosts that drop packets, and the system's keep-alive."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator

import anyio
import pytest

from fiscald.transport import PortHeld, TcpHost, Unreachable, tcp
from fiscald.transport.tcp import SocketStream


@contextlib.contextmanager
def swallowing() -> Iterator[int]:
    """A port whose host answers no further connection, as a firewall does that drops packets: its queue is full."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


async def test_connecting_to_a_host_that_drops_packets_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tcp.CONNECT_SECONDS == 5
    monkeypatch.setattr(tcp, "CONNECT_SECONDS", 0.2)
    with swallowing() as port:
        before = os.listdir("/proc/self/fd")  # noqa: PTH208
        with anyio.fail_after(3), pytest.raises(Unreachable, match=r"does not answer within 0\.2 s"):
            await TcpHost("127.0.0.1", port).open()
        assert len(os.listdir("/proc/self/fd")) == len(before)  # noqa: PTH208


async def test_a_silently_lost_link_is_detected_within_a_minute() -> None:
    """By keep-alive probes: the line was idle, and then several probes get no reply."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with await TcpHost("127.0.0.1", listener.getsockname()[1]).open() as stream:
            assert isinstance(stream, SocketStream)
            link = stream._socket
            assert link.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            idle, pause, tries = (
                link.getsockopt(socket.IPPROTO_TCP, option)
                for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
            )
            assert idle + pause * tries <= 60
            assert link.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY), "a command leaves at once"


async def test_the_second_address_of_a_host_is_tried_where_the_first_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name with an IPv6 and an IPv4 address, and a printer that knows one of them."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        stream, kind = socket.SOCK_STREAM, socket.AF_INET

        async def both(*_: object, **__: object) -> list[tuple[object, ...]]:
            addresses = [("127.0.0.2", port), ("127.0.0.1", port)]
            return [(kind, stream, 0, "", address) for address in addresses]

        monkeypatch.setattr(anyio, "getaddrinfo", both)
        async with await TcpHost("till1", port).open():
            far, (host, _) = listener.accept()
            assert host == "127.0.0.1"
            far.close()


async def test_a_host_without_an_address_is_reported_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    async def none(*_: object, **__: object) -> list[tuple[object, ...]]:
        return []

    monkeypatch.setattr(anyio, "getaddrinfo", none)
    with pytest.raises(Unreachable, match="tcp://till1:6666: no address for this host"):
        await TcpHost("till1", 6666).open()


async def test_a_connection_that_is_reset_at_once_belongs_to_another_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """A printer that takes one connection resets a second one."""

    async def reset(_: TcpHost) -> None:
        raise ConnectionResetError(104, "Connection reset by peer")

    monkeypatch.setattr(TcpHost, "_connect", reset)
    with pytest.raises(PortHeld, match=r"^tcp://printer:9100: .*: Connection reset by peer$"):
        await TcpHost("printer", 9100).open()
