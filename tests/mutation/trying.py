"""A change in a private copy of the tree, and the tests of its room on it."""

from __future__ import annotations

import compileall
import gc
import importlib
import multiprocessing
import multiprocessing.util
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tests.mutation.changes import Change
from tests.mutation.reach import Only, Recorder, batches
from tests.mutation.rooms import ROOT

#: What a copy consists of.
PARTS = (
    "fiscald",
    "tests",
    "docs",
    "systemd",
    "benchmarks",
    "requirements",
    ".github",
    ".ci",
    "pyproject.toml",
    "README.md",
    "Makefile",
    "CHANGELOG.md",
    "LICENSE",
)
#: Seconds of processor time that the tests of a change may take, and those of a recording, which runs all of a room.
TRY_SECONDS, RECORD_SECONDS = 300, 1800
#: How much longer than that they may wait.
WAITING = 2
#: pytest's exit code where all tests of a stage are slow ones.
NOTHING_COLLECTED = 5
#: What the child says that could not even start pytest.
NOT_STARTED = 70
#: Imported once, not by every run.
HEAVY = (
    "pytest", "hypothesis", "pydantic", "anyio", "anyio._backends._asyncio", "asyncio", "construct", "httpx",
    "starlette.applications", "uvicorn", "cryptography.hazmat.primitives.asymmetric.ed25519", "joserfc.jws",
    "prometheus_client", "stdnum.pl.nip", "serial", "sqlite3", "usb.core", "click.testing",
)  # fmt: skip


class Outcome(StrEnum):
    """What came of a change."""

    CAUGHT = "caught"
    SURVIVED = "survived"
    TIME = "time"
    """A test did not end; who waits for it notices."""


@dataclass(frozen=True)
class Tried:
    """A change, and what came of it."""

    change: Change
    outcome: Outcome
    by: str = ""
    """The test that noticed, or the last lines of what pytest said."""
    seconds: float = 0.0


@contextmanager
def copy_of(root: Path = ROOT) -> Iterator[Path]:
    """A private copy of the tree, gone afterwards."""
    memory = Path("/dev/shm")
    directory = Path(tempfile.mkdtemp(prefix="fiscald-mutation-", dir=memory if memory.is_dir() else None))
    try:
        for part in PARTS:
            source = root / part
            if source.is_dir():
                shutil.copytree(source, directory / part, ignore=shutil.ignore_patterns("__pycache__", ".*"))
            elif source.exists():
                shutil.copy2(source, directory / part)
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def attempt(
    tree: Path, change: Change, tests: Sequence[Sequence[str]], *, slow: bool = False, only: Sequence[str] = ()
) -> Tried:
    """Make ``change`` in ``tree``, run the stages of ``tests`` until one notices, and take it back.

    ``only``: single tests that are run instead, in this order.
    """
    path = tree / change.file
    source, began = path.read_bytes(), time.monotonic()
    times = path.stat()
    path.write_bytes(change.made(source))
    try:
        parts: list[tuple[Sequence[str], list[str]]] = [
            (list(dict.fromkeys(test.partition("::")[0] for test in part)), part) for part in batches(only)
        ]
        for stage, part in parts or [(stage, []) for stage in tests]:
            code, said = run_tests(tree, stage, slow=slow or bool(only), plugins=[Only(part)] if part else [])
            if code not in (0, NOTHING_COLLECTED):
                outcome = Outcome.CAUGHT if code > 0 else Outcome.TIME
                return Tried(change, outcome, said, time.monotonic() - began)
        return Tried(change, Outcome.SURVIVED, seconds=time.monotonic() - began)
    finally:
        path.write_bytes(source)
        # Compiled files of the unchanged source count again.
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def run_tests(
    tree: Path,
    tests: Sequence[str],
    *,
    slow: bool = False,
    plugins: Sequence[object] = (),
    seconds: int | None = None,
) -> tuple[int, str]:
    """pytest's exit code, and what failed first: in a process that was forked from one with all libraries in it.

    ``seconds``: of processor time; as a change gets if absent.
    """
    log, seconds = tree / "said", seconds or TRY_SECONDS
    child = os.fork()
    if not child:
        _become_pytest(tree, [*tests, *([] if slow else ["-m", "not slow"])], log, plugins, seconds)
    ends = time.monotonic() + WAITING * seconds
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        if time.monotonic() > ends:
            with suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return -1, "it did not end"
        time.sleep(0.02)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)  # what the tests have left running
    code = os.waitstatus_to_exitcode(status)
    said = log.read_text("utf-8", "replace").splitlines() if log.exists() else []
    if code == NOT_STARTED:
        raise RuntimeError("\n".join(said))
    first = [line for line in said if line.startswith(("FAILED ", "ERROR "))]
    return code, first[0] if first else "\n".join(said[-3:])


