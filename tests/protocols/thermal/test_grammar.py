"""The grammar: whole, and without contradictions. That a device keeps it is tested with the emulator."""

from __future__ import annotations

import pytest

from fiscald.protocols.base import Effect
from fiscald.protocols.thermal.commands import COMMANDS, names
from fiscald.protocols.thermal.fields import Brand
from fiscald.protocols.thermal.grammar import LEGALITY, MOVES, NOVITUS_ALLOWS, TRANSACTION, State, after, refusal

OPEN = (*TRANSACTION, State.TAIL)


def test_every_move_starts_from_a_legal_place() -> None:
    assert not [move for move in MOVES if move in LEGALITY]


def test_what_novitus_allows_besides_is_forbidden_elsewhere() -> None:
    for command, state in NOVITUS_ALLOWS:
        assert refusal(command, state) is not None
        assert refusal(command, state, Brand.NOVITUS) is None
        assert after(command, state, Brand.NOVITUS) is State.IDLE


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("name", sorted(n for n, row in COMMANDS[Brand.POSNET].items() if row.effect is Effect.QUERY))
def test_questions_are_legal_everywhere_once_the_clock_runs(name: str, state: State) -> None:
    if name in ("#s 23", "#e", "#n"):
        assert refusal(name, state) is None
    if state in (State.IDLE, *OPEN):
        assert refusal(name, state) is None


@pytest.mark.parametrize("state", OPEN)
def test_what_registers_beside_a_receipt_is_refused_while_one_is_open(state: State) -> None:
    for name in ("$h", "#i", "#d", "#z", "#r", "#o", "$p", "$c", "$f 0", "#k", "#t"):
        assert refusal(name, state) in (82, 95)


def test_nothing_can_be_sold_or_closed_without_an_open_receipt() -> None:
    selling = ("$l", "$L", "$Y", "$n", "$b 1", "$b 2", "$d 6", "$d 7", "$d 10", "$d 11", "$z 28")
    assert {refusal(name, State.IDLE) for name in selling} == {21}
    assert {refusal(name, State.IDLE) for name in ("$e 1", "$x", "$y")} == {29}


def test_cancelling_without_an_open_receipt_does_nothing() -> None:
    assert refusal("$e 0", State.IDLE) is None
    assert after("$e 0", State.IDLE) is State.IDLE


def test_a_receipt_goes_its_way() -> None:
    state = after("$h", State.IDLE)
    assert state is State.LINES
    assert after("$l", state) is State.LINES
    assert after("$b 1", state) is State.PAY
    assert refusal("$l", State.PAY) == 91
    assert after("$b 2", State.PAY) is State.PAY
    assert after("$b 2", State.PAY, unpaid=True) is State.LINES
    assert after("$n", State.PAY, unpaid=True) is State.LINES
    assert after("$y", State.PAY) is State.IDLE
    assert after("$y", State.PAY, short=True) is State.TAIL
    assert after("$z 28", State.TAIL) is State.IDLE
    assert after("$e 0", State.PAY) is State.IDLE


def test_a_closed_sale_cannot_be_cancelled_before_its_sheet_is_out() -> None:
    assert refusal("$e 0", State.TAIL) == 82


def test_without_a_clock_only_status_and_error_mode_work() -> None:
    legal = {name for name in names() if refusal(name, State.NO_RTC) is None}
    assert {name for name in legal if not name.startswith("$d")} == {
        "#s", "#s 22", "#s 23", "#s 24", "#s 25", "#s 26", "#s 27", "#s 28", "#s 50", "#s 99", "#s 100", "#s 210", "@PMI", "#e", "#n",
    }  # fmt: skip
