"""pytest plugin: the fixtures ``fiscal_printer``, an emulated printer, and ``fiscald``, a daemon that owns it.

The printer needs nothing of the daemon, so an application can be tested against the printer itself, or against the
daemon. Registered as a plugin by the installed package (``pip install fiscald[test]``).
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from fiscald.extras import missing_extra

if TYPE_CHECKING:
    from fiscald.emulator.running import EmulatedPrinter
    from fiscald.testing import LocalDaemon

_PRINTERS: pytest.StashKey[list[EmulatedPrinter]] = pytest.StashKey()
#: Sheets that a failed test shows.
SHOWN_SHEETS = 3


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options that choose the printer where a test does not."""
    group = parser.getgroup("fiscald", "emulated fiscal printers")
    group.addoption("--fiscal-family", metavar="NAME", help="family of the emulated printer (default: posnet)")
    group.addoption("--fiscal-profile", metavar="NAME", help="profile of the emulated printer (default: the newest)")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers",
        "fiscal_printer(family=..., profile=..., ...): the emulated printer of the fixtures fiscal_printer and fiscald",
    )


@pytest.fixture
def fiscal_printer(request: pytest.FixtureRequest) -> Iterator[EmulatedPrinter]:
    """An emulated fiscal printer, fresh for each test.

    ``@pytest.mark.fiscal_printer(family="thermal", profile="novitus", link="pty")`` chooses another one, as do
    ``--fiscal-family`` and ``--fiscal-profile``. A test whose planned fault did not happen fails.
    """
    from fiscald.emulator.running import CannotStart, EmulatedPrinter
    from fiscald.emulator.storage import StorageError

    why = ""
    with contextlib.ExitStack() as stack:
        try:
            printer = stack.enter_context(EmulatedPrinter(**_options(request)))
        except (ValueError, CannotStart, StorageError) as error:
            why = str(error)
        if why:
            pytest.fail(f"fiscal_printer: {why}", pytrace=False)
        request.node.stash.setdefault(_PRINTERS, []).append(printer)
        yield printer


@pytest.fixture
def fiscald(fiscal_printer: EmulatedPrinter, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalDaemon]:
    """A licensed daemon whose printer ``till1`` is the emulated one; ready, with a client.

    ``fiscald.socket`` is its address, ``fiscald.client`` a client, ``fiscald.printer`` the printer. The environment
    variable ``FISCALD_SOCKET`` holds the address meanwhile, for programs that the test starts.
    """
    why: str | None = None
    try:
        from fiscald.testing import LocalDaemon
    except ModuleNotFoundError as error:
        why = missing_extra(error)
        if why is None:
            raise
    if why is not None:
        pytest.fail(f"fiscald: {why}", pytrace=False)
    with LocalDaemon({"till1": fiscal_printer}) as daemon:
        monkeypatch.setenv("FISCALD_SOCKET", str(daemon.socket))
        yield daemon


def _options(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The options of the command line, overridden by those of the test's marker."""
    marker = request.node.get_closest_marker("fiscal_printer")
    chosen: dict[str, Any] = {}
    if marker is not None:
        if marker.args:
            raise ValueError(f'name the options of the marker, such as family="thermal"; it has {marker.args}')
        chosen = dict(marker.kwargs)
    family, profile = request.config.getoption("--fiscal-family"), request.config.getoption("--fiscal-profile")
    if family is not None:
        chosen.setdefault("family", family)
    # A profile of the command line belongs to its family.
    if profile is not None and chosen.get("family") == family:
        chosen.setdefault("profile", profile)
    return chosen


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test that passed although its planned fault did not happen: it proves nothing."""
    printers = item.stash.get(_PRINTERS, [])
    try:
        result = yield
        for printer in printers:
            complaints = list(_not_happened(printer))
            if complaints:
                pytest.fail("\n".join(complaints), pytrace=False)
    except BaseException:
        for printer in printers:
            item.add_report_section("call", "fiscal printer", _shown(printer))
        raise
    return result


def _not_happened(printer: EmulatedPrinter) -> Iterator[str]:
    for fault in printer.planned:
        if not fault.optional:
            where = fault.command or "any command"
            count = "" if fault.nth == 1 else f", and {fault.nth} of them are needed"
            yield (
                f"the fault {fault.act.value!r} for {where} did not happen: the printer got no such command{count} "
                f"(plan it with optional=True if the test may pass without it)"
            )
    for fault, command in printer.missed:
        if not fault.optional:
            yield (
                f"the fault {fault.act.value!r} for any command met {command}, which jumps the queue, and had no "
                f"effect: name the command that it is for"
            )


def _shown(printer: EmulatedPrinter) -> str:
    """What helps to understand a failed test: what happened on the printer, and its last sheets."""
    happened = [f"fault {fault.act.value!r} happened to {command}" for fault, command in printer.fired]
    sheets = printer.paper
    count = f"{len(sheets)} sheets were printed" + (f", the last {SHOWN_SHEETS}:" if len(sheets) > SHOWN_SHEETS else "")
    return "\n".join([f"{printer.family} at {printer.address}", *happened, count, *sheets[-SHOWN_SHEETS:]])
