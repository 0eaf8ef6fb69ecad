"""The wheel holds what the product uses: test doubles and leftovers belong in tests/."""

from __future__ import annotations

import tomllib
from pathlib import Path

import grimp

from fiscald.protocols import FAMILIES

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
#: Loaded by the family's name (``fiscald.protocols.family``, ``fiscald.emulator.emulator_factory``).
LOADED_BY_NAME = {
    *(f"fiscald.protocols.{name.replace('-', '_')}.family" for name in FAMILIES),
    *(f"fiscald.emulator.{name.replace('-', '_')}" for name in FAMILIES),
}
#: Modules of the wheel that neither the product nor an entry point imports, each with its reason.
ALLOWED = {
    "fiscald.__main__": "python -m fiscald",
    "fiscald.cli.man": "python -m, writes docs/man (make docs)",
    "fiscald.protocols.conditions_page": "python -m, writes docs/conditions.md (make docs)",
    "fiscald.protocols.documents_page": "python -m, writes docs/documents.md (make docs)",
    "fiscald.protocols.dissector": "python -m, writes docs/wireshark/fiscald.lua (make docs)",
}


def entry_points() -> set[str]:
    """The modules of all scripts and plugins."""
    plugins = (target for group in PROJECT["entry-points"].values() for target in group.values())
    return {target.partition(":")[0] for target in (*PROJECT["scripts"].values(), *plugins)}


def unused(graph: grimp.ImportGraph, roots: set[str]) -> set[str]:
    """The modules that ``roots`` do not import, directly or through others; a package is used with its modules."""
    found, left = set(roots), list(roots)
    while left:
        module = left.pop()
        parents = {module.rpartition(".")[0]} - {""}
        new = (graph.find_modules_directly_imported_by(module) | parents) - found
        found |= new
        left += new
    return graph.modules - found


def test_the_product_uses_every_module_of_the_wheel() -> None:
    graph = grimp.build_graph("fiscald", cache_dir=None)
    found = unused(graph, entry_points() | LOADED_BY_NAME)
    new = sorted(found - ALLOWED.keys())
    assert not new, f"no product module imports {new}: move them to tests/, or give the reason here"
    stale = sorted(ALLOWED.keys() - found)
    assert not stale, f"{stale} are imported now, or gone: remove them here"


def test_a_module_that_only_tests_use_is_found() -> None:
    graph = grimp.ImportGraph()
    for importer, imported in (("shop", "shop.till"), ("shop.till", "shop.money"), ("shop.double", "shop.money")):
        graph.add_import(importer=importer, imported=imported)
    assert unused(graph, {"shop"}) == {"shop.double"}
