"""What a program speaks to a gateway, told from the bytes that it sends."""

from __future__ import annotations

import re

#: The last bytes of a program that are looked at; and so many of no known kind are no stutter of a line.
KEPT, ENOUGH = 256, 8
#: Nothing that is known: another protocol, or a serial line before the gateway at another speed.
NOISE = "noise"

_CONTROLS = rb"[\x05\x07\x10\x18]"
#: How each begins. The order decides where two fit.
_BEGINNINGS: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    ("tls", re.compile(rb"\x16\x03[\x00-\x04]", re.DOTALL)),
    ("http", re.compile(rb"(GET|POST|PUT|HEAD|OPTIONS|CONNECT) [/h*]")),
    ("xml", re.compile(rb"<(\?xml|pakiet|packet)")),
    ("rfc2217", re.compile(rb"\xff[\xfb-\xfe][\x00\x01\x03\x2c]|\xff\xfa\x2c", re.DOTALL)),
    ("posnet", re.compile(rb"\x02[!a-z][a-z0-9]{1,31}\t")),
    ("thermal", re.compile(rb"\x1bP[\x20-\x7e]")),
)
_ONLY_CONTROLS = re.compile(rb"%b+" % _CONTROLS)


def heard(data: bytes) -> str | None:
    """The protocol of the latest bytes of a program, ``NOISE``, or ``None`` where they are too few to tell."""
    found = [(match.start(), name) for name, begins in _BEGINNINGS for match in begins.finditer(data)]
    if found:
        return max(found)[1]
    if _ONLY_CONTROLS.fullmatch(data):
        return "thermal"
    return NOISE if len(data) >= ENOUGH else None
