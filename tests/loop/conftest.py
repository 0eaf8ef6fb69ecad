"""One daemon for all tests, with a journal of 10,000 jobs, 100 printers, and a web console."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.hostile.parts import daemon, printers
from tests.loop.journal import fill
from tests.loop.watched import command
from tests.loop.watching import JOBS, PRINTERS, Watched
from tests.networked import free_port


@pytest.fixture(scope="session")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("loop")
    (folder / "state").mkdir(mode=0o700)
    fill(folder / "state", JOBS)
    report = folder / "report"
    with ExitStack() as stack:
        addresses = stack.enter_context(printers(folder, "posnet", PRINTERS))
        addresses += stack.enter_context(printers(folder, "thermal"))
        families = ["posnet"] * PRINTERS + ["thermal", "posnet", "thermal"]
        ready = [f"till{number}" for number in range(len(addresses))]
        addresses += ["tcp://127.0.0.1:1", "tcp://127.0.0.1:2"]
        address = f"127.0.0.1:{free_port()}"  # after the printers have taken theirs
        it = stack.enter_context(
            daemon(
                folder,
                addresses,
                families,
                command=command(report),
                ready=ready,
                more=f'[listen]\naddress = "{address}"',
            )
        )
        found = Watched(it, report, f"http://{address}")
        assert found.stalls() == [], "while all printers were found"
        yield found
