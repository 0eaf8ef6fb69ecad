"""The listener on a network: its socket, its TLS, and who is at the other end of a connection."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import ssl
from asyncio import sslproto
from collections import OrderedDict
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from fiscald.api.connections import Who

if TYPE_CHECKING:
    from fiscald.api.protocol import HttpConnection

#: Seconds for a TLS handshake; seconds in which a client must take what is left when a connection ends.
HANDSHAKE_SECONDS, SHUTDOWN_SECONDS = 10, 10
#: A computer that is gone (no power, no network) is noticed after so many seconds.
_IDLE, _INTERVAL, _PROBES, _UNANSWERED_MS = 60, 15, 4, 60_000
#: TLS handshakes of one address per second, and how many addresses are remembered.
HANDSHAKES, MOST_ADDRESSES = 200.0, 1000
#: Bytes that may wait to be decrypted.
READ_AHEAD = 16 * 1024
#: The first byte of a TLS handshake.
_HANDSHAKE = b"\x16"


class ListenError(Exception):
    """The network address cannot be listened on; ``str`` says what to do."""


class Link(Enum):
    """What a connection came through."""

    SOCKET = "socket"
    """The Unix socket: the kernel says who the caller is."""
    PLAIN = "plain"
    """Plain HTTP on this computer."""
    TLS = "tls"
    NOT_TLS = "not_tls"
    """A client that sent something else than TLS to the TLS port: it gets a refusal, and nothing else."""


def is_loopback(host: str) -> bool:
    """Whether an IP address is reached from this computer only."""
    return ipaddress.ip_address(host).is_loopback


def bind_tcp(host: str, port: int) -> socket.socket:
    """A listening socket at an IP address. Raises ``ListenError``."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise ListenError(f"listen.address {host} port {port}: {error.strerror}; choose another one") from None
    prepare(listener)
    return listener


def prepare(listener: socket.socket) -> None:
    """What all connections of a TCP listener have in common."""
    listener.setblocking(False)
    # A half-open connection would otherwise last until something is sent. Accepted sockets inherit these options.
    options = ((socket.TCP_KEEPIDLE, _IDLE), (socket.TCP_KEEPINTVL, _INTERVAL), (socket.TCP_KEEPCNT, _PROBES),
               (socket.TCP_USER_TIMEOUT, _UNANSWERED_MS))  # fmt: skip
    with contextlib.suppress(OSError):
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in options:
            listener.setsockopt(socket.IPPROTO_TCP, name, value)


def tls_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """What the listener needs for TLS 1.2 and 1.3. Raises ``ListenError``."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    load_certificate(context, certificate, key)
    return context


def load_certificate(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    """Use these files for the next handshakes. Raises ``ListenError``."""
    for path in (certificate, key):
        try:
            path.open("rb").close()
        except OSError as error:
            raise ListenError(
                f"{path}: {error.strerror}; listen.certificate and listen.key name the files that fiscalctl listen "
                "certificate makes"
            ) from None
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except (ssl.SSLError, ValueError) as error:
        why = getattr(error, "reason", None) or str(error)
        raise ListenError(f"{certificate} and {key} are not a certificate and its key (PEM): {why}") from None


def _no_password() -> str:
    raise ValueError("the key has a password; write it without one, readable for the daemon's user alone")


def other_end(link: socket.socket) -> Who:
    """The computer at the other end. The addresses of one IPv6 network count as one, for it has enough of them."""
    try:
        address = ipaddress.ip_address(link.getpeername()[0].partition("%")[0])
    except (OSError, ValueError):
        return Who(None, None)
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return Who(str(address.ipv4_mapped), None)
        if not address.is_loopback:
            return Who(str(ipaddress.ip_network((address, 64), strict=False)), None)
    return Who(str(address), None)


def speaks_tls(link: socket.socket) -> bool:
    """Whether the data that has arrived begins a TLS handshake."""
    try:
        return link.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) in (_HANDSHAKE, b"")
    except OSError:
        return True


def bound(transport: asyncio.Transport) -> None:
    """Bound what a TLS transport of asyncio keeps, and let it be closed more than once.

    While reading is paused it would take 256 KiB from the client. After a second ``close`` it answers no call.
    """
    transport.set_read_buffer_limits(high=READ_AHEAD)  # type: ignore[attr-defined]
    close = transport.close
    transport.close = lambda: None if transport.is_closing() else close()  # type: ignore[method-assign]


class Handshakes:
    """How many handshakes an address may begin: each takes a millisecond of the event loop. A bounded memory."""

    def __init__(self) -> None:
        self._left: OrderedDict[int | str | None, tuple[float, float]] = OrderedDict()

    def may_begin(self, who: Who, now: float) -> bool:
        """Whether ``who`` may begin one more at the time ``now``."""
        left, at = self._left.pop(who.user, (HANDSHAKES, now))
        left = min(HANDSHAKES, left + (now - at) * HANDSHAKES)
        self._left[who.user] = left - (left >= 1), now
        if len(self._left) > MOST_ADDRESSES:
            self._left.popitem(last=False)
        return left >= 1


class Tls(sslproto.SSLProtocol):
    """TLS between a socket and an ``HttpConnection``, which is cut off as easily during the handshake as after it."""

    #: Bytes that are read at once, and the size of the buffer for them: asyncio takes 256 KiB for each connection.
    max_size = 4 * 1024

    def __init__(self, connection: HttpConnection, context: ssl.SSLContext) -> None:
        super().__init__(
            asyncio.get_running_loop(),
            connection,
            context,
            None,  # type: ignore[arg-type]
            server_side=True,
            ssl_handshake_timeout=HANDSHAKE_SECONDS,
            ssl_shutdown_timeout=SHUTDOWN_SECONDS,
        )
        self._connection = connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See ``asyncio.Protocol``."""
        assert isinstance(transport, asyncio.Transport)
        # What a client does not take then waits in front of the encryption, where it is counted.
        transport.set_write_buffer_limits(high=0)
        if self._connection.on_wire(transport):
            super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """See ``asyncio.Protocol``."""
        super().connection_lost(exc)
        self._connection.off_wire()
