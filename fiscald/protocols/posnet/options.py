"""The options of a POSNET printer in the configuration."""

from __future__ import annotations

from typing import Literal, Self

from fiscald.model.printers import Identity, Snapshot
from fiscald.protocols.base import FamilyOptions, Settings
from fiscald.protocols.posnet.profiles import PROFILES, Profile


class PosnetOptions(FamilyOptions):
    """``[printers.NAME]`` of a printer with ``family = "posnet"``."""

    code_page: Literal["cp1250", "latin2", "mazovia"] = "cp1250"
    """The code page set in the printer's menu."""
    profile: Literal["online", "old"] | None = None
    """Its generation or model, see ``profiles``; ``None``: as the printer reports."""

    def learn(self, identity: Identity) -> Self:
        """Set the profile from the printer's model."""
        return self if self.profile is not None else self.model_copy(update={"profile": identity.profile})


def code_page(settings: Settings) -> str:
    """The code page set in the printer's menu."""
    return PosnetOptions.of(settings).code_page


def known_profile(settings: Settings) -> Profile | None:
    """The profile, if it is configured or the printer has reported its model."""
    name = PosnetOptions.of(settings).profile
    return None if name is None else PROFILES[name]


def profile_of(settings: Settings, snapshot: Snapshot | None) -> Profile:
    """The known profile; the usual one while the printer has never answered."""
    return known_profile(settings) or PROFILES[snapshot.identity.profile if snapshot else "online"]
