"""What both ends of a fleet know of the courier between them: a broker, or a simulated one. It need not be trusted."""

from __future__ import annotations

from typing import Protocol


class CourierAway(Exception):
    """There is no connection: it is not known whether the message was handed over."""


class Receiver(Protocol):
    """What a courier tells: ``Shop`` and ``Dispatcher`` are receivers."""

    def will(self) -> tuple[str, bytes] | None:
        """The last will for a new connection: topic and message, retained. ``None``: there is none."""

    def farewell(self) -> tuple[str, bytes] | None:
        """The same for the end of a connection that is closed in order."""

    def topics(self) -> tuple[str, ...]:
        """What to subscribe to."""

    def connected(self) -> None:
        """There is a connection, and the topics are subscribed to."""

    def disconnected(self, reason: str) -> None:
        """The connection is lost, or could not be made."""

    def received(self, topic: str, payload: bytes) -> None:
        """A message came. Never blocks and never raises."""
