"""What the configuration can say about a printer of this family."""

from __future__ import annotations

from typing import Literal, Self

from fiscald.model.printers import Identity
from fiscald.protocols.base import FamilyOptions, Settings
from fiscald.protocols.posnet.profiles import PROFILES, Profile


class PosnetOptions(FamilyOptions):
    """``[printers.NAME]`` of a printer with ``family = "posnet"``."""

    code_page: Literal["cp1250", "latin2", "mazovia"] = "cp1250"
    """What the printer's menu is set to."""
    profile: Literal["online", "old"] | None = None
    """Its generation or model, see ``profiles``; ``None``: as it says itself."""

    def learn(self, identity: Identity) -> Self:
        """The model tells the profile."""
        return self if self.profile is not None else self.model_copy(update={"profile": identity.profile})


def code_page(settings: Settings) -> str:
    """What the printer's menu is set to."""
    return PosnetOptions.of(settings).code_page


def known_profile(settings: Settings) -> Profile | None:
    """The profile, where it is configured or the printer has told its model."""
    name = PosnetOptions.of(settings).profile
    return None if name is None else PROFILES[name]
