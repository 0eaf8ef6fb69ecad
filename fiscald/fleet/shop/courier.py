"""The shop's way to its central."""

from __future__ import annotations

from typing import Protocol


class Courier(Protocol):
    """Carries messages. A ``Receiver`` gets what comes in, and the state of the line."""

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Hand a message over; returns when the courier has taken it. Raises ``CourierAway``."""
