"""The size of QR codes, against the codes that another program makes."""

from __future__ import annotations

import pytest
import segno

from fiscald.model.qr import CAPACITY, Correction, modules


@pytest.mark.parametrize("correction", ["L", *(pytest.param(each, marks=pytest.mark.slow) for each in "MQH")])
def test_a_code_of_every_version_is_as_large_as_another_program_makes_it(correction: Correction) -> None:
    for most in CAPACITY[correction]:
        for size in (most, most + 1):
            if size > CAPACITY[correction][-1]:
                assert modules(size, correction) is None
                continue
            made = segno.make_qr("x" * size, error=correction, mode="byte", boost_error=False)
            assert modules(size, correction) == made.symbol_size(border=0)[0]


def test_the_smallest_code() -> None:
    assert modules(1, "H") == modules(0, "L") == 21
