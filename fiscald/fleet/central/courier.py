"""What carries messages between the central and its shops: a broker, or a simulated one. It need not be trusted."""

from __future__ import annotations

from typing import Protocol

from fiscald.fleet.shop.courier import CourierAway

__all__ = ["Courier", "CourierAway"]


class Courier(Protocol):
    """The central's way out. What comes in is handed to ``Dispatcher.received``."""

    async def publish(self, topic: str, payload: bytes, *, life: float | None = None) -> None:
        """Hand a message over; returns when the courier has taken it. Raises ``CourierAway``.

        ``life``: seconds after which the courier may forget it, because it is published again by then.
        """