def _become_pytest(tree: Path, arguments: Sequence[str], log: Path, plugins: Sequence[object], seconds: int) -> None:
    """In the child: run pytest on the copy, as if nothing of the tree had been imported."""
    code = NOT_STARTED
    try:
        os.setpgrp()  # not a separate session: a terminal that a test opens would end it when it is closed
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        sys.stdout = sys.stderr = os.fdopen(output, "w")
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
        os.chdir(tree)
        for name in [name for name in sys.modules if name.split(".")[0] in ("tests", "fiscald")]:
            del sys.modules[name]
        sys.path[:] = [str(tree), *(entry for entry in sys.path if Path(entry or ".").resolve() != ROOT)]
        sys.path_importer_cache.clear()
        os.environ |= {
            "PYTHONPATH": str(tree),
            "PYTHONDONTWRITEBYTECODE": "1",
            "HYPOTHESIS_STORAGE_DIRECTORY": str(tree / ".h"),
        }
        sys.dont_write_bytecode = True
        gc.unfreeze()
        import pytest

        code = 1  # whatever is wrong from here on, pytest has noticed
        # pytest may not rewrite the assertions of libraries that are imported already; nor need it.
        options = ["-x", "-q", "--no-header", "--tb=line", "-rfE", "-p", "no:cacheprovider", "--timeout", "120"]
        options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
        code = int(pytest.main([*options, *arguments], list(plugins)))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


# -- workers --------------------------------------------------------------------------------------------

_tree: list[Path] = []


def _prepare(root: Path) -> None:
    """A worker's own copy, for as long as it lives; its compiled files are made once."""
    holder = copy_of(root)
    tree = holder.__enter__()
    _tree.append(tree)
    multiprocessing.util.Finalize(None, holder.__exit__, args=(None, None, None), exitpriority=1)
    compileall.compile_dir(tree / "fiscald", quiet=2)
    for name in HEAVY:
        with suppress(ImportError):
            importlib.import_module(name)
    gc.freeze()


def _attempt(change: Change, tests: list[list[str]], slow: bool, only: list[str]) -> Tried:
    return attempt(_tree[0], change, tests, slow=slow, only=only)


def _record(tests: list[str], slow: bool, path: Path) -> str | None:
    recorder = Recorder(_tree[0], path)
    code, said = run_tests(_tree[0], tests, slow=slow, plugins=[recorder], seconds=RECORD_SECONDS)
    return None if code == 0 else said


def try_all(
    work: Sequence[tuple[Change, list[list[str]], list[str]]], *, workers: int, slow: bool = False, root: Path = ROOT
) -> Iterator[Tried]:
    """What came of each change, as they are done.

    ``work``: every change with its tests in stages, and the single tests that reach it, if that is known.
    ``slow``: with those that take more than a second.
    """
    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(workers, mp_context=fork, initializer=_prepare, initargs=(root,)) as pool:
        running = [pool.submit(_attempt, change, tests, slow, only) for change, tests, only in work]
        for done in as_completed(running):
            yield done.result()


def record(tests: Sequence[str], path: Path, *, slow: bool = False, root: Path = ROOT) -> str | None:
    """Run these tests in a copy without any change, and note in ``path`` what each of them reaches.

    What fails, if something does; then nothing is known about any change.
    """
    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(1, mp_context=fork, initializer=_prepare, initargs=(root,)) as pool:
        return pool.submit(_record, list(tests), slow, path).result()
