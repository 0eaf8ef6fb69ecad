"""The tools of others: installed into ``.contract`` beside the tree, and run."""

from __future__ import annotations

import os
import shutil
import subprocess
import venv
from pathlib import Path

HERE = Path(__file__).parent
#: Kept between runs, and not part of the tree.
CACHE = HERE.parents[1] / ".contract"
#: Seconds for an installation, and for anything else but the fuzzer.
INSTALL, USUAL = 600.0, 180.0


class Skipped(Exception):
    """A tool that is not available; ``str`` says why."""


class Failed(Exception):
    """A finding of a tool; ``str`` describes it."""


def run(*command: str | Path, cwd: Path | None = None, seconds: float = USUAL, **environment: str) -> str:
    """The standard output of a program. Raises ``Failed`` with both outputs."""
    try:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=cwd,
            env=_environment(environment),
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired as error:
        raise Failed(f"{Path(command[0]).name} takes longer than {seconds:g} s\n{error.stdout!r}") from None
    if done.returncode:
        raise Failed(f"{Path(command[0]).name} ends with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def _environment(more: dict[str, str]) -> dict[str, str]:
    return os.environ | {"NO_COLOR": "1", "CI": "1", "REDOCLY_TELEMETRY": "off"} | more


def node() -> Path:
    """The folder with the programs from npm. Raises ``Skipped``."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise Skipped("there is no node or no npm here")
    folder = CACHE / "node"
    wanted = (HERE / "package.json").read_text("utf-8")
    held = folder / "package.json"
    if not held.exists() or held.read_text("utf-8") != wanted or not (folder / "node_modules").exists():
        folder.mkdir(parents=True, exist_ok=True)
        held.unlink(missing_ok=True)
        try:
            draft = folder / "draft"
            draft.mkdir(exist_ok=True)
            (draft / "package.json").write_text(wanted, "utf-8")
            run("npm", "install", "--no-audit", "--no-fund", cwd=draft, seconds=INSTALL)
            shutil.rmtree(folder / "node_modules", ignore_errors=True)
            (draft / "node_modules").rename(folder / "node_modules")
        except Failed as error:
            raise Skipped(f"npm cannot install the tools: {str(error).strip().splitlines()[-1]}") from None
        held.write_text(wanted, "utf-8")
    return folder / "node_modules"


def python() -> Path:
    """The folder with the programs from PyPI. Raises ``Skipped``."""
    folder = CACHE / "venv"
    wanted = (HERE / "requirements.txt").read_text("utf-8")
    held = folder / "requirements.txt"
    if not held.exists() or held.read_text("utf-8") != wanted:
        try:
            venv.create(folder, with_pip=True, clear=True)
            pip = (folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
            run(*pip, "-r", HERE / "requirements.txt", seconds=INSTALL)
        except (Failed, subprocess.CalledProcessError) as error:
            raise Skipped(f"pip cannot install the tools: {str(error).strip().splitlines()[-1]}") from None
        held.write_text(wanted, "utf-8")
    return folder / "bin"


def fresh(name: str) -> Path:
    """An empty folder for what is generated."""
    folder = CACHE / "generated" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
