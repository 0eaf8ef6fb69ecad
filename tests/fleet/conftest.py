"""What the tests of the fleet share."""

from __future__ import annotations

from tests.engine.conftest import tmp_path

__all__ = ["tmp_path"]
