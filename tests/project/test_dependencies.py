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
LOCK = (ROOT / "requirements" / "service.txt").read_text("utf-8")
#: What the daemon needs.
NEEDED = [Requirement(line) for line in (*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["daemon"])]
EXTRAS = [Requirement(line) for lines in PROJECT["optional-dependencies"].values() for line in lines]


def locked() -> dict[str, tuple[Version, list[str]]]:
    """Every package of the lock: its version and its hashes."""
    found: dict[str, tuple[Version, list[str]]] = {}
    for block in re.findall(r"^\S+==.*?(?=^\S+==|\Z)", LOCK, re.DOTALL | re.MULTILINE):
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


def test_every_lock_entry_has_hashes_and_no_local_path() -> None:
    packages = locked()
    assert len(packages) > len(NEEDED)
    assert "hatchling" in packages, "fiscald itself is built from the same lock"
    for name, (_, hashes) in packages.items():
        assert hashes, name
    pinned = [line for line in LOCK.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(pinned) == len(packages), "nothing else stands in it"
    assert not re.search(r"https?:|file:|index-url|find-links|trusted-host", LOCK)
