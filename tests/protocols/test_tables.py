"""How the tables of errors and of legality are read."""

from __future__ import annotations

from enum import StrEnum

import pytest

from fiscald.protocols.tables import ErrorRow, error_rows, legality


class Light(StrEnum):
    OFF = "off"
    ON = "on"


def test_a_row_of_errors_is_its_words_and_two_texts() -> None:
    table = "\n# -- comment | of | three\n7   no  data ABC | it is: bad | jest źle; popraw\n12 unknown state | x | y\n"
    assert list(error_rows(table)) == [
        ErrorRow(["7", "no", "data", "ABC"], "it is: bad", "jest źle; popraw"),
        ErrorRow(["12", "unknown", "state"], "x", "y"),
    ]


def test_a_row_without_a_polish_text_is_no_row() -> None:
    with pytest.raises(ValueError, match="not enough values"):
        list(error_rows("7 no data | it is bad"))


def test_only_what_is_illegal_stands_in_the_grammar() -> None:
    table = ((("switch", "turn"), (None, 5)), (("dim",), (3, None)))
    assert legality(tuple(Light), table) == {("switch", Light.ON): 5, ("turn", Light.ON): 5, ("dim", Light.OFF): 3}


def test_a_row_of_another_length_is_a_slip() -> None:
    with pytest.raises(ValueError, match="shorter"):
        legality(tuple(Light), ((("switch",), (None,)),))
