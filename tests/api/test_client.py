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

from fiscald.api.client import Client, JobChange, NotReachable
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
    def do_POST(self) -> None:
        """Takes the step, and dies before it can say so."""
        self.server.steps.append(self.path)  # type: ignore[attr-defined]
        self.close_connection = True

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
def steps() -> list[str]:
    """What was posted."""
    return []


@pytest.fixture
def daemon(tmp_path: Path, steps: list[str]) -> Iterator[Path]:
    path = tmp_path / "fiscald.sock"
    with socketserver.UnixStreamServer(str(path), Tomorrow) as server:
        server.steps = steps  # type: ignore[attr-defined]
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


def test_a_step_of_the_licence_that_would_be_taken_twice_is_asked_for_once(
    daemon: Path, steps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another code in the mail, the emergency pass of 90 days; but a certificate may be installed again."""
    monkeypatch.setattr("fiscald.api.client._PAUSES", (0.0, None))
    with Client(daemon) as client:
        for step in ("emergency", "enrolment", "recovery", "recovery/confirmation", "transfer", "certificate"):
            with pytest.raises(NotReachable):
                client.licence_step(step)
    assert steps == [
        "/v1/licence/emergency", "/v1/licence/enrolment", "/v1/licence/recovery", "/v1/licence/recovery/confirmation",
        "/v1/licence/transfer", "/v1/licence/certificate", "/v1/licence/certificate",
    ]  # fmt: skip
