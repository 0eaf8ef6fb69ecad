"""How the clients reach the daemon: through its Unix socket, or over the network with a token."""

from __future__ import annotations

import os
import re
import ssl
from abc import ABC, abstractmethod
from hashlib import sha256
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from fiscald.api.calling import Call, ClientError, NotPermitted, NotReachable

DEFAULT_SOCKET = Path("/run/fiscald/fiscald.sock")
#: The environment variables with the path of the socket, or with address and token, as for ``fiscalctl``.
SOCKET_VARIABLE, URL_VARIABLE, TOKEN_VARIABLE = "FISCALD_SOCKET", "FISCALD_URL", "FISCALD_TOKEN"
FINGERPRINT = re.compile(r"(?:sha-?256:)?((?:[0-9a-f]{2}:?){31}[0-9a-f]{2})", re.IGNORECASE)
_LOCAL = ("localhost", "127.0.0.1", "::1")
#: The daemon compresses nothing, and what does is no daemon: unpacking a thousand bytes can take gigabytes.
_PLAIN = {"Accept-Encoding": "identity"}


class Connection(ABC):
    """Where the daemon is, and the timeouts."""

    base = "http://fiscald"

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout

    @property
    @abstractmethod
    def where(self) -> str:
        """For people: the path or the address."""

    @property
    def headers(self) -> dict[str, str]:
        """What every request has."""
        return _PLAIN

    @abstractmethod
    def transport(self) -> httpx.HTTPTransport:
        """For the synchronous client."""

    @abstractmethod
    def async_transport(self) -> httpx.AsyncHTTPTransport:
        """For the asynchronous client."""

    def check(self) -> None:  # noqa: B027 - some have nothing to check
        """Check what can be checked before connecting. Raises ``httpx.ConnectError``, or ``NotPermitted``."""

    def options(self, asked: Call[Any]) -> dict[str, Any]:
        """For ``httpx``."""
        return {
            "json": asked.body,
            "params": asked.params,
            "headers": asked.headers,
            "timeout": self.limits(asked.wait),
        }

    def limits(self, wait: float | None) -> httpx.Timeout:
        """``wait``: extra seconds for the answer; ``None``: no limit."""
        return httpx.Timeout(self.timeout, read=None if wait is None else self.timeout + wait)

    def may_be_repeated(self, asked: Call[Any], error: httpx.TransportError) -> bool:
        """Whether a retry is safe and can help."""
        return asked.may_be_repeated(error)

    def lost(self, error: Exception, *, may_have_arrived: bool = False) -> NotReachable:
        """The error for the caller."""
        lost = NotReachable(f"the daemon at {self.where} cannot be reached: {error}")
        lost.may_have_arrived = may_have_arrived
        return lost


class OnSocket(Connection):
    """Through the Unix socket."""

    def __init__(self, socket: Path | str, timeout: float) -> None:
        super().__init__(timeout)
        self.socket = str(socket)

    @property
    def where(self) -> str:
        """See ``Connection``."""
        return self.socket

    def transport(self) -> httpx.HTTPTransport:
        """See ``Connection``."""
        return httpx.HTTPTransport(uds=self.socket)

    def async_transport(self) -> httpx.AsyncHTTPTransport:
        """See ``Connection``."""
        return httpx.AsyncHTTPTransport(uds=self.socket)

    def check(self) -> None:
        """See ``Connection``."""
        try:
            Path(self.socket).stat()
        except PermissionError:
            raise self._not_permitted("this user cannot enter its folder") from None
        except OSError:
            raise httpx.ConnectError("there is no such socket; is the daemon running?") from None
        if not os.access(self.socket, os.W_OK, effective_ids=True):
            raise self._not_permitted("this user cannot open the socket; it must be in the socket's group")

    def _not_permitted(self, reason: str) -> NotPermitted:
        return NotPermitted(f"the daemon at {self.socket} cannot be reached: {reason}")


