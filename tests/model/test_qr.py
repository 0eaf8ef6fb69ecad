"""The size of QR codes, against the codes that another program makes."""

from __future__ import annotations

import pytest
import segno

from fiscald.model.qr import CAPACITY, Correction, modules


@pytest.mark.slow
@pytest.mark.parametrize("correction", CAPACITY)
def test_a_code_of_every_version_is_as_large_as_another_program_makes_it(correction: Correction) -> None:
    for most in CAPACITY[correction]:
        assert as_large(most, correction)


@pytest.mark.parametrize("correction", CAPACITY)
@pytest.mark.parametrize("version", [1, 9, 10, 26, 40])
def test_a_code_of_some_versions_is_as_large_as_another_program_makes_it(version: int, correction: Correction) -> None:
    assert as_large(CAPACITY[correction][version - 1], correction)


def as_large(most: int, correction: Correction) -> bool:
    """Whether a full code and one with a byte more are as large as segno makes them."""
    for size in (most, most + 1):
        if size > CAPACITY[correction][-1]:
            return modules(size, correction) is None
        made = segno.make_qr("x" * size, error=correction, mode="byte", boost_error=False)
        if modules(size, correction) != made.symbol_size(border=0)[0]:
            return False
    return True


def test_the_smallest_code() -> None:
    assert modules(1, "H") == modules(0, "L") == 21
