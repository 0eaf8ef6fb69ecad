"""A watched daemon, and the longest documents."""

from __future__ import annotations

import json
import socket
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tests.hostile.parts import Daemon

#: Milliseconds of processor time.
MOST = 20.0
JOBS, PRINTERS = 10_000, 100
#: Printers that are switched off: what is submitted stays accepted.
OFF = (f"till{PRINTERS + 1}", f"till{PRINTERS + 2}")


class Watched:
    """The daemon, and the longest turns of its loop."""

    def __init__(self, it: Daemon, report: Path, address: str = "") -> None:
        self.it = it
        self.address = address
        """Of its listener, if it has one."""
        self._report = report
        self._read = 0

    def stalls(self) -> list[str]:
        """The turns over the limit since the last call."""
        text = self._report.read_text("utf-8") if self._report.exists() else ""
        lines, self._read = text[self._read :].splitlines(), len(text)
        return [line for line in lines if json.loads(line)["ms"] > MOST]

    def link(self) -> str:
        """A link that signs in to the console."""
        status, body = self.ask("POST", "/v1/console/link")
        assert status == 200, body
        return str(json.loads(body)["url"])

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
        """The answer to a request."""
        content = body if body is None or isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        with closing(Connection(self.it.socket)) as connection:
            connection.request(method, path, content)
            response = connection.getresponse()
            return response.status, response.read()


class Connection(HTTPConnection):
    """To the daemon's socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("fiscald", timeout=60)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(str(self._path))


def lines(count: int) -> list[dict[str, Any]]:
    return [
        {"name": f"Towar wzorcowy nr {number}", "quantity": "2", "price": "0.50", "vat": "ABCD"[number % 4]}
        for number in range(count)
    ]


def receipt(count: int, **more: Any) -> dict[str, Any]:
    return {"type": "receipt", "lines": lines(count)} | more


#: As much as a document may hold.
LONG: dict[str, dict[str, Any]] = {
    "receipt": receipt(1000),
    "everything": receipt(
        400,
        packaging=[{"number": "1", "price": "1.00"}] * 1000,
        payments=[{"type": "card", "amount": "10.00"}] * 100,
        footer=["Dziękujemy za zakupy"] * 1000,
    ),
    "text": receipt(100, footer=["Zażółć gęślą jaźń „…” " * 40] * 80),
    "printout": {"type": "printout", "lines": ["Zażółć gęślą jaźń"] * 1000},
    "composed": {"type": "printout", "lines": ["z\u0307" * 499] * 140},
}
