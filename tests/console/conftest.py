"""One shop for all tests, and a person at its console for each. A test leaves the shop ready to sell."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.console.desk import Reader, reader
from tests.console.shop import Shop, shop


@pytest.fixture(scope="session")
def market() -> Iterator[Shop]:
    with shop(families=("posnet", "thermal")) as it:
        yield it


@pytest.fixture
def anna(market: Shop) -> Iterator[Reader]:
    """Reads English."""
    with reader(market) as it:
        yield it


@pytest.fixture
def zofia(market: Shop) -> Iterator[Reader]:
    """Reads Polish."""
    with reader(market, language="pl") as it:
        yield it
