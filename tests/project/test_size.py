"""One idea per file: a file that grows over 450 lines is split by idea."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
MAX_LINES = 450
#: Files that may be longer, each with its reason.
LONGER = {
    "fiscald/model/problems.py": "the catalogue: a table with a row for each problem, read as one",
    "fiscald/protocols/posnet/codes.py": "the error table of the specification, with a row for each number",
    "tests/protocols/posnet/test_codes.py": "the same table, copied a second time from the specification",
}


def test_no_file_holds_two_ideas() -> None:
    sizes = {
        str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines())
        for folder in ("fiscald", "tests", "benchmarks", "website")
        for path in (ROOT / folder).rglob("*.py")
    }
    assert {name for name, lines in sizes.items() if lines > MAX_LINES} == LONGER.keys()
    assert len(sizes) > 200
