"""The options of a NoviAPI printer in the configuration."""

from __future__ import annotations

from typing import Literal, Self

from fiscald.model.printers import Identity, Snapshot
from fiscald.protocols.base import FamilyOptions, Settings
from fiscald.protocols.noviapi.profiles import PROFILES, Profile

#: The printer takes UTF-8, and prints what windows-1250 has (Novitus reference, 4.1; choice: no source says it of
#: NoviAPI).
CODE_PAGE = "cp1250"


class NoviApiOptions(FamilyOptions):
    """``[printers.NAME]`` of a printer with ``family = "noviapi"``."""

    profile: Literal["80mm", "57mm"] | None = None
    """The width of its paper; ``None``: as the printer reports."""
    e_document_protocol: Literal["NOVITUS", "MF"] | None = None
    """How e-receipts are sent; ``None``: as the printer is set."""

    def learn(self, identity: Identity) -> Self:
        """Set the profile from the printer's report."""
        return self if self.profile is not None else self.model_copy(update={"profile": identity.profile})


def profile_of(settings: Settings, snapshot: Snapshot | None) -> Profile:
    """The known profile; the narrow paper while the printer has never answered, which every printer can print."""
    name = NoviApiOptions.of(settings).profile
    return PROFILES[name or (snapshot.identity.profile if snapshot else "57mm")]
