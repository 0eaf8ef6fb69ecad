"""A vendor for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.licence.server.running import Computer, Vendor


@pytest.fixture
def vendor(tmp_path: Path) -> Iterator[Vendor]:
    it = Vendor(tmp_path / "vendor.db")
    yield it
    it.store.close()


@pytest.fixture
def till(vendor: Vendor) -> Computer:
    """The bakery's first computer."""
    return Computer(vendor.clock, 1)


@pytest.fixture
def office(vendor: Vendor) -> Computer:
    """Another computer, elsewhere."""
    return Computer(vendor.clock, 2)
