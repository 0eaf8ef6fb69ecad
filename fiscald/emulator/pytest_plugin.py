"""pytest plugin: the fixture ``fiscal_printer``, an emulated printer on a TCP port.

It needs nothing of fiscald's daemon, so an application can be tested against the printer itself, or against a
daemon configured for ``fiscal_printer.address``. Registered as a plugin by the installed package.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from fiscald.emulator.running import EmulatedPrinter


@pytest.fixture
def fiscal_printer(request: pytest.FixtureRequest) -> Iterator[EmulatedPrinter]:
    """An emulated fiscal printer, fresh for each test.

    ``@pytest.mark.fiscal_printer(family="posnet", profile="old", link="pty")`` chooses another one.
    """
    from fiscald.emulator.running import EmulatedPrinter

    marker = request.node.get_closest_marker("fiscal_printer")
    with EmulatedPrinter(**(marker.kwargs if marker else {})) as printer:
        yield printer


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", "fiscal_printer(**options): which emulated printer the fixture makes")
