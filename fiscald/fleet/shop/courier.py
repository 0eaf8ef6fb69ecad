"""What carries messages between a shop and its central: a broker, or a simulated one. It need not be trusted."""

from __future__ import annotations

from typing import Protocol


class CourierAway(Exception):
    """There is no connection: the message was not handed over, or nobody knows."""


class Courier(Protocol):
    """The shop's way out. What comes in is handed to ``Shop.received``, the state of the line to ``Shop.connected``."""

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Hand a message over; returns when the courier has taken it. Raises ``CourierAway``."""
