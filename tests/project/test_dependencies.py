"""Dependencies: tested lower bounds, and locks with hashes that fit them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.found import found

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
#: What the daemon needs.
NEEDED = [Requirement(line) for line in (*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["daemon"])]
EXTRAS = [Requirement(line) for lines in PROJECT["optional-dependencies"].values() for line in lines]
#: What is installed from each lock: the extras beside the dependencies.
LOCKS: dict[str, tuple[str, ...]] = {
    "service": ("daemon", "announce", "console", "png"),
    "vendor": ("vendor",),
    "docs": ("docs",),
}


def text(lock: str) -> str:
    return (ROOT / "requirements" / f"{lock}.txt").read_text("utf-8")


def locked(lock: str) -> dict[str, tuple[Version, list[str]]]:
    """Every package of the lock: its version and its hashes. Of several versions, the one for the newest Python."""
    packages: dict[str, tuple[Version, list[str]]] = {}
    for block in re.findall(r"^\S+==.*?(?=^\S+==|\Z)", text(lock), re.DOTALL | re.MULTILINE):
        name, _, rest = block.partition("==")
        version = re.split(r"[\s;\\]", rest, maxsplit=1)[0]
        packages[canonicalize_name(name)] = Version(version), re.findall(r"--hash=sha256:([0-9a-f]{64})\b", block)
    return packages


@pytest.mark.parametrize("needed", [*NEEDED, *EXTRAS], ids=lambda each: each.name)
def test_everything_has_a_lower_bound(needed: Requirement) -> None:
    if needed.name != "fiscald":
        assert [each.operator for each in needed.specifier] == [">="]


def test_required_lower_bounds() -> None:
    bounds = {each.name: Version(next(iter(each.specifier)).version) for each in NEEDED}
    assert bounds["anyio"] >= Version("4.10")
    assert bounds["joserfc"] >= Version("1.7.2"), "earlier ones accept padded base64"
    assert bounds["cryptography"] >= Version("45"), "earlier ones exclude that joserfc"


@pytest.mark.parametrize("lock", LOCKS)
def test_the_locks_fit(lock: str) -> None:
    """After a change of the dependencies: make lock."""
    packages = locked(lock)
    extras = [Requirement(line) for extra in LOCKS[lock] for line in PROJECT["optional-dependencies"][extra]]
    for needed in found([each for each in (*NEEDED, *extras) if each.name != "fiscald"]):
        version, _ = packages[canonicalize_name(needed.name)]
        assert needed.specifier.contains(version), needed.name


@pytest.mark.parametrize("lock", ["vendor", "docs"])
def test_all_locks_have_the_same_versions(lock: str) -> None:
    service, other = locked("service"), locked(lock)
    shared = service.keys() & other.keys()
    assert len(shared) > 10
    assert {name: service[name][0] for name in shared} == {name: other[name][0] for name in shared}


@pytest.mark.parametrize("lock", [*LOCKS, "build"])
def test_every_lock_entry_has_hashes_and_no_local_path(lock: str) -> None:
    packages = locked(lock)
    assert ("hatchling" in packages) is (lock == "build"), "what builds fiscald is not installed with it"
    for name, (_, hashes) in packages.items():
        assert hashes, name
    pinned = [line for line in text(lock).splitlines() if line and not line.startswith((" ", "#"))]
    assert {canonicalize_name(line.partition("==")[0]) for line in pinned} == packages.keys(), (
        "nothing else stands in it"
    )
    assert not re.search(r"https?:|file:|index-url|find-links|trusted-host", text(lock))
