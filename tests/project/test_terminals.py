"""No terminal is opened that would become the controlling one: its end would be the end of the whole session.

A process that leads a session without a terminal (a service, a test run under setsid or CI) gets the first one that it
opens without ``O_NOCTTY``.
"""

from __future__ import annotations

import ast
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for folder in ("fiscald", "tests", "benchmarks") for path in (ROOT / folder).rglob("*.py"))
#: Names under which terminals and ports go in this project.
TERMINAL = re.compile(r"\b(terminal|slave|theirs|port|where|ttyname|device)\b|printer\.path|/dev/(tty|pts)")


def faulty(source: str) -> Iterator[int]:
    """Lines that open what may be a terminal, and do not say ``O_NOCTTY``."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        called, arguments = ast.unparse(node.func), [ast.unparse(each) for each in node.args]
        if called == "os.open":
            path, flags = arguments[:2]
            writes = "O_RDWR" in flags or "O_WRONLY" in flags
            named = writes and not re.search("O_NOCTTY|O_CREAT", flags) and "devnull" not in path
            if named or (flags == "os.O_RDONLY" and TERMINAL.search(path)):
                yield node.lineno
        elif (called == "open" and TERMINAL.search(arguments[0])) or (
            re.fullmatch(r"Path\(.*\)\.(open|read_\w+|write_\w+)", called) and TERMINAL.search(called)
        ):
            yield node.lineno


@pytest.mark.slow
def test_no_terminal_becomes_the_controlling_one() -> None:
    assert len(SOURCES) > 200
    found = [f"{path.relative_to(ROOT)}:{line}" for path in SOURCES for line in faulty(path.read_text("utf-8"))]
    assert found == []


@pytest.mark.parametrize(
    ("code", "bad"),
    [
        ("open(terminal, 'rb')", True), ("os.open(path, os.O_RDWR)", True), ("Path(terminal).open()", True),
        ("os.open(path, os.O_RDWR | os.O_NOCTTY)", False), ("open(path)", False), ("os.open(terminal, os.O_RDONLY)", True),
        ("os.open(path, os.O_WRONLY | os.O_CREAT)", False), ("open(printer.path)", True),
    ],
)  # fmt: skip
def test_the_check_recognises_such_a_place(code: str, bad: bool) -> None:
    assert bool(list(faulty(code))) is bad


def test_a_session_without_a_terminal_keeps_none() -> None:
    """Ports are opened by the product as they are by tests: by a process that leads its session."""
    ours, theirs = pty.openpty()
    script = (
        "import os, sys, anyio\n"
        "from fiscald.config import ConfigError, load\n"
        "from fiscald.diagnostics.host import Host\n"
        "from fiscald.diagnostics.probing import _read_lines\n"
        "from fiscald.transport import SerialLine\n"
        "os.setsid()\n"
        "async def main():\n"
        "    async with await SerialLine(sys.argv[1]).open(): pass\n"
        "anyio.run(main)\n"
        "_read_lines(sys.argv[1])\n"
        "Host().held(sys.argv[1])\n"
        "print(open('/proc/self/stat').read().rpartition(')')[2].split()[4])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, os.ttyname(theirs)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    os.close(ours)
    os.close(theirs)
    assert done.stdout == "0\n", "the number of its terminal"
