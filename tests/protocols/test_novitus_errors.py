"""The error numbers of Novitus Online printers: complete, rightly grouped, and fit to be shown."""

from __future__ import annotations

import pytest

from fiscald.model.conditions import CONDITIONS
from fiscald.model.problems import CATALOGUE, Fault
from fiscald.protocols.conditions import Conditions
from fiscald.protocols.novitus_errors import CODES, Code, Reaction, lookup, of_condition, of_no_condition
from fiscald.protocols.tables import Registered

# The numbers of the reference, 8.1 and 8.2, apart from the module's own table: a dropped row is noticed.
ONLINE = {
    *range(1, 10), 11, 12, 13, *range(15, 24), *range(25, 29), 30, 32, 34, 35, 38, 40, *range(51, 55), *range(56, 59),
    *range(82, 85), 99, 500, 502, 503, 1000, *range(1002, 1020), *range(1021, 1035), 1037, 1046, 1054, 1070, 1073, 1075,
    1076, 1078, 1079, 1083, 1085, 1086, *range(1088, 1121), 1521, 9999,
}  # fmt: skip
#: Known from NoviAPI and from the Thermal language of the same printers.
NEWER = set(range(1500, 1526))
OLDER = {
    10, 14, 24, 29, 31, 33, 36, 37, 39, *range(41, 51), 55, 1001, 1020, *range(1038, 1046), *range(1047, 1054),
    *range(1055, 1070), 1071, 1072, 1074, 1084, 1087,
}  # fmt: skip
EVERY = [pytest.param(code, id=str(code.number)) for code in CODES.values()]

# Section 8.3, as far as it names numbers.
CLASSES = {
    Reaction.LATER: (1033, 1034, 1037),
    Reaction.DAY: (8, 28, 35, 1116),
    Reaction.DATA: (4, *range(16, 21), 22, *range(25, 28), 30, 34, 51, 83, *range(1003, 1006), 1092, 1098, 1101, 1104, 1109, 1115, 1117),
    Reaction.STATE: (21, 82, 99, 1002, 1031),
    Reaction.TEXTS: (84,),
    Reaction.PROGRAM: (3, 1022, 1023),
    Reaction.NOISE: (2, 1026),
    Reaction.SERVICE: (5, 6, 40, 1000, 1007, *range(1008, 1020), *range(1028, 1031), 1054, 1085, *range(1088, 1092), *range(1095, 1098), 1099, 1100, 1102, 1103, 1105, 1110, 1114, 9999),
}  # fmt: skip


def test_every_published_number_is_there_and_no_other() -> None:
    assert {code.number for code in CODES.values() if code.online} == ONLINE | NEWER
    assert {code.number for code in CODES.values() if not code.online} == OLDER


@pytest.mark.parametrize("code", EVERY)
def test_texts_can_be_shown(code: Code) -> None:
    assert code.text == code.text.strip()
    assert code.text_pl
    assert not code.text.endswith(".")
    assert not code.text_pl.endswith(".")
    assert code.text[0].islower()
    code.text_pl.encode("cp1250")


@pytest.mark.parametrize(("reaction", "numbers"), CLASSES.items())
def test_numbers_are_classed_as_the_reference_says(reaction: Reaction, numbers: tuple[int, ...]) -> None:
    assert {number: lookup(number).reaction for number in numbers} == dict.fromkeys(numbers, reaction)


@pytest.mark.parametrize("code", EVERY)
def test_an_error_leads_to_a_known_problem_and_somebody_who_acts(code: Code) -> None:
    assert code.problem_code in CATALOGUE
    assert code.condition is None or code.condition in CONDITIONS
    if code.reaction is Reaction.DATA:
        assert code.fault is Fault.REQUEST
    if code.condition is not None:
        assert code.fault is Fault.PRINTER


def test_what_a_document_is_refused_for_registers_nothing() -> None:
    for number in (23, 25, 26, 27, 28, 1092, 1098, 1101):
        assert lookup(number).registered is Registered.NO


def test_faults_of_memory_and_mechanism_prove_nothing() -> None:
    for number in (5, 6, 9, 37, 1028, 1037, 1086, 1114, 9999):
        assert lookup(number).registered is Registered.UNKNOWN


def test_an_unknown_number_proves_nothing() -> None:
    code = lookup(777)
    assert (code.registered, code.reaction) == (Registered.UNKNOWN, Reaction.STATE)
    assert "777" in code.text
    assert "777" in code.text_pl


def test_the_columns_make_a_table_of_conditions() -> None:
    table = Conditions(f"paper_out | all | {of_condition('paper_out')} |\n- | | {of_no_condition()} |", ("receipt",))
    assert table.by_error["1037"].name == "paper_out"
    assert "35" in table.about_the_command
    assert "27" not in table.about_the_command, "that is about the document"
    assert not table.about_the_command & {str(code.number) for code in CODES.values() if code.condition}
