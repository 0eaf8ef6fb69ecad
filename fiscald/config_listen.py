"""``[listen]``: the API on the network."""

from __future__ import annotations

import ipaddress
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from fiscald.model.strict import Strict

_EXAMPLE = '"127.0.0.1:8443"'
_NAME = re.compile(r"(\*\.)?([a-z0-9_]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.?", re.ASCII)
_ORIGIN = re.compile(r"(?P<scheme>https?)://(?P<host>[a-z0-9.-]+|\[[0-9a-f:.]+\])(:(?P<port>\d{1,5}))?", re.ASCII)
_USUAL_PORT = {"http": "80", "https": "443"}
_NO_TLS = (
    'address "{address}": beyond this computer it needs TLS, because tokens and receipts must not be read on the way. '
    'Make a certificate: fiscalctl listen certificate; then write certificate = "tls/fiscald.pem" and '
    'key = "tls/fiscald.key". Without TLS it can be "127.0.0.1:{port}"'
)


def split_address(value: str) -> tuple[str, int]:
    """IP address and port of ``HOST:PORT``. Raises ``ValueError``, which says what to write."""
    host, _, port = value.rpartition(":")
    host = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not re.fullmatch(r"\d{1,5}", port, re.ASCII) or not 0 < int(port) < 65536 or not host:
        raise ValueError(f'"{value}": write an IP address and a port, like {_EXAMPLE}')
    if host == "localhost":
        host = "127.0.0.1"
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        raise ValueError(
            f'"{value}": {host} is no IP address; write one of this computer, or 0.0.0.0 for all of them '
            f"([::] with IPv6): like {_EXAMPLE}"
        ) from None
    return str(found), int(port)


def _is_address(value: str) -> str:
    split_address(value)
    return value


def _is_origin(value: str) -> str:
    found = _ORIGIN.fullmatch(value)
    if found is None or "*" in value:
        raise ValueError(
            f'"{value}" is no site: write scheme and host as the browser shows them, without a path and in small '
            'letters, like "https://pos.example.pl"'
        )
    if found["port"] == _USUAL_PORT[found["scheme"]]:
        raise ValueError(f'"{value}": leave out :{found["port"]}, as browsers do')
    return value


def _is_host(value: str) -> str:
    if _NAME.fullmatch(value.lower()) is None:
        raise ValueError(f'"{value}" is no host name; write it without scheme and port, like "till.example.pl"')
    return value


def _is_file(value: Any) -> Any:
    if isinstance(value, str) and (
        value in ("", ".") or "://" in value or value.startswith(("~", "$")) or "\0" in value
    ):
        raise ValueError(f'"{value}" is no path on this computer; write one like "tls/fiscald.pem"')
    return value


_File = Annotated[Path, BeforeValidator(_is_file)]
Origin = Annotated[str, AfterValidator(_is_origin)]
HostName = Annotated[str, AfterValidator(_is_host)]


class ListenConfig(Strict):
    """``[listen]``: absent, the API is on the Unix socket only."""

    address: Annotated[str, AfterValidator(_is_address)]
    certificate: _File | None = Field(
        default=None, description="PEM; TLS, which every address but this computer's needs"
    )
    key: _File | None = Field(default=None, description="the certificate's key, PEM without a password")
    origins: tuple[Origin, ...] = Field(default=(), description="sites whose pages may call, besides the daemon's own")
    hosts: tuple[HostName, ...] = Field(
        default=(), description="names of this computer that are not in the certificate; *.example.pl is one level"
    )
    announce: bool = Field(
        default=False, strict=True, description="announce the daemon in the local network as _fiscald._tcp"
    )

    @model_validator(mode="after")
    def _is_safe(self) -> ListenConfig:
        if (self.certificate is None) != (self.key is None):
            missing = "key" if self.key is None else "certificate"
            raise ValueError(f"{missing} is missing: certificate and key belong together")
        if self.announce and self.is_local:
            raise ValueError(f'announce: no other computer can reach "{self.address}"; leave it out')
        if self.announce and find_spec("zeroconf") is None:
            raise ValueError("announce needs another package: pip install 'fiscald[announce]'")
        if self.certificate is None and not self.is_local:
            raise ValueError(_NO_TLS.format(address=self.address, port=self.port))
        return self

    @property
    def host(self) -> str:
        """The IP address."""
        return split_address(self.address)[0]

    @property
    def port(self) -> int:
        """The port."""
        return split_address(self.address)[1]

    @property
    def is_local(self) -> bool:
        """Whether only programs on this computer can reach it."""
        return ipaddress.ip_address(self.host).is_loopback

    @property
    def url(self) -> str:
        """For people, and for programs on this computer."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'http' if self.certificate is None else 'https'}://{host}:{self.port}"

    def beside(self, folder: Path) -> ListenConfig:
        """The same, with paths relative to ``folder``."""
        paths = {"certificate": self.certificate, "key": self.key}
        return self.model_copy(update={name: folder / path for name, path in paths.items() if path is not None})
