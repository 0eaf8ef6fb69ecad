"""The options of a Novitus printer that speaks XML, in the configuration."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field

from fiscald.model.printers import Identity, Snapshot
from fiscald.protocols.base import FamilyOptions, Settings
from fiscald.protocols.novitus_xml.profiles import PROFILES, Profile


class NovitusXmlOptions(FamilyOptions):
    """``[printers.NAME]`` of a printer with ``family = "novitus-xml"``."""

    code_page: Literal["cp1250"] = "cp1250"
    """The language knows no other one (4.1)."""
    crc: Annotated[bool, Field(strict=True)] = True
    """Whether our packets have a checksum. The vendor recommends it on serial lines and USB; the printer's always have
    one (2, 3.3)."""
    name_length: Literal[40, 60] = 40
    """Characters in the name of goods: older firmware takes 40 (4.3)."""
    columns: Annotated[int, Field(strict=True, ge=32, le=64)] = 40
    """Characters in a line of a printout: 64 on 80 mm paper, 42 or 44 on 57 mm (4.3)."""
    profile: Literal["online", "hd"] | None = None
    """Its generation, see ``profiles``; ``None``: as the printer reports."""

    def learn(self, identity: Identity) -> Self:
        """Set the profile from the printer's model."""
        return self if self.profile is not None else self.model_copy(update={"profile": identity.profile})


def code_page(settings: Settings) -> str:
    """The code page of the language."""
    return NovitusXmlOptions.of(settings).code_page


def known_profile(settings: Settings) -> Profile | None:
    """The profile, if it is configured or the printer has reported its model."""
    name = NovitusXmlOptions.of(settings).profile
    return None if name is None else PROFILES[name]


def profile_of(settings: Settings, snapshot: Snapshot | None) -> Profile:
    """The known profile; the usual one while the printer has never answered."""
    return known_profile(settings) or PROFILES[snapshot.identity.profile if snapshot else "online"]
