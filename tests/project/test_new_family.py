"""A new family is two folders and one line: no other file changes (docs/new-family.md)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_families_from_two_folders_and_one_line() -> None:
    command = [sys.executable, "-W", "error", "-m", "tests.project.new_family"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == "the families are at home\n"
