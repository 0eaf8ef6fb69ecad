"""What follows from what a printer says of its own id of a document."""

from __future__ import annotations

import pytest

from fiscald.protocols.base import Held, NotPrinted, Unknown
from fiscald.protocols.proof.own_id import MemoryDelta, Next, OwnIdProof, State
from fiscald.protocols.proof.verdicts import CommitReply
from tests.protocols.proof.counted import AFTER, DUE, REFUSAL

#: What was registered since: nothing; one document of our 10.00, of another value, of a value that is not known; two
#: that may hold ours, or cannot; not known; fewer than before.
MEMORIES = {
    "0": MemoryDelta(0, 0),
    "1=": MemoryDelta(1, 1000),
    "1<": MemoryDelta(1, 500),
    "1?": MemoryDelta(1),
    "2>": MemoryDelta(2, 1500),
    "2<": MemoryDelta(2, 500),
    "?": MemoryDelta(None),
    "-": MemoryDelta(-3),
}
#: Rows: whether the confirmation may have been sent (+), and what the printer says of the id. See ``said``.
RULES = """
              0              1=             1<           1?             2>             2<           ?             -
    -unknown  again          again          again        again          again          again        again         again
    -stored   drop           drop           drop         drop           drop           drop         drop          drop
    -open     ask_again      ask_again      ask_again    ask_again      ask_again      ask_again    ask_again     ask_again
    -done     contradiction  answer         answer       answer         answer         answer       answer        counters_restored
    -refused  refused        contradiction  refused      contradiction  contradiction  refused      refused       counters_restored
    +unknown  again          id_forgotten   again        id_forgotten   id_forgotten   again        id_forgotten  counters_restored
    +stored   confirm        confirm        confirm      confirm        confirm        confirm      confirm       confirm
    +open     ask_again      ask_again      ask_again    ask_again      ask_again      ask_again    ask_again     ask_again
    +done     contradiction  answer         answer       answer         answer         answer       answer        counters_restored
    +refused  refused        contradiction  refused      contradiction  contradiction  refused      refused       counters_restored
"""
COLUMNS, *ROWS = (line.split() for line in RULES.strip().splitlines())


def said(found: Next | NotPrinted | Held | Unknown) -> str:
    match found:
        case Next():
            return found.name.lower()
        case NotPrinted(again=True):
            return "again"
        case NotPrinted(problem=why):
            return why.code.removeprefix("printer.")
        case Held():
            return "held"
        case Unknown(problem=why):
            return str((why.model_extra or {})["cause"])


@pytest.mark.parametrize(
    ("row", "column", "rule"),
    [(row[0], column, rule) for row in ROWS for column, rule in zip(COLUMNS, row[1:], strict=True)],
)
def test_what_follows_from_the_id_and_the_memory(row: str, column: str, rule: str) -> None:
    proof = OwnIdProof("8eb1", confirming=row[0] == "+", total=1000)
    found = proof.follows(State[row[1:].upper()], MEMORIES[column], AFTER, CommitReply(REFUSAL))
    assert said(found) == rule
    if isinstance(found, NotPrinted | Unknown):
        assert found.evidence == {"after": AFTER}


@pytest.mark.parametrize("state", State)
def test_a_document_whose_id_was_not_received_was_never_confirmed(state: State) -> None:
    """Whatever the memory says: nothing is printed before it is confirmed, and without its id it cannot be."""
    found = OwnIdProof(None, confirming=False, total=1000).follows(state, MEMORIES["1="], AFTER)
    assert said(found) == "again"


@pytest.mark.parametrize(("memory", "rule"), [("0", "again"), ("1<", "id_forgotten"), ("?", "id_forgotten")])
def test_a_document_without_a_value_may_be_any_that_was_registered(memory: str, rule: str) -> None:
    proof = OwnIdProof("8eb1", confirming=True, total=None)
    assert said(proof.follows(State.UNKNOWN, MEMORIES[memory], AFTER)) == rule


def test_the_memory_of_a_training_device_need_not_move() -> None:
    proof = OwnIdProof("8eb1", confirming=True, total=1000)
    assert proof.follows(State.DONE, MemoryDelta(0, 0, uncounted=True), AFTER) is Next.ANSWER


def test_a_document_refused_for_a_condition_waits_for_its_end() -> None:
    proof = OwnIdProof("8eb1", confirming=True, total=1000)
    assert proof.follows(State.REFUSED, MEMORIES["0"], AFTER, CommitReply(DUE, waits=True)) == Held(
        DUE, was_open=False, evidence={"after": AFTER}
    )
