"""What every protocol has, as an old program speaks it."""

from __future__ import annotations

from typing import Protocol

from tests.chaos.gateway.line import End


class NoAnswer(Exception):
    """None came in time, or an answer that means that the program has to begin again."""


class Refused(NoAnswer):
    """The answer to the closing command: nothing was printed."""


class Talk(Protocol):
    """How a program speaks: the commands of one protocol. Every method raises ``NoAnswer`` and ``LinkLost``."""

    def __init__(self, line: End, patience: float) -> None: ...

    async def cancel(self) -> None:
        """Cancel what is open, if there is something."""

    async def sell(self, number: int, *, at_once: bool) -> None:
        """A receipt up to its closing command; ``at_once``: without waiting for the answers."""

    async def close(self, number: int) -> None:
        """The closing command; returns when the answer says that the receipt is printed."""

    async def last_receipt(self) -> int:
        """The number of the printer's last receipt."""
