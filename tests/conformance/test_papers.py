"""The paper of every document is what was kept, and looked at, as text."""

from __future__ import annotations

import pytest

from fiscald.protocols import FAMILIES
from tests.conformance import papers

EVERY = [(family, kind) for family in FAMILIES for kind in papers.documents(family)]


@pytest.mark.parametrize(("family", "kind"), EVERY)
def test_the_paper_is_what_was_kept(family: str, kind: str) -> None:
    kept = papers.kept(family, kind)
    assert kept.exists(), "run python -m tests.conformance.papers and look at it"
    assert papers.text(family, kind) == kept.read_text("utf-8")


def test_no_other_paper_is_kept() -> None:
    assert {str(path) for path in papers.KEPT.rglob("*.txt")} == {str(papers.kept(*each)) for each in EVERY}
