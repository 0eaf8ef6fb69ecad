"""The mutants by name: each changes the product while it is applied."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from fiscald.protocols import FAMILIES

Mutant = Callable[[], AbstractContextManager[Any]]
MUTANTS: dict[str, Mutant] = {}
#: Of mutants that break a rule of another family than the first: which.
FAMILY: dict[str, str] = {}
#: Of rules of the gateway: only schedules with old programs can catch them.
GATEWAY: set[str] = set()
#: Of rules of the fleet: only schedules with a central can.
FLEET: set[str] = set()


def mutant(make: Callable[[], Iterator[None]]) -> Mutant:
    MUTANTS[make.__name__] = contextmanager(make)
    return MUTANTS[make.__name__]


def thermal_mutant(make: Callable[[], Iterator[None]]) -> Mutant:
    FAMILY[make.__name__] = "thermal"
    return mutant(make)


def novitus_xml_mutant(make: Callable[[], Iterator[None]]) -> Mutant:
    FAMILY[make.__name__] = "novitus-xml"
    return mutant(make)


def noviapi_mutant(make: Callable[[], Iterator[None]]) -> Mutant:
    FAMILY[make.__name__] = "noviapi"
    return mutant(make)


def gateway_mutant(make: Callable[[], Iterator[None]]) -> Mutant:
    GATEWAY.add(make.__name__)
    return mutant(make)


def fleet_mutant(make: Callable[[], Iterator[None]]) -> Mutant:
    FLEET.add(make.__name__)
    return mutant(make)


def family_of(name: str) -> str:
    """The family whose schedules may catch that mutant."""
    return FAMILY.get(name, FAMILIES[0])
