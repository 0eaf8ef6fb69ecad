"""A discount or surcharge of everything sold, as the Thermal protocol sends it (thermal reference, 6.4)."""

from __future__ import annotations

from fiscald.emulator.change import Change


def transaction_change(kind: int, value: int, text: str) -> Change:
    """``Px``: 1 per cent off, 2 per cent on, 3 amount off, 4 amount on; 5 to 8 the same."""
    kind = (kind - 1) % 4 + 1
    return Change(value, kind <= 2, kind in (2, 4), text)
