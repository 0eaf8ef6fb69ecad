"""The evidence of an undecided job as ``fiscalctl`` shows it: short lines, what moved first, in words."""

from __future__ import annotations

from typing import Any

import pytest

from fiscald.cli.evidence import MAX_FIELDS, PLANNED, WIDTH, evidence_lines
from fiscald.protocols import FAMILIES, family
from tests.cli.hostile import HOSTILE


def look(name: str, value: int) -> dict[str, Any]:
    """A look of that family in which every field has a value."""
    (model, _) = family(name).evidence.model_fields["before"].annotation.__args__  # type: ignore[union-attr]
    return {
        field: {"pn": value, "sales": value} if field == "day" else value
        for field in model.model_fields
        if field not in PLANNED
    }


@pytest.mark.parametrize("name", FAMILIES)
def test_every_field_of_every_family_has_words(name: str) -> None:
    moved = evidence_lines({"family": name, "before": look(name, 1), "after": look(name, 2)})
    (head, *rows) = moved
    assert head.split()[-2:] == ["before", "after"]
    assert len(rows) >= len(look(name, 1))
    for row in rows:
        words, _, key = row.partition(" (")
        assert words.strip() != key.partition(")")[0], f"{row}: the field has no description"
        assert row.split()[-2:] == ["1", "2"]


def test_what_moved_comes_first_and_what_did_not_in_one_sentence() -> None:
    before = {"nu": "EMU 1", "rd": 0, "bn": 4, "bc": 0, "day": {"sales": 6000}, "fiscal": True, "rates": {"A": "23%"}}
    after = {"nu": "EMU 1", "rd": 1, "bn": 0, "bc": 0, "fiscal": True}
    assert evidence_lines({"family": "posnet", "version": 2, "before": before, "opened": before, "after": after}) == [
        "the printer's counters (amounts in grosze)  before  opened  after",
        "daily reports (rd)                               0       0      1",
        "completed receipts of the day (bn)               4       4      0",
        "the same at every look: unique number EMU 1; cancelled receipts of the day 0",
        "read before and opened: value of completed receipts 6000",
    ]


def test_evidence_in_which_nothing_moved_and_evidence_of_one_look() -> None:
    once = {"family": "posnet", "before": {"nu": "EMU 1", "bn": 4}}
    assert evidence_lines(once) == ["read before: unique number EMU 1; completed receipts of the day 4"]
    assert evidence_lines(once | {"after": once["before"]})[0] == "no counter of the printer moved"


@pytest.mark.parametrize(
    "evidence", [None, {}, {"before": None}, {"before": {}}, {"cause": "damaged", "stored": {"a": [1]}}]
)
def test_evidence_that_says_nothing(evidence: dict[str, Any] | None) -> None:
    assert evidence_lines(evidence) == ["the printer's counters were not read"]


def test_evidence_of_any_form_stays_short_and_harmless() -> None:
    many = {f"{HOSTILE}{number}": HOSTILE * 50 for number in range(500)}
    lines = evidence_lines(
        {"family": [HOSTILE], "before": many, "after": {name: [HOSTILE] for name in many} | {"a": {"b": {}}}}
    )
    assert all(line.isprintable() for line in lines)
    assert sum(map(len, lines)) < MAX_FIELDS * 1000
    assert max(map(len, evidence_lines({"before": {str(n): n for n in range(500)}}))) <= WIDTH
