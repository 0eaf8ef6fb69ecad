"""What the tests of the engine share."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """In memory where there is such a place: each of these tests carries out hundreds of synced transactions."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="engine-", dir=memory if memory.is_dir() else None) as path:
        yield Path(path)
