"""Which tests reach which functions, and how long each takes: so that a change is shown to the tests that can see it.

Recorded once for a room, by running its tests in a copy without any change. What tests reach in other processes is not
seen; a function that no test reaches here is shown to the tests of its room in stages.
"""

from __future__ import annotations

import json
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import pytest

#: Parts of a qualified name that a source file does not have.
_HIDDEN = re.compile(r"\.<[a-z]+>")


class Reach(NamedTuple):
    """What one test reaches."""

    functions: frozenset[tuple[str, str]]
    """File, relative to the tree, and qualified name."""
    seconds: float


class Recorder:
    """A pytest plugin: notes the functions of the product that each test calls, and writes them to a file."""

    def __init__(self, tree: Path, path: Path) -> None:
        self._prefix = f"{tree / 'fiscald'}/"
        self._root = len(f"{tree}/")
        self._path = path
        self._seen: set[Any] = set()
        self._tests: dict[str, Any] = {}

    def _call(self, frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            self._seen.add(frame.f_code)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[Any]:
        """Around a test with its fixtures."""
        self._seen, began = set(), time.process_time()
        threading.setprofile(self._call)
        sys.setprofile(self._call)
        try:
            return (yield)
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
            codes = [code for code in self._seen if code.co_filename.startswith(self._prefix)]
            functions = sorted({(code.co_filename[self._root :], plain_name(code.co_qualname)) for code in codes})
            self._tests[item.nodeid] = [functions, round(time.process_time() - began, 4)]

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """All tests were run. Nothing is kept where one failed: the rest did not run, and the file would be used again."""
        if exitstatus == pytest.ExitCode.OK:
            self._path.write_text(json.dumps(self._tests), "utf-8")


def plain_name(qualified: str) -> str:
    """A function's name as the source nests it; lambdas and comprehensions belong to what is around them."""
    return _HIDDEN.sub("", qualified)


def read(path: Path) -> dict[str, Reach]:
    """What was recorded, by test."""
    content = json.loads(path.read_text("utf-8"))
    return {
        test: Reach(frozenset((file, name) for file, name in functions), seconds)
        for test, (functions, seconds) in content.items()
    }


def nearest(reach: dict[str, Reach], file: str, where: str, most_seconds: float) -> list[str]:
    """The tests that reach that function, cheapest first, for about so many seconds in all.

    What stands at the top of a file, in no function, is seen by the tests that reach any of its functions.
    """
    able = sorted(
        (each.seconds, test)
        for test, each in reach.items()
        if ((file, where) in each.functions if where else any(name == file for name, _ in each.functions))
    )
    chosen: list[str] = []
    total = 0.0
    for seconds, test in able:
        total += seconds
        if chosen and total > most_seconds:
            break
        chosen.append(test)
    return chosen


def batches(tests: Sequence[str], files: int = 3) -> list[list[str]]:
    """The same tests in two parts: one of each function of the few files that have most of them, then the others.

    Most changes are noticed by the first part, and to collect the tests of many files takes longer than to run some.
    """
    functions = {test.partition("[")[0]: test for test in reversed(tests)}
    counted = Counter(name.partition("::")[0] for name in functions)
    near = {file for file, _ in counted.most_common(files)}
    first = [test for test in functions.values() if test.partition("::")[0] in near][::-1]
    chosen = set(first)
    return [part for part in (first, [test for test in tests if test not in chosen]) if part]


class Only:
    """A pytest plugin: of what is collected, only these tests are run, in this order."""

    def __init__(self, tests: Sequence[str]) -> None:
        self._order = {test: place for place, test in enumerate(tests)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave the others out."""
        items[:] = sorted((item for item in items if item.nodeid in self._order), key=lambda i: self._order[i.nodeid])
