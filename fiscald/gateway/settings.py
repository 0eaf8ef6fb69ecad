"""What the configuration says about one gateway."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path

from fiscald.model.documents import DOCUMENTS

#: What programs can speak to a gateway.
FAMILIES = ("posnet", "thermal")


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """The gateway of one printer."""

    printer: str
    """The name of the printer behind it."""
    family: str
    """The protocol of the programs in front of it."""
    tcp: tuple[str, int] | None = None
    """The address and port to listen at, or"""
    com_port: bool = False
    """Whether the TCP port speaks RFC 2217, as a virtual serial port does; or"""
    link: Path | None = None
    """the path of the link to a pseudo-terminal."""
    allow: tuple[IPv4Network | IPv6Network, ...] | None = None
    """The computers that may connect over TCP; ``None``: every one that reaches the port."""
    group: str | None = None
    """The users who may open the pseudo-terminal; ``None``: the daemon's own user and root."""
    documents: frozenset[str] = frozenset(DOCUMENTS)
    """The types of documents that programs may print."""
    profile: str | None = None
    """Which model the face is; ``None``: the family's usual one."""
    code_page: str | None = None
    """``None``: the family's usual one."""
    repeat_seconds: float = 300.0
    """How long a repeated document is recognised."""
    answer_seconds: float = 10.0
    """A program that waited longer than this for an answer may have given up."""

    @property
    def said(self) -> str:
        """Where it listens, for people."""
        if self.tcp is None:
            return f"pty:{self.link}"
        host, port = self.tcp
        return f"{'rfc2217' if self.com_port else 'tcp'}://{f'[{host}]' if ':' in host else host}:{port}"

    @property
    def open_to_all(self) -> bool:
        """Whether every computer that reaches the port may print."""
        if self.tcp is None or ip_address(self.tcp[0]).is_loopback:
            return False
        return self.allow is None or any(network.prefixlen == 0 for network in self.allow)
