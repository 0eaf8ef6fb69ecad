"""The paper of every document is what was kept, and looked at, as text."""

from __future__ import annotations

import itertools

import pytest

from fiscald.protocols import FAMILIES
from fiscald.protocols.base import Printed
from tests.conformance import papers
from tests.conformance.bench import Bench

EVERY = [(family, kind) for family in FAMILIES for kind in papers.documents(family)]


@pytest.mark.parametrize(("family", "kind"), EVERY)
def test_the_paper_is_what_was_kept(family: str, kind: str) -> None:
    kept = papers.kept(family, kind)
    assert kept.exists(), "run python -m tests.conformance.papers and look at it"
    assert papers.text(family, kind) == kept.read_text("utf-8")


def test_no_other_paper_is_kept() -> None:
    assert {str(path) for path in papers.KEPT.rglob("*.txt")} == {str(papers.kept(*each)) for each in EVERY}


@pytest.mark.parametrize("family", FAMILIES)
def test_the_paper_names_a_discount_once(family: str) -> None:
    """The printer writes "rabat" itself: a driver that sends the word as the name prints it twice."""
    words = papers.text(family, "discounts").lower().replace(":", "").split()
    assert {"rabat", "narzut"} <= set(words)
    assert not {("rabat", "rabat"), ("narzut", "narzut")} & set(itertools.pairwise(words))


def test_the_drivers_of_one_printer_print_the_same_totals() -> None:
    """A Novitus on-line printer has three protocols: what fiscald sends it in each adds up to the same receipt."""
    outcomes = {}
    for family, profile in (("thermal", "novitus"), ("novitus-xml", None), ("noviapi", None)):
        bench = Bench(family, profile, cash=100_000)
        verdict = bench.carry_out(papers.CHANGED)
        assert isinstance(verdict, Printed), verdict
        state = bench.device.register.state
        outcomes[family] = (verdict.result.total, verdict.result.due, list(state.day.receipts), state.cash)
    assert outcomes["noviapi"] == outcomes["novitus-xml"] == outcomes["thermal"]
