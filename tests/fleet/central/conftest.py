"""Both databases for the tests of the central."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fiscald.fleet.central import Database, sqlite_url
from tests.engine.conftest import tmp_path
from tests.fleet.central.postgres import Cluster, missing, started

__all__ = ["tmp_path"]


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server for the tests of this process."""
    if why := missing():
        pytest.skip(why)
    with started() as cluster:
        yield cluster


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a new database."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "central" / "fleet.db")
    cluster: Cluster = request.getfixturevalue("cluster")
    return cluster.new_database()


@pytest.fixture
def db(url: str) -> Iterator[Database]:
    """A new database."""
    opened = Database(url)
    try:
        yield opened
    finally:
        opened.close()


@pytest.fixture
def sqlite_db(tmp_path: Path) -> Iterator[Database]:
    """A new file."""
    opened = Database(sqlite_url(tmp_path / "central" / "fleet.db"))
    try:
        yield opened
    finally:
        opened.close()
