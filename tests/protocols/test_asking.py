"""Questions and their answers, of a family that does not exist."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest

from fiscald.model.jobs import Paper
from fiscald.model.printers import Condition, PrinterState
from fiscald.protocols.asking import ask_again, good_values, read_paper, refusal
from fiscald.protocols.base import Dialogue, Effect, Interrupted, Patience, Step

T = TypeVar("T")


@dataclass
class Said:
    good: bool = True
    values: dict[str, Any] = field(default_factory=dict)


def send(question: str) -> Dialogue[Said]:
    said: Said = yield Step(question, Effect.QUERY, Patience.QUERY)
    return said


def drive(dialogue: Dialogue[T], *replies: Any) -> tuple[T, int]:
    """What it returns, and how many replies it took."""
    taken = 0
    item = next(dialogue)
    while True:
        try:
            item = dialogue.send(replies[taken] if isinstance(item, Step) else None)
            taken += 1
        except StopIteration as end:
            return end.value, taken + 1


def test_a_question_spoiled_by_noise_is_asked_once_more_and_no_oftener() -> None:
    good, bad = Said(), Said(good=False)

    def spoiled(said: Said) -> bool:
        return not said.good

    assert drive(ask_again("?", send, spoiled), good) == (good, 1)
    assert drive(ask_again("?", send, spoiled), bad, good) == (good, 2)
    assert drive(ask_again("?", send, spoiled), bad, bad) == (bad, 2)


def test_a_good_answer_that_has_what_is_needed() -> None:
    assert good_values(Said(values={"a": 1, "b": 2}), "count", ("a",), str) == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (Said(values={"a": 1}), "the printer does not answer count: its answer lacks b, c"),
        (Said(good=False, values={"a": 1, "b": 2, "c": 3}), "the printer does not answer count: it is asleep"),
    ],
)
def test_an_answer_that_makes_no_sense_interrupts(said: Said, why: str) -> None:
    with pytest.raises(Interrupted) as caught:
        good_values(said, "count", ("a", "b", "c"), lambda: "it is asleep")
    assert why in caught.value.problem.detail


def test_a_refusal_says_where_why_and_the_vendors_number() -> None:
    problem = refusal("/document/lines/0", "no such rate", "brak stawki", "17 RATE")
    assert (problem.code, problem.device_code) == ("printer.refused", "17 RATE")
    assert "/document/lines/0: no such rate" in problem.detail
    assert "brak stawki" in problem.detail_pl


@pytest.mark.parametrize("state", PrinterState)
def test_the_sheet_is_out_where_the_printer_is_ready(state: PrinterState) -> None:
    def probe() -> Dialogue[Condition]:
        yield Step("?", Effect.QUERY, Patience.QUERY)
        return Condition(state=state)

    paper, _ = drive(read_paper(probe()), None)
    assert paper is (Paper.PRINTED if state is PrinterState.READY else Paper.PENDING)
