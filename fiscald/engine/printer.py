"""A printer from the configuration."""

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
    """Wraps every new stream (the flight recorder)."""
    capture: Callable[[], AsyncIterator[bytes]] | None = None
    """Reads what the flight recorder holds."""
    follow: Callable[[], AsyncIterator[bytes]] | None = None
    """Reads the flight recorder's packets as they come."""
    shared: bool = False
    """Whether another program prints on it too."""
    ksef_warnings: bool = True
    """Whether a receipt that needs an invoice in KSeF gets a warning."""
    wrap_program: Callable[[ByteStream, str], ByteStream] = lambda stream, _peer: stream
    """As ``wrap``, for a stream to a program at the printer's gateway; with the program's address."""
