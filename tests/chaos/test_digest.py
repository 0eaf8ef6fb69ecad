"""The fingerprints that a refactoring is compared by."""

from __future__ import annotations

from tests.chaos import mutants
from tests.chaos.digest import Fingerprints, _batch, compare, fingerprints
from tests.chaos.schedule import draw
from tests.chaos.world import carry_out


def test_the_same_schedule_gives_the_same_fingerprints() -> None:
    assert fingerprints(carry_out(draw(3))) == fingerprints(carry_out(draw(3)))


def test_a_broken_safety_rule_changes_the_fingerprints() -> None:
    name, schedule = next(iter(mutants.caught_by().items()))
    before = fingerprints(carry_out(schedule))
    with mutants.applied(name):
        assert fingerprints(carry_out(schedule)) != before


def test_compare_names_the_parts_that_differ() -> None:
    before = {"one": Fingerprints("v", "j", "w"), "gone": Fingerprints("v", "j", "w")}
    assert compare(before, {"one": Fingerprints("v", "j", "w")}) == []
    assert compare(before, {"one": Fingerprints("v", "other", "other")}) == ["one: journal, wire"]


def test_a_broken_promise_is_reported_with_the_fingerprints() -> None:
    name, schedule = next(iter(mutants.caught_by().items()))
    assert _batch([("one", schedule)]).broken == {}
    with mutants.applied(name):
        assert _batch([("one", schedule)]).broken["one"]
