"""What every test may rely on, and the slice of all tests that ``make test`` runs."""

from __future__ import annotations

import signal

# pytester's runs inside a worker forget every module that they were the first to import. httpx keeps the classes of the
# first httpcore, so a second one would raise errors that httpx does not know.
import httpcore  # noqa: F401
import httpx  # noqa: F401
import pytest
from hypothesis import settings

pytest_plugins = ["pytester"]

# The same examples on every machine; and no deadline, because machines differ.
settings.register_profile("whole", derandomize=True, deadline=None)
settings.register_profile("slice", derandomize=True, deadline=None, max_examples=10)

#: Of a test with more parameter sets than this, ``--slice`` runs so many, evenly spread.
MAX_SETS = 2


# In the background of a script SIGINT is ignored, and processes that tests start would inherit that and outlive them.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--slice", action="store_true",
        help=f"at most {MAX_SETS} parameter sets of each test, and no test that is marked slow but not daily",
    )  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("slice" if config.getoption("slice") else "whole")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("slice"):
        return
    sets: dict[str, list[pytest.Item]] = {}
    for item in items:
        if item.get_closest_marker("slow") is None or item.get_closest_marker("daily") is not None:
            sets.setdefault(item.nodeid.partition("[")[0], []).append(item)
    kept = {id(item) for group in sets.values() for item in slice_of(group)}
    config.hook.pytest_deselected(items=[item for item in items if id(item) not in kept])
    items[:] = [item for item in items if id(item) in kept]


def slice_of(sets: list[pytest.Item]) -> list[pytest.Item]:
    """The parameter sets of one test that ``--slice`` runs: the first, the last, and evenly between them if more."""
    last = len(sets) - 1
    if len(sets) <= MAX_SETS or sets[0].get_closest_marker("whole") is not None:
        return sets
    return [sets[round(number * last / (MAX_SETS - 1))] for number in range(MAX_SETS)]
