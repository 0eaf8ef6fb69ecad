"""What the doctor gathers about the state directory."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from fiscald.diagnostics.facts import state_facts
from fiscald.journal import Store


@pytest.fixture
def state(tmp_path: Path) -> Path:
    Store(tmp_path / "state", lambda: datetime.now(UTC)).close()
    return tmp_path / "state"


def test_all_is_well(state: Path) -> None:
    found = state_facts(state, daemon=False)
    assert found is not None
    assert (found.journal, found.missing, found.mode) == (None, False, 0o700)


def test_a_missing_journal(state: Path) -> None:
    (state / "journal.db").unlink()
    found = state_facts(state, daemon=False)
    assert found is not None
    assert found.missing
    running = state_facts(state, daemon=True)
    assert running is not None
    assert not running.missing, "the daemon that answers has it open"


def test_a_directory_in_which_no_daemon_ran(tmp_path: Path) -> None:
    found = state_facts(tmp_path, daemon=False)
    assert found is not None
    assert not found.missing


@pytest.mark.parametrize("mode", [0o755, 0o770])
def test_permissions_of_other_users(state: Path, mode: int) -> None:
    state.chmod(mode)
    found = state_facts(state, daemon=False)
    assert found is not None
    assert found.mode == mode
