"""A release: licences that may be given on, and bytes that everybody can build again."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from fiscald import SERIES, __version__
from tests.found import found
from tests.project.licences import LOCKS, PAGE, locked

ROOT = Path(__file__).parents[2]
#: Licences under which a package may be used unchanged by a daemon of any licence, and given on with it.
FREE = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "LGPL-2.1-or-later", "MIT", "MIT-0", "MIT-CMU", "MPL-2.0", "PSF-2.0",
}  # fmt: skip


def test_every_locked_package_has_a_licence_that_allows_it() -> None:
    """After make lock: python -m tests.project.licences, and look at what is new."""
    rows = re.findall(
        r"^\| ([a-z0-9-]+) \| ([^|]+) \| ([yes ]*) \| ([yes ]*) \|$", PAGE.read_text("utf-8"), re.MULTILINE
    )
    for place, lock in enumerate(LOCKS, start=2):
        assert {row[0] for row in rows if row[place].strip()} == locked(lock)
    for name, licence, *_ in found(rows):
        assert any(set(each.split(" AND ")) <= FREE for each in licence.split(" OR ")), name


def test_the_changelog_and_the_series_know_the_version() -> None:
    assert __version__.rpartition(".")[0] == list(SERIES)[-1]
    assert f"\n## {__version__} - " in (ROOT / "CHANGELOG.md").read_text("utf-8")


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(not (ROOT / ".venv" / "bin" / "uv").exists(), reason="no uv in .venv: make .venv/.uv")
def test_a_release_is_complete_and_built_twice_the_same(tmp_path: Path) -> None:
    tree, out = tmp_path / "tree", tmp_path / "out"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", ROOT.as_uri(), str(tree)], check=True)
    (tree / ".venv").symlink_to(ROOT / ".venv")
    release = [str(tree / ".ci" / "release"), str(out)]
    (tree / "README.md").write_text("changed\n", "utf-8")
    refused = subprocess.run(release, capture_output=True, text=True, check=False)
    assert (refused.returncode, refused.stderr) == (1, "release: the working tree has changes: commit them first\n")
    subprocess.run(["git", "-C", str(tree), "checkout", "--quiet", "README.md"], check=True)
    subprocess.run(release, check=True, env=os.environ | {"LANG": "C"})

    sums = dict(line.split("  ")[::-1] for line in (out / "SHA256SUMS").read_text("utf-8").splitlines())
    names = {
        f"fiscald-{__version__}{end}"
        for end in ("-py3-none-any.whl", ".tar.gz", "-service.cdx.json", "-vendor.cdx.json")
    }
    assert sums.keys() == names
    for name, digest in sums.items():
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == digest
    with zipfile.ZipFile(out / f"fiscald-{__version__}-py3-none-any.whl") as wheel:
        inside = wheel.namelist()
    assert "fiscald/journal/schema_v1.sql" in inside
    assert not [name for name in inside if name.startswith("tests/")]
    with tarfile.open(out / f"fiscald-{__version__}.tar.gz") as source:
        assert f"fiscald-{__version__}/LICENSE" in source.getnames()
    for lock in LOCKS:
        text = (out / f"fiscald-{__version__}-{lock}.cdx.json").read_text("utf-8")
        assert str(tmp_path) not in text
        listed = {re.sub("[._]", "-", each["name"]).lower(): each for each in json.loads(text)["components"]}
        assert locked(lock) <= listed.keys()
        assert all(each.get("licenses") for each in listed.values())
