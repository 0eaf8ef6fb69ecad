"""Builds the site, with the Sphinx of this environment or of ``make site``."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pages.reading import ROOT


def built(folder: Path) -> Path:
    """The folder of the built site. Skips the test where Sphinx is not installed; a warning fails it."""
    python = Path(sys.executable)
    if importlib.util.find_spec("sphinx") is None:
        python = ROOT / ".venv-site" / "bin" / "python"
        if not python.exists():
            pytest.skip("needs Sphinx: make site")
    command = [str(python), "-m", "website", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    return folder / "html"
