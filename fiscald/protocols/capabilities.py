"""The words in which a family says what its printers can do: one field or one document in a line."""

from __future__ import annotations

from typing import Any

from fiscald.model.capabilities import Capability, FieldCapability
from fiscald.protocols.planning import OWN_CODE_SIZE, TextKind


def text(limit: int, kind: TextKind = TextKind.FREE) -> FieldCapability:
    """A text of at most ``limit`` characters. A longer identifier is refused, any other text is cut."""
    return FieldCapability(max_length=limit, beyond="refused" if kind is TextKind.NUMBER else "cut")


def limited(*, why: str | None = None, **limit: Any) -> FieldCapability:
    """A field whose document is refused beyond the limit."""
    return FieldCapability(why=why, beyond="refused", **limit)


def refused(why: str) -> FieldCapability:
    """A field that no document for this printer may have."""
    return FieldCapability(supported=False, why=why, beyond="refused")


def left_out(why: str) -> FieldCapability:
    """A field that this printer cannot print: the document is printed without it."""
    return FieldCapability(supported=False, why=why, beyond="left_out")


def plain_code(at: str) -> dict[str, FieldCapability]:
    """The size and the correction of the QR code at ``at``, where the printer has no choice of them."""
    return {f"{at}.{name}": left_out(OWN_CODE_SIZE) for name in ("size", "correction")}


def cannot(why: str) -> Capability:
    """A document that the printer cannot print."""
    return Capability(supported=False, why=why)
