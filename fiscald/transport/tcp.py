"""TCP connections to network printers and terminal servers."""

from __future__ import annotations

import errno
import os
import socket
from dataclasses import dataclass

import anyio

from fiscald.transport.base import TAKEN, ByteStream, HostRefused, PortHeld, Unreachable
from fiscald.transport.descriptor import DescriptorStream

#: Seconds to connect (POSNET reference, section 2: driver defaults).
CONNECT_SECONDS = 5.0
# A link that died silently is noticed after about 20 s + 3 * 5 s without a byte.
_KEEPALIVE = ((socket.TCP_KEEPIDLE, 20), (socket.TCP_KEEPINTVL, 5), (socket.TCP_KEEPCNT, 3))


@dataclass(frozen=True, slots=True)
class TcpHost:
    """A network address: ``tcp://192.168.1.50:6666``."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"tcp://{host}:{self.port}"

    async def open(self) -> ByteStream:
        """Connect, with keep-alive and without delay. Raises ``Unreachable``, or ``PortHeld`` where it is reset."""
        try:
            with anyio.fail_after(CONNECT_SECONDS):
                return await self._connect()
        except TimeoutError:
            raise Unreachable(
                f"{self} does not answer within {CONNECT_SECONDS:g} s; is it switched on, and is this its address? "
                f"ping {self.host}; a firewall may swallow what is sent"
            ) from None
        except ConnectionResetError as error:
            raise PortHeld(f"{self}: {TAKEN}: {error.strerror}") from None
        except OSError as error:
            kind = HostRefused if error.errno == errno.ECONNREFUSED else Unreachable
            raise kind(f"{self}: {error.strerror or error}; {self._next_step(error)}") from None

    def _next_step(self, error: OSError) -> str:
        """What to do about a connection that cannot be made."""
        if isinstance(error, socket.gaierror):
            return "write the number that the printer's menu shows as its IP address, or correct the name"
        if error.errno == errno.ECONNREFUSED:
            # Also a printer that is switched on and takes one connection may refuse a second one like that.
            return (
                "nothing listens at this port: is the printer switched on and has it started, and is this its address "
                f"and port (see the printer's menu)? If so, {TAKEN}"
            )
        if error.errno in (errno.EACCES, errno.EPERM):
            return "a firewall of this computer forbids it"
        return f"is it switched on, and in the same network as this computer? ping {self.host}"

    async def _connect(self) -> ByteStream:
        addresses = await anyio.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        failure: OSError = OSError(errno.EHOSTUNREACH, "no address for this host")
        for family, kind, protocol, _name, address in addresses:
            link = socket.socket(family, kind, protocol)
            try:
                link.setblocking(False)
                code = link.connect_ex(address)
                if code == errno.EINPROGRESS:
                    await anyio.wait_writable(link)
                    code = link.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if code == 0:
                    return SocketStream(link, str(self))
                failure = OSError(code, os.strerror(code))
            except BaseException:
                link.close()
                raise
            link.close()
        raise failure


class SocketStream(DescriptorStream):
    """A byte stream over a connected TCP socket, which it owns."""

    def __init__(self, link: socket.socket, name: str) -> None:
        self._socket = link
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, seconds in _KEEPALIVE:
            link.setsockopt(socket.IPPROTO_TCP, option, seconds)
        super().__init__(link.fileno(), name)

    def _close(self) -> None:
        self._socket.close()
