"""TLS around any byte stream, to a server that is known by the fingerprint of its certificate.

A printer makes its certificate itself, or its service uploads one, so no authority vouches for it, and the host name in
it means nothing. What identifies the printer is the certificate: the SHA-256 of its DER form is in the configuration.
"""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Callable
from typing import TypeVar

from anyio.lowlevel import cancel_shielded_checkpoint

from fiscald.transport.base import ByteStream, LinkLost, StreamEnded

T = TypeVar("T")


class NoTls(Exception):
    """The other end does not speak TLS, or none that this computer accepts; ``str`` says why."""


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # the fingerprint decides, before anything is sent
    return context


class TlsStream(ByteStream):
    """What passes through it is plain; what passes through ``stream`` is encrypted."""

    def __init__(self, stream: ByteStream, name: str) -> None:
        """``name``: the address, for messages."""
        self._stream = stream
        self._name = name
        self._received, self._to_send = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = _context().wrap_bio(self._received, self._to_send)

    async def handshake(self) -> str:
        """Agree on keys. Returns the fingerprint of the other end's certificate: 64 hexadecimal digits.

        Raises ``NoTls`` or ``LinkLost``.
        """
        while True:
            try:
                self._tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                await self._flush()
            except ssl.SSLError as error:
                raise NoTls(_reason(error)) from None
            try:
                self._received.write(await self._stream.receive())
            except StreamEnded as error:
                raise NoTls("the other end closed the connection in the middle of the handshake") from error
        await self._flush()
        certificate = self._tls.getpeercert(binary_form=True)
        assert certificate is not None, "a server has one"
        return hashlib.sha256(certificate).hexdigest()

    async def send(self, data: bytes) -> None:
        """See ``ByteStream.send``."""
        if data:
            self._do(lambda: self._tls.write(data))
        await self._flush()

    async def receive(self) -> bytes:
        """See ``ByteStream.receive``."""
        if data := self._decrypted():
            await cancel_shielded_checkpoint()
            return data
        while True:
            self._received.write(await self._stream.receive())
            if data := self._decrypted():
                return data
            await self._flush()  # the answer to a message of TLS itself

    def receive_nowait(self) -> bytes:
        """See ``ByteStream.receive_nowait``."""
        if data := self._stream.receive_nowait():
            self._received.write(data)
        return self._decrypted()

    async def aclose(self) -> None:
        """See ``ByteStream.aclose``."""
        await self._stream.aclose()

    def _decrypted(self) -> bytes:
        """What has arrived whole; empty if that is nothing yet. Raises ``LinkLost``."""
        parts = []
        while data := self._do(lambda: self._tls.read(65_536)):
            parts.append(data)
        # An empty read is the end. What came before it is handed on first; the next call finds the end again.
        if data is not None and not parts:
            raise StreamEnded(f"{self._name}: the other end closed the connection")
        return b"".join(parts)

    def _do(self, work: Callable[[], T]) -> T | None:
        """``None``: more must arrive first."""
        try:
            return work()
        except ssl.SSLWantReadError:
            return None
        except ssl.SSLError as error:
            raise LinkLost(f"{self._name}: {_reason(error)}") from None

    async def _flush(self) -> None:
        if data := self._to_send.read():
            await self._stream.send(data)


def _reason(error: ssl.SSLError) -> str:
    words = (error.reason or str(error)).replace("_", " ").lower()
    return f"TLS failed: {words}"
