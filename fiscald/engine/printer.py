"""A printer of the shop, as the configuration has it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from fiscald.protocols.base import Settings
from fiscald.protocols.families import Family
from fiscald.transport import Address, ByteStream


@dataclass(frozen=True, slots=True)
class Printer:
    """One configured printer."""

    name: str
    family: Family
    address: Address
    settings: Settings
    wrap: Callable[[ByteStream], ByteStream] = lambda stream: stream
    """Put around every new stream (the flight recorder)."""
    capture: Callable[[], AsyncIterator[bytes]] | None = None
    """What the flight recorder holds."""
    follow: Callable[[], AsyncIterator[bytes]] | None = None
    """The same as it goes on."""
    shared: bool = False
    """Another program prints on it too."""
