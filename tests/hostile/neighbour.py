"""A program that sells and asks for the status, and measures how long that takes: ``... WHERE SECONDS``.

It asks on a connection that it keeps and on one that it opens for the question, in turns. What it found is written to
standard output as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from typing import Any, NamedTuple

import click

from tests.hostile.reach import NEIGHBOUR, authorization, open_link

#: Seconds between two questions, and between two receipts.
ASK_EVERY, SELL_EVERY = 0.02, 1.0
#: Seconds for the receipts that are still on their way at the end.
SETTLE = 30.0
STATUS = "/v1/printers/till0"
RECEIPT = {"type": "receipt", "lines": [{"name": "Kawa", "price": "10.00", "vat": "A"}]}


class Found(NamedTuple):
    """The measurements of the neighbour."""

    milliseconds: list[float]
    """Of every question for the status."""
    failures: list[str]
    """Questions without an answer."""
    sold: int
    done: int


class Connection(HTTPConnection):
    """HTTP over a Unix socket, TCP or TLS."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=30)
        self._path = path

    def connect(self) -> None:
        """See ``HTTPConnection``. When the queue of the socket is full, try again, as programs do; that takes its time."""
        until = time.monotonic() + 5
        while True:
            try:
                self.sock = open_link(self._path, 30, NEIGHBOUR)
            except BlockingIOError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.01)
            else:
                return


def ask(connection: Connection, method: str, path: str, body: Any = None) -> Any:
    """The answer's JSON."""
    name, _, value = authorization().strip().partition(": ")
    connection.request(method, path, None if body is None else json.dumps(body), {name: value} if name else {})
    return json.loads(connection.getresponse().read())


def sell(path: str, seconds: float) -> Found:
    """Sell and ask for so long."""
    times: list[float] = []
    failures: list[str] = []
    open_jobs: set[str] = set()
    sold = done = 0
    kept = Connection(path)
    began = next_sale = time.monotonic()
    while (now := time.monotonic()) < began + seconds:
        for fresh in (False, True):
            asked = time.monotonic()
            connection = Connection(path) if fresh else kept
            try:
                status = ask(connection, "GET", STATUS)
                assert status["name"] == "till0"
            except (OSError, HTTPException, ValueError, KeyError) as error:
                failures.append(f"{type(error).__name__}: {error}")
                kept.close()
            else:
                times.append((time.monotonic() - asked) * 1000)
            if fresh:
                connection.close()
        if now >= next_sale:
            next_sale = now + SELL_EVERY
            sold += 1
            open_jobs.add(f"neighbour/{began}/{sold}")
        done += _settle(path, open_jobs, failures)
        time.sleep(max(0.0, ASK_EVERY - (time.monotonic() - now)))
    while open_jobs and time.monotonic() < began + seconds + SETTLE:
        done += _settle(path, open_jobs, failures)
        time.sleep(ASK_EVERY)
    kept.close()
    return Found(times, failures, sold, done)


def _settle(path: str, keys: set[str], failures: list[str]) -> int:
    """Submit unfinished jobs again with the same key, like an application without an answer."""
    done = 0
    for key in sorted(keys):
        try:
            with closing(Connection(path)) as connection:
                body = {"printer": "till0", "document": RECEIPT}
                job = ask(connection, "PUT", f"/v1/jobs/{key}?wait=0", body)
        except (OSError, HTTPException, ValueError) as error:
            failures.append(f"{type(error).__name__}: {error}")
            continue
        if job.get("state") not in ("accepted", "running"):
            keys.discard(key)
            done += job.get("state") == "done"
    return done


if __name__ == "__main__":
    click.echo(json.dumps(sell(sys.argv[1], float(sys.argv[2]))._asdict()))
