"""Questions and their answers, of a family that does not exist."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from fiscald.protocols.base import DialogueAborted
from fiscald.protocols.conditions import Row
from fiscald.protocols.queries import good_values, refusal, refused_question


@dataclass
class Said:
    good: bool = True
    values: dict[str, Any] = field(default_factory=dict)


def test_a_good_answer_that_has_what_is_needed() -> None:
    assert good_values(Said(values={"a": 1, "b": 2}), "count", ("a",)) == {"a": 1, "b": 2}


def test_an_answer_that_lacks_something_makes_no_sense() -> None:
    with pytest.raises(DialogueAborted) as caught:
        good_values(Said(values={"a": 1}), "count", ("a", "b", "c"))
    assert caught.value.problem.code == "printer.out_of_order"
    assert "the printer does not answer count: its answer lacks b, c" in caught.value.problem.detail


@pytest.mark.parametrize(
    ("row", "code", "detail_pl"),
    [
        (None, "printer.out_of_order", "Drukarka zgłasza usterkę (śpi). Wezwij serwis."),
        (Row("busy", frozenset(), (), ""), "printer.busy", "Drukarka jest zajęta."),
    ],
)
def test_a_refused_question_keeps_the_text_of_that_error(row: Row | None, code: str, detail_pl: str) -> None:
    why = refused_question("count", row, "it is asleep", "śpi; wezwij serwis", "7 ASLEEP").problem
    assert (why.code, why.device_code, why.detail_pl) == (code, "7 ASLEEP", detail_pl)
    assert "the printer does not answer count: it is asleep" in why.detail


def test_a_refusal_says_where_why_and_the_vendors_number() -> None:
    problem = refusal("/document/lines/0", "no such rate", "brak stawki", "17 RATE")
    assert (problem.code, problem.device_code) == ("printer.refused", "17 RATE")
    assert "/document/lines/0: no such rate" in problem.detail
    assert "brak stawki" in problem.detail_pl
    assert [each.pointer for each in problem.errors] == ["/document/lines/0"]


def test_a_refusal_of_a_line_names_the_goods_in_both_languages() -> None:
    problem = refusal("/document/lines/0", "no such rate", "brak stawki", "17", goods="Bułka")
    (error,) = problem.errors
    assert "'Bułka': no such rate" in problem.detail
    assert "„Bułka”: brak stawki" in problem.detail_pl
    assert ("'Bułka'" in error.detail, "„Bułka”" in str(error.detail_pl)) == (True, True)
