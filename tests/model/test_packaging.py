"""Returnable packaging: how it is named."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fiscald.model.packaging import Packaging, PackagingDocument


def packaging(**fields: Any) -> Packaging:
    return Packaging.model_validate({"price": "0.50"} | fields)


def test_packaging_has_a_name_or_a_number() -> None:
    with pytest.raises(ValidationError, match="the name of the packaging, its number, or both"):
        packaging()
    assert packaging(name="Puszka").number is None
    assert packaging(number="0012").printed_number(127) == 12


def test_the_number_of_a_name_is_the_same_on_every_day() -> None:
    assert packaging(name="Kaucja PET").printed_number(9999) == 7556
    assert packaging(name=" kaucja  pet ").printed_number(9999) == 7556, "case and blanks do not matter"
    assert packaging(name="Kaucja PET").printed_number(127) != packaging(name="Puszka").printed_number(127)


@given(st.text(min_size=1, max_size=20).filter(lambda text: text.strip() and text.isprintable()), st.integers(1, 9999))
def test_a_number_made_from_a_name_is_one_that_the_printer_takes(name: str, highest: int) -> None:
    assert 1 <= packaging(name=name).printed_number(highest) <= highest


def test_a_document_has_at_least_one_item() -> None:
    with pytest.raises(ValidationError):
        PackagingDocument.model_validate({"items": []})
