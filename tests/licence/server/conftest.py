"""A vendor for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette

from fiscald.licence.server.app import create_app
from tests.licence.server.browsers import Browser
from tests.licence.server.desks import FakeDesk
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


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk()


@pytest.fixture
def app(vendor: Vendor, desk: FakeDesk) -> Starlette:
    return create_app(vendor.handler, vendor.outbox, None, desk)


@pytest.fixture
async def browser(app: Starlette) -> AsyncIterator[Browser]:
    it = Browser(app)
    yield it
    await it.http.aclose()
