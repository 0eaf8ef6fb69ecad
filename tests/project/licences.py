"""``python -m tests.project.licences``: docs/dependencies.md, the licence of everything that the locks install."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "dependencies.md"
LOCKS = ("service", "vendor")
#: Licences whose files say less than their classifier, and what the classifiers are called in SPDX.
SPDX = {
    "BSD License": "BSD-3-Clause",
    "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.1-or-later",
    "MIT License": "MIT",
    "Apache Software License": "Apache-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
#: Packages that only other systems install, so that they need not be here.
ELSEWHERE = {"colorama": "BSD-3-Clause", "tomli": "MIT", "uvloop": "MIT OR Apache-2.0"}

INTRODUCTION = """# Licences of what fiscald installs

fiscald is under the MIT licence ([LICENSE](../LICENSE)). Its locks (`requirements/`) install these packages; each is
used as it is, in its own files. Beside them, fiscald has in its tree htmx (0BSD, the web console) and fonts of DejaVu
(their own free licence, copies of paper), with their licences beside them. `make release` writes the same list with
versions as CycloneDX.

| package | licence | daemon | licence server |
| --- | --- | --- | --- |
"""


def locked(lock: str) -> set[str]:
    """The packages of a lock."""
    text = (ROOT / "requirements" / f"{lock}.txt").read_text("utf-8")
    return {canonicalize_name(name) for name in re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE)}


def licence_of(package: str) -> str:
    """In the words of SPDX. Raises ``LookupError``: it is neither installed nor known."""
    try:
        told = metadata(package)
    except PackageNotFoundError:
        return ELSEWHERE[package]
    if "License-Expression" in told:
        return told["License-Expression"]
    classified = [
        line.rsplit(" :: ", 1)[1] for line in told.get_all("Classifier") or () if line.startswith("License :: OSI")
    ]
    if classified:
        return " OR ".join(SPDX[each] for each in classified)
    return SPDX.get(told["License"], told["License"])


def page() -> str:
    """The page."""
    places = {lock: locked(lock) for lock in LOCKS}
    rows = [
        f"| {package} | {licence_of(package)} | {' | '.join('yes' if package in places[lock] else '' for lock in LOCKS)} |"
        for package in sorted(set().union(*places.values()))
    ]
    return INTRODUCTION + "\n".join(rows) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
