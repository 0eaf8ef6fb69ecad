"""The printer families. To add one, write its package and name it here."""

from __future__ import annotations

import importlib

from fiscald.protocols.base import Family

#: Families by name. Each is a package here whose module ``family`` has a ``FAMILY`` and, under the same name, a
#: package in ``fiscald.emulator`` with a ``FACTORY``.
FAMILIES = ("posnet", "thermal")


def family(name: str) -> Family:
    """The family called ``name``. Raises ``KeyError`` for an unknown one."""
    if name not in FAMILIES:
        raise KeyError(name)
    loaded: Family = importlib.import_module(f"fiscald.protocols.{name}.family").FAMILY
    return loaded
