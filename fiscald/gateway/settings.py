"""What the configuration says about one gateway."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

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
    link: Path | None = None
    """the path of the link to a pseudo-terminal."""
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
        return f"tcp://[{host}]:{port}" if ":" in host else f"tcp://{host}:{port}"
