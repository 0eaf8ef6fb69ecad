"""``fiscalctl`` and ``fiscald`` run by another user: a process that has become that user, for good.

The interpreter may be where only root can look, so the process loads everything first, as root, and then changes its
user and groups; from there on the kernel treats it as any process of that user. ``python -m tests.uids`` loads once and
becomes another user in a separate child for each line of standard input.
"""

from __future__ import annotations

import encodings
import importlib
import json
import os
import pkgutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner

ROOT = Path(__file__).parents[1]
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
#: What is loaded only when it is needed, which this user can no longer do then.
_PARTS = ("cli", "diagnostics", "recording", "transport", "emulator", "api", "protocols", "licence", "model")
_LIBRARIES = ("anyio._backends._asyncio", "tarfile")
_NOT_LOADED = ("__main__", "licence.server", "pytest_plugin")


class Who(NamedTuple):
    """A user as a process has it."""

    uid: int
    gid: int
    groups: tuple[int, ...] = ()


class Outcome(NamedTuple):
    """How a command ended."""

    exit_code: int
    stdout: str
    stderr: str
    seconds: float


class Users:
    """Runs commands as other users."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, who: Who, *commands: Sequence[str]) -> list[Outcome]:
        """``fiscalctl ...`` and ``fiscald ...``, one after the other, in one process of that user."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"who": who, "commands": commands}) + "\n")
        self._process.stdin.flush()
        told = self._process.stdout.readline()
        assert told, "the process has ended: see standard error"
        return [Outcome(*each) for each in json.loads(told)]


@contextmanager
def users() -> Iterator[Users]:
    """The process that becomes other users."""
    command = [sys.executable, "-m", "tests.uids"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        yield Users(process)
        assert process.stdin is not None
        process.stdin.close()


@contextmanager
def public_folder() -> Iterator[Path]:
    """A folder that every user may look into, unlike pytest's."""
    with tempfile.TemporaryDirectory(prefix="fiscald-uids-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def _load() -> None:
    for part in _PARTS:
        package = importlib.import_module(f"fiscald.{part}")
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not any(word in module.name for word in _NOT_LOADED):
                importlib.import_module(module.name)
    for encoding in pkgutil.iter_modules(encodings.__path__, "encodings."):
        with suppress(ImportError):  # of another system
            importlib.import_module(encoding.name)
    for library in _LIBRARIES:
        importlib.import_module(library)
    from fiscald.cli.fiscalctl import main

    # And what only a first run loads.
    for verb in (["doctor"], ["scan", "--probe", "--port", "tcp://127.0.0.1:1"]):
        CliRunner().invoke(main, ["--socket", "/nonexistent/s", *verb])


def _become(who: list[Any], commands: list[list[str]]) -> None:
    """In a child: change the user, run the commands, tell how they ended."""
    from fiscald.cli.fiscalctl import main as fiscalctl
    from fiscald.cli.fiscald import main as fiscald

    uid, gid, groups = who
    os.setgroups(groups)
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    os.chdir("/")
    outcomes = []
    for program, *arguments in commands:
        began = time.monotonic()
        done = CliRunner().invoke({"fiscalctl": fiscalctl, "fiscald": fiscald}[program], arguments)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        told = done.stdout_bytes.decode("utf-8", "replace")
        outcomes.append((done.exit_code, told, done.stderr, time.monotonic() - began))
    print(json.dumps(outcomes), flush=True)


def main() -> None:
    """Load, then become the requested user."""
    _load()
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            try:
                _become(order["who"], order["commands"])
            except BaseException:
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        if os.waitpid(child, 0)[1] != 0:
            return


if __name__ == "__main__":
    main()