class OverNetwork(Connection):
    """Over TCP, with a token."""

    def __init__(self, url: str, token: str | None, fingerprint: str | None, timeout: float) -> None:
        """``fingerprint``: of the daemon's certificate, which is then trusted alone; else the system's authorities.

        Raises ``ValueError``.
        """
        super().__init__(timeout)
        found = urlsplit(url)
        if found.scheme not in ("http", "https") or not found.hostname or found.path.strip("/") or found.query:
            raise ValueError(f"{url!r}: write scheme, host and port, like https://192.168.1.10:8443")
        if found.username is not None:
            raise ValueError("the address has no place for a user; give the token separately")
        if found.scheme == "http" and found.hostname not in _LOCAL:
            raise ValueError(f"{url!r}: without TLS a token can be read on the way; use https://")
        if fingerprint is not None and found.scheme == "http":
            raise ValueError("a fingerprint needs https://")
        self.base = f"{found.scheme}://{found.netloc}"
        self._token = token
        self._pinned = None if fingerprint is None else parse_fingerprint(fingerprint)

    @property
    def where(self) -> str:
        """See ``Connection``."""
        return self.base

    @property
    def headers(self) -> dict[str, str]:
        """See ``Connection``."""
        return _PLAIN if self._token is None else {**_PLAIN, "Authorization": f"Bearer {self._token}"}

    # With a transport of our own, httpx takes no proxy from the environment: a token is for the daemon alone.

    def transport(self) -> httpx.HTTPTransport:
        """See ``Connection``."""
        return httpx.HTTPTransport(verify=self._context())

    def async_transport(self) -> httpx.AsyncHTTPTransport:
        """See ``Connection``."""
        return httpx.AsyncHTTPTransport(verify=self._context())

    def _context(self) -> ssl.SSLContext | bool:
        if self.base.startswith("http:"):
            return False  # a context takes 20 ms, and is not used
        return ssl.create_default_context() if self._pinned is None else Pinned(self._pinned)

    def may_be_repeated(self, asked: Call[Any], error: httpx.TransportError) -> bool:
        """See ``Connection``. A certificate that is not trusted will not be trusted in a second."""
        return not is_about_certificate(error) and asked.may_be_repeated(error)


def connection(
    socket: Path | str | None, url: str | None, token: str | None, fingerprint: str | None, timeout: float
) -> Connection:
    """The connection that was asked for; of what was not, the environment decides. Raises ``ValueError``."""
    if socket is not None and url is not None:
        raise ValueError("give the socket or the address, not both")
    if socket is None:
        url = url or os.environ.get(URL_VARIABLE)
        token = token or os.environ.get(TOKEN_VARIABLE)
    if url:
        return OverNetwork(url, token, fingerprint, timeout)
    return OnSocket(socket or os.environ.get(SOCKET_VARIABLE) or DEFAULT_SOCKET, timeout)


def parse_fingerprint(text: str) -> str:
    """64 hexadecimal digits of ``sha256:...``, with or without colons. Raises ``ValueError``."""
    found = FINGERPRINT.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text[:100]!r} is no fingerprint: write sha256: and 64 hexadecimal digits")
    return found[1].replace(":", "").lower()


def is_about_certificate(error: BaseException | None) -> bool:
    """Whether a connection failed because of the daemon's certificate."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError | FingerprintError):
            return True
        error = error.__cause__ or error.__context__
    return False


class FingerprintError(ssl.SSLError):
    """The other end has another certificate."""

    def __str__(self) -> str:
        return str(self.args[-1])


class Pinned(ssl.SSLContext):
    """Trusts the one certificate with a fingerprint, whatever it says."""

    pinned: str

    def __new__(cls, pinned: str) -> Self:
        """``pinned``: 64 hexadecimal digits."""
        context = super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.pinned = pinned
        context.sslsocket_class = _PinnedSocket
        context.sslobject_class = _PinnedObject
        return context

    def __init__(self, _: str) -> None:
        super().__init__()

    def compare(self, found: bytes | None) -> None:
        """Raises ``FingerprintError`` before anything but the handshake was sent."""
        digest = sha256(found or b"").hexdigest()
        if digest != self.pinned:
            raise FingerprintError(
                1, f"its certificate has the fingerprint sha256:{digest}, not the expected one: the certificate was "
                "renewed, or this is another computer"
            )  # fmt: skip


class _PinnedSocket(ssl.SSLSocket):
    def do_handshake(self, block: bool = False) -> None:
        """See ``ssl.SSLSocket``."""
        super().do_handshake(block)
        context = self.context
        assert isinstance(context, Pinned)
        context.compare(self.getpeercert(binary_form=True))


class _PinnedObject(ssl.SSLObject):
    def do_handshake(self) -> None:
        """See ``ssl.SSLObject``."""
        super().do_handshake()
        context = self.context
        assert isinstance(context, Pinned)
        context.compare(self.getpeercert(binary_form=True))


def refuse_packed(response: httpx.Response) -> None:
    """Before any of the body is read. Raises ``ClientError``."""
    if "content-encoding" in response.headers:
        raise ClientError("the answer has a Content-Encoding, so it is not the daemon's")
