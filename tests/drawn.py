"""How many examples a property test draws: as many as its profile allows."""

from __future__ import annotations

from hypothesis import settings

#: Of hypothesis without a profile. ``--slice`` has a tenth.
_USUAL = 100


def drawn(usual: int) -> int:
    """``usual`` in a whole run, and the profile's share of it in another."""
    return max(1, usual * settings.default.max_examples // _USUAL) if settings.default is not None else usual
