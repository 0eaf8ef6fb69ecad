"""Dependencies: tested lower bounds, and a lock with hashes that fits them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LOCKS = {name: (ROOT / "requirements" / f"{name}.txt").read_text("utf-8") for name in ("service", "docs")}
NEEDED = [Requirement(line) for line in PROJECT["dependencies"]]
EXTRAS = [Requirement(line) for lines in PROJECT["optional-dependencies"].values() for line in lines]


def locked(name: str = "service") -> dict[str, tuple[Version, list[str]]]:
    """Every package of a lock: its version and its hashes. Of several versions, the one for the newest Python."""
    found: dict[str, tuple[Version, list[str]]] = {}
    for block in re.findall(r"^\S+==.*?(?=^\S+==|\Z)", LOCKS[name], re.DOTALL | re.MULTILINE):
        name, _, rest = block.partition("==")
        version = re.split(r"[\s;\\]", rest, maxsplit=1)[0]
        found[canonicalize_name(name)] = Version(version), re.findall(r"--hash=sha256:([0-9a-f]{64})\b", block)
    return found


@pytest.mark.parametrize("needed", [*NEEDED, *EXTRAS], ids=lambda each: each.name)
def test_everything_has_a_lower_bound(needed: Requirement) -> None:
    if needed.name != "fiscald":
        assert [each.operator for each in needed.specifier] == [">="]


def test_required_lower_bounds() -> None:
    bounds = {each.name: Version(next(iter(each.specifier)).version) for each in NEEDED}
    assert bounds["anyio"] >= Version("4.10")
    assert bounds["joserfc"] >= Version("1.7.2"), "earlier ones accept padded base64"
    assert bounds["cryptography"] >= Version("45"), "earlier ones exclude that joserfc"


@pytest.mark.parametrize("needed", NEEDED, ids=lambda each: each.name)
def test_the_lock_fits(needed: Requirement) -> None:
    """After a change of the dependencies: make lock."""
    version, _ = locked()[canonicalize_name(needed.name)]
    assert needed.specifier.contains(version)


@pytest.mark.parametrize("name", LOCKS)
def test_every_lock_entry_has_hashes_and_no_local_path(name: str) -> None:
    packages = locked(name)
    assert len(packages) > len(NEEDED)
    for package, (_, hashes) in packages.items():
        assert hashes, package
    pinned = [line for line in LOCKS[name].splitlines() if line and not line.startswith((" ", "#"))]
    assert {canonicalize_name(line.partition("==")[0]) for line in pinned} == packages.keys(), (
        "nothing else stands in it"
    )
    assert not re.search(r"https?:|file:|index-url|find-links|trusted-host", LOCKS[name])


def test_fiscald_itself_is_built_from_the_same_lock() -> None:
    assert "hatchling" in locked()


def test_the_lock_of_the_site_fits() -> None:
    """It has what the site needs, and of what it shares with the service the same versions."""
    site, service = locked("docs"), locked()
    (extra,) = [lines for name, lines in PROJECT["optional-dependencies"].items() if name == "docs"]
    for needed in map(Requirement, extra):
        assert needed.name == "fiscald" or needed.specifier.contains(site[canonicalize_name(needed.name)][0])
    shared = {canonicalize_name(needed.name) for needed in NEEDED}
    assert {name: site[name][0] for name in shared} == {name: service[name][0] for name in shared}
