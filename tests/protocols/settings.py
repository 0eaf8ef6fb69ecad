"""Settings of a printer, as a configuration and a look at the printer make them."""

from __future__ import annotations

from fiscald.protocols import family
from fiscald.protocols.base import Settings
from fiscald.protocols.posnet.options import PosnetOptions
from fiscald.protocols.thermal.options import ThermalOptions


def posnet(code_page: str = "cp1250", profile: str | None = None) -> Settings:
    return Settings("till1", PosnetOptions.model_validate({"code_page": code_page, "profile": profile}))


def thermal(code_page: str = "mazovia", profile: str | None = None) -> Settings:
    return Settings("till1", ThermalOptions.model_validate({"code_page": code_page, "profile": profile}))


def of(name: str, profile: str | None = None) -> Settings:
    """Of any family, with its usual code page."""
    known = family(name)
    return Settings("till1", known.options.model_validate({} if profile is None else {"profile": profile}))
