"""The tables of error numbers: complete, rightly grouped, and fit to be shown."""

from __future__ import annotations

import pytest

from fiscald.protocols.tables import Registered
from fiscald.protocols.thermal.codes import CODES, Code, Reaction, lookup
from fiscald.protocols.thermal.fields import Brand

# The numbers of the reference, 8.1 and 8.2, apart from the module's own table: a dropped row is noticed.
POSNET = (
    *range(1, 15), *range(16, 52), *range(80, 86), *range(90, 99), 110, 111, 112, 113, 255
)  # fmt: skip
NOVITUS = (
    15, *range(52, 59), 99, 500, 502, 503, *range(1000, 1035), *range(1037, 1059), 1070, 1073, 1075, 1076, 1078, 1079,
    1083, 1085, 1086, *range(1088, 1121), *range(1500, 1526), 9999,
)  # fmt: skip
EVERY = [pytest.param(code, id=f"{brand} {code.number}") for brand in Brand for code in CODES[brand].values()]

# Section 8.3, as far as it names numbers.
CLASSES = {
    Reaction.NOISE: (2, 1026),
    Reaction.STATE: (21, 29, 82, 95, 96, 99, 1002, 1031),
    Reaction.DATA: (4, *range(16, 21), 22, 23, 25, 26, 27, 30, 33, 34, 38, 39, *range(41, 52), 90, 91, 1003, 1004, 1005, 1098),
    Reaction.DAY: (8, 28, 1116, 36),
    Reaction.SERVICE: (1, 5, 6, 7, 9, 12, 40, 92, 97, 98, 1000, 1006, 1008, 1021, 1028, 9999),
    Reaction.CANCELLED: (37,),
    Reaction.LATER: (112, 1033, 1034, 1037),
    Reaction.TEXTS: (84,),
    Reaction.PROGRAM: (3, 255, 1022),
}  # fmt: skip


def test_every_published_number_is_there_and_no_other() -> None:
    assert set(CODES[Brand.POSNET]) == set(POSNET)
    assert set(CODES[Brand.NOVITUS]) == {*POSNET, *NOVITUS}


@pytest.mark.parametrize("code", EVERY)
def test_texts_can_be_shown(code: Code) -> None:
    assert code.text
    assert code.text_pl
    assert code.text == code.text.strip()
    assert not code.text.endswith(".")
    assert not code.text_pl.endswith(".")
    assert code.text[0].islower() or not code.text[0].isalpha()
    code.text_pl.encode("cp1250")


@pytest.mark.parametrize(("reaction", "numbers"), CLASSES.items())
def test_numbers_are_classed_as_the_reference_says(reaction: Reaction, numbers: tuple[int, ...]) -> None:
    assert {number: lookup(number, Brand.NOVITUS).reaction for number in numbers} == dict.fromkeys(numbers, reaction)


def test_the_refusals_of_a_closing_command_prove_that_nothing_was_registered() -> None:
    for number in (23, 25, 26, 27, 28, 29, 91):
        assert lookup(number).registered is Registered.NO


def test_faults_of_memory_and_mechanism_prove_nothing() -> None:
    for number in (5, 6, 9, 37, 110, 111, 1028, 1037, 1114, 9999):
        assert lookup(number, Brand.NOVITUS).registered is Registered.UNKNOWN


def test_the_same_number_may_mean_another_thing_on_another_brand() -> None:
    assert lookup(94).reaction is Reaction.DATA
    assert lookup(94, Brand.NOVITUS).reaction is Reaction.SERVICE
    assert lookup(1098) is lookup(1098, Brand.NOVITUS)


def test_an_unknown_number_proves_nothing() -> None:
    code = lookup(777)
    assert (code.registered, code.reaction) == (Registered.UNKNOWN, Reaction.STATE)
    assert "777" in code.text
    assert "777" in code.text_pl


def test_the_polish_text_of_a_program_fault_says_whose_it_is() -> None:
    programs = [code for code in CODES[Brand.NOVITUS].values() if code.reaction is Reaction.PROGRAM]
    assert len(programs) == 5
    assert all(code.text_pl.startswith("błąd programu") for code in programs)
