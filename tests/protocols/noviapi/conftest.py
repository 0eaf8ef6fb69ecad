"""The engine's tests here carry out many synced transactions, too."""

from __future__ import annotations

from tests.engine.conftest import tmp_path as tmp_path
