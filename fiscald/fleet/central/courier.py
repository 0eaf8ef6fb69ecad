"""The central's way to its shops."""

from __future__ import annotations

from typing import Protocol


class Courier(Protocol):
    """Carries messages. What comes in is handed to ``Dispatcher.received``."""

    async def publish(self, topic: str, payload: bytes, *, life: float | None = None) -> None:
        """Hand a message over; returns when the courier has taken it. Raises ``CourierAway``.

        ``life``: seconds after which the courier may forget it, because it is published again by then.
        """
