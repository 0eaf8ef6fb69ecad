"""The time for licence checks: not before a moment known to have passed, and not implausibly far ahead.

Setting the clock back brings no advantage; a reset clock that says 2099 does no lasting harm. One pure function.
"""

from __future__ import annotations

from typing import NamedTuple

HOUR, DAY = 3600, 86_400
#: The last second of which a date can be made: the end of the year 9999.
LAST = 253_402_300_799
#: A wrong time zone, or a clock kept in local time, is no turning back.
BACK_SLACK = 24 * HOUR
#: How far ahead of all known times, a printer's among them, the clock may be if it follows no time server.
FORWARD_SLACK = 35 * DAY
CLOCK_BACK, CLOCK_FORWARD = "clock_back", "clock_forward_unconfirmed"


class TimeEvidence(NamedTuple):
    """Moments that have certainly passed (seconds since 1970), and other clocks."""

    program: int
    """When this program was released."""
    certificate: int = 0
    """When the certificate was signed."""
    vendor: int = 0
    """When the vendor's newest answer was signed."""
    mark: int = 0
    """The latest time that was believed and saved."""
    printer: int | None = None
    """What a fiscalised printer says now: its clock cannot be moved by more than two hours."""
    synchronized: bool = False
    """Whether the system says that its clock follows a time server."""


class Moment(NamedTuple):
    """The valid time."""

    now: int
    flags: tuple[str, ...]
    believed: bool
    """Whether it may be saved as the latest time."""


def moment(wall: int, known: TimeEvidence) -> Moment:
    """The valid time when the computer's clock says ``wall``."""
    bound = min(max(known.program, known.certificate, known.vendor, known.mark, known.printer or 0), LAST)
    wall = min(wall, LAST)
    if wall < bound - BACK_SLACK:
        return Moment(bound, (CLOCK_BACK,), believed=False)
    if wall > bound + FORWARD_SLACK and not known.synchronized:
        return Moment(wall, (CLOCK_FORWARD,), believed=False)
    return Moment(max(wall, bound), (), believed=True)
