"""What the doctor gathers about the state directory."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from fiscald.diagnostics.candidates import Candidate, Configured
from fiscald.diagnostics.facts import printer_facts, state_facts
from fiscald.diagnostics.host import Host
from fiscald.diagnostics.probing import Attempt, Heard, Probed
from fiscald.journal import Store
from fiscald.model.printers import Condition, Identity, PrinterState
from fiscald.model.times import POLISH_TIME
from fiscald.protocols.base import Identification
from fiscald.transport import parse_address


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


@pytest.mark.parametrize("now", ["2026-10-25T02:31:00+02:00", "2026-10-25T02:31:00+01:00"])
def test_a_printers_clock_in_the_hour_that_comes_twice(now: str) -> None:
    address = parse_address("tcp://127.0.0.1:1")
    clock = datetime(2026, 10, 25, 2, 30, tzinfo=POLISH_TIME)
    identity = Identity(printer_id="EMU 1", fiscal=True, profile="posnet")
    found = Identification(identity, Condition(state=PrinterState.READY), {}, transaction_open=False, clock=clock)
    configured = Configured("till1", "thermal", address, None)
    attempt = Attempt(address, "thermal", Heard.ANSWER, b"", b"", introduction=found)
    probed = Probed(Candidate(address, "", ()), (attempt,))
    facts = printer_facts(Host(), configured, "root", datetime.fromisoformat(now), probed=probed)
    assert facts.clock is not None
    assert facts.clock.isoformat() == now.replace(":31:", ":30:")
