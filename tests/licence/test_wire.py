"""The messages between this program and the vendor."""

from __future__ import annotations

import pytest

from fiscald.licence.wire import CompanyClaims, WireError


def test_a_company_that_cannot_exist_is_an_invalid_message() -> None:
    with pytest.raises(WireError):
        CompanyClaims(name="Piekarnia", post="00-001", cc="Polska", tin=None).company()
