"""The example families, joined to the package: each is two folders and a line in ``FAMILIES``.

The folders are joined when this is imported; the line is there inside of ``joined``.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import fiscald.emulator
import fiscald.protocols
from fiscald.protocols.families import Family

HERE = Path(__file__).parent
EXAMPLES = ("example", "example_http")
#: Every family that there is to test.
EVERY = (*(name for name in fiscald.protocols.FAMILIES if name not in EXAMPLES), *EXAMPLES)
for _name in EXAMPLES:
    for _package in (fiscald.protocols, fiscald.emulator):
        _package.__path__.append(str(HERE / f"{_name}_family" / _package.__name__.rpartition(".")[2]))


def package(name: str) -> str:
    """The name of the packages of a family."""
    return name.replace("-", "_")


def profiles(known: Family) -> tuple[str, ...]:
    """The profiles of a family that its emulated printers can have too; the first is the default."""
    emulated = importlib.import_module(f"fiscald.emulator.{package(known.name)}").FACTORY.profiles
    return tuple(name for name in known.choices("profile") if name in emulated)


@contextlib.contextmanager
def joined() -> Iterator[None]:
    """For as long, the examples are families like the others, to whatever looks them up by name."""
    registered = fiscald.protocols.FAMILIES
    with contextlib.ExitStack() as stack:
        for name, module in list(sys.modules.items()):
            if name.startswith("fiscald.") and getattr(module, "FAMILIES", None) == registered:
                stack.enter_context(patch.object(module, "FAMILIES", EVERY))
        yield
