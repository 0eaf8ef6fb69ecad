"""The printer families. To add one, write its package and add its name here."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fiscald.protocols.families import Family

#: The names of the families. Each is a package here whose module ``family`` has a ``FAMILY``, and a package of the same
#: name in ``fiscald.emulator`` with a ``FACTORY``.
FAMILIES = ("posnet", "thermal", "novitus-xml", "noviapi")


def family(name: str) -> Family:
    """The family with that name. Raises ``KeyError`` for an unknown one."""
    if name not in FAMILIES:
        raise KeyError(name)
    package = name.replace("-", "_")
    loaded: Family = importlib.import_module(f"fiscald.protocols.{package}.family").FAMILY
    return loaded
