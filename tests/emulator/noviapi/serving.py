"""A printer of this family on TCP ports, for programs that are no tests."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from anyio.from_thread import start_blocking_portal

from fiscald.emulator.noviapi.device import NoviApiPrinter
from fiscald.emulator.register import Register
from fiscald.emulator.server import PortServer


@dataclass
class Served:
    """A printer, and the address of each of its servers."""

    printer: NoviApiPrinter
    urls: list[str]

    @property
    def kinds(self) -> list[str]:
        """What was printed."""
        return [sheet.kind for sheet in self.printer.register.printouts]


@contextlib.contextmanager
def served(servers: int = 1, *, profile: str = "point", slow: float = 0.0) -> Iterator[Served]:
    """For as long as the block lasts."""
    printer = NoviApiPrinter(Register(), profile=profile)
    printer.slowness = slow
    with start_blocking_portal() as portal, contextlib.ExitStack() as stack:
        urls = []
        for port in printer.ports[:servers]:
            future, number = portal.start_task(PortServer(port).serve_tcp, "127.0.0.1", 0)
            stack.callback(future.cancel)
            urls.append(f"http://127.0.0.1:{number}")
        yield Served(printer, urls)
