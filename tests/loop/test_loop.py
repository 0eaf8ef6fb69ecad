"""No route, no document and nothing that a printer does holds the event loop for more than 20 ms.

A real daemon with a journal of 10,000 jobs and 100 printers, whose loop is watched (``tests.loop.watched``).
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from fiscald.api.routes import ROUTES
from tests.found import found
from tests.hostile.parts import daemon, printers
from tests.hostile.printers import HOSTILE
from tests.loop.watched import command
from tests.loop.watching import JOBS, LONG, OFF, PRINTERS, Connection, Watched, receipt
from tests.paths import filled

pytestmark = pytest.mark.slow
#: What no route can use: as large as a body may be, and of every shape.
BODIES: dict[str, bytes] = {
    "empties": b'{"printer":"x","document":{"type":"receipt","lines":[{}],"payments":[%b]}}'
    % b",".join([b"{}"] * 80_000),
    "mistakes": json.dumps({"document": receipt(1) | {"lines": [{f"x{n}": 1 for n in range(30)}] * 900}}).encode(),
    "nested": b"[" * 250_000,
    "numbers": b"[%b1]" % (b"1," * 120_000),
    "members": b"{%b}" % b",".join(b'"%d":0' % number for number in range(24_000)),
    "text": json.dumps({"number": "X-" * 120_000, "command": "x" * 8_000, "certificate": "x" * 20_000}).encode(),
    "number": json.dumps({"number": "ABCDE-" * 83}).encode(),
    "not text": b"\xff" * 250_000,
    "too large": b" " * 300_000,
}


def test_reading_routes_do_not_block_the_loop(watched: Watched) -> None:
    for path in found(sorted({route.path for route in ROUTES if route.method == "GET"} - {"/v1/events"})):
        query = "?limit=1000" if path == "/v1/jobs" else ""
        for _ in range(3):
            status, body = watched.ask("GET", filled(path, key="copy/77", name="till7") + query)
            assert status in ((200, 409) if "{webhook}" not in path else (404,)), body
        if path == "/v1/jobs":
            assert len(json.loads(body)["jobs"]) == 1000
        assert watched.stalls() == [], path


@pytest.mark.parametrize("body", BODIES)
def test_invalid_bodies_do_not_block_the_loop(watched: Watched, body: str) -> None:
    for method, path in found(sorted({(route.method, route.path) for route in ROUTES if route.body is not None})):
        status, answer = watched.ask(method, filled(path, key="copy/77", name="till7"), BODIES[body])
        assert 400 <= status < 500, answer
        assert watched.stalls() == [], path


@pytest.mark.parametrize("kind", LONG)
def test_long_documents_are_previewed_and_submitted(watched: Watched, kind: str) -> None:
    document = LONG[kind]
    for till in ("till0", f"till{PRINTERS}", *OFF):
        status, body = watched.ask("POST", f"/v1/printers/{till}/preview", {"document": document})
        assert status in (200, 422), body
    for till in OFF:
        status, body = watched.ask("PUT", f"/v1/jobs/{kind}/{till}", {"printer": till, "document": document})
        assert status in (201, 422), body
        if status == 201:
            assert watched.ask("GET", f"/v1/jobs/{kind}/{till}?wait=0.1")[0] == 200
            assert watched.ask("GET", f"/v1/jobs?printer={till}&limit=1000")[0] == 200
            assert watched.ask("DELETE", f"/v1/jobs/{kind}/{till}")[0] == 200
    assert watched.stalls() == []


def test_a_long_receipt_is_printed(watched: Watched) -> None:
    """As long as the printer takes. The plan of a receipt is made at once, by the driver: 16 us a line."""
    for till, count in ("till1", 1000), (f"till{PRINTERS}", 255):
        body = {"printer": till, "document": receipt(count)}
        status, answer = watched.ask("PUT", f"/v1/jobs/long/{till}?wait=60", body)
        assert (status, json.loads(answer)["state"]) == (200, "done")
    assert watched.stalls() == []


class Ear(threading.Thread):
    """Listens, and counts the changes of jobs."""

    def __init__(self, path: Path, query: str) -> None:
        super().__init__(daemon=True)
        self._path = path
        self._query = query
        self.count = 0

    def run(self) -> None:
        with closing(Connection(self._path)) as connection:
            connection.request("GET", f"/v1/events{self._query}")
            for line in connection.getresponse():
                self.count += line == b"event: job\n"


def wait_for(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_all_printers_at_once_and_listeners(watched: Watched) -> None:
    """Some listeners begin with an old event of the journal, some with the next one; some do not read at all."""
    states: list[str] = []

    def sell(number: int) -> None:
        body = {"printer": f"till{number}", "document": receipt(10)}
        _, answer = watched.ask("PUT", f"/v1/jobs/burst/{number}?wait=60", body)
        states.append(json.loads(answer)["state"])

    with ExitStack() as stack:
        for _ in range(20):
            deaf = stack.enter_context(socket.socket(socket.AF_UNIX))
            deaf.connect(str(watched.it.socket))
            deaf.sendall(b"GET /v1/events?after=0 HTTP/1.1\r\nHost: x\r\n\r\n")
        missed = 10_000
        late = [Ear(watched.it.socket, f"?after={3 * JOBS - missed}") for _ in range(2)]
        ears = [Ear(watched.it.socket, "") for _ in range(50)]
        for ear in late + ears:
            ear.start()
        wait_for(lambda: all(ear.count >= missed for ear in late))
        before = ears[0].count
        selling = [threading.Thread(target=sell, args=(number,)) for number in range(2, PRINTERS)]
        for thread in selling:
            thread.start()
        for thread in selling:
            thread.join()
        wait_for(lambda: all(ear.count == before + 3 * len(states) for ear in ears))
    assert states == ["done"] * len(selling)
    assert watched.stalls() == []


@pytest.mark.parametrize("kind", HOSTILE)
def test_input_from_a_printer_does_not_block_the_loop(tmp_path: Path, kind: str) -> None:
    """The printer beside it prints, and the log is short."""
    report = tmp_path / "report"
    with ExitStack() as stack:
        addresses = list(stack.enter_context(printers(tmp_path, "posnet")))
        addresses += stack.enter_context(printers(tmp_path, kind))
        watched = Watched(stack.enter_context(daemon(tmp_path, addresses, command=command(report))), report)
        for number in range(3):
            body = {"printer": "till0", "document": receipt(3)}
            _, answer = watched.ask("PUT", f"/v1/jobs/{number}?wait=60", body)
            assert json.loads(answer)["state"] == "done"
            time.sleep(1)
        assert len(watched.it.log) < 60
        assert watched.stalls() == []
