"""``make`` on a computer that lacks something: looked for first, said in one sentence, and nothing half-made is left."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")


def make(folder: Path, python: str, *, target: str = ".venv/.made") -> subprocess.CompletedProcess[str]:
    """Make the environment with an interpreter that is a shell script."""
    shutil.copy(ROOT / "Makefile", folder)
    interpreter = folder / "python"
    interpreter.write_text(f"#!/bin/sh\n{python}\n")
    interpreter.chmod(0o755)
    command = ["make", f"PYTHON={interpreter}", target]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=100)


def without(module: str) -> str:
    return f'case "$*" in *{module}*) exit 1;; esac\nexec {sys.executable} "$@"'


def test_without_venv_one_sentence_names_the_package(tmp_path: Path) -> None:
    done = make(tmp_path, without("ensurepip"))
    assert done.returncode == 2
    assert "sudo apt install python3-venv" in done.stdout
    assert not (tmp_path / ".venv").exists()


def test_an_old_python_is_reported(tmp_path: Path) -> None:
    done = make(tmp_path, without("version_info"))
    assert (done.returncode, "Python 3.11 or newer" in done.stdout) == (2, True)
    assert not (tmp_path / ".venv").exists()


def test_what_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    """As on Debian without python3-venv: the directory and an interpreter are made, and pip is not."""
    half = f'case "$*" in *"-m venv"*) mkdir -p .venv/bin; ln -s {sys.executable} .venv/bin/python; exit 1;; esac\n'
    done = make(tmp_path, half + f'exec {sys.executable} "$@"')
    assert done.returncode == 2
    assert not (tmp_path / ".venv").exists()


@pytest.mark.slow
def test_what_was_left_half_made_is_made_again(tmp_path: Path) -> None:
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to("/bin/false")
    done = make(tmp_path, f'exec {sys.executable} "$@"')
    assert done.returncode == 0, done.stdout + done.stderr
    pip = [str(tmp_path / ".venv" / "bin" / "python"), "-m", "pip", "--version"]
    assert subprocess.run(pip, check=False, capture_output=True).returncode == 0
    again = make(tmp_path, "exit 1")
    assert again.returncode == 0, "what is whole is not looked at again"


def test_the_readme_names_the_one_line() -> None:
    assert "sudo apt install git make python3-venv" in README
