"""The typed client against a daemon newer than itself."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from fiscald.api.client import Client, JobChange
from fiscald.model.documents import Receipt

JOB: dict[str, Any] = {
    "key": "A",
    "printer": "till1",
    "state": "done",
    "document": {
        "type": "receipt",
        "lines": [{"name": "Kawa", "price": "10.00", "vat": "A", "of_tomorrow": None}],
        "of_tomorrow": None,
    },
    "result": {"number": 7, "printer_id": "EMU 0000000001", "of_tomorrow": 1},
    "of_tomorrow": {},
    "created_at": "2026-11-22T10:15:00+01:00",
    "updated_at": "2026-11-22T10:15:01+01:00",
}


class Tomorrow(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/v1/events":
            kind, body = "text/event-stream", "id: 5\nevent: job\ndata: " + json.dumps({"state": "done", "job": JOB})
            body += "\n\nevent: of_tomorrow\ndata: {}\n\n"
        else:
            kind, body = "application/json", json.dumps(JOB)
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body.encode())

    def address_string(self) -> str:
        return "local"

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "fiscald.sock"
    with socketserver.UnixStreamServer(str(path), Tomorrow) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield path
        server.shutdown()
        thread.join()


def test_what_a_newer_daemon_adds_is_no_error(daemon: Path) -> None:
    with Client(daemon) as client:
        job = client.job("A")
        assert job.result is not None
        assert job.result.number == 7
        assert isinstance(job.document, Receipt)
        (event,) = client.events()
        assert isinstance(event, JobChange)
        assert (event.id, event.job.key) == (5, "A")
