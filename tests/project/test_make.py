"""``make`` on a computer that lacks something: checked first, reported in one sentence, and no half-built files remain."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.found import found

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


def test_a_failed_target_leaves_no_file(tmp_path: Path) -> None:
    """As on Debian without python3-venv: the directory and an interpreter are made, and pip is not."""
    half = f'case "$*" in *"-m venv"*) mkdir -p .venv/bin; ln -s {sys.executable} .venv/bin/python; exit 1;; esac\n'
    done = make(tmp_path, half + f'exec {sys.executable} "$@"')
    assert done.returncode == 2
    assert not (tmp_path / ".venv").exists()


@pytest.mark.slow
def test_a_half_built_target_is_rebuilt(tmp_path: Path) -> None:
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


def described() -> set[str]:
    """The targets that ``make help`` lists."""
    done = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    return {line.split()[1] for line in found(done.stdout.splitlines())}


def test_help_describes_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert described() == set(phony.split()) - {"clean"}


def test_every_target_that_a_page_names_exists() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob(".github/workflows/*.yml"), ROOT / ".ci/run"]
    named = {
        (page.name, "".join(target))
        for page in found(pages)
        for target in re.findall(
            r"(?:`|- run: )make ([a-z-]{2,})|^make ([a-z-]+)(?:$|  | [A-Z]+=)", page.read_text("utf-8"), re.MULTILINE
        )
        if "".join(target) != "test-of-your-shop"
    }
    assert len(named) > 8
    assert {each for each in named if each[1] not in described()} == set()
