"""Printers that are HTTP servers: ``http://`` is plain TCP, ``https://`` is TLS to one with a known certificate."""

from __future__ import annotations

from dataclasses import dataclass

import anyio

from fiscald.transport.base import ByteStream, LinkError, Unreachable
from fiscald.transport.tcp import CONNECT_SECONDS, TcpHost
from fiscald.transport.tls import NoTls, TlsStream

#: The port of the first server of a NoviAPI printer, and of all ten (NoviAPI contract 1.0.4).
DEFAULT_PORT, PORTS = 8888, range(8888, 8898)


class WrongCertificate(LinkError):
    """A server answers, and it is not the one in the configuration."""

    code = "link.certificate"


@dataclass(frozen=True, slots=True)
class HttpHost(TcpHost):
    """``http://192.168.1.51:8888``."""

    def __str__(self) -> str:
        return self._written("http")

    def _written(self, scheme: str) -> str:
        return f"{scheme}{TcpHost.__str__(self).removeprefix('tcp')}"


@dataclass(frozen=True, slots=True)
class HttpsHost(HttpHost):
    """``https://192.168.1.51:8888?fingerprint=sha256:...``."""

    fingerprint: str
    """SHA-256 of the server's certificate: 64 hexadecimal digits."""

    def __str__(self) -> str:
        return f"{self._written('https')}?fingerprint=sha256:{self.fingerprint}"

    async def open(self) -> ByteStream:
        """Connect and compare the certificate. The host name in the certificate is not looked at.

        Raises ``Unreachable``, ``PortHeld``, ``LinkLost`` or ``WrongCertificate``.
        """
        stream, found = await _secured(self)
        if found != self.fingerprint:
            await stream.aclose()
            read = how_to_read(self.host, self.port)
            raise WrongCertificate(
                f"{self._written('https')}: its certificate has the fingerprint sha256:{found}, and the configuration "
                f"has sha256:{self.fingerprint}. If somebody has just given the printer a new certificate, write the "
                f"new fingerprint into the address; read it at a safe place with: {read}. "
                "Otherwise another device answers there: do not change the configuration"
            )
        return stream


@dataclass(frozen=True, slots=True)
class UnknownHttps(HttpHost):
    """``https://192.168.1.51:8888`` as a scan takes it: the certificate there is not known yet."""

    def __str__(self) -> str:
        return self._written("https")

    async def look(self) -> HttpsHost:
        """The address with the fingerprint of the certificate that is there now. Sends nothing but the handshake.

        Raises ``Unreachable``, ``PortHeld`` or ``LinkLost``.
        """
        stream, found = await _secured(self)
        await stream.aclose()
        return HttpsHost(self.host, self.port, found)


async def _secured(address: HttpHost) -> tuple[TlsStream, str]:
    """An encrypted stream, and the fingerprint of the certificate at its other end."""
    plain = HttpHost(address.host, address.port)
    where = str(plain).replace("http", "https", 1)
    stream = TlsStream(await plain.open(), where)
    try:
        with anyio.fail_after(CONNECT_SECONDS):
            return stream, await stream.handshake()
    except BaseException as error:
        await stream.aclose()
        if isinstance(error, TimeoutError):
            raise Unreachable(f"{where} does not finish the TLS handshake within {CONNECT_SECONDS:g} s") from None
        if isinstance(error, NoTls):
            raise Unreachable(
                f"{where}: {error}; the printer's menu says whether its server uses HTTP or HTTPS (for HTTP write "
                f"{plain})"
            ) from None
        raise


def how_to_read(host: str, port: int) -> str:
    """The command that shows the fingerprint of the certificate there."""
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return f"openssl s_client -connect {where} </dev/null | openssl x509 -noout -fingerprint -sha256"
